"""The log of a server: one line on stderr for all that it, or a package it uses, has to say, as text or as JSON."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from newsearch.text.clean import one_line

if TYPE_CHECKING:
    from newsearch.serve.guard import Seen

_LOGGER = logging.getLogger("newsearch")


def log_config(form: str) -> dict[str, Any]:
    """The configuration of the module `logging`, for each process of a server.

    Args:
        form: json, or anything else for text.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"stderr": {"()": _handler, "form": form}},
        # The SDK of MCP adds a handler of its own if the root has none, and warns of what clients do.
        "loggers": {"mcp": {"level": "ERROR"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
    }


def log_request(form: str, seen: Seen) -> None:
    """Write one line for a request; its text comes from anybody."""
    query = re.sub(r"\b(token=)[^&]*", r"\1...", seen.query)
    target = seen.path + (f"?{query}" if query else "")
    if form == "json":
        line = json.dumps(
            {
                "time": _now(),
                "client": seen.client,
                "method": seen.method,
                "target": target,
                "status": seen.status,
                "bytes": seen.size,
                "ms": round(seen.seconds * 1000, 3),
            }
        )
    else:
        line = (
            f"{_now()} {seen.client} {seen.method} {target} {seen.status} {seen.size} B"
            f" {seen.seconds * 1000:.1f} ms"
        )
    # In one piece: another thread may write a line of its own meanwhile, which print would let in before the end.
    sys.stderr.write(one_line(line) + "\n")
    sys.stderr.flush()


def log_notice(message: str) -> None:
    """Write one line on the state of the server."""
    _LOGGER.warning("%s", message)


class _Lines(logging.Formatter):
    """Writes a record as one line of text, followed by its traceback, or as one JSON object with all of it."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        level, message = record.levelname.lower(), record.getMessage().strip()
        traceback = self.formatException(record.exc_info) if record.exc_info else ""
        if self._form == "json":
            told = {"time": _now(), "level": level, "message": message}
            return json.dumps(told | {"traceback": traceback} if traceback else told)
        head = one_line(f"{_now()} {level}: {message}")
        return "\n".join([head, *map(_printable, traceback.splitlines())])


def _handler(form: str) -> logging.Handler:
    """The handler of all records, which from now on include the warnings and errors that Python writes itself."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(form))
    logging.captureWarnings(True)
    threading.excepthook = _tell_of_thread
    sys.unraisablehook = _tell_of_unraisable
    return handler


def _tell_of_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        _LOGGER.error("a thread failed", exc_info=failed.exc_value)


def _tell_of_unraisable(failed: sys.UnraisableHookArgs) -> None:
    _LOGGER.error("%s", failed.err_msg or "an error that nothing could handle", exc_info=failed.exc_value)


def _printable(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + one_line(line)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
