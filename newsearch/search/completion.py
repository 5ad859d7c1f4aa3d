"""Completion of a partly typed query: words, field names and field values."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, datetime
from typing import NamedTuple

from newsearch.engine.base import FACETS, Options, Reader
from newsearch.query import CHOICES, FIELDS, is_bare, parse
from newsearch.query.tree import TEXT_FIELDS, All, And, Everything, Match, Near, Node, Phrase, Word
from newsearch.text import analysis

_FACETED = tuple(name for name, facet in FACETS.items() if not facet.of_time)
_MAX_VALUES = 20_000
"""Values of a field that are completed, the commonest ones."""

_MAX_FOLLOWING = 50
"""Characters that are tried after a word in a script without spaces, those that follow its last one most often."""

_MAX_CONTEXT = 8
"""Parts of a query that are heeded when its last word is completed."""

_MAX_TEXT = 4096
"""Characters of a query; a longer one is no longer being typed by hand, and a search reads no more of it either."""

_LONGEST_TAIL = 2 * analysis.MAX_TERM_LENGTH
"""Characters at the end of a word in which its last term is looked for."""

_NAME = r"(?P<sign>-?\#?)(?:(?P<name>[A-Za-z]+):)?"
# The part being typed: a value with an open quote, or else the text after the last gap or parenthesis.
_QUOTED = re.compile(rf"(?P<before>(?:.*[\s(])?){_NAME}[\"“„«](?P<value>[^\"“”„«»]*)", re.DOTALL)
_LAST = re.compile(rf"(?P<before>(?:.*[\s(])?){_NAME}(?P<value>[^\s()\"“”„«»]*)", re.DOTALL)


class Completion(NamedTuple):
    """A completed query, and the number of articles that contain its last word; None for a field name."""

    text: str
    articles: int | None


class Completer:
    """Completes queries over one generation of an index. Caches the values of its fields."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._values: dict[str, _Values] = {}

    def complete(self, text: str, limit: int) -> list[Completion]:
        """See `Index.complete`."""
        if limit < 1 or len(text) > _MAX_TEXT:
            return []
        quoted = _QUOTED.fullmatch(text)
        if quoted and self._field(quoted) not in (None, *TEXT_FIELDS):
            return self._of_field(quoted, limit)
        # Words in a phrase are completed one at a time.
        last = _LAST.fullmatch(text) or (quoted and _LAST.fullmatch(text[quoted.start("value") :]))
        if last is None or (last["name"] and self._field(last) is None):
            return []
        if self._field(last) in (None, *TEXT_FIELDS):
            return self._of_words(text, last, limit)
        return self._of_field(last, limit)

    def _field(self, last: re.Match[str]) -> str | None:
        """The tree field whose value is being typed; None for text and for unknown field names."""
        return "topic" if last["sign"].endswith("#") else FIELDS.get((last["name"] or "").lower())

    def _of_field(self, last: re.Match[str], limit: int) -> list[Completion]:
        field = self._field(last) or ""
        start = last.string[: last.end("sign")] + (f"{last['name']}:" if last["name"] else "")
        if field in CHOICES:
            offered = dict.fromkeys(CHOICES[field].values())
            found = [choice for choice in offered if choice.startswith(last["value"].lower())]
            return [Completion(start + choice, None) for choice in found[:limit]]
        return self._of_values(field, start, last["value"], limit) if field in _FACETED else []

    def _of_values(self, field: str, start: str, value: str, limit: int) -> list[Completion]:
        if field not in self._values:
            facet = self.reader.search(Everything(), Options(limit=0)).facet(field, _MAX_VALUES)
            self._values[field] = _Values(facet)
        found = []
        for name, count in self._values[field].begun(value, limit):
            if is_bare(name):
                found.append(Completion(start + name, count))
            elif '"' not in name:
                # A topic of several words cannot be typed after a number sign in any other way.
                opened = f"{start.removesuffix('#')}topic:" if start.endswith("#") else start
                found.append(Completion(f'{opened}"{name}"', count))
        return found

    def _of_words(self, text: str, last: re.Match[str], limit: int) -> list[Completion]:
        value = last["value"]
        terms = analysis.chunk_terms(value)
        if not terms:
            return []
        done = _done(value, terms)
        # A text that ends with a sign may be the start of C++ or AT&T. No other words contain the sign.
        prefix = terms[-1] if value[-1].isalnum() else analysis.fold(value[len(done) :])
        start = text[: len(text) - len(value)] + done
        names: list[str] = []
        if not (last["name"] or last["sign"].endswith("#") or done) and len(value) > 1:
            names = [name for name in _NAMES if name.startswith(value.lower())][: limit - 1]
        room = limit - len(names)
        words = self.reader.begun(prefix, room, _context(last["before"], done))
        if _is_pair(terms[-1]):
            words += [(longer[len(done) :], count) for longer, count in self._longer(last, room - len(words))]
        return [
            *(Completion(start + word, count) for word, count in words),
            *(Completion(f"{start}{name}:", None) for name in names),
        ]

    def _longer(self, last: re.Match[str], limit: int) -> list[tuple[str, int]]:
        """Longer forms of a text in a script without spaces: (text with a next character, articles), from the index."""
        value, field = last["value"], self._field(last)
        context = _context(last["before"])
        among = (context,) if context else ()
        found = []
        for pair, _ in self.reader.begun(value[-1], _MAX_FOLLOWING, And((*among, Word(value, field)))):
            tree = And((*among, Word(value + pair[1:], field)))
            if len(pair) > 1 and (count := self.reader.search(tree, Options(limit=0)).counts().complete):
                found.append((value + pair[1:], count))
        return sorted(found, key=lambda item: (-item[1], item[0]))[: max(limit, 0)]


