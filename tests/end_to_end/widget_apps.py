"""A notebook for each widget library. What the viewer did, the kernel says in the label `said`."""

from __future__ import annotations

_SAID = """\
import ipywidgets as w
said = w.Label("nothing yet")
def say(text):
    said.value = text
"""

_ANYWIDGET = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = '''
    export default {
      initialize({ model }) {
        return { double: () => 2 * model.get("value") };
      },
      render({ model, el }) {
        const button = document.createElement("button");
        button.className = "counter";
        const show = () => { button.textContent = `count is ${model.get("value")}`; };
        button.addEventListener("click", () => {
          model.set("value", model.get("value") + 1);
          model.set("data", new DataView(new Uint8Array([1, 2, model.get("value")]).buffer));
          model.save_changes();
        });
        model.on("change:value", show);
        model.on("msg:custom", (content, [buffer]) => {
          el.querySelector("output").textContent = content.text + new Uint8Array(buffer.buffer).join();
          model.send({ got: content.text }, undefined, [new Uint8Array([7, 8]).buffer]);
        });
        el.append(button, document.createElement("output"));
        show();
        return () => { document.body.dataset.tidied = "yes"; };
      },
    };
    '''
    _css = ".counter { color: rgb(1, 2, 3); }"
    value = traitlets.Int(0).tag(sync=True)
    data = traitlets.Any(b"").tag(sync=True)

class Reader(anywidget.AnyWidget):
    _esm = '''
    export default () => ({
      async render({ model, el, host }) {
        const other = await host.getModel(model.get("other"));
        const widget = await host.getWidget(model.get("other"));
        const show = () => { el.textContent = `the other has ${other.get("value")}, twice that is ${widget.exports.double()}`; };
        other.on("change:value", show);
        show();
      },
    });
    '''
    other = anywidget.WidgetTrait().tag(sync=True)

class First(anywidget.AnyWidget):
    _esm = "export function render({ model, el }) { el.textContent = 'as in the first versions'; }"

counter = Counter()
counter.observe(lambda _: say(f"value {counter.value} data {list(counter.data)}"), ["value", "data"])
counter.on_msg(lambda _, content, buffers: say(f"{content} {[bytes(each) for each in buffers]}"))
send, close = w.Button(description="Send"), w.Button(description="Close")
send.on_click(lambda _: counter.send({"text": "hello "}, [b"\\x05\\x06"]))
close.on_click(lambda _: counter.close())
"""

_PLOTLY = """
import plotly.graph_objects as go
points = go.Scatter(x=[1, 2, 3], y=[2, 1, 3], mode="markers", marker_size=30)
figure = go.FigureWidget(points, layout=dict(width=500, height=300))
def clicked(trace, points, state):
    say(f"clicked {points.point_inds}")
    figure.data[0].marker.color = "rgb(255, 0, 0)"
figure.data[0].on_click(clicked)
zoomed = w.Label("whole")
def zoom(layout, limits):
    zoomed.value = "zoomed" if limits[0] > 1 else "whole"
figure.layout.on_change(zoom, "xaxis.range")
bars = go.FigureWidget(go.Bar(y=[1, 2]), layout=dict(width=300, height=200))
"""

_IPYMPL = """
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(5, 3))
axes.set(xlim=(0, 1), ylim=(0, 1))
def pressed(event):
    say(f"pressed at {event.xdata:.1f}, {event.ydata:.1f}")
figure.canvas.mpl_connect("button_press_event", pressed)
plt.show()
"""

_TQDM = """
from tqdm.notebook import tqdm
bar = tqdm(total=4, desc="Steps", mininterval=0)
step = w.Button(description="Step")
step.on_click(lambda _: say(f"step {bar.n}") if bar.update(1) is not None else None)
"""

_LEAFLET = """
from ipyleaflet import GeoJSON, Map, Marker
ring = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]
square = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
shape = GeoJSON(data={"type": "FeatureCollection", "features": [square]}, style={"color": "red"})
shape.on_click(lambda **_: say("clicked the square"))
world = Map(center=(5, 5), zoom=4, layers=[shape, Marker(location=(8, 8))], attribution_control=False)
where = w.Label("in the middle")
def moved(change):
    where.value = "east" if change.new[1] > 5.5 else "in the middle"
world.observe(moved, "center")
"""

_ITABLES = """
import pandas as pd
from itables.widget import ITable
table = ITable(pd.DataFrame({"city": ["Bern", "Oslo", "Lima"], "people": [134, 709, 10]}), select=True)
table.observe(lambda change: say(f"rows {change.new}"), "selected_rows")
"""

_ALTAIR = """
import altair as alt
import pandas as pd
pick = alt.selection_point(name="pick", encodings=["x"])
size = alt.param(name="size", value=20, bind=alt.binding_range(min=10, max=50, step=1))
data = pd.DataFrame({"x": [1, 2, 3], "y": [3, 1, 2]})
faded = alt.condition(pick, alt.value(1), alt.value(0.3))
bars = alt.Chart(data, width=300, height=200).mark_bar(size=size).encode(x="x:O", y="y:Q", opacity=faded)
chart = alt.JupyterChart(bars.add_params(pick, size))
chart.selections.observe(lambda change: say(f"picked {change.new.value}"), ["pick"])
slid = w.Label("20")
def slide(change):
    slid.value = f"size {change.new:.0f}"
