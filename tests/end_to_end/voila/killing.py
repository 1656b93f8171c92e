# %% [markdown]
# # What takes its kernel down

# %%
import os

import ipywidgets as widgets

slider = widgets.IntSlider(description="before", value=5)
crash = widgets.Button(description="Crash", button_style="danger")
crash.on_click(lambda _: os._exit(3))
widgets.HBox([slider, crash])

# %%
after = widgets.IntSlider(description="after", value=7)
label = widgets.Label("start")
after.observe(lambda change: setattr(label, "value", f"now {change.new}"), "value")
widgets.VBox([after, label])
