"""Only what depends on an event runs again, in real kernels, and the page is as after *restart and run all*."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .harness import Page, Viewer, serving

FRAMES = (
    "import pandas as pd\nimport kernelapp as ka",
    'df = pd.DataFrame({"year": [1, 2, 3, 4], "x": [1.0, 2.0, None, 4.0]})\nprint("loaded")',
    'year = ka.slider("Year", 1, 4, 4)',
    "df = df[df.year <= year]",
    "df = df.dropna()",
    "print(len(df))",
    "other = 5\nprint(other)",
)


def runs(page: Page) -> list[int]:
    return [page.cells[cell]["run"] for cell in sorted(page.cells, key=lambda cell: int(cell[1:]))]


async def test_a_redefined_frame_is_never_filtered_twice_and_not_loaded_again(tmp_path: Path) -> None:
    with serving(tmp_path, *FRAMES) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert page.text("c5") == "3\n"
            for value, rows in ((1, "1\n"), (4, "3\n"), (2, "2\n"), (4, "3\n")):
                await page.set(page.key("Year"), value)
                await page.idle()
                assert page.text("c5") == rows
            assert runs(page) == [1, 1, 5, 5, 5, 5, 1]


async def test_mutation_is_undone_before_a_cell_runs_again(tmp_path: Path) -> None:
    cells = (
        "import kernelapp as ka\nitems = [1, 2]",
        'n = ka.slider("N", 0, 9, 1)',
        "items.append(n)",
        "alias = items",
        "alias.append(0)\nprint(items)",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            for value in (5, 7, 1):
                await page.set(page.key("N"), value)
                await page.idle()
                assert page.text("c4") == f"[1, 2, {value}, 0]\n"


async def test_a_failed_cell_blocks_its_dependents_only_until_the_cause_is_gone(tmp_path: Path) -> None:
    cells = (
        'import kernelapp as ka\nn = ka.slider("N", 0, 9, 1)',
        "inverse = 1 / n",
        "print(inverse)",
        "print('independent')",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 0)
            await page.idle()
            assert [page.cells[f"c{i}"]["status"] for i in range(4)] == ["done", "failed", "upstream-failed", "done"]
            assert page.text("c2") == ""
            await page.set(page.key("N"), 2)
            await page.idle()
            assert page.text("c2") == "0.5\n"
            assert page.cells["c3"]["run"] == 1


async def test_stop_ends_a_cell_quietly_and_holds_what_depends_on_it(tmp_path: Path) -> None:
    cells = (
        'import kernelapp as ka\nname = ka.text_input("Name", "")',
        'if not name:\n    print("who?")\n    ka.stop()\ngreeting = "hello " + name',
        "print(greeting)",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert [page.cells[f"c{i}"]["status"] for i in range(3)] == ["done", "done", "upstream-stopped"]
            assert page.text("c1") == "who?\n"
            await page.set(page.key("Name"), "Ada")
            await page.idle()
            assert page.text("c2") == "hello Ada\n"
            await page.set(page.key("Name"), "")
            await page.idle()
            assert page.text("c2") == ""


async def test_a_conditional_control_comes_back_with_its_last_value(tmp_path: Path) -> None:
    cells = (
        'import kernelapp as ka\nmore = ka.checkbox("More", True)',
        'extra = ka.slider("Extra", 0, 9, 1) if more else None',
        "print(extra)",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("Extra"), 6)
            await page.set(page.key("More"), False)
            await page.idle()
            assert page.text("c2") == "None\n"
            assert [control["label"] for control in page.controls.values()] == ["More"]
            await page.set(page.key("More"), True)
            await page.idle()
            assert page.text("c2") == "6\n"


async def test_a_manual_cell_runs_on_its_button(tmp_path: Path) -> None:
    cells: tuple[Any, ...] = (
        'import kernelapp as ka\nn = ka.slider("N", 0, 9, 1)',
        ("code", "trained = n * 10\nprint(trained)", ["manual"]),
        "print('shows', trained)",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            assert [page.cells[f"c{i}"]["status"] for i in range(3)] == ["done", "stale", "stale"]
            await page.set(page.key("Run"), True)
            await page.idle()
            assert page.text("c2") == "shows 10\n"
            await page.set(page.key("N"), 4)
            await page.idle()
            assert page.cells["c1"]["status"] == "stale"
            await page.set(page.key("Run"), True)
            await page.idle()
            assert page.text("c2") == "shows 40\n"


async def test_run_once_and_the_rule_for_all(tmp_path: Path) -> None:
    cells: tuple[Any, ...] = (
        'import kernelapp as ka\nn = ka.slider("N", 0, 9, 1)',
        ("code", "first = n\nprint(first)", ["run-once"]),
        "print(n, first)",
        "print('always')",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 4)
            await page.idle()
            assert page.text("c2") == "4 1\n"
            assert runs(page) == [2, 1, 2, 1]


@pytest.mark.parametrize(("rule", "expected"), [("below", [1, 2, 2, 2]), ("all", [2, 2, 2, 2]), ("dependents", [1, 2, 2, 1])])
async def test_the_app_may_choose_the_rule(tmp_path: Path, rule: str, expected: list[int]) -> None:
    cells = ("import kernelapp as ka", 'n = ka.slider("N", 0, 9, 1)', "print(n)", "print('below')")
    with serving(tmp_path, *cells, kernelapp={"rerun": rule}) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 4)
            await page.idle()
            assert page.text("c2") == "4\n"
            assert runs(page) == expected


async def test_a_button_is_up_again_at_the_next_event(tmp_path: Path) -> None:
    cells = ('import kernelapp as ka\ngo = ka.button("Go")', 'n = ka.slider("N", 0, 9, 1)', "print(go, n)")
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("Go"), True)
            await page.idle()
            assert page.text("c2") == "True 1\n"
            await page.set(page.key("N"), 4)
            await page.idle()
            assert page.text("c2") == "False 4\n"


async def test_events_while_a_cell_runs_make_later_cells_pointless(tmp_path: Path) -> None:
    cells = (
        'import kernelapp as ka, time\nslow = ka.slider("Slow", 0, 9, 0)',
        'which = ka.checkbox("Which", True)',
        "if which:\n    while slow and not __import__('os').path.exists('go'):\n        time.sleep(0.01)\nprint(slow, which)",
        "print('after', slow)",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("Slow"), 1)
            await page.until(lambda: page.cells["c2"]["status"] == "running")
            for value in (2, 3, 4):
                await page.set(page.key("Slow"), value)
            await page.send({"type": "ping", "t": 1})
            await page.until(lambda: page.frames[-1]["type"] == "pong")
            await asyncio.to_thread((tmp_path / "go").write_text, "")
            await page.idle()
            assert page.text("c2") == "4 True\n"
            assert page.text("c3") == "after 4\n"
            assert page.cells["c3"]["run"] == 2


async def test_an_interrupted_cell_runs_again_with_the_next_event(tmp_path: Path) -> None:
    cells = (
        'import kernelapp as ka\nloop = ka.checkbox("Loop", False)\nother = ka.slider("Other", 0, 9, 0)',
        "done = False\nwhile loop:\n    pass\ndone = True",
        "print(done)",
    )
    with serving(tmp_path, *cells) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("Loop"), True)
            await page.until(lambda: page.cells["c1"]["status"] == "running")
            await page.send({"type": "stop"})
            await page.idle()
            assert page.cells["c1"]["status"] == page.cells["c2"]["status"] == "stale"
            await page.set(page.key("Loop"), False)
            await page.idle()
            assert page.text("c2") == "True\n"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%time\ny = n + 1\nprint('y', y)", "y 6"),
        ("%matplotlib inline\nprint('y', n)", "y 5"),
        ("x = !echo $n\nprint('y', n)", "y 5"),
        ("exec('y = n')\nprint('y', y)", "y 5"),
    ],
)
async def test_magics_run_as_in_a_notebook(tmp_path: Path, cell: str, expected: str) -> None:
    with serving(tmp_path, 'import kernelapp as ka\nn = ka.slider("N", 0, 9, 1)', cell) as server:
        async with Viewer(server).page("app") as page:
            await page.idle()
            await page.set(page.key("N"), 5)
            await page.idle()
            assert expected in page.text("c1")
