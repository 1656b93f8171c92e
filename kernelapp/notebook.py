"""A file -> frozen `Notebook` and `Cell`s: `.ipynb` (any nbformat), `.py` in percent format and `.md`, the latter two through jupytext."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from .errors import NotebookError
from .markdown import Attachments, outline

MAX_NOTEBOOK_BYTES = 100_000_000
"""A larger file is refused: a session's page is built from the cells, and outputs saved in the file are not used."""

MAX_DESCRIPTION_CHARS = 200
"""What a card of the gallery has room for."""

SUFFIXES = (".ipynb", ".py", ".md")

_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # nbformat 4.5
_RERUN = ("dependents", "below", "all")
_TEMPLATE = ("auto", "imports", "off")
_APP_METADATA = ("title", "description", "rerun", "template", "reactive")
_PERCENT = re.compile(r"^#[ \t]*%%", re.MULTILINE)
_PY_HEADER = re.compile(r"\A(?:#!.*\n|#.*coding.*\n)*# ---\n(?:#.*\n)*?# (?:jupyter|jupytext):", re.MULTILINE)
_MD_HEADER = re.compile(r"\A---\n(?:(?!---\n).*\n)*?(?:jupyter|jupytext):", re.MULTILINE)

Kind = Literal["code", "markdown", "raw"]


@dataclass(frozen=True)
class Cell:
    """One cell. `id` is unique in the notebook and the same at each reading while the cell's source is."""

    id: str
    kind: Kind
    source: str
    tags: frozenset[str] = frozenset()
    attachments: Attachments = field(default_factory=dict, hash=False)

    @property
    def removed(self) -> bool:
        """Shows nothing (`remove-cell`, `hide-cell`); a code cell still runs, so that later cells find what it binds."""
        return not self.tags.isdisjoint({"remove-cell", "hide-cell"})

    @property
    def hide_input(self) -> bool:
        """Never shows its code, even where code is shown."""
        return self.removed or not self.tags.isdisjoint({"hide-input", "remove-input"})

    @property
    def hide_output(self) -> bool:
        """Runs, but what it displays is not shown."""
        return self.removed or not self.tags.isdisjoint({"hide-output", "remove-output"})

    @property
    def manual(self) -> bool:
        """Runs when the viewer presses its button."""
        return "manual" in self.tags

    @property
    def raises_exception(self) -> bool:
        """An error in it is expected: it is shown, and the cells after it run."""
        return "raises-exception" in self.tags


@dataclass(frozen=True)
class AppMetadata:
    """What `metadata.kernelapp` of the notebook says; None where it says nothing."""

    title: str | None = None
    description: str | None = None
    rerun: Literal["dependents", "below", "all"] | None = None
    template: Literal["auto", "imports", "off"] | None = None
    reactive: Literal["widgets"] | None = None


@dataclass(frozen=True)
class Notebook:
    """One notebook. `name` is its slug: letters, digits and hyphens (quote it in a URL: letters may be of any script)."""

    path: Path
    name: str
    title: str
    description: str
    language: str
    kernel_name: str | None
    cells: tuple[Cell, ...]
    metadata: AppMetadata

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The cells that run."""
        return tuple(cell for cell in self.cells if cell.kind == "code" and cell.source.strip())


class _InvalidNotebookError(Exception):
    """Why a file cannot be served, without its path."""


def read_notebook(path: Path, kernel_name: str | None = None, *, max_notebook_bytes: int = MAX_NOTEBOOK_BYTES) -> Notebook:
    """The notebook at `path`; `kernel_name` takes precedence over the one that it names. Raises NotebookError, naming the path."""
    try:
        raw = _parse(path, _read_text(path, max_notebook_bytes))
        cells = _make_cells(raw["cells"], keep_ids=raw["keep_ids"])
        metadata = raw["metadata"]
        app = _make_app_metadata(metadata.get("kernelapp", {}))
    except _InvalidNotebookError as error:
        raise NotebookError(f"{path}: {error}") from None
    title, description = _describe(cells)
    return Notebook(
        path=path.absolute(),
        name=slug(path.stem),
        title=app.title or _text(metadata.get("title")) or title or readable(path.stem),
        description=_cut(app.description or description or ""),
        language=_find_language(metadata),
        kernel_name=kernel_name or _text(_mapping(metadata.get("kernelspec")).get("name")),
        cells=cells,
        metadata=app,
    )


def is_text_notebook(suffix: str, text: str) -> bool:
    """Whether a `.py` has a cell marker (`# %%`) or jupytext's header, or a `.md` has jupytext's header."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if suffix == ".py":
        return bool(_PERCENT.search(text) or _PY_HEADER.search(text))
    return bool(_MD_HEADER.search(text))