_NAMES = tuple(
    dict.fromkeys(name for name, field in FIELDS.items() if name == field or name in ("site", "lang"))
)
"""The names of fields, each once where it has several."""


def _is_pair(term: str) -> bool:
    """Whether a term is a pair of characters of a script written without spaces."""
    return len(term) == 2 and not term.isascii() and len(analysis.chunk_terms(term + term)) > 1


def _done(value: str, terms: tuple[str, ...]) -> str:
    """The finished part of a word of several terms: for COVID-1, everything but the 1."""
    if len(terms) < 2:
        return ""
    tails = (at for at in range(max(0, len(value) - _LONGEST_TAIL), len(value)) if value[at].isalnum())
    return value[: next((at for at in tails if analysis.chunk_terms(value[at:]) == terms[-1:]), 0)]


def _context(before: str, done: str = "") -> Node | None:
    """The text before the last word as a tree whose parts must all match; None if it gives no usable context.

    Args:
        done: the finished part of the last word, which must match too.
    """
    if not (before + done).strip():
        return None
    # Without a word after it, an operator would itself be a word.
    tree = parse(before + (done or "x"), now=datetime.now(UTC), tz=UTC).tree
    kept: list[Node] = []
    for part in tree.children if isinstance(tree, All | And) else (tree,):
        reaches_end = part.span[1] > len(before)
        if isinstance(part, Near):
            kept += map(Phrase, part.words[:1] if reaches_end else part.words)
        elif (done or not reaches_end) and isinstance(part, Word | Phrase | Match) and not _is_slow(part):
            kept.append(part)
    return And(tuple(kept[:_MAX_CONTEXT])) if kept else None


def _is_slow(node: Node) -> bool:
    """Whether evaluating the node means reading every article."""
    return isinstance(node, Match) and node.field == "url"


class _Values:
    """The values of a field, looked up by a prefix of the value or of one of its words."""

    def __init__(self, values: list[tuple[str, int]]) -> None:
        self._values = values
        entries = []
        for number, (value, _) in enumerate(values):
            folded = value.casefold()
            starts = [0, *(gap.end() for gap in re.finditer(r"\s+", folded))]
            entries += [(folded[start:], start > 0, number) for start in starts]
        entries.sort()
        self._entries = entries
        self._begins = [entry[0] for entry in entries]

    def begun(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent values with this prefix, then the values in which a later word has it."""
        wanted = prefix.casefold()
        first, last = bisect_left(self._begins, wanted), bisect_left(self._begins, wanted + "\U0010ffff")
        # Values are numbered by frequency, the most frequent first.
        found = sorted({(inside, number) for _, inside, number in self._entries[first:last]})
        numbers = dict.fromkeys(number for _, number in found)
        return [self._values[number] for number in list(numbers)[:limit]]
