"""The state of widgets as pages need it: merged, ordered, bounded; and what Output widgets capture."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from kernelapp.session.comms import CommBounds, Comms
from kernelapp.wire.messages import Blob, Comm, WidgetOutput


class Session:
    """Comms as a relay drives them: what the kernel says is read, and what the page gets is folded."""

    def __init__(self, **bounds: int) -> None:
        self.comms = Comms(CommBounds(**bounds))
        self.told: list[Any] = []

    def say(self, kind: str, comm: str, data: dict[str, Any], *buffers: bytes, target: str = "jupyter.widget") -> Any:
        content = {"comm_id": comm, "data": data, **({"target_name": target} if kind == "comm_open" else {})}
        read = self.comms.read(kind, json.dumps(content).encode(), buffers, "2.1.0")
        if isinstance(read, Comm):
            self.comms.fold(read)
        self.told.append(read)
        return read

    def open(self, comm: str, *buffers: bytes, paths: tuple[Any, ...] = (), **state: Any) -> Any:
        return self.say("comm_open", comm, {"state": state, "buffer_paths": list(paths)}, *buffers)

    def update(self, comm: str, *buffers: bytes, paths: tuple[Any, ...] = (), method: str = "update", **state: Any) -> Any:
        return self.say("comm_msg", comm, {"method": method, "state": state, "buffer_paths": list(paths)}, *buffers)

    def display(self, request: str, op: str, kind: str, **content: Any) -> None:
        message = self.comms.capture(request, op, kind, json.dumps(content).encode())
        self.told.append(message)
        if message is not None:
            self.comms.fold(message)

    def page(self) -> dict[str, Any]:
        """Model id -> state, as a page that attaches now gets it."""
        found: dict[str, Any] = {}
        for message in self.comms.page():
            data = json.loads(message.content)["data"]
            found.setdefault(message.comm, {}).update(data.get("state", {}))
        return found

    def order(self) -> list[str]:
        return [message.comm for message in self.comms.page()]


def test_a_late_page_gets_the_merged_state() -> None:
    session = Session()
    session.open("m", value=1, description="N")
    session.update("m", value=2)
    session.update("m", value=3, method="echo_update")
    session.say("comm_msg", "m", {"method": "custom", "content": {"value": 9}})
    assert session.page() == {"m": {"value": 3, "description": "N"}}
    assert session.comms.page()[0].version == "2.1.0"


def test_buffers_stay_with_the_entry_that_they_belong_to() -> None:
    session = Session()
    session.open("m", b"a", b"b", paths=(["x"], ["y", 0, "data"]), y=[{}])
    session.update("m", b"c", paths=(["x"],))
    session.update("m", z=1)
    (message,) = session.comms.page()
    paths = json.loads(message.content)["data"]["buffer_paths"]
    assert dict(zip(map(tuple, paths), message.buffers, strict=True)) == {("x",): b"c", ("y", 0, "data"): b"b"}
    session.update("m", x=None, y=[])
    assert session.comms.page()[0].buffers == ()


def test_closed_widgets_are_forgotten() -> None:
    session = Session(max_widget_bytes=100_000)
    for _ in range(100):
        assert isinstance(session.open("m", value="v" * 5000), Comm)
        session.say("comm_close", "m", {})
    assert "m" not in session.comms
    assert session.page() == {}
    assert session.update("m", value=1) is None


def test_each_widget_comes_after_those_that_it_shows() -> None:
    session = Session()
    session.open("box", children=[])
    session.open("b", style={"deep": ["IPY_MODEL_c"]})
    session.open("c", value=1)
    session.update("box", children=["IPY_MODEL_b", "IPY_MODEL_gone"])
    assert session.order() == ["c", "b", "box"]


def test_a_circle_is_closed_by_an_update_at_the_end() -> None:
    session = Session()
    session.open("a", other=None, value=1)
    session.open("b", other="IPY_MODEL_a", value=2)
    session.update("a", other="IPY_MODEL_b")
    messages = session.comms.page()
    assert [message.op for message in messages] == ["open", "open", "msg"]
    opened: set[str] = set()
    for message in messages:
        named = {word for word in ("a", "b") if f"IPY_MODEL_{word}".encode() in message.content}
        assert named <= opened
        opened.add(message.comm)
    assert session.page() == {"a": {"other": "IPY_MODEL_b", "value": 1}, "b": {"other": "IPY_MODEL_a", "value": 2}}


def test_a_widget_may_name_itself() -> None:
    session = Session()
    session.open("a", value=1)
    session.update("a", me="IPY_MODEL_a")
    assert session.page() == {"a": {"value": 1, "me": "IPY_MODEL_a"}}


def test_long_chains_are_no_problem() -> None:
    session = Session()
    for i in range(3000):
        session.open(str(i))
    for i in range(2999):
        session.update(str(i), next=f"IPY_MODEL_{i + 1}")
    assert session.order()[0] == "2999"


def test_large_texts_and_buffers_go_by_hash() -> None:
    session = Session()
    source, data = "s" * 200_000, b"d" * 200_000
    for name in ("m", "n"):
        message = session.open(name, data, b"small", paths=(["big"], ["small"]), _esm=source, value=1)
        assert b"sss" not in message.content
        assert message.buffers[1] == b"small"
        assert isinstance(message.buffers[0], Blob)
        blob = session.comms.blob(message.texts["_esm"].hash)
        assert blob is not None
        assert blob.content == source.encode()
    first, second = session.told
    assert first.texts["_esm"] is second.texts["_esm"]
    late = session.comms.page()[0]
    assert late.texts == first.texts
    assert late.buffers == first.buffers
    assert "_esm" not in json.loads(late.content)["data"]["state"]
    session.update("m", _esm="small")
    assert session.comms.page()[0].texts == {}


def test_other_targets_are_left_out_with_a_word() -> None:
    session = Session()
    said = session.say("comm_open", "x", {}, target="matplotlib")
    assert "matplotlib" in said
    assert session.say("comm_msg", "x", {}) is None


@pytest.mark.parametrize(("bounds", "name"), [({"max_widgets": 2}, "max_widgets"), ({"max_widget_bytes": 3000}, "max_widget_bytes")])
def test_widgets_are_bounded_and_the_limit_is_named(bounds: dict[str, int], name: str) -> None:
    session = Session(**bounds)
    said = [session.open(str(i), value="v" * 1000) for i in range(4)]
    assert isinstance(said[0], Comm)
    assert name in said[3]
    assert 0 < len(session.comms) < 4


def output(session: Session, name: str = "o") -> None:
    session.open(name, _model_name="OutputModel", msg_id="", outputs=[])


def test_what_is_displayed_while_an_output_widget_captures_goes_into_its_outputs() -> None:
    session = Session()
    output(session)
    session.update("o", msg_id="request")
    assert session.comms.captures("request")
    session.display("request", "append", "stream", name="stdout", text="a\n")
    session.display("request", "append", "stream", name="stdout", text="b\n")
    session.display("request", "append", "display_data", data={"text/plain": "d"}, metadata={}, transient={"display_id": "i"})
    assert session.comms.to_tell() == []
    session.update("o", msg_id="")
    assert not session.comms.captures("request")
    plain: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": "a\nb\n"},
        {"output_type": "display_data", "data": {"text/plain": "d"}, "metadata": {}},
    ]
    assert session.comms.to_tell() == [("o", plain)]
    assert session.comms.to_tell() == []
    assert session.page()["o"]["outputs"] == [plain[0], {**plain[1], "transient": {"display_id": "i"}}]


def test_the_innermost_output_widget_captures() -> None:
    session = Session()
    output(session, "outer")
    output(session, "inner")
    session.update("outer", msg_id="request")
    session.update("inner", msg_id="request")
    session.display("request", "append", "stream", name="stdout", text="in")
    session.update("inner", msg_id="")
    session.display("request", "append", "stream", name="stdout", text="out")
    page = session.page()
    assert [page[name]["outputs"][0]["text"] for name in ("inner", "outer")] == ["in", "out"]


@pytest.mark.parametrize(("wait", "shown"), [(True, ["old"]), (False, [])])
def test_clear_output_waits_when_it_is_told_to(wait: bool, shown: list[str]) -> None:
    session = Session()
    output(session)
    session.update("o", msg_id="r")
    session.display("r", "append", "stream", name="stdout", text="old")
    session.display("r", "clear", "clear_output", wait=wait)
    assert [each["text"] for each in session.page()["o"]["outputs"]] == shown
    session.display("r", "append", "stream", name="stdout", text="new")
    assert [each["text"] for each in session.page()["o"]["outputs"]] == ["new"]


def test_a_display_in_an_output_widget_is_updated_by_its_id() -> None:
    session = Session()
    output(session)
    session.update("o", msg_id="r")
    session.display("r", "append", "display_data", data={"text/plain": "1"}, metadata={}, transient={"display_id": "i"})
    update = {"data": {"text/plain": "2"}, "metadata": {}, "transient": {"display_id": "i"}}
    session.comms.replace("i", json.dumps(update).encode())
    assert session.page()["o"]["outputs"][0]["data"] == {"text/plain": "2"}


def test_outputs_that_the_kernel_sets_replace_what_was_captured() -> None:
    session = Session()
    output(session)
    session.update("o", msg_id="r")
    session.display("r", "append", "stream", name="stdout", text="old")
    session.update("o", msg_id="", outputs=[])
    assert session.page()["o"]["outputs"] == []


def test_an_output_widget_is_bounded_and_says_so_once() -> None:
    session = Session(max_output_bytes=500)
    output(session)
    session.update("o", msg_id="r")
    for _ in range(20):
        session.display("r", "append", "stream", name="stdout", text="t" * 100)
    notes = [message for message in session.told if isinstance(message, WidgetOutput) and message.op == "truncated"]
    assert len(notes) == 1
    assert len(session.page()["o"]["outputs"][0]["text"]) < 500
    assert session.told[-1] is None
    session.display("r", "clear", "clear_output", wait=False)
    session.display("r", "append", "stream", name="stdout", text="room")
    assert session.page()["o"]["outputs"][0]["text"] == "room"


def saved(session: Session, rows: dict[str, Any]) -> Comms:
    """The widgets as another server reads them."""
    rows |= {name: pickle.loads(pickle.dumps(row)) for name, row in session.comms.take_changes().items()}
    return Comms.thawed(CommBounds(), rows)


def as_page(comms: Comms) -> list[Any]:
    return sorted((message.comm, message.content, message.buffers, message.texts, message.version) for message in comms.page())


def test_what_is_saved_is_read_again() -> None:
    session = Session()
    rows: dict[str, Any] = {}
    session.open("m", b"b" * 200_000, b"small", paths=(["big"], ["small"]), _esm="s" * 200_000, value="\ud800 é")
    output(session)
    session.update("o", msg_id="r")
    session.display("r", "append", "stream", name="stdout", text="t")
    assert as_page(saved(session, rows)) == as_page(session.comms)
    session.update("m", value=2, _esm="small")
    session.open("n")
    session.say("comm_close", "n", {})
    again = saved(session, rows)
    assert as_page(again) == as_page(session.comms)
    assert again.captures("r")


def test_a_change_of_one_widget_writes_few_rows_and_large_parts_once() -> None:
    session = Session()
    for i in range(300):
        session.open(str(i), _esm="s" * 200_000, value=0)
    first = session.comms.take_changes()
    assert sum(isinstance(row, bytes) for row in first.values()) == 1
    session.update("7", value=1)
    (row,) = session.comms.take_changes().values()
    assert isinstance(row, list)
    assert len(row) < 20
    assert session.comms.take_changes() == {}
    for i in range(300):
        session.say("comm_close", str(i), {})
    rows = session.comms.take_changes()
    assert not any(rows.values())
    session.comms.forget_changes(rows)
    assert session.comms.take_changes() == rows


def test_custom_messages_that_no_page_has_had_come_with_the_first_page_and_with_no_later_one() -> None:
    session = Session()
    session.open("m", value=1)
    session.say("comm_msg", "m", {"method": "custom", "content": {"draw": 1}}, b"pixels")
    session.say("comm_msg", "gone", {"method": "custom", "content": {}})
    fork = session.comms.forked()
    for comms in (session.comms, fork):
        (opened, custom) = comms.page()
        assert (opened.op, custom.op, custom.buffers) == ("open", "msg", (b"pixels",))
        comms.heard()
        assert [message.op for message in comms.page()] == ["open"]
    session.say("comm_msg", "m", {"method": "custom", "content": {"draw": 2}})
    assert [message.op for message in session.comms.page()] == ["open"], "a page is there and has had it"


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"data": {}},
        {"comm_id": 7, "target_name": "jupyter.widget", "data": {}},
        {"comm_id": "m", "target_name": "jupyter.widget", "data": []},
        {"comm_id": "m", "target_name": "jupyter.widget", "data": {"state": [1]}},
        {"comm_id": "m", "target_name": "jupyter.widget", "data": {"state": {}, "buffer_paths": [[{}]]}},
        {"comm_id": "m", "target_name": "jupyter.widget", "data": {"state": {}, "buffer_paths": {"a": 1}}},
    ],
)
@pytest.mark.parametrize("kind", ["comm_open", "comm_msg"])
def test_what_is_no_comm_message_is_left_out(kind: str, content: Any) -> None:
    session = Session()
    session.open("m", value=1)
    assert "left out" in str(session.comms.read(kind, json.dumps(content).encode(), (), "2.1.0"))
    assert session.page() == {"m": {"value": 1}}
