"""Controls as a person uses them: found by their labels, worked with mouse and keyboard, and what the kernel then has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from .harness import Server, serving
from .view import View, viewing

CELLS = {
    "button": 'ka.button("Press")',
    "checkbox": 'ka.checkbox("Agree")',
    "toggle": 'ka.toggle("Switch", True)',
    "radio": 'ka.radio("Size", ["small", "medium", "large"])',
    "selectbox": 'ka.selectbox("City", ["Bern", "Oslo", "Rome"])',
    "multiselect": 'ka.multiselect("Fruits", ["apple", "banana", "cherry"], ["apple"])',
    "slider": 'ka.slider("Amount", 0, 10, 5)',
    "slider_float": 'ka.slider("Share", 0.0, 1.0, 0.5, 0.25)',
    "slider_range": 'ka.slider("Between", 0, 10, (2, 8))',
    "select_slider": 'ka.select_slider("Level", ["low", "middle", "high"], "middle")',
    "number_input": 'ka.number_input("Count", 0, 20, 3)',
    "text_input": 'ka.text_input("Name", "Ada")',
    "text_area": 'ka.text_area("Story")',
    "date_input": 'import datetime\nvalue = ka.date_input("Day", "2026-11-22", "2000-01-01", "2030-12-31")',
    "date_range": 'ka.date_input("Stay", ("2026-11-01", "2026-11-05"), "2000-01-01", "2030-12-31")',
    "time_input": 'ka.time_input("Hour", "09:30")',
    "color_picker": 'ka.color_picker("Colour", "#ff0000")',
}
IDS = {name: f"c{i}" for i, name in enumerate(CELLS, 1)}
SOURCES = [f"{'' if 'value = ' in call else 'value = '}{call}\nprint(repr(value))" for call in CELLS.values()]

Act = Callable[[View], Awaitable[object]]


def labelled(view: View, label: str) -> Locator:
    """The input with this label."""
    return view.page.get_by_label(label, exact=True)


async def away(view: View) -> None:
    """Click where nothing is, which takes the focus from an input."""
    await view.page.locator("main").click(position={"x": 2, "y": 2})


async def grab(view: View, label: str, *, at: float, to: float) -> None:
    """Drag on a slider's track, from one share of its width to another."""
    thumb = labelled(view, label)
    await thumb.scroll_into_view_if_needed()
    box = await thumb.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    await view.page.mouse.move(box["x"] + at * box["width"], y)
    await view.page.mouse.down()
    await view.page.mouse.move(box["x"] + to * box["width"], y, steps=5)
    await view.page.mouse.up()


async def press(view: View, keys: list[str]) -> None:
    """Press keys one after the other; what follows "text:" is typed."""
    for key in keys:
        if key.startswith("text:"):
            await view.page.keyboard.type(key.removeprefix("text:"))
        else:
            await view.page.keyboard.press(key)


async def choose_fruits(view: View) -> None:
    await labelled(view, "Fruits").click()
    await view.page.get_by_role("option", name="cherry").click()
    await view.page.get_by_role("button", name="Remove apple").click()
    await away(view)


async def write(view: View, label: str, text: str) -> None:
    await labelled(view, label).click()
    await view.page.keyboard.press("Control+A")
    await view.page.keyboard.type(text)
    await away(view)


WITH_THE_MOUSE: dict[str, tuple[Act, str]] = {
    "button": (lambda view: view.page.get_by_role("button", name="Press").click(), "True"),
    "checkbox": (lambda view: view.page.get_by_text("Agree", exact=True).click(), "True"),
    "toggle": (lambda view: view.page.get_by_role("switch", name="Switch").click(), "False"),
    "radio": (lambda view: labelled(view, "large").click(), "'large'"),
    "selectbox": (lambda view: labelled(view, "City").select_option("Rome"), "'Rome'"),
    "multiselect": (choose_fruits, "['cherry']"),
    "slider": (lambda view: grab(view, "Amount", at=0.5, to=1.2), "10"),
    "slider_float": (lambda view: grab(view, "Share", at=0.5, to=-0.2), "0.0"),
    "slider_range": (lambda view: grab(view, "Between maximum", at=0.8, to=0.5), "(2, 5)"),
    "select_slider": (lambda view: grab(view, "Level", at=0.98, to=0.98), "'high'"),
    "number_input": (lambda view: view.control("Count").get_by_text("+", exact=True).click(), "4"),
    "text_input": (lambda view: write(view, "Name", "Grace"), "'Grace'"),
    "text_area": (lambda view: write(view, "Story", "Once.\nTwice."), r"'Once.\nTwice.'"),
    "date_input": (lambda view: labelled(view, "Day").fill("2027-02-28"), "datetime.date(2027, 2, 28)"),
    "date_range": (lambda view: labelled(view, "Stay to").fill("2026-11-09"), "(datetime.date(2026, 11, 1), datetime.date(2026, 11, 9))"),
    "time_input": (lambda view: labelled(view, "Hour").fill("18:45"), "datetime.time(18, 45)"),
    "color_picker": (lambda view: labelled(view, "Colour").fill("#00ff7f"), "'#00ff7f'"),
}

