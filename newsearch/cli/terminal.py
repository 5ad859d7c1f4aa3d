"""What a terminal supports, and text prepared for it: styles, hyperlinks, widths, lines.

Articles, and perhaps the index, come from strangers: all text that is printed passes through `one_line`.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Timer
from typing import IO, NamedTuple, TypeAlias

from newsearch._patterns import pattern
from newsearch.text.clean import one_line

Span: TypeAlias = tuple[int, int]

BOLD, DIM, MARK = "1", "2", "1;33"
"""Styles for titles, for less important text, and for matched words."""

_MIN_WIDTH, _MAX_WIDTH = 20, 100


class Terminal(NamedTuple):
    """The destination of output.

    Attributes:
        interactive: it is a terminal; otherwise it is a file or a pipe.
        color: styles may be used.
        width: columns to use, or 0 for lines of any length.
        utf8: every character can be written.
    """

    interactive: bool = False
    color: bool = False
    width: int = 0
    utf8: bool = True

    @classmethod
    def of(cls, stream: IO[str] | None, color: str = "auto") -> Terminal:
        """The terminal behind a stream; color is auto, always or never.

        Raises:
            OSError: there is no stream, because the shell closed it (`>&-`).
        """
        if stream is None:
            raise OSError("the output is closed, so there is nowhere to write to")
        interactive = stream.isatty()
        capable = interactive and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
        width = min(max(_columns(), _MIN_WIDTH), _MAX_WIDTH) if interactive else 0
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
        return cls(interactive, color == "always" or (color == "auto" and capable), width, encoding == "utf8")

    def style(self, text: str, style: str) -> str:
        """The text in a style, if styles are used."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and text else text

    def mark(self, text: str, spans: Iterable[Span], style: str = "") -> str:
        """The text with these spans marked and the rest in a style."""
        if not self.color:
            return text
        parts, at = [], 0
        for start, end in spans:
            parts += [
                self.style(text[at:start], style) if style else text[at:start],
                self.style(text[start:end], MARK),
            ]
            at = end
        rest = text[at:]
        return "".join([*parts, self.style(rest, style) if style else rest])

    def link(self, text: str, url: str | None) -> str:
        """The text as a hyperlink, if hyperlinks are used and the URL is a web URL."""
        if not (self.color and self.interactive and url and _WEB.match(url) and url.isprintable()):
            return text
        target = "".join(
            c if "!" <= c <= "~" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in url
        )
        return f"\x1b]8;;{target}\x1b\\{text}\x1b]8;;\x1b\\"


_WEB = pattern("https?://", re.IGNORECASE)


def _columns() -> int:
    from shutil import get_terminal_size  # slow: it loads every compression module

    return get_terminal_size().columns


def complain(*messages: str) -> None:
    """Print errors or notices on stderr, one line each."""
    for message in messages:
        print(f"newsearch: {one_line(message)}", file=sys.stderr)


def cells(text: str) -> int:
    """Number of columns of a text: two for East Asian wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def wrap(text: str, spans: Sequence[Span], width: int) -> list[tuple[str, list[Span]]]:
    """Wrap a text into lines of at most this many columns, at spaces if possible; each line with its spans.

    Args:
        width: columns, at least 2; or 0 for one line.
    """
    if not width:
        return [(text, list(spans))]
    lines: list[Span] = []
    start = end = 0
    for word in re.finditer(r"\S+", text):
        if end > start and cells(text[start : word.end()]) <= width:
            end = word.end()
            continue
        if end > start:
            lines.append((start, end))
        start, end = word.span()
        # A word longer than a line is broken. 4 * width characters are enough to fill a line.
        while end - start > width // 2 and cells(text[start : min(end, start + 4 * width)]) > width:
            cut = start + 1
            while cells(text[start : cut + 1]) <= width:
                cut += 1
            lines.append((start, cut))
            start = cut
    if end > start:
        lines.append((start, end))
    return [
        (text[a:b], [(max(start, a) - a, min(end, b) - a) for start, end in spans if start < b and end > a])
        for a, b in lines
    ]


COMPARING = "comparing the articles to find copies; this is needed once after the index has changed"
"""Why the first search after a change may be slow."""

_PATIENCE = 1.0
"""Seconds after which people want to know what takes so long."""


@contextmanager
def explained_if_slow(reason: str) -> Iterator[None]:
    """Say on stderr why something takes long, if it does and stderr is a terminal."""
    if not Terminal.of(sys.stderr).interactive:
        yield
        return
    timer = Timer(_PATIENCE, complain, [reason])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
