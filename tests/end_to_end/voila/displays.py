# %% [markdown]
# # Five hundred displays

# %%
import ipywidgets as widgets
from IPython.display import HTML, display

for i in range(500):
    display(HTML(f"<span class='one'>{i}</span>"))

# %%
out = widgets.Output()
with out:
    for i in range(200):
        print("line", i)
    handle = display("waiting", display_id="progress")
for i in range(101):
    handle.update(f"{i} percent")
out

# %%
more = widgets.Button(description="More")
more.on_click(lambda _: handle.update("more than that"))
more