# What to focus, what to press, and what the kernel then has.
WITH_THE_KEYBOARD: dict[str, tuple[str, list[str], str]] = {
    "button": ("Press", ["Enter"], "True"),
    "checkbox": ("Agree", ["Space"], "True"),
    "toggle": ("Switch", ["Space"], "False"),
    "radio": ("small", ["ArrowDown"], "'medium'"),
    "selectbox": ("City", ["ArrowDown"], "'Oslo'"),
    "multiselect": ("Fruits", ["text:ban", "Enter", "Escape"], "['apple', 'banana']"),
    "slider": ("Amount", ["ArrowRight", "ArrowRight"], "7"),
    "slider_float": ("Share", ["End"], "1.0"),
    "slider_range": ("Between minimum", ["Home"], "(0, 8)"),
    "select_slider": ("Level", ["ArrowLeft"], "'low'"),
    "number_input": ("Count", ["Control+A", "text:17", "Enter"], "17"),
    "text_input": ("Name", ["End", "text: L.", "Enter"], "'Ada L.'"),
    "text_area": ("Story", ["text:One", "Enter", "text:Two", "Control+Enter"], r"'One\nTwo'"),
    "date_input": ("Day", ["text:02032027"], "datetime.date(2027, 2, 3)"),
    "date_range": ("Stay from", ["text:11032026"], "(datetime.date(2026, 11, 3), datetime.date(2026, 11, 5))"),
    "time_input": ("Hour", ["text:0215PM"], "datetime.time(14, 15)"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("apps"), "import kernelapp as ka", *SOURCES) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def by_mouse(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server) as view:
        yield view


@pytest_asyncio.fixture(scope="module")
async def by_keyboard(browser: Browser, server: Server) -> AsyncIterator[View]:
    async with viewing(browser, server, locale="en-US") as view:
        yield view


def test_every_kind_is_worked_with_the_mouse() -> None:
    assert WITH_THE_MOUSE.keys() == CELLS.keys()
    assert WITH_THE_KEYBOARD.keys() == CELLS.keys() - {"color_picker"}  # whose picker is the system's


@pytest.mark.parametrize("name", WITH_THE_MOUSE)
async def test_the_mouse_sets_what_the_kernel_has(by_mouse: View, name: str) -> None:
    act, value = WITH_THE_MOUSE[name]
    assert await by_mouse.cell(IDS[name]).locator("pre[data-stream]").inner_text() != value
    await act(by_mouse)
    await by_mouse.shows(IDS[name], value)
    assert by_mouse.watch.errors == []


@pytest.mark.parametrize("name", WITH_THE_KEYBOARD)
async def test_the_keyboard_sets_what_the_kernel_has(by_keyboard: View, name: str) -> None:
    label, keys, value = WITH_THE_KEYBOARD[name]
    role = by_keyboard.page.get_by_role("button", name=label)
    target = role if name == "button" else labelled(by_keyboard, label)
    await target.focus()
    await press(by_keyboard, keys)
    await by_keyboard.shows(IDS[name], value)
    await by_keyboard.idle()
    await expect(labelled(by_keyboard, "medium") if name == "radio" else target).to_be_focused()


async def test_a_button_is_pressed_for_one_run(browser: Browser, tmp_path: Path) -> None:
    source = 'import kernelapp as ka\nprint(ka.button("Press"), ka.slider("N", 0, 9, 1))'
    with serving(tmp_path, source) as server:
        async with viewing(browser, server) as view:
            await view.page.get_by_role("button", name="Press").click()
            await view.shows("c0", "True 1")
            await view.page.get_by_role("button", name="Press").click()
            await view.idle()
            await view.shows("c0", "True 1")
            await labelled(view, "N").press("ArrowRight")
            await view.shows("c0", "False 2")


REDECLARED = (
    "import kernelapp as ka",
    'top = ka.number_input("Top", 1, 100, 10)\nname = ka.text_input("Name", "A")\nprint(top, name)',
    'n = ka.slider(f"Amount for {name}, at most {top}", 0, top, 3, key="amount")\nprint(n)',
    'more = ka.checkbox("More")\nif more:\n    detail = ka.text_input("Detail", "none")\n    print(detail)\nelse:\n    print("no detail")',
)


@pytest_asyncio.fixture
async def redeclared(browser: Browser, tmp_path: Path) -> AsyncIterator[View]:
    with serving(tmp_path, *REDECLARED) as server:
        async with viewing(browser, server) as view:
            yield view


async def mark(view: View) -> None:
    """Mark every input, so that a new one in its place is told from it."""
    await view.page.evaluate("document.querySelectorAll('[data-control] input').forEach((input) => { input.mark = true; })")


async def test_controls_keep_their_node_and_focus_when_their_cell_runs_again(redeclared: View) -> None:
    await mark(redeclared)
    await labelled(redeclared, "Name").fill("Bo")
    await labelled(redeclared, "Name").press("Enter")
    await redeclared.shows("c1", "10 Bo")
    await expect(labelled(redeclared, "Name")).to_be_focused()
    slider = labelled(redeclared, "Amount for Bo, at most 10")
    await expect(slider).to_have_value("3")
    assert await redeclared.page.evaluate("[...document.querySelectorAll('[data-control] input')].every((input) => input.mark)")


async def test_a_slider_in_hand_keeps_node_and_focus_while_its_label_and_bounds_change(browser: Browser, tmp_path: Path) -> None:
    source = (
        "import kernelapp as ka, builtins\nbuiltins.top = getattr(builtins, 'top', 10) + 1\n"
        'n = ka.slider(f"At most {top}", 0, top, 3, key="n")\nprint(n)'
    )
    with serving(tmp_path, source) as server:
        async with viewing(browser, server) as view:
            await mark(view)
            await labelled(view, "At most 11").press("ArrowRight")
            await view.shows("c0", "4")
            await expect(labelled(view, "At most 12")).to_be_focused()
            await view.page.keyboard.press("ArrowRight")
            await view.shows("c0", "5")
            await expect(labelled(view, "At most 13")).to_have_attribute("max", "13")
            assert await labelled(view, "At most 13").evaluate("input => input.mark")


async def test_a_value_outside_new_bounds_is_brought_inside(redeclared: View) -> None:
    await labelled(redeclared, "Amount for A, at most 10").press("End")
    await redeclared.shows("c2", "10")
    await labelled(redeclared, "Top").fill("5")
    await labelled(redeclared, "Top").press("Enter")
    await redeclared.shows("c2", "5")
    await expect(labelled(redeclared, "Amount for A, at most 5")).to_have_value("5")
    await expect(redeclared.control("Amount for A, at most 5").locator("output")).to_have_text("5")


async def test_a_control_that_goes_comes_back_with_its_last_value(redeclared: View) -> None:
    more = labelled(redeclared, "More")
    await redeclared.shows("c3", "no detail")
    await expect(labelled(redeclared, "Detail")).to_have_count(0)
    await more.check()
    await redeclared.shows("c3", "none")
    await labelled(redeclared, "Detail").fill("all of it")
    await labelled(redeclared, "Detail").press("Enter")
    await redeclared.shows("c3", "all of it")
    await more.uncheck()
    await redeclared.shows("c3", "no detail")
    await expect(labelled(redeclared, "Detail")).to_have_count(0)
    await more.check()
    await redeclared.shows("c3", "all of it")
    await expect(labelled(redeclared, "Detail")).to_have_value("all of it")


@pytest.mark.parametrize(
    ("name", "label", "keys", "message"),
    [
        ("date_input", "Day", ["ArrowRight", "ArrowRight", "text:1999"], "Choose a date from 2000-01-01 to 2030-12-31."),
        ("date_input", "Day", ["Delete"], "A date is needed here."),
        ("time_input", "Hour", ["Delete"], "A time is needed here."),
    ],
)
async def test_a_moment_that_is_not_finished_or_out_of_bounds_is_taken_back(
    by_keyboard: View, name: str, label: str, keys: list[str], message: str
) -> None:
    field = labelled(by_keyboard, label)
    before = await field.input_value()
    shown = await by_keyboard.cell(IDS[name]).locator("pre").inner_text()
    await field.focus()
    await press(by_keyboard, keys)
    await field.blur()
    await by_keyboard.says(label, message)
    await expect(field).to_have_value(before)
    await by_keyboard.idle()
    await by_keyboard.shows(IDS[name], shown)


async def test_what_is_no_number_is_refused_with_a_message(redeclared: View) -> None:
    await labelled(redeclared, "Top").fill("many")
    await labelled(redeclared, "Top").press("Enter")
    await redeclared.says("Top", "Enter a number.")
    await expect(labelled(redeclared, "Top")).to_have_value("10")


async def test_what_the_server_refuses_is_told_and_taken_back(redeclared: View) -> None:
    await redeclared.control("Top").evaluate("control => control.commit(1000)")
    await redeclared.says("Top", "'Top' takes a whole number from 1 to 100; 1000 came.")
    await expect(labelled(redeclared, "Top")).to_have_value("10")
    await redeclared.idle()
    await redeclared.shows("c1", "10 A")
    await labelled(redeclared, "Top").press("ArrowUp")
    await redeclared.shows("c1", "11 A")
    await redeclared.says("Top", "")


async def test_a_number_beyond_the_bounds_becomes_the_bound(redeclared: View) -> None:
    await labelled(redeclared, "Top").fill("1000")
    await labelled(redeclared, "Top").press("Enter")
    await redeclared.shows("c1", "100 A")
    await expect(labelled(redeclared, "Top")).to_have_value("100")


async def test_a_disabled_control_cannot_be_worked(browser: Browser, tmp_path: Path) -> None:
    source = 'import kernelapp as ka\nprint(ka.slider("N", 0, 9, 1, disabled=True), ka.button("Press", disabled=True))'
    with serving(tmp_path, source) as server:
        async with viewing(browser, server) as view:
            await expect(labelled(view, "N")).to_be_disabled()
            await expect(view.page.get_by_role("button", name="Press")).to_be_disabled()
            await view.control("N").evaluate("control => control.commit(5)")
            await view.says("N", "'N' is disabled.")
            await view.shows("c0", "1 False")


async def test_help_is_read_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, 'import kernelapp as ka\nka.slider("N", 0, 9, 1, help="How *many* there are")') as server:
        async with viewing(browser, server) as view:
            tip = view.page.get_by_role("tooltip", include_hidden=True)
            await expect(tip).not_to_be_visible()
            await view.page.get_by_role("button", name="Help").focus()
            await expect(tip).to_be_visible()
            await expect(tip).to_have_text("How many there are")
            await view.page.keyboard.press("Escape")
            await expect(tip).not_to_be_visible()


