# %% [markdown]
# # Controls of both kinds

# %%
import ipywidgets as widgets
import kernelapp as ka
from IPython.display import display

# %%
with ka.sidebar:
    size = ka.slider("Size", 1, 9, 3)
    note = widgets.Text(description="Note", value="hello")
    display(note)

# %%
squares = [i * i for i in range(size)]
widgets.HTML("<ul>" + "".join(f"<li>{each}</li>" for each in squares) + "</ul>")

# %%
out = widgets.Output()
with out:
    print("squares", squares)
out


# %%
@widgets.interact(factor=(1, 5))
def scaled(factor=2):
    print("scaled", [factor * each for each in squares])


# %%
far, near = ka.columns(2)
with near:
    display(widgets.Button(description="Near", tooltip=str(size)))
with far:
    display(widgets.Label(f"of size {size}"))
