# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   kernelapp:
#     title: What a house costs
#     description: A loan calculator, in a plain Python file of the percent format.
# ---

# %% [markdown]
# # What a house costs
#
# A loan that is paid back in equal instalments: each month's interest is paid first, and the rest lowers the debt. With a monthly rate $r$
# and $n$ months, a debt $D$ takes instalments of
#
# $$ D \cdot \frac{r}{1 - (1 + r)^{-n}} $$

# %%
import altair as alt
import pandas as pd
from IPython.display import HTML, display

import kernelapp as ka

BLUE, ORANGE = "#4f7fe0", "#d9772b"

# %%
with ka.sidebar:
    debt = ka.number_input("Loan (€)", 10_000, 2_000_000, 300_000, 10_000)
    percent = ka.slider("Interest a year", 0.0, 10.0, 3.6, 0.1, "%.1f %%")
    years = ka.slider("Years", 5, 40, 25)
    extra = ka.slider("Paid extra each month", 0, 1000, 0, 50, "%d €")
    if again := ka.toggle("Interest changes", help="As when a rate is fixed for some years only"):
        fixed_years = ka.slider("Fixed for", 1, years - 1, min(10, years - 1), format="%d years", key="fixed")
        later_percent = ka.slider("Then", 0.0, 10.0, 5.0, 0.1, "%.1f %%", key="later")


# %%
def instalment(debt, rate, months):
    return debt * rate / (1 - (1 + rate) ** -months) if rate else debt / months


def plan(debt, extra):
    """One row for each month: what is paid as interest and as repayment, and the debt that is left."""
    rows = []
    rate = percent / 1200
    payment = instalment(debt, rate, years * 12)
    for month in range(1, years * 12 + 1):
        if again and month == fixed_years * 12 + 1:
            rate = later_percent / 1200
            payment = instalment(debt, rate, years * 12 - month + 1)
        interest = debt * rate
        repaid = min(debt, payment + extra - interest)
        debt -= repaid
        rows.append((month, interest, repaid, debt))
        if debt < 0.005:
            break
    return pd.DataFrame(rows, columns=["month", "interest", "repaid", "debt"])


months = plan(debt, extra)
plain = plan(debt, 0)


# %%
def tile(label, value, note=""):
    return HTML(
        f"<div style='opacity: .7; font-size: .85rem'>{label}</div>"
        f"<div style='font-size: 1.7rem; font-weight: 600; line-height: 1.3'>{value}</div>"
        f"<div style='opacity: .7; font-size: .85rem'>{note}</div>"
    )


first = months.interest[0] + months.repaid[0]
total = months.interest.sum()
saved = plain.interest.sum() - total
duration = f"{len(months) // 12} years" + (f" {len(months) % 12} mo." if len(months) % 12 else "")
tiles = [
    tile("Each month", f"{first:,.0f} €", f"{months.interest[0] / first:.0%} of the first is interest"),
    tile("Interest in all", f"{total:,.0f} €", f"{saved:,.0f} € saved by paying extra" if extra else f"{total / debt:.0%} of the loan"),
    tile("Paid back after", duration, f"{len(plain) - len(months)} months sooner" if extra else "as planned"),
]
for column, content in zip(ka.columns(3, border=True), tiles, strict=True):
    with column:
        display(content)

# %% [markdown]
# ## Where each year's money goes

# %%
months["year"] = (months.month - 1) // 12 + 1
yearly = months.groupby("year").agg(interest=("interest", "sum"), repaid=("repaid", "sum"), debt=("debt", "last")).reset_index()
long = yearly.melt("year", ["repaid", "interest"], var_name="part", value_name="euros")

bars = (
    alt.Chart(long)
    .mark_bar()
    .encode(
        alt.X("year:O", title="Year").axis(labelAngle=0, labelOverlap=True),
        alt.Y("euros", title="Paid in the year (€)").axis(format=",.0f", tickCount=5),
        alt.Color("part", scale=alt.Scale(domain=["interest", "repaid"], range=[ORANGE, BLUE])).legend(title=None, orient="top"),
        tooltip=[alt.Tooltip("year", title="Year"), alt.Tooltip("part", title="Part"), alt.Tooltip("euros", title="€", format=",.0f")],
    )
)
bars.properties(width="container", height=280)

# %% [markdown]
# ## The debt that is left

# %%
plans = {"as planned": plain, "with the extra": months} if extra else {"as planned": plain}
both = pd.concat([frame.assign(plan=name) for name, frame in plans.items()])
both["years"] = both.month / 12
lines = (
    alt.Chart(both)
    .mark_line(strokeWidth=2.5)
    .encode(
        alt.X("years", title="Years from now", scale=alt.Scale(domain=[0, years], nice=False)).axis(tickCount=8),
        alt.Y("debt", title="Debt (€)").axis(format=",.0f", tickCount=5),
        alt.Color("plan", scale=alt.Scale(domain=list(plans), range=[ORANGE, BLUE][: len(plans)])).legend(title=None, orient="top"),
        tooltip=[alt.Tooltip("years", format=".1f", title="Years"), alt.Tooltip("debt", format=",.0f", title="€")],
    )
)
lines.properties(width="container", height=240)
