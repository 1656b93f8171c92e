"""What kernels see of our installation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import kernelapp
from kernelapp.kernels.package import make_package

SOURCE = Path(kernelapp.__file__).parent


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def test_only_what_runs_in_kernels_is_there(tmp_path: Path) -> None:
    make_package(tmp_path)
    found = files(tmp_path)
    assert {
        "kernelapp/__init__.py",
        "kernelapp/version.py",
        "kernelapp/inkernel/runtime.py",
        "kernelapp/inkernel/template/start.py",
    } <= found
    assert {name for name in found if not name.startswith("kernelapp/inkernel/")} == {"kernelapp/__init__.py", "kernelapp/version.py"}


def test_it_is_imported_and_its_compiled_form_lies_beside_the_links(tmp_path: Path) -> None:
    make_package(tmp_path)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    code = "import sys; sys.path.insert(0, sys.argv[1]); import kernelapp; kernelapp.slider; print(kernelapp.inkernel.numeric.__cached__)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env, capture_output=True, text=True, check=True, cwd=tmp_path)
    cached = Path(done.stdout.strip())
    assert cached.is_relative_to(tmp_path)
    assert cached.exists()


def test_an_earlier_one_is_brought_up_to_date(tmp_path: Path) -> None:
    package = tmp_path / "kernelapp"
    package.symlink_to(SOURCE)
    make_package(tmp_path)
    assert not package.is_symlink()
    (package / "inkernel" / "gone.py").symlink_to(SOURCE / "nowhere.py")
    moved = package / "inkernel" / "runtime.py"
    moved.unlink()
    moved.symlink_to(tmp_path / "elsewhere.py")
    make_package(tmp_path)
    assert "kernelapp/inkernel/gone.py" not in files(tmp_path)
    assert moved.samefile(SOURCE / "inkernel" / "runtime.py")
