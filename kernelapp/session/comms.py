"""The widgets of a session: the state of every `jupyter.widget` model, as the kernel and the page have it. No I/O.

It is a part of the page (`session/journal.py`): from it a page that attaches late gets every model without anything being run. Output
widgets are handled here as front ends do it: what the kernel displays while one of them captures goes into its `outputs`.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..wire.messages import Blob, Comm, WidgetOutput
from .captured import Captured
from .shelf import SavedModel, Shelves, to_json, unpack

TARGET = "jupyter.widget"
_REFERENCE = "IPY_MODEL_"
_BLOB_BYTES = 100_000  # texts and buffers from this size on go by hash: about what a request costs
_UNHEARD_BYTES = 50_000_000  # of custom messages that no page has had: the oldest go
_RECENT_BLOB_BYTES = 50_000_000  # of those that no model has any more, for messages that are still under way


@dataclass(frozen=True)
class CommBounds:
    """`max_widgets`: models of one session. `max_widget_bytes`: the bytes of their state. `max_output_bytes`: of one Output widget."""

    max_widgets: int = 20_000
    max_widget_bytes: int = 200_000_000
    max_output_bytes: int = 20_000_000


@dataclass
class _Model:
    """One widget. `buffers`: those of `state`, by the path at which they belong."""

    version: str | None
    state: dict[str, Any]
    buffers: dict[tuple[Any, ...], bytes | Blob]
    texts: dict[str, Blob]
    sizes: dict[str, int] = field(default_factory=dict)  # of each entry of the state, in bytes
    captured: Captured | None = None  # of an Output widget

    def blobs(self) -> list[str]:
        """Hashes of its large parts."""
        return [each.hash for each in (*self.texts.values(), *self.buffers.values()) if isinstance(each, Blob)]

    def copy(self) -> _Model:
        """The same, to be changed apart: entries are replaced as a whole, never changed in place."""
        captured = None if self.captured is None else self.captured.copy()
        return replace(self, state=dict(self.state), sizes=dict(self.sizes), captured=captured)


class Comms:
    """All widgets of one session. Raises nothing for what a kernel sends: what is no widget's message is left out."""

    def __init__(self, bounds: CommBounds) -> None:
        self._bounds = bounds
        self._models: dict[str, _Model] = {}
        self._bytes = 0
        self._capturing: dict[str, list[str]] = {}  # a request's id -> the Output widgets that capture it, innermost last
        # Custom messages, which no state holds; None once a viewer's page gets them as they come.
        self._unheard: deque[Comm] | None = deque()
        self._unheard_bytes = 0
        self._recent: OrderedDict[str, Blob] = OrderedDict()
        self._recent_bytes = 0
        self._shelves = Shelves()

    def take_changes(self) -> dict[str, object]:
        """What changed since this was last asked, in rows by name: for `thawed`."""
        shelves, blobs = self._shelves.take()
        rows: dict[str, object] = {name: [self._save(comm) for comm in comms] for name, comms in shelves.items()}
        for name, used in blobs.items():
            blob = self.blob(name.rpartition(" ")[2]) if used else None
            rows[name] = None if blob is None else blob.content
        return rows

    def forget_changes(self, names: Iterable[str]) -> None:
        """These rows could not be written."""
        self._shelves.forget(names)

    def _save(self, comm: str) -> SavedModel:
        model = self._models[comm]
        buffers = tuple((path, each.hash if isinstance(each, Blob) else each) for path, each in model.buffers.items())
        texts = tuple((name, blob.hash) for name, blob in model.texts.items())
        outputs = None if model.captured is None else to_json(model.captured.outputs(whole=True))
        return SavedModel(comm, model.version, to_json(model.state), buffers, texts, outputs)

    @staticmethod
    def thawed(bounds: CommBounds, rows: Mapping[str, Any]) -> Comms:
        """The widgets that had these rows."""
        comms = Comms(bounds)
        saved, blobs = unpack(rows)
        for each in saved:
            state = json.loads(each.state)
            if each.outputs is not None:
                state["outputs"] = json.loads(each.outputs)
            data = {"state": state, "buffer_paths": [list(path) for path, _ in each.buffers]}
            buffers = tuple(blobs.get(one, Blob(one, b"")) if isinstance(one, str) else one for _, one in each.buffers)
            texts = {name: blobs.get(digest, Blob(digest, b"")) for name, digest in each.texts}
            comms.fold(Comm("open", each.comm, to_json({"data": data}), buffers, texts, each.version))
        return comms

    def forked(self) -> Comms:
        """The same widgets, to be changed apart: for a kernel that is a fork of theirs."""
        fork = Comms(self._bounds)
        fork._models = {comm: model.copy() for comm, model in self._models.items()}
        fork._bytes = self._bytes
        fork._unheard = None if self._unheard is None else deque(self._unheard)
        fork._unheard_bytes = self._unheard_bytes
        fork._recent, fork._recent_bytes = OrderedDict(self._recent), self._recent_bytes
        for comm, model in fork._models.items():
            fork._shelves.put(comm, model.blobs())
        return fork

    def __contains__(self, comm: str) -> bool:
        return comm in self._models

    def __len__(self) -> int:
        return len(self._models)

    # What the kernel says

    def read(self, kind: str, content: bytes, buffers: tuple[bytes, ...], version: str | None) -> Comm | str | None:
        """The page's message for one of the kernel's; a sentence for the log when it is left out; None when there is nothing to tell."""
        told = json.loads(content)
        if not is_comm(told):
            return f"a {kind} that is not what Jupyter's protocol says is left out"
        comm, data = told["comm_id"], told.get("data")
        if kind == "comm_open":
            if told.get("target_name") != TARGET:
                return f"a comm for '{told.get('target_name')}' is not passed on: pages know widgets only"
            if (full := self._is_full(len(content) + sum(map(len, buffers)))) is not None:
                return full
        elif comm not in self._models:
            return None
        op = {"comm_open": "open", "comm_close": "close"}.get(kind, "msg")
        state = data.get("state") if isinstance(data, dict) else None
        texts = self._cut_texts(state) if len(content) >= _BLOB_BYTES and isinstance(state, dict) else {}
        if texts:
            content = json.dumps(told).encode()
        attached = tuple(self._keep(each) if len(each) >= _BLOB_BYTES else each for each in buffers)
        return Comm(op, comm, content, attached, texts, version if op == "open" else None)

    def _is_full(self, size: int) -> str | None:
        if len(self._models) >= self._bounds.max_widgets:
            return f"a widget is left out: a session has at most {self._bounds.max_widgets} (max_widgets)"
        if self._bytes + size > self._bounds.max_widget_bytes:
            return f"a widget is left out: a session's widgets hold at most {self._bounds.max_widget_bytes} bytes (max_widget_bytes)"
        return None

    def _cut_texts(self, state: dict[str, Any]) -> dict[str, Blob]:
        large = [name for name, value in state.items() if isinstance(value, str) and len(value) >= _BLOB_BYTES]
        return {name: self._keep(state.pop(name).encode("utf-8", "replace")) for name in large}

    def _keep(self, content: bytes) -> Blob:
        name = hashlib.sha256(content).hexdigest()[:40]
        known = self._recent.pop(name, None)
        blob = known or Blob(name, content)
        self._recent[name] = blob
        self._recent_bytes += 0 if known else len(content)
        while self._recent_bytes > _RECENT_BLOB_BYTES and len(self._recent) > 1:
            self._recent_bytes -= len(self._recent.popitem(last=False)[1].content)
        return blob

    def blob(self, name: str) -> Blob | None:
        """The large text or buffer of this hash, if a widget has it, or had it lately."""
        if name in self._recent:
            return self._recent[name]
        return next((blob for blob in self._blobs() if blob.hash == name), None)

    def _blobs(self) -> Iterator[Blob]:
        for model in self._models.values():
            yield from model.texts.values()
            yield from (each for each in model.buffers.values() if isinstance(each, Blob))

    def captures(self, request: str) -> bool:
        """Whether an Output widget gets what this request displays."""
        return request in self._capturing

    def capture(self, request: str, op: str, kind: str, content: bytes) -> WidgetOutput | None:
        """What the page gets when this request displays something that an Output widget captures; None when that is full."""
        comm = self._capturing[request][-1]
        captured = self._models[comm].captured
        return captured.admit(comm, op, kind, content) if captured is not None else None

    def to_tell(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Outputs of the widgets that have captured something since this was last asked, and are done: the kernel is to know them."""
        active = {owner for owners in self._capturing.values() for owner in owners}
        told = []
        for comm, model in self._models.items():
            if model.captured is not None and model.captured.untold and comm not in active:
                model.captured.untold = False
                told.append((comm, model.captured.outputs()))
        return told

    # What the page shows

    def fold(self, message: Comm | WidgetOutput) -> None:
        """Take in a message that the page gets."""
        if isinstance(message, WidgetOutput):
            model = self._models.get(message.comm)
            if model is not None and model.captured is not None:
                model.captured.fold(message)
                self._shelves.put(message.comm, model.blobs())
            return
        data = json.loads(message.content).get("data") or {}
        match message.op:
            case "open":
                self._models[message.comm] = model = _Model(message.version, {}, {}, {})
                self._merge(message, model, data)
            case "close":
                self._forget(message.comm)
            case _ if data.get("method") in ("update", "echo_update") and message.comm in self._models:
                self._merge(message, self._models[message.comm], data)
            case _ if self._unheard is not None and message.comm in self._models:
                self._unheard.append(message)
                self._unheard_bytes += _size(message)
                while self._unheard_bytes > _UNHEARD_BYTES:
                    self._unheard_bytes -= _size(self._unheard.popleft())

    def heard(self) -> None:
        """A viewer's page has got everything, and gets what comes."""
        self._unheard = None

    def replace(self, display_id: str, content: bytes) -> None:
        """`update_display_data`, wherever Output widgets show that display."""
        for comm, model in self._models.items():
            if model.captured is not None and model.captured.shows(display_id):
                model.captured.replace(display_id, content)
                self._shelves.put(comm, model.blobs())

    def _merge(self, message: Comm, model: _Model, data: Mapping[str, Any]) -> None:
        state = data.get("state") or {}
        paths = data.get("buffer_paths") or []
        changed = {*state, *message.texts, *(path[0] for path in paths if path)}
        model.texts = {name: blob for name, blob in model.texts.items() if name not in changed} | dict(message.texts)
        model.buffers = {path: each for path, each in model.buffers.items() if path[0] not in changed}
        model.buffers |= {tuple(path): each for path, each in zip(paths, message.buffers, strict=False) if path}
        model.state |= state
        for name in message.texts:
            model.state.pop(name, None)
        self._measure(message, model, changed)
        if model.state.get("_model_name") == "OutputModel":
            self._note_output(message.comm, model, state)
        self._shelves.put(message.comm, model.blobs())

    def _measure(self, message: Comm, model: _Model, changed: Iterable[str]) -> None:
        """What entries hold is shared out evenly among those that came together: exact enough for a bound, and costs nothing."""
        names = list(changed)
        size = _size(message)
        for name in names:
            self._bytes += size // len(names) - model.sizes.get(name, 0)
            model.sizes[name] = size // len(names)

    def _note_output(self, comm: str, model: _Model, state: Mapping[str, Any]) -> None:
        if model.captured is None:
            model.captured = Captured(self._bounds.max_output_bytes)
        if "outputs" in state:
            model.captured.set(model.state.pop("outputs"))
        if "msg_id" in state:
            self._end_capture(comm)
            if state["msg_id"]:
                self._capturing.setdefault(str(state["msg_id"]), []).append(comm)

    def _end_capture(self, comm: str) -> None:
        for request, owners in list(self._capturing.items()):
            if comm in owners:
                owners.remove(comm)
            if not owners:
                del self._capturing[request]

    def _forget(self, comm: str) -> None:
        model = self._models.pop(comm, None)
        if model is None:
            return
        self._bytes -= sum(model.sizes.values())
        self._end_capture(comm)
        self._shelves.remove(comm)

    def closings(self) -> list[Comm]:
        """Messages that close every widget: their kernel is gone."""
        return [Comm("close", comm, json.dumps({"comm_id": comm, "data": {}}).encode()) for comm in self._models]

    def page(self) -> list[Comm]:
        """Messages that make every widget; each comes after those that its state refers to, as far as they do not refer to each other."""
        order, late = _in_order({comm: set(_references(self._state(model))) & self._models.keys() for comm, model in self._models.items()})
        opened = [self._opening(comm, self._models[comm], late.get(comm, frozenset())) for comm in order]
        updates = [update for comm, others in late.items() for update in self._late(comm, self._models[comm], others)]
        return [*opened, *updates, *(each for each in self._unheard or () if each.comm in self._models)]

    def _state(self, model: _Model) -> dict[str, Any]:
        if model.captured is None:
            return model.state
        return {**model.state, "outputs": model.captured.outputs(whole=True)}

    def _opening(self, comm: str, model: _Model, late: frozenset[str]) -> Comm:
        state = {name: value for name, value in self._state(model).items() if not late or late.isdisjoint(_references(value))}
        data = {"state": state, "buffer_paths": [list(path) for path in model.buffers]}
        content = json.dumps({"comm_id": comm, "target_name": TARGET, "data": data}).encode()
        return Comm("open", comm, content, tuple(model.buffers.values()), dict(model.texts), model.version)

    def _late(self, comm: str, model: _Model, others: frozenset[str]) -> list[Comm]:
        state = {name: value for name, value in self._state(model).items() if not others.isdisjoint(_references(value))}
        data = {"method": "update", "state": state, "buffer_paths": []}
        return [Comm("msg", comm, json.dumps({"comm_id": comm, "data": data}).encode())] if state else []


def _size(message: Comm) -> int:
    buffers = (each if isinstance(each, bytes) else each.content for each in (*message.buffers, *message.texts.values()))
    return len(message.content) + sum(map(len, buffers))


def _references(value: Any) -> Iterator[str]:
    """Ids of the models that a state names."""
    if isinstance(value, str):
        if value.startswith(_REFERENCE):
            yield value[len(_REFERENCE) :]
    elif isinstance(value, dict):
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _in_order(needs: Mapping[str, set[str]]) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Names so that each comes after what it needs, and for those of a circle what they must get later."""
    order: dict[str, None] = {}
    late: dict[str, frozenset[str]] = {}
    for start in needs:
        path: list[str] = []
        trail = [(start, iter(sorted(needs[start])))] if start not in order else []
        path.append(start)
        while trail:
            name, rest = trail[-1]
            following = next((each for each in rest if each not in order), None)
            if following is None:
                order[name] = None
                trail.pop()
                path.pop()
            elif following in path:
                late[name] = late.get(name, frozenset()) | {following}
            else:
                trail.append((following, iter(sorted(needs[following]))))
                path.append(following)
    return list(order), late


def is_comm(told: Any) -> bool:
    """Whether a content is one of a comm message, with a state and paths that can be folded if it has them."""
    if not isinstance(told, dict) or not isinstance(told.get("comm_id"), str):
        return False
    data = told.get("data")
    if not isinstance(data, dict):
        return data is None
    paths = data.get("buffer_paths") or []
    if not isinstance(paths, list) or not isinstance(data.get("state") or {}, dict):
        return False
    return all(isinstance(path, list) and all(isinstance(step, str | int) for step in path) for path in paths)


def answered(message: Comm, event: int | None) -> Comm:
    """The message as an answer to an event of the browser's."""
    return message if event is None else replace(message, event=event)
