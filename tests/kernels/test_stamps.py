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


def test_what_python_compiles_is_no_change_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("")
    os.utime(tmp_path, (1, 1))
    stamps = Stamps([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    assert stamps.changed() is None
    (tmp_path / "module.py").rename(tmp_path / "other.py")
    assert stamps.changed() == tmp_path


async def test_a_kernels_environment_holds_its_packages() -> None:
    import ipykernel

    found = await environment_of("python3", os.environ)
    assert Path(ipykernel.__file__).parent.parent in found


async def test_an_environment_that_cannot_be_found_is_empty() -> None:
    assert await environment_of("no-such-kernel", os.environ) == []