def slug(stem: str) -> str:
    """A file's stem as a name in a URL: `Sales report 2026` becomes `sales-report-2026`.

    Accents are dropped where that leaves ASCII; letters of other scripts stay, since no transcription suits all languages.
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", stem) if not unicodedata.combining(c))
    text = bare if bare.isascii() else unicodedata.normalize("NFKC", stem)
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else "-" for c in text.lower())
    return re.sub(r"-+", "-", kept).strip("-")[:80].rstrip("-") or "notebook"


def readable(stem: str) -> str:
    """A file's stem as a title: `sales_report` becomes `Sales report`."""
    words = " ".join(re.split(r"[\s_-]+", stem)).strip()
    return words[:1].upper() + words[1:] if words else stem


def _read_text(path: Path, max_notebook_bytes: int) -> str:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _InvalidNotebookError("is a folder; expected a file")
        if not stat.S_ISREG(mode):
            raise _InvalidNotebookError("is not a regular file")
        if path.suffix.lower() not in SUFFIXES:
            raise _InvalidNotebookError(f"expected a notebook ({', '.join(SUFFIXES)}), not {path.suffix or 'a name without a suffix'}")
        with path.open("rb") as file:
            data = file.read(max_notebook_bytes + 1)
    except FileNotFoundError:
        raise _InvalidNotebookError("no such file or folder; check the path") from None
    except PermissionError:
        raise _InvalidNotebookError("permission to read it is missing; change its mode or run as its owner") from None
    except OSError as error:
        raise _InvalidNotebookError(f"cannot be read: {error.strerror or error}") from None
    if len(data) > max_notebook_bytes:
        raise _InvalidNotebookError(f"is larger than {max_notebook_bytes} bytes; clear its outputs, they are not used")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _InvalidNotebookError(f"is not UTF-8 (byte {error.start}); save it as UTF-8") from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    """`cells` and `metadata` as in nbformat 4, and whether the cells' ids are the file's own (`keep_ids`)."""
    if not text.strip():
        raise _InvalidNotebookError("is empty; expected a notebook")
    suffix = path.suffix.lower()
    raw = _parse_ipynb(text) if suffix == ".ipynb" else _parse_text_notebook(suffix, text)
    if not isinstance(raw.get("cells"), list):
        raise _InvalidNotebookError("is no notebook: expected a list of cells")
    return {"cells": raw["cells"], "metadata": _mapping(raw.get("metadata")), "keep_ids": raw.get("keep_ids", True)}


