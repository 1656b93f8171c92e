# %% [markdown]
# # Sales
#
# A dashboard of boxes and tabs, which filters a frame in callbacks.

# %%
import ipywidgets as widgets
import pandas as pd
from IPython.display import clear_output, display

sales = pd.DataFrame({"region": ["North", "South", "North", "West"] * 25, "year": [2024, 2025] * 50, "amount": range(100)})

# %%
region = widgets.Dropdown(options=["All", *sorted(sales.region.unique())], description="Region")
years = widgets.SelectMultiple(options=[2024, 2025], value=(2024, 2025), description="Years")
total = widgets.HTML()
table, log = widgets.Output(), widgets.Output()


def refresh(change=None):
    chosen = sales[sales.year.isin(years.value)]
    if region.value != "All":
        chosen = chosen[chosen.region == region.value]
    total.value = f"<h3>Total: {chosen.amount.sum()}</h3>"
    with table:
        clear_output(wait=True)
        display(chosen.groupby("year").amount.agg(["count", "sum"]))
    with log:
        print(region.value, years.value)


for control in (region, years):
    control.observe(refresh, "value")
refresh()

# %%
tabs = widgets.Tab([table, log], titles=("Table", "Log"))
widgets.HBox([widgets.VBox([region, years, total]), tabs], layout=widgets.Layout(gap="24px"))
