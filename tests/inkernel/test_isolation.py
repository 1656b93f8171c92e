"""Which of the host's files a sandbox has."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelapp.inkernel.isolation.places import own_places, plan_root


@pytest.fixture
def host(tmp_path: Path) -> Path:
    for folder in ("home/apps/data", "home/state/server/package", "env/bin", "python/bin", "python/lib"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "python/bin/python3").touch()
    (tmp_path / "env/bin/python").symlink_to(tmp_path / "python/bin/python3")
    (tmp_path / "link").symlink_to("home/apps")
    return tmp_path


def steps(host: Path, readable: list[str], hidden: list[str]) -> list[tuple[str, str]]:
    plan = plan_root([str(host / path) for path in readable], [str(host / path) for path in hidden])
    return [(kind, str(Path(path).relative_to(host))) for kind, path in plan.steps if path.startswith(f"{host}/")]


@pytest.mark.parametrize(
    ("readable", "hidden", "expected"),
    [
        (["home/apps"], [], [("bind", "home/apps")]),
        (["home/apps"], ["home/state"], [("bind", "home/apps")]),
        (["home"], ["home/state"], [("bind", "home"), ("hide", "home/state")]),
        (
            ["home", "home/state/server/package"],
            ["home/state"],
            [("bind", "home"), ("hide", "home/state"), ("bind", "home/state/server/package")],
        ),
        (["home", "home/apps/data"], ["home/state"], [("bind", "home"), ("hide", "home/state")]),
        (["link"], [], [("bind", "home/apps")]),
        (["missing"], [], []),
    ],
)
def test_a_sandbox_has_what_it_may_read_without_what_is_hidden_in_it(
    host: Path, readable: list[str], hidden: list[str], expected: list[tuple[str, str]]
) -> None:
    assert steps(host, readable, hidden) == expected


def test_links_on_the_way_are_there_too(host: Path) -> None:
    plan = plan_root([str(host / "link")], [])
    assert (str(host / "link"), "home/apps") in plan.links


@pytest.mark.parametrize("folder", ["/", "/tmp", "home"])
def test_a_folder_that_is_hidden_as_a_whole_cannot_be_readable(host: Path, folder: str) -> None:
    with pytest.raises(ValueError, match="a folder of its own"):
        plan_root([str(host / folder)], [str(host / "home")])


def test_a_program_brings_every_folder_that_it_is_linked_through(host: Path) -> None:
    found = own_places(str(host / "env/bin/python"))
    assert {str(host / "env"), str(host / "python")} <= set(found)
