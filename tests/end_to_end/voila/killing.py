# %% [markdown]
# # A cell that takes its kernel down, once

# %%
import os
from pathlib import Path

import ipywidgets as widgets

slider = widgets.IntSlider(description="before", value=5)
slider

# %%
flag = Path("killed.flag")
if not flag.exists():
    flag.touch()
    os._exit(3)

# %%
after = widgets.IntSlider(description="after", value=7)
label = widgets.Label("start")
after.observe(lambda change: setattr(label, "value", f"now {change.new}"), "value")
widgets.VBox([after, label])
