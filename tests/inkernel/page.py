"""A page without a kernel: what the runtime asks of a shell, and what it published there."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from kernelapp.inkernel.runtime import CONTROL_MIME, LAYOUT_MIME, REPORT_MIME, Runtime


class Page:
    """Runs `with page.cell("c1"): ...` as the server would, and keeps what is published."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []
        self.callbacks: dict[str, Callable[[Any], None]] = {}
        self.request: dict[str, Any] = {}
        self.shell = self._shell()
        self.runtime = Runtime(self.shell, debug=True)
        self.runtime.attach()
        self._requests = itertools.count()

    @contextlib.contextmanager
    def cell(self, cell: str, inputs: Mapping[str, Any] | None = None, *, reset: bool = False) -> Iterator[None]:
        """One execute_request of `cell`; `inputs` as the server sends them with a plan's first cell."""
        ours: dict[str, Any] = {"reset": reset}
        if inputs is not None:
            ours["inputs"] = dict(inputs)
        self.request = {"header": {"msg_id": f"m{next(self._requests)}"}, "metadata": {"cellId": cell, "kernelapp": ours}}
        info = object()
        self.callbacks["pre_run_cell"](info)
        try:
            yield
        finally:
            self.callbacks["post_run_cell"](SimpleNamespace(info=info, success=True))

    @property
    def declared(self) -> list[dict[str, Any]]:
        """Every declaration published so far."""
        return [data[CONTROL_MIME] for data in self.published if CONTROL_MIME in data]

    @property
    def layout(self) -> list[dict[str, Any]]:
        """Every layout bracket published so far."""
        return [data[LAYOUT_MIME] for data in self.published if LAYOUT_MIME in data]

    @property
    def reports(self) -> list[dict[str, str]]:
        """Every log entry sent so far."""
        return [data[REPORT_MIME]["log"] for data in self.published if REPORT_MIME in data]

    def _shell(self) -> Any:
        def publish(data: dict[str, Any], metadata: dict[str, Any]) -> None:
            self.published.append(data)

        def send_response(stream: object, kind: str, content: dict[str, Any], **_: object) -> None:
            self.published.append(content["data"])

        return SimpleNamespace(
            user_ns={"In": [""], "_oh": {}},
            user_ns_hidden={},
            compile=SimpleNamespace(flags=0),
            displayhook=SimpleNamespace(),
            history_manager=SimpleNamespace(outputs={}),
            last_execution_result=None,
            InteractiveTB=SimpleNamespace(tb=None),
            events=SimpleNamespace(register=self.callbacks.__setitem__),
            set_custom_exc=lambda kinds, handler: None,
            display_pub=SimpleNamespace(publish=publish),
            kernel=SimpleNamespace(get_parent=lambda channel: self.request, send_response=send_response, iopub_socket=None),
        )