DRAGGED = (
    "import kernelapp as ka, builtins, time\nbuiltins.runs = getattr(builtins, 'runs', 0) + 1\n"
    'n = ka.slider("N", 0, 1000, 0)\ntime.sleep(0.05)\nprint(n, runs)'
)
COUNT = """\
() => {
  window.inputs = 0;
  window.shown = new Set();
  document.addEventListener("input", () => { window.inputs += 1; }, true);
  const cell = document.querySelector('[data-cell="c0"]');
  const read = () => shown.add(cell.querySelector("pre")?.textContent.split(" ")[0]);
  new MutationObserver(read).observe(cell, { subtree: true, childList: true, characterData: true });
}
"""


async def test_dragging_shows_values_under_way_and_ends_with_the_last(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, DRAGGED) as server:
        async with viewing(browser, server) as view:
            await view.page.evaluate(COUNT)
            thumb = labelled(view, "N")
            box = await thumb.bounding_box()
            assert box
            y = box["y"] + box["height"] / 2
            await view.page.mouse.move(box["x"] + 8, y)
            await view.page.mouse.down()
            for step in range(1, 101):
                await view.page.mouse.move(box["x"] + 8 + step * 4, y)
            # The hand rests, and has not let go: the page catches up with it.
            under_way = await thumb.input_value()
            await view.until("shown.has(it)", under_way)
            await view.page.mouse.move(box["x"] + 20, y)
            last = await thumb.input_value()
            await view.page.mouse.up()
            await view.idle()
            value, runs = (await view.cell("c0").locator("pre").inner_text()).split()
            inputs: int = await view.page.evaluate("inputs")
            distinct: int = await view.page.evaluate("shown.size")
            assert value == last
            assert await thumb.input_value() == last
            assert inputs > 50
            assert int(runs) < inputs / 2
            assert distinct > 2
