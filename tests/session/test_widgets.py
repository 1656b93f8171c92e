"""Widgets between a kernel that says what the test says, and a page that notes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from kernelapp.kernels.kernel import KernelMessage
from kernelapp.session.comms import CommBounds, Comms
from kernelapp.session.widgets import Widgets
from kernelapp.wire.messages import Comm, Output, PageMessage, WidgetOutput


class Session:
    """The parts around widgets."""

    def __init__(self, *, debug: bool = False) -> None:
        self.comms = Comms(CommBounds())
        self.published: list[PageMessage] = []
        self.notices: list[str] = []
        self.changed: list[str] = []
        self.told: list[tuple[str, str, Mapping[str, Any]]] = []
        log = logging.LoggerAdapter(logging.getLogger("kernelapp.session.widgets"), {})
        self.widgets = Widgets(self.comms, self._publish, self.notices.append, self.changed.append, log, debug)

    def _publish(self, message: PageMessage) -> None:
        self.published.append(message)
        if isinstance(message, Comm | WidgetOutput):
            self.comms.fold(message)

    def send_comm(self, request: str, comm: str, data: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        self.told.append((request, comm, data))

    def say(self, kind: str, parent: str = "cell", **content: Any) -> None:
        message = KernelMessage(kind, parent, json.dumps(content).encode(), {"version": "2.1.0"})
        if kind.startswith("comm"):
            self.widgets.comm(message, self)
        elif self.widgets.captures(message):
            self.widgets.capture(message)
        else:
            self.widgets.callback(message)

    def open(self, comm: str, **state: Any) -> None:
        self.say("comm_open", comm_id=comm, target_name="jupyter.widget", data={"state": state, "buffer_paths": []})

    def update(self, comm: str, parent: str = "cell", method: str = "update", **state: Any) -> None:
        self.say("comm_msg", parent, comm_id=comm, data={"method": method, "state": state, "buffer_paths": []})


def test_an_answer_names_the_event_that_it_answers() -> None:
    session = Session()
    session.open("m", value=1)
    request = session.widgets.note(7)
    session.update("m", request, "echo_update", value=2)
    session.update("m", value=3)
    assert [message.event for message in session.published if isinstance(message, Comm)] == [None, 7, None]
    assert session.widgets.event_of(request) == 7
    assert session.changed == ["m"]  # the other change was a cell's


def test_an_echo_holds_up_no_answer_and_keeps_its_place_among_what_is_said_of_its_widget() -> None:
    session = Session()
    for comm in ("slider", "label", "other"):
        session.open(comm, value=0)
    session.published.clear()
    request = session.widgets.note(1)
    session.update("slider", request, "echo_update", value=5)
    assert json.loads(session.comms.page()[0].content)["data"]["state"] == {"value": 5}, "a page that comes now has it"
    session.update("label", request, value=6)
    session.update("slider", request, value=4)  # the kernel's own widget admits no more
    session.update("other", session.widgets.note(2), "echo_update", value=7)
    session.widgets.tell_echoes()
    said = [
        (message.comm, json.loads(message.content)["data"]["state"]["value"]) for message in session.published if isinstance(message, Comm)
    ]
    assert said == [("label", 6), ("slider", 5), ("slider", 4), ("other", 7)]
    assert session.changed == ["slider", "label", "slider", "other"]


def test_the_kernel_is_told_what_an_output_widget_captured_and_its_echo_goes_no_further() -> None:
    session = Session()
    session.open("o", _model_name="OutputModel", msg_id="", outputs=[])
    session.update("o", msg_id="cell")
    session.say("stream", name="stdout", text="a")
    session.update("o", msg_id="")
    ((request, comm, data),) = session.told
    assert (comm, data["state"]) == ("o", {"outputs": [{"output_type": "stream", "name": "stdout", "text": "a"}]})
    before = len(session.published)
    session.update("o", request, "echo_update", outputs=data["state"]["outputs"])
    assert len(session.published) == before
    session.open("m", value=1)
    session.update("m", request, value=2)  # by an observer of the outputs
    assert isinstance(session.published[-1], Comm)
    assert b'"value": 2' in session.published[-1].content


@pytest.mark.parametrize("debug", [False, True])
def test_a_captured_error_shows_a_viewer_a_reference_and_an_author_everything(debug: bool) -> None:
    session = Session(debug=debug)
    session.open("o", _model_name="OutputModel", msg_id="cell", outputs=[])
    session.say("error", ename="KeyError", evalue="secret", traceback=["line"])
    output = session.published[-1]
    assert isinstance(output, WidgetOutput)
    assert (b"secret" in output.content) is debug
    assert (b"Reference" in output.content) is not debug


def test_what_a_callback_shows_without_an_output_widget_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    session = Session()
    with caplog.at_level(logging.INFO):
        session.say("stream", name="stdout", text="printed")
        session.say("display_data", data={}, metadata={})
        session.say("error", ename="KeyError", evalue="secret", traceback=["line"])
        session.say("update_display_data", data={}, metadata={}, transient={"display_id": "d"})
    assert "printed" in caplog.text
    assert "secret" in caplog.text
    assert "Reference" in session.notices[0]
    assert "secret" not in session.notices[0]
    assert [type(message) for message in session.published] == [Output]


def test_a_limit_is_logged_once_and_closing_all_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    session = Session()
    for i in range(3):
        session.say("comm_open", comm_id=str(i), target_name="other", data={})
        session.open(f"m{i}")
    assert caplog.text.count("'other'") == 1
    session.widgets.close_all()
    assert len(session.comms) == 0
