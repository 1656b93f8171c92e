"""Sessions' private directories: made, found again, measured, removed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kernelapp.session.directories import Directories, Directory


def made(directories: Directories) -> Directory:
    directory = directories.make()
    assert directory is not None
    return directory


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("root", "state"):
        (tmp_path / name).mkdir()
    return tmp_path / "root"


def test_one_is_its_owners_alone_and_goes_with_all_that_is_in_it(root: Path) -> None:
    directory = made(Directories(root, root.parent / "state" / "d", 0))
    assert {path.stat().st_mode & 0o777 for path in (directory.base, directory.files, directory.tmp, directory.cut)} == {0o700}
    (directory.files / "deep").mkdir()
    (directory.files / "deep" / "file").write_text("x")
    (directory.files / "link").symlink_to(root.parent / "state")
    directory.remove()
    assert list(root.iterdir()) == []
    assert (root.parent / "state").is_dir(), "what a link leads to stays"
    assert list((root.parent / "state" / "d").iterdir()) == []


def test_the_next_server_takes_over_those_of_its_sessions_and_removes_the_others(root: Path) -> None:
    links = root.parent / "state" / "d"
    before = Directories(root, links, 0)
    kept, left = made(before), made(before)
    (kept.files / "file").write_text("x")
    after = Directories(root, links, 0)
    again = after.take_over(str(kept.base))
    after.remove_others()
    assert again is not None
    assert (again.files / "file").read_text() == "x"
    assert not left.base.exists()
    assert [link.name for link in links.iterdir()] == [kept.base.name]


def test_one_that_is_gone_is_made_again(root: Path) -> None:
    links = root.parent / "state" / "d"
    lost = made(Directories(root, links, 0))
    lost.remove()
    again = Directories(root, links, 0).take_over(str(lost.base))
    assert again is not None
    assert again.tmp.is_dir()


def test_where_there_is_no_room_a_session_does_without(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    (root / "file").write_text("x")
    assert Directories(root / "file", None, 0).make() is None
    assert "no private directory" in caplog.text


@pytest.mark.parametrize(
    ("names", "size", "limit", "more"),
    [
        (["a"], 50_000, 49_999 + 4096, True),
        (["a"], 50_000, 200_000, False),
        (["deep/er/a", "deep/b"], 100_000, 150_000, True),
        ([f"empty-{i}" for i in range(30)], 0, 100_000, True),
        ([], 0, 100_000, False),
    ],
)
def test_its_size_is_what_it_takes_on_the_disk(root: Path, names: list[str], size: int, limit: int, more: bool) -> None:
    directory = made(Directories(root, None, 0))
    for name in names:
        path = directory.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    assert directory.takes_more_than(limit) is more


def test_what_links_lead_to_and_holes_in_files_do_not_count(root: Path) -> None:
    directory = made(Directories(root, None, 0))
    (root / "large").write_bytes(b"x" * 1_000_000)
    (directory.files / "link").symlink_to(root / "large")
    (directory.files / "up").symlink_to(root)
    with (directory.files / "sparse").open("wb") as file:
        file.truncate(1_000_000_000)
    assert not directory.takes_more_than(100_000)


def test_emptied_it_can_be_used_again(root: Path) -> None:
    directory = made(Directories(root, None, 0))
    (directory.files / "file").write_text("x")
    directory.empty()
    assert [path.name for path in directory.files.iterdir()] == ["tmp"]


async def test_whoever_takes_too_much_is_told_so_and_nobody_else(root: Path) -> None:
    directories = Directories(root, None, 100_000)
    full, other = made(directories), made(directories)
    told = asyncio.Event()
    full.on_full = told.set
    other.on_full = lambda: pytest.fail("it has room")
    (full.files / "file").write_bytes(b"x" * 200_000)
    await asyncio.wait_for(told.wait(), 60)
    await directories.close()
