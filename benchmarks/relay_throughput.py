"""How much of a chatty kernel's output reaches a page, against bare jupyter_client reading the same: messages and megabytes per second.

One cell publishes many display messages, small or large; the clock runs from sending the cell until its end has been read. Both sides are
measured in turns, and the page is a client of the wire that only reads. Medians and their ratios. Both kernels hold more messages than zmq
does by itself: on a busy machine a bare client that falls behind would lose some, and wait for the end in vain.

    python -m benchmarks.relay_throughput [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.end_to_end.harness import Server, Viewer, write_notebook

LOADS = {"small": (10_000, 200), "large": (300, 100_000)}  # messages, bytes of each
BODY = (
    "from IPython.display import publish_display_data\nfor i in range({count}):\n    publish_display_data({{'text/plain': 'x' * {size}}})"
)

HOLD = "thread = get_ipython().kernel.iopub_thread; thread.schedule(lambda: thread.socket.setsockopt(__import__('zmq').SNDHWM, 0))"


def bare(client: BlockingKernelClient, code: str) -> float:
    """Seconds until everything was read, through jupyter_client."""
    begun = time.perf_counter()
    request = client.execute(code, store_history=False)
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") == request and message["content"].get("execution_state") == "idle":
            return time.perf_counter() - begun


async def relayed(connection: WebSocketClientConnection, count: int) -> float:
    """Seconds until everything was read, by a page that asks for a rerun."""
    begun = time.perf_counter()
    await connection.write_message('{"type":"rerun"}')
    outputs = 0
    while True:
        frame = await connection.read_message()
        assert isinstance(frame, str), "the server closed the connection"
        outputs += '"type":"output"' in frame[:60]
        if '"type":"settled"' in frame[:60] and outputs:
            assert outputs == count, f"{outputs} of {count} outputs came"
            return time.perf_counter() - begun


async def open_page(server: Server, app: str) -> WebSocketClientConnection:
    """A connection that has read a whole page."""
    viewer = Viewer(server)
    _, headers, _ = await asyncio.to_thread(server.get, f"/app/{app}")
    viewer.cookie = headers["Set-Cookie"].split(";")[0]
    request = HTTPRequest(
        server.url.replace("http", "ws", 1) + f"/app/{app}/socket", headers={"Cookie": viewer.cookie, "Origin": server.url}
    )
    connection = await websocket_connect(request, subprotocols=["kernelapp.v1"])
    await connection.write_message('{"type":"hello","session":null,"last_seq":0}')
    while '"settled"' not in str(await connection.read_message()):
        pass
    return connection


async def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Rates of both sides by load, in turns."""
    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.start_kernel()
    client = manager.blocking_client()
    client.context.setsockopt(zmq.RCVHWM, 0)
    client.start_channels()
    client.wait_for_ready(timeout=60)
    bare(client, HOLD)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (count, size) in LOADS.items():
            write_notebook(Path(folder) / f"{name}.ipynb", BODY.format(count=count, size=size))
        with Server(Path(folder), "--max-cell-output-bytes", "1000000000", "--max-journal-bytes", "1000000000") as server:
            for name, (count, size) in LOADS.items():
                page = await open_page(server, name)
                ours, theirs = [], []
                for _ in range(rounds):
                    ours.append(await relayed(page, count))
                    theirs.append(await asyncio.to_thread(bare, client, BODY.format(count=count, size=size)))
                page.close()
                found[name] = rates(count, size, statistics.median(ours), statistics.median(theirs))
    client.stop_channels()
    manager.shutdown_kernel()
    return found


def rates(count: int, size: int, ours_s: float, theirs_s: float) -> dict[str, float]:
    """Both sides' rates, and what part of the bare one ours is."""
    return {
        "messages_per_s": round(count / ours_s),
        "bare_messages_per_s": round(count / theirs_s),
        "mb_per_s": round(count * size / ours_s / 1e6, 1),
        "bare_mb_per_s": round(count * size / theirs_s / 1e6, 1),
        "ratio": round(theirs_s / ours_s, 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(asyncio.run(measure(parser.parse_args().rounds)), indent=1))


if __name__ == "__main__":
    main()
