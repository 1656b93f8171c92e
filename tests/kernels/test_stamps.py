"""Whether files and folders are as they were."""

from __future__ import annotations

import os
from pathlib import Path

from kernelapp.kernels.stamps import Stamps, environment_of


def test_nothing_has_changed_until_something_has(tmp_path: Path) -> None:
    file, missing, folder = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "site-packages"
    file.write_text("1")
    folder.mkdir()
    os.utime(folder, (1, 1))
    paths = [file, missing, folder]
    stamps = Stamps(paths)
    assert stamps.changed() is None
    file.write_text("1, 2")
    assert stamps.changed() == file
    stamps = Stamps(paths)
    missing.write_text("")
    assert stamps.changed() == missing
    stamps = Stamps(paths)
    (folder / "package").mkdir()
    assert stamps.changed() == folder
    stamps = Stamps(paths)
    file.unlink()
    assert stamps.changed() == file


async def test_a_kernels_environment_holds_its_packages() -> None:
    import ipykernel

    found = await environment_of("python3", os.environ)
    assert Path(ipykernel.__file__).parent.parent in found


async def test_an_environment_that_cannot_be_found_is_empty() -> None:
    assert await environment_of("no-such-kernel", os.environ) == []
