"""What kernels see of our installation: links to the sources that run in them, and beside these, once made, their compiled form.

The installation may be of another version of Python than a kernel's, and closed to writing: there each kernel would compile them anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

_SOURCE = Path(__file__).parent.parent
_NAME = "kernelapp"


def make_package(directory: Path) -> None:
    """In `directory`, which is for `sys.path`, make the package; one that is there already is brought up to date."""
    package = directory / _NAME
    if package.is_symlink():
        package.unlink()
    wanted = {package / path.relative_to(_SOURCE): path for path in _sources()}
    for place in package.rglob("*.py"):
        if place not in wanted:
            place.unlink()
    for place, path in wanted.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink() or place.readlink() != path:
            place.unlink(missing_ok=True)
            _link(place, path)


def _sources() -> Iterator[Path]:
    yield _SOURCE / "__init__.py"
    yield _SOURCE / "version.py"
    yield from (_SOURCE / "inkernel").rglob("*.py")


def _link(place: Path, path: Path) -> None:
    try:
        place.symlink_to(path)
    except OSError:  # Windows without the right to make links
        shutil.copyfile(path, place)
