"""`kernelapp check`."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from kernelapp.cli import main


def write(path: Path, *cells: str, language: str = "python") -> Path:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "k", "display_name": "K", "language": language}})
    notebook.cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    nbformat.write(notebook, path)
    return path


GOOD = ('import kernelapp as ka\nn = ka.slider("N", 0, 9)', "items = [n]", "items.append(1)", "import time\nprint(time.time())")


def test_it_says_what_each_cell_reads_binds_and_changes_and_what_controls_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write(tmp_path / "a.ipynb", *GOOD))]) == 0
    printed = capsys.readouterr().out
    assert "controls slider (line 2)" in printed
    assert "an event runs cells 1, 2, 3" in printed
    assert "reads    n" in printed
    assert "changes  items" in printed
    assert "volatile line 2" in printed


def test_a_cell_that_nobody_can_judge_is_named_with_its_line_and_a_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.ipynb", *GOOD, "x = 1\nexec(open('more.py').read())")
    assert main(["check", str(path)]) == 1
    printed = capsys.readouterr().out
    assert "an event runs everything" in printed
    assert "cell 5 line 2" in printed
    assert "to mend it" in printed


def test_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", str(write(tmp_path / "a.ipynb", *GOOD))]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["cells"][0]["reruns"] == ["c0", "c1", "c2"]
    assert told["cells"][3]["volatile"][0]["line"] == 2


def test_another_language_runs_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write(tmp_path / "a.ipynb", "echo hi", language="bash"))]) == 0
    assert "language is bash" in capsys.readouterr().out


def test_what_is_no_notebook_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.ipynb").write_text("{")
    assert main(["check", str(tmp_path / "a.ipynb")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_says_which_cells_each_session_runs_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.ipynb", *GOOD)
    main(["check", str(path)])
    assert "In each session cells 4 run anew" in capsys.readouterr().out
    main(["check", "--json", str(path)])
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["per_session"], told["template"]) == (["c3"], None)


def test_it_runs_the_notebook_when_it_is_asked_to_and_says_how_far_a_template_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thread = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    path = write(tmp_path / "a.ipynb", *GOOD, thread)
    path.write_text(path.read_text().replace('"name": "k"', '"name": "python3"'))
    assert main(["check", "--run", str(path)]) == 1  # the thread makes every event run everything
    printed = capsys.readouterr().out
    assert "Template: snapshot, 4 of 5 code cells have run in it" in printed
    assert "because of cell 5: " in printed
    main(["check", "--run", "--json", str(path)])
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["template"]["level"], told["template"]["cells"]) == ("snapshot", 4)
