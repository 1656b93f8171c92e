# %% [markdown]
# # Four hundred buttons

# %%
import ipywidgets as widgets

pressed = widgets.Label("none yet")
count = 0


def press(button):
    global count
    count += 1
    pressed.value = f"{button.description} was number {count}"
    button.button_style = "success"


buttons = [widgets.Button(description=str(i), layout=widgets.Layout(width="48px")) for i in range(400)]
for each in buttons:
    each.on_click(press)

# %%
widgets.VBox([pressed, widgets.GridBox(buttons, layout=widgets.Layout(grid_template_columns="repeat(10, 52px)"))])
