"""The log on stderr: lines for people, or one JSON object a line; both with the app and the session when there is one."""

from __future__ import annotations

import json
import logging
import time


class TextFormatter(logging.Formatter):
    """`12:30:01 WARNING [sales/3f2a91bc] kernel died: …`"""

    def format(self, record: logging.LogRecord) -> str:
        """As logging.Formatter."""
        where = f" [{_field(record, 'app')}/{_field(record, 'session')}]" if hasattr(record, "session") else ""
        text = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.levelname}{where} {record.getMessage()}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class JsonFormatter(logging.Formatter):
    """`{"time": …, "level": …, "app": …, "session": …, "message": …}`, times in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """As logging.Formatter."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        entry = {"time": stamp, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        entry |= {name: _field(record, name) for name in ("app", "session") if hasattr(record, name)}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def _field(record: logging.LogRecord, name: str) -> str:
    return str(getattr(record, name, ""))


def start_logging(form: str, debug: bool) -> None:
    """Send the log to stderr as `form` ("text" or "json")."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("kernelapp").setLevel(logging.DEBUG if debug else logging.INFO)
