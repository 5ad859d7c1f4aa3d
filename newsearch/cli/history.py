"""How did an article change? The differences between its versions as text for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from difflib import SequenceMatcher
from itertools import pairwise

from newsearch.articles.article import Article, Version
from newsearch.cli.terminal import BOLD, DIM, Terminal, wrap
from newsearch.text.clean import one_line

_REMOVED, _ADDED = "9;31", "1;32"
"""Styles of words: struck through in red, and bold in green."""

_MAX_WORDS = 2_000
"""Words of a text that are compared; the rest counts as equal."""


def history_lines(article: Article, tz: tzinfo, terminal: Terminal) -> Iterator[str]:
    """The current title, then what changed, the latest change first."""
    for line, _ in wrap(one_line(article.title) or one_line(article.id), (), terminal.width):
        yield terminal.style(line, BOLD)
    if not article.history:
        yield "no earlier versions are kept"
        return
    texts = [*((v.title, v.excerpt) for v in article.history), (article.title, article.excerpt)]
    changes = list(zip(article.history, pairwise(texts), strict=True))
    for version, (old, new) in reversed(changes):
        yield ""
        yield terminal.style(_heading(version, tz), DIM)
        for name, before, after in zip(("title", "excerpt"), old, new, strict=True):
            if before != after:
                yield from _changed(f"{name:<9}", one_line(before), one_line(after), terminal)


def _heading(version: Version, tz: tzinfo) -> str:
    told = version.modified or version.date
    of = f", a version of {_moment(told, tz)}" if told else ""
    return f"replaced {_moment(version.replaced, tz)}{of}"


def _moment(when: object, tz: tzinfo) -> str:
    return when.astimezone(tz).isoformat(" ", "minutes") if isinstance(when, datetime) else str(when)


def _changed(label: str, before: str, after: str, terminal: Terminal) -> Iterator[str]:
    words = list(_difference(before, after))
    if not terminal.color:
        signs = {_REMOVED: "[-{}-]", _ADDED: "{{+{}+}}", "": "{}"}
        text = " ".join(signs[style].format(part) for style, part in words)
        styles: list[tuple[int, int, str]] = []
    else:
        text, styles = "", []
        for style, part in words:
            text += " " if text else ""
            styles.append((len(text), len(text) + len(part), style))
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


def _difference(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Runs of words, each with its style; words are never split, and punctuation belongs to its word."""
    old, new = re.findall(r"\S+", before), re.findall(r"\S+", after)
    rest_old, rest_new = old[_MAX_WORDS:], new[_MAX_WORDS:]
    old, new = old[:_MAX_WORDS], new[:_MAX_WORDS]
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "", " ".join(old[a:b])
            continue
        if b > a:
            yield _REMOVED, " ".join(old[a:b])
        if d > c:
            yield _ADDED, " ".join(new[c:d])
    if rest_old != rest_new and rest_old:
        yield _REMOVED, " ".join(rest_old)
    if rest_new:
        yield _ADDED if rest_old != rest_new else "", " ".join(rest_new)
