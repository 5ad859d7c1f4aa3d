"""How did an article change? The differences between its versions as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from newsearch.articles.article import Article, Version
from newsearch.cli.terminal import BOLD, DIM, Terminal, wrap
from newsearch.cli.zones import shown_moment
from newsearch.outputs.differences import ADDED, REMOVED, SAME, changes, differences
from newsearch.text.clean import one_line

_STYLES = {REMOVED: "9;31", ADDED: "1;32", SAME: ""}
"""Styles of words: struck through in red, and bold in green."""

_SIGNS = {REMOVED: "[-{}-]", ADDED: "{{+{}+}}", SAME: "{}"}
"""How words are marked without color."""


def history_lines(article: Article, tz: tzinfo, terminal: Terminal) -> Iterator[str]:
    """The current title, then what changed, the latest change first."""
    for line, _ in wrap(one_line(article.title) or one_line(article.id), (), terminal.width):
        yield terminal.style(line, BOLD)
    if not article.history:
        yield "no earlier versions are kept"
        return
    for version, changed in changes(article):
        yield ""
        yield terminal.style(_heading(version, tz), DIM)
        for name, before, after in changed:
            yield from _changed(f"{name:<9}", before, after, terminal)


def _heading(version: Version, tz: tzinfo) -> str:
    dated = version.modified or version.date
    of = f", a version of {shown_moment(dated, tz)}" if dated else ""
    return f"replaced {shown_moment(version.replaced, tz)}{of}"


def _changed(label: str, before: str, after: str, terminal: Terminal) -> Iterator[str]:
    words = list(differences(before, after))
    if not terminal.color:
        text = " ".join(_SIGNS[kind].format(part) for kind, part in words)
        styles: list[tuple[int, int, str]] = []
    else:
        text, styles = "", []
        for kind, part in words:
            text += " " if text else ""
            styles.append((len(text), len(text) + len(part), _STYLES[kind]))
            text += part
    at = 0
    for number, (line, _) in enumerate(wrap(text, (), terminal.width and terminal.width - len(label))):
        at = text.index(line, at)
        shown = "".join(
            terminal.style(text[max(start, at) : min(end, at + len(line))], style)
            if style
            else text[max(start, at) : min(end, at + len(line))]
            for start, end, style in _filled(styles, len(text))
            if start < at + len(line) and end > at
        )
        yield (" " * len(label) if number else label) + shown
        at += len(line)


def _filled(styles: list[tuple[int, int, str]], length: int) -> Iterator[tuple[int, int, str]]:
    """The spans, and those between them without a style."""
    at = 0
    for start, end, style in styles:
        yield at, start, ""
        yield start, end, style
        at = end
    yield at, length, ""
