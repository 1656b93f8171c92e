# %% [markdown]
# # What fails, and what goes on

# %%
import ipywidgets as widgets

alone = widgets.IntSlider(description="alone", value=1)
alone

# %%
rate = widgets.FloatText(value=0, description="rate")
rate

# %%
broken = 100 / int(rate.value)

# %%
widgets.Label(f"depends on {broken}")

# %%
answer = widgets.Label("still here")
alone.observe(lambda change: setattr(answer, "value", f"alone is {change.new}"), "value")
answer
