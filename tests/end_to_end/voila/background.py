# %% [markdown]
# # Work in the background

# %%
import asyncio
import threading
import time

import ipywidgets as widgets

bar = widgets.IntProgress(max=20, description="Working")
state = widgets.Label("not started")
start = widgets.Button(description="Start", button_style="primary", icon="play")
clock = widgets.Label("0 ticks")


def work():
    for i in range(20):
        time.sleep(0.01)
        bar.value = i + 1
    state.value = "done"
    start.disabled = False


def begin(_):
    start.disabled = True
    state.value = "at work"
    threading.Thread(target=work).start()


async def tick():
    for i in range(1, 6):
        await asyncio.sleep(0.05)
        clock.value = f"{i} ticks"


start.on_click(begin)
task = asyncio.get_event_loop().create_task(tick())
widgets.VBox([widgets.HBox([start, bar, state]), clock])
