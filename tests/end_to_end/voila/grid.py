# %% [markdown]
# # Layouts

# %%
from ipywidgets import AppLayout, Button, GridBox, GridspecLayout, HTML, IntSlider, Label, Layout, TwoByTwoLayout, jslink


def button(text, style=""):
    return Button(description=text, button_style=style, layout=Layout(height="auto", width="auto"))


# %%
grid = GridspecLayout(4, 3, height="260px")
grid[:3, 1:] = button("One", "success")
grid[:, 0] = button("Two", "info")
grid[3, 1] = button("Three", "warning")
grid[3, 2] = button("Four", "danger")
grid

# %%
left, right = IntSlider(value=4, description="left"), IntSlider(value=8, description="right")
jslink((left, "value"), (right, "value"))
AppLayout(
    header=HTML("<h2>Header</h2>"),
    left_sidebar=left,
    center=Label("Centre"),
    right_sidebar=right,
    footer=Label("Footer"),
    pane_widths=[2, 1, 2],
)

# %%
TwoByTwoLayout(top_left=button("top left"), top_right=button("top right"), bottom_right=button("bottom right"))

# %%
GridBox(
    [Label(f"cell {i}", layout=Layout(border="1px solid")) for i in range(9)],
    layout=Layout(grid_template_columns="repeat(3, 80px)", grid_template_rows="repeat(3, 40px)", grid_gap="5px"),
)
