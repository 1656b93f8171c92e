"""Tries out in throw-away children what the loaded native libraries do after a fork: one job for each, within a time limit."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

LIMIT_S = 5.0  # for all jobs together; each takes milliseconds when it does not hang


def _blas(numpy: Any) -> None:
    matrix = numpy.ones((400, 400))
    assert (matrix @ matrix)[0, 0] == 400


def _openmp(pools: Any) -> None:
    import numpy
    from sklearn.cluster import KMeans

    KMeans(n_clusters=2, n_init=1, max_iter=2).fit(numpy.arange(4000.0).reshape(-1, 2))


def _torch(torch: Any) -> None:
    matrix = torch.ones((400, 400))
    assert float((matrix @ matrix)[0, 0]) == 400
    assert float(torch.ones(2_000_000).sum()) == 2_000_000


def _polars(polars: Any) -> None:
    frame = polars.DataFrame({"a": [1, 2, 3, 4] * 5000, "b": list(range(20000))})
    assert frame.lazy().group_by("a").agg(polars.col("b").sum()).sort("a").collect().height == 4


def _pyarrow(arrow: Any) -> None:

    assert arrow.compute.sum(arrow.chunked_array([list(range(1000))] * 8)).as_py() == 8 * 499500
    arrow.table({"a": list(range(1000))}).to_pandas(use_threads=True)


def _duckdb(duckdb: Any) -> None:
    assert duckdb.connect().execute("select sum(range) from range(100000)").fetchone() == (4999950000,)


def _numexpr(numexpr: Any) -> None:
    import numpy

    assert numexpr.evaluate("a + 1", {"a": numpy.ones(100_000)})[0] == 2


def _numba(numba: Any) -> None:
    if "numba.np.ufunc.parallel" in sys.modules and sys.modules["numba.np.ufunc.parallel"]._is_initialized:
        numba.get_num_threads()


def _opencv(cv2: Any) -> None:
    import numpy

    cv2.GaussianBlur(numpy.ones((800, 800), dtype="uint8"), (9, 9), 0)


JOBS: dict[str, Callable[[Any], None]] = {
    "numpy": _blas,
    "sklearn.cluster": _openmp,
    "torch": _torch,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "duckdb": _duckdb,
    "numexpr": _numexpr,
    "numba": _numba,
    "cv2": _opencv,
}


def try_libraries(prepare: Callable[[], None]) -> str | None:
    """Run each loaded library's job in a child that `prepare` makes as a fork would be; the reason when one fails, else None."""
    wanted = [name for name in JOBS if name in sys.modules]
    told_here, told_there = os.pipe()
    child = os.fork()
    if child == 0:
        _be_canary(told_there, wanted, prepare)
    os.close(told_there)
    try:
        return _await(child, told_here, wanted)
    finally:
        os.close(told_here)


def _be_canary(told: int, wanted: list[str], prepare: Callable[[], None]) -> None:
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        prepare()
        for name in wanted:
            os.write(told, f"{name}\n".encode())
            JOBS[name](sys.modules[name])
        os.write(told, b"done\n")
        code = 0
    finally:
        os._exit(code)


def _await(child: int, told: int, wanted: list[str]) -> str | None:
    """The reason when the child does not say in time that all is done."""
    deadline = time.monotonic() + LIMIT_S
    heard = b""
    while True:
        ready, _, _ = select.select([told], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return f"{_last(heard, wanted)}, which hangs after a fork"
        piece = os.read(told, 4096)
        if piece:
            heard += piece
            continue
        _, status = os.waitpid(child, 0)
        if heard.endswith(b"done\n") and status == 0:
            return None
        return f"{_last(heard, wanted)}, which does not work after a fork"


def _last(heard: bytes, wanted: list[str]) -> str:
    names = heard.decode().split()
    name = names[-1] if names else (wanted[0] if wanted else "the interpreter")
    return name.partition(".")[0]