chart.params.observe(slide, ["size"])
"""

_BQPLOT = """
import bqplot as bq
xs, ys = bq.LinearScale(), bq.LinearScale()
points = bq.Scatter(x=[1, 2, 3], y=[2, 1, 3], scales={"x": xs, "y": ys}, default_size=400, colors=["red"])
def clicked(mark, event):
    say(f"point {event['data']['index']}")
    points.colors = ["blue"]
points.on_element_click(clicked)
figure = bq.Figure(marks=[points], axes=[bq.Axis(scale=xs), bq.Axis(scale=ys, orientation="vertical")], title="Points")
"""

_DATAGRID = """
import pandas as pd
from ipydatagrid import DataGrid
frame = pd.DataFrame({"city": ["Bern", "Oslo"], "people": [134, 709]})
grid = DataGrid(frame, editable=True, base_column_size=120, base_row_size=30, layout={"height": "150px"})
grid.on_cell_change(lambda cell: say(f"{cell['column']} {cell['row']}: {grid.data.iloc[0, 0]}"))
"""

_CANVAS = """
from ipycanvas import Canvas
canvas = Canvas(width=200, height=100, layout=w.Layout(width="200px"))
canvas.fill_style = "rgb(0, 0, 255)"
canvas.fill_rect(0, 0, 200, 100)
def press(x, y):
    canvas.fill_style = "rgb(255, 0, 0)"
    canvas.fill_rect(x - 5, y - 5, 10, 10)
    say(f"pressed {x:.0f} {y:.0f}")
canvas.on_mouse_down(press)
"""

_TREE = """
from ipytree import Node, Tree
leaf = Node("Leaf", icon="file")
tree = Tree(nodes=[Node("Root", nodes=[leaf])])
leaf.observe(lambda change: say(f"selected {change.new}"), "selected")
"""

_VUETIFY = """
import ipyvuetify as v
press = v.Btn(color="primary", children=[v.Icon(left=True, children=["mdi-check"]), "Press me"])
press.on_event("click", lambda *_: say("pressed"))
name = v.TextField(label="Name", v_model="")
class Greeting(v.VuetifyTemplate):
    import traitlets
    name = traitlets.Unicode("nobody").tag(sync=True)
    template = traitlets.Unicode("<template><p class='greeting'>Hello {{ name }}</p></template>").tag(sync=True)
greeting = Greeting()
def named(change):
    greeting.name = change.new
name.observe(named, "v_model")
"""

_BOKEH = """
from bokeh.models import Column, Slider
from bokeh.plotting import figure
from jupyter_bokeh.widgets import BokehModel
level = Slider(start=0, end=10, value=3, step=1, title="Level")
plot = figure(width=300, height=200)
line = plot.line([1, 2, 3], [1, 2, 3])
def moved(name, old, new):
    plot.title.text = f"Level is {new}"
    say(f"level {new}")
level.on_change("value", moved)
"""

_THREE = """
import pythreejs as three
camera = three.PerspectiveCamera(position=[0, 0, 3], aspect=1)
cube = three.Mesh(three.BoxGeometry(), three.MeshBasicMaterial(color="red"))
scene = three.Scene(children=[cube], background="white")
controls = three.OrbitControls(controlling=camera)
renderer = three.Renderer(camera=camera, scene=scene, controls=[controls], width=200, height=200)
camera.observe(lambda change: say("the camera went around" if abs(change.new[0]) > 0.5 else "no"), "position")
"""

NOTEBOOKS: dict[str, tuple[str | tuple[str, str, list[str]], ...]] = {
    "anywidget": (f"{_SAID}{_ANYWIDGET}w.VBox([counter, Reader(other=counter), First(), said, send, close])",),
    "plotly": (
        f"{_SAID}{_PLOTLY}w.VBox([figure, said, zoomed, bars])",
        "from IPython.display import HTML\nHTML(go.Figure(go.Pie(values=[1, 2])).to_html(include_plotlyjs='cdn', full_html=False))",
    ),
    "ipympl": (f"%matplotlib widget\n{_SAID}{_IPYMPL}", "said"),
    "tqdm": (f"{_SAID}{_TQDM}", "w.VBox([step, said])", 'for i in tqdm(range(20), desc="Whole"):\n    pass'),
    "ipyleaflet": (f"{_SAID}{_LEAFLET}w.VBox([world, said, where])",),
    "itables": (f"{_SAID}{_ITABLES}w.VBox([table, said])", 'from itables import show\nshow(pd.DataFrame({"shown": [1, 2]}))'),
    "altair": (f"{_SAID}{_ALTAIR}w.VBox([chart, said, slid])",),
    "bqplot": (f"{_SAID}{_BQPLOT}w.VBox([figure, said])",),
    "ipydatagrid": (f"{_SAID}{_DATAGRID}w.VBox([grid, said])",),
    "ipycanvas": (f"{_SAID}{_CANVAS}w.VBox([canvas, said])",),
    "ipytree": (f"{_SAID}{_TREE}w.VBox([tree, said])",),
    "ipyvuetify": (f"{_SAID}{_VUETIFY}w.VBox([v.Container(children=[press, name, greeting]), said])",),
    "bokeh": (
        f"{_SAID}{_BOKEH}w.VBox([BokehModel(Column(level, plot)), said])",
        "from bokeh.io import output_notebook, show\noutput_notebook()",
        'plain = figure(width=300, height=200, title="Plain")\nplain.scatter([1, 2], [3, 4])\nshow(plain)',
    ),
    "pythreejs": (f"{_SAID}{_THREE}w.VBox([renderer, said])",),
}