def _parse_ipynb(text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        hint = (
            "it holds Git's conflict markers; resolve the conflict" if "\n<<<<<<< " in text else "open and save it in Jupyter to repair it"
        )
        raise _InvalidNotebookError(f"is not JSON: {error.msg} at line {error.lineno} column {error.colno}; {hint}") from None
    except (ValueError, RecursionError) as error:
        raise _InvalidNotebookError(f"is not JSON that can be read: {error}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise _InvalidNotebookError('is JSON, but no notebook: expected an object with "nbformat"')
    if raw["nbformat"] > 4:
        raise _InvalidNotebookError(f"is of nbformat {raw['nbformat']}; versions up to 4 can be read: save it as version 4")
    return raw if raw["nbformat"] == 4 else _upgrade(raw)


def _upgrade(raw: dict[str, Any]) -> dict[str, Any]:
    """A notebook of nbformat 1 to 3 as one of version 4, without its outputs."""
    import nbformat  # here because it takes 0.2 s to import and few files need it

    try:
        for worksheet in raw.get("worksheets") or []:
            for cell in worksheet.get("cells") or []:
                if cell.get("cell_type") == "code":
                    cell["outputs"] = []
        old = nbformat.versions[raw["nbformat"]].to_notebook_json(raw, minor=raw.get("nbformat_minor", 0))
        upgraded: Any = nbformat.convert(old, 4)
    except (AttributeError, KeyError, TypeError, ValueError, nbformat.ValidationError) as error:
        raise _InvalidNotebookError(f"is no valid notebook of nbformat {raw['nbformat']}: {_first_line(error)}") from None
    return {"cells": list(upgraded["cells"]), "metadata": dict(upgraded["metadata"]), "keep_ids": False}


def _parse_text_notebook(suffix: str, text: str) -> dict[str, Any]:
    if not is_text_notebook(suffix, text):
        what = "cells that begin with '# %%', or jupytext's header" if suffix == ".py" else "jupytext's header with its kernelspec"
        raise _InvalidNotebookError(f"is no notebook: expected {what}")
    import jupytext  # here because it takes 0.5 s to import and few files need it

    try:
        parsed = jupytext.reads(text, fmt=suffix.removeprefix("."))
    except Exception as error:  # jupytext does not say what its parsers raise
        raise _InvalidNotebookError(f"jupytext cannot read it: {_first_line(error)}") from None
    return {"cells": list(parsed["cells"]), "metadata": dict(parsed["metadata"]), "keep_ids": False}


def _make_cells(raw_cells: Iterable[Any], *, keep_ids: bool) -> tuple[Cell, ...]:
    raws = list(raw_cells)
    for number, raw in enumerate(raws, start=1):
        if not isinstance(raw, Mapping) or raw.get("cell_type") not in ("code", "markdown", "raw"):
            came = repr(raw.get("cell_type")) if isinstance(raw, Mapping) else type(raw).__name__
            raise _InvalidNotebookError(f"cell {number}: expected cell_type code, markdown or raw, not {came}")
    sources = [_join_source(number, raw.get("source", "")) for number, raw in enumerate(raws, start=1)]
    own_ids = [raw.get("id") if keep_ids else None for raw in raws]
    ids = _assign_ids(own_ids, [f"{raw['cell_type']}\0{source}" for raw, source in zip(raws, sources, strict=True)])
    return tuple(
        Cell(cell_id, raw["cell_type"], source, _tags(_mapping(raw.get("metadata"))), _attachments(raw.get("attachments")))
        for cell_id, raw, source in zip(ids, raws, sources, strict=True)
    )


def _join_source(number: int, source: Any) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise _InvalidNotebookError(f"cell {number}: expected source to be text or a list of lines")


def _assign_ids(own_ids: list[Any], contents: list[str]) -> list[str]:
    """Each cell's own id if it is valid and the first of its kind, else one made from its content.

    Made from the content and not from the position: when a cell is inserted or moved the others keep their ids, and with them the
    viewers' values of their controls; the cell that was edited is a new cell.
    """
    ids: list[str] = []
    reserved = {own for own in own_ids if isinstance(own, str)}
    seen: set[str] = set()
    repeats: Counter[str] = Counter()
    for own, content in zip(own_ids, contents, strict=True):
        if isinstance(own, str) and _CELL_ID.fullmatch(own) and own not in seen:
            chosen = own
        else:
            chosen = stem = "c" + hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:10]
            while chosen in seen or chosen in reserved:
                repeats[stem] += 1
                chosen = f"{stem}-{repeats[stem] + 1}"
        seen.add(chosen)
        ids.append(chosen)
    return ids


def _tags(metadata: Mapping[str, Any]) -> frozenset[str]:
    tags = metadata.get("tags")
    return frozenset(tag.replace("_", "-") for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()


def _attachments(raw: Any) -> Attachments:
    return {
        name: {mime: data if isinstance(data, str) else "".join(data) for mime, data in bundle.items() if isinstance(data, (str, list))}
        for name, bundle in _mapping(raw).items()
        if isinstance(bundle, Mapping)
    }


def _make_app_metadata(raw: Any) -> AppMetadata:
    if not isinstance(raw, Mapping):
        raise _InvalidNotebookError(f"metadata.kernelapp must be an object, not {type(raw).__name__}")
    for name, value in raw.items():
        if name not in _APP_METADATA:
            raise _InvalidNotebookError(
                f"metadata.kernelapp.{name} is not known; expected {', '.join(_APP_METADATA[:-1])} or {_APP_METADATA[-1]}"
            )
        if not isinstance(value, str):
            raise _InvalidNotebookError(f"metadata.kernelapp.{name} must be text, not {type(value).__name__}")
    for name, words in (("rerun", _RERUN), ("template", _TEMPLATE)):
        if raw.get(name, words[0]) not in words:
            raise _InvalidNotebookError(f"metadata.kernelapp.{name} must be {' or '.join(words)}, not {raw[name]!r}")
    if raw.get("reactive", "widgets") != "widgets":
        raise _InvalidNotebookError(f"metadata.kernelapp.reactive must be widgets, or left out, not {raw['reactive']!r}")
    return AppMetadata(
        title=_text(raw.get("title")),
        description=_text(raw.get("description")),
        rerun=cast("Any", raw.get("rerun")),
        template=cast("Any", raw.get("template")),
        reactive=cast("Any", raw.get("reactive")),
    )


def _describe(cells: Iterable[Cell]) -> tuple[str | None, str | None]:
    """Title (the first heading) and description (the first paragraph after it, or at all if there is no heading) in shown markdown."""
    title: str | None = None
    first: str | None = None
    for cell in cells:
        if cell.kind != "markdown" or cell.removed:
            continue
        heading, after, anywhere = outline(cell.source)
        paragraph = anywhere if title is not None else after
        first = first or anywhere
        title = title or heading
        if title is not None and paragraph is not None:
            return title, paragraph
    return title, None if title is not None else first


def _find_language(metadata: Mapping[str, Any]) -> str:
    named = _text(_mapping(metadata.get("kernelspec")).get("language")) or _text(_mapping(metadata.get("language_info")).get("name"))
    return (named or _text(_mapping(metadata.get("jupytext")).get("main_language")) or "python").lower()


def _cut(text: str) -> str:
    text = " ".join(text.split())
    if len(text) <= MAX_DESCRIPTION_CHARS:
        return text
    kept = text[: MAX_DESCRIPTION_CHARS - 1]
    return (kept.rpartition(" ")[0] or kept) + "…"


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
