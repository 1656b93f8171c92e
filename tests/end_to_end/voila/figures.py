# %% [markdown]
# # Waves

# %%
# %matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, fixed, interact, interactive, interactive_output, IntSlider, VBox


# %%
@interact(frequency=FloatSlider(value=1, min=0.5, max=5, step=0.5), kind=["sin", "cos"], fill=False, points=fixed(200))
def wave(frequency, kind, fill, points):
    x = np.linspace(0, 2 * np.pi, points)
    y = getattr(np, kind)(frequency * x)
    plt.figure(figsize=(4, 2))
    plt.plot(x, y)
    if fill:
        plt.fill_between(x, y)
    plt.title(f"{kind} {frequency}")
    plt.show()
    print("area", round(float(np.abs(y).sum() * (x[1] - x[0])), 1))


# %%
power = IntSlider(value=2, max=5, description="power")
VBox([power, interactive_output(lambda power: print("two to the power is", 2**power), {"power": power})])

# %%
interactive(lambda a, b=2: print(a * b), a=(0, 10))
