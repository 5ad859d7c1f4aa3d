"""Marks the words of a text that match a query, and selects the part of a long text that shows most of them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, islice
from typing import Final, TypeAlias
from unicodedata import category

from newsearch._cached import cached_property
from newsearch._patterns import pattern
from newsearch.query.plan import beside
from newsearch.query.tree import All, And, Fuzzy, Near, Node, Or, Phrase, Prefix, Word
from newsearch.text import analysis
from newsearch.text.places import MAX_CHUNK, end_of_word, locate

Span: TypeAlias = tuple[int, int]
"""A half-open range of character positions in a text."""

MAX_MARKED: Final = 20_000
"""Characters of a text in which words are looked for: nobody reads a snippet from further in."""

MAX_PARTS: Final = 32
"""Words and phrases of a query that are looked for. Both bounds keep hostile texts and queries cheap."""

# The pieces that a chunk can be cut into, mostly without changing its terms: a run of a script without spaces, a word,
# a sign. The mark of a kana belongs to the kana.
_UNPAIRED = r"{letter}+(?:[.,&+#'’]+{letter}*)* | [\W_]"
_PIECE = pattern(
    f"{analysis.PAIRED}+ | " + _UNPAIRED.format(letter=rf"(?:(?!{analysis.PAIRED})[^\W_])"), re.VERBOSE
)
# Without characters of such a script, compiled in a fortieth of the time.
_PLAIN_PIECE = pattern(_UNPAIRED.format(letter=r"[^\W_]"), re.VERBOSE)
# From this code point on, some characters classified as letters are apostrophes.
_FIRST_MODIFIER: Final = "\u02b0"
_AROUND: Final = '.,;:!?"()[]“”‘’…–—'
_CHUNK = pattern(r"\S+")
_ELLIPSIS: Final = "…"
_ENGLISH: Final = analysis.Stemming()

_Scoring: TypeAlias = Word | Phrase | Near | Prefix | Fuzzy
_Places: TypeAlias = Sequence[int]


def marks(
    text: str, tree: Node, field: str | None = None, stemming: analysis.Stemming = _ENGLISH
) -> list[Span]:
    """The words of a text that match a query, in order and without overlaps.

    A word matches in any of its forms. The words of a phrase match only as typed, and only where they stand together.
    Excluded words are not marked.

    Args:
        text: any text of an article.
        tree: the query.
        field: the text field (see TEXT_FIELDS) that the text comes from. Parts of the query that are limited to
            another field do not match it.
        stemming: the stemming of the article (see Hit.stemming).
    """
    words = _TextTerms(text[:MAX_MARKED], stemming)
    parts = islice(_scoring(tree, field), MAX_PARTS)
    found = {place for node in parts for place in _find(node, words)}
    return _joined(words.spans(found)) if found else []


def _shown(text: str, start: int) -> int:
    """A start position that does not separate a combining mark from its letter."""
    while start < len(text) and category(text[start]) in ("Mn", "Mc"):
        start += 1
    return start


def snippet(text: str, spans: Sequence[Span], width: int) -> tuple[str, list[Span]]:
    """The part of a text that shows the most marked words, with their positions in that part.

    Args:
        text: one line of text.
        spans: marked words in order, as returned by `marks`.
        width: the maximum number of characters, including ellipses; at least 3.
    """
    if len(text) <= width:
        return text, list(spans)
    room = width - 2 * len(_ELLIPSIS)
    first, last = _best_run(text, spans, room)
    spare = max(room - (last - first), 0)
    start = max(min(first - spare // 3, len(text) - room), 0)
    end = min(start + room, len(text))
    # Cut at the end of a word, if there is one before the marked words begin.
    if start and (space := text.find(" ", start - 1, first)) >= 0:
        start = space + 1
    start = min(_shown(text, start), max(first, start))
    if end < len(text):
        end = end_of_word(text, end, min(last, end))
    before, after = _ELLIPSIS * (start > 0), _ELLIPSIS * (end < len(text))
    shift = len(before) - start
    inside = [(max(a, start) + shift, min(b, end) + shift) for a, b in spans if a < end and b > start]
    return before + text[start:end] + after, inside


def _best_run(text: str, spans: Sequence[Span], room: int) -> Span:
    """The run of marked words within `room` characters with the most distinct words, and then the most words."""
    best, best_run = (0, 0), (0, 0)
    inside: Counter[str] = Counter()
    left = 0
    for start, end in spans:
        inside[text[start:end].casefold()] += 1
        while end - spans[left][0] > room and spans[left] != (start, end):
            gone = text[slice(*spans[left])].casefold()
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            left += 1
        value = (len(inside), inside.total())
        if value > best:
            best, best_run = value, (spans[left][0], end)
    return best_run


class _TextTerms:
    """The terms of a text, numbered consecutively, with their positions."""

    def __init__(self, text: str, stemming: analysis.Stemming) -> None:
        self.stemming = stemming
        self._chunks: list[tuple[int, str]] = []
        for match in _CHUNK.finditer(text):
            chunk = match[0]
            if chunk.isascii() and len(chunk) <= MAX_CHUNK:
                self._chunks.append((match.start(), chunk))
            else:
                pieces = _pieces_of(chunk) if len(chunk) <= analysis.MAX_CACHED else _pieces(chunk)
                self._chunks += [(match.start() + start, piece) for start, piece in pieces]
        self._terms = [analysis.cached_chunk_terms(chunk) for _, chunk in self._chunks]
        self._stems = _stems_of(stemming)
        self._halves: dict[int, str] = {}

    @cached_property
    def by_term(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, term in enumerate(chain.from_iterable(self._terms)):
            places[term].append(place)
        return places

    @cached_property
    def by_stem(self) -> dict[str, list[int]]:
        places, stems = defaultdict(list), self._stems
        for place, term in enumerate(chain.from_iterable(self._terms)):
            places[stems[term]].append(place)
        return places

    def exact(self, term: str) -> _Places:
        """The places of a form. A single character of a script without spaces is in all pairs that contain it."""
        if analysis.is_half(term):
            places = _places(self, lambda held: term in held and len(held) <= 2)
            self._halves |= dict.fromkeys(places, term)
            return places
        return self.by_term.get(term, ())

    def any_form(self, term: str) -> _Places:
        """The places of a word in any of its forms."""
        return self.exact(term) if analysis.is_half(term) else self.by_stem.get(self._stems[term], ())

    def spans(self, wanted: set[int]) -> Iterator[Span]:
        """The positions of these terms, in order."""
        ends = list(accumulate(map(len, self._terms)))
        last, places = -1, []
        for place in sorted(wanted):
            at = bisect_right(ends, place)
            (start, chunk), terms = self._chunks[at], self._terms[at]
            if at != last:
                last, places = at, locate(chunk, terms)
            number = place - ends[at] + len(terms)
            begin, end = places[number]
            if (half := self._halves.get(place)) and end - begin == len(terms[number]) == 2:
                begin += terms[number].index(half)
                end = begin + 1
            yield start + begin, start + end


# The same words occur in many texts.
_MAX_KNOWN: Final = 8_192


class _Stems(dict[str, str]):
    """The stems of terms, computed on first use. Threads may share it."""

    def __init__(self, stemming: analysis.Stemming) -> None:
        super().__init__()
        self._stemming = stemming

    def __missing__(self, term: str) -> str:
        if len(self) >= _MAX_KNOWN:
            self.clear()
        stem = self[term] = self._stemming.stem(term)
        return stem


_stems_of = lru_cache(4)(_Stems)


def _pieces(chunk: str) -> list[tuple[int, str]]:
    """A long or foreign chunk, or pieces of it with the same terms, and their positions in it."""
    # Most are a word in curly quotes or with an apostrophe. They do not need the pattern, which is slow to compile.
    bare = chunk.strip(_AROUND)
    letters = bare.replace("’", "")
    is_word = letters.isalpha() and max(letters) < _FIRST_MODIFIER
    if is_word and analysis.chunk_terms(bare) == analysis.chunk_terms(chunk):
        return [(chunk.index(bare), bare)]
    piece = _PLAIN_PIECE if analysis.has_plain_letters(chunk) else _PIECE
    pieces = [(match.start(), match[0]) for match in piece.finditer(chunk)]
    said = [term for _, text in pieces for term in analysis.chunk_terms(text)]
    return pieces if said == list(analysis.chunk_terms(chunk)) else [(0, chunk)]


_pieces_of = lru_cache(_MAX_KNOWN // 4)(_pieces)


def _joined(spans: Iterator[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _scoring(node: Node, field: str | None) -> Iterator[_Scoring]:
    match node:
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from _scoring(child, field)
        case Word() | Phrase() | Near() | Prefix() | Fuzzy():
            if node.field is None or node.field == field:
                yield node


def _find(node: _Scoring, words: _TextTerms) -> set[int]:
    terms = analysis.terms(" ".join(node.words) if isinstance(node, Near) else node.text)
    if not terms:
        return set()
    if isinstance(node, Word):
        other = analysis.other_spelling(node.text)
        return {
            place
            for spelling in ((terms, analysis.terms(other)) if other else (terms,))
            if spelling
            for place in _in_order([words.any_form(term) for term in spelling], 0)
        }
    exact: list[_Places] = [words.exact(term) for term in terms]
    match node:
        case Phrase():
            return _in_order(exact, node.slop)
        case Near() if sides := beside(node):
            return _beside([[words.exact(term) for term in side] for side in sides], node.distance)
        case Near():
            is_one = len(set(terms)) == 1 < len(terms)
            return (_in_order if is_one else _in_any_order)(exact, node.distance)
        case Prefix():
            return _in_order([*exact[:-1], _places(words, lambda term: term.startswith(terms[-1]))], 0)
        case Fuzzy() if len(terms) == 1:
            return set(_places(words, lambda term: _is_near(term, terms[0], node.distance)))
    return _in_order([words.any_form(term) for term in terms], 0)


def _places(words: _TextTerms, test: Callable[[str], bool]) -> list[int]:
    return sorted(place for term, places in words.by_term.items() if test(term) for place in places)


def _in_order(slots: Sequence[_Places], slop: int) -> set[int]:
    found: set[int] = set()
    for start in slots[0]:
        path = [start]
        for places in slots[1:]:
            at = bisect_right(places, path[-1])
            if at == len(places) or places[at] - start >= len(slots) + slop:
                break
            path.append(places[at])
        else:
            found.update(path)
    return found


def _beside(sides: Sequence[Sequence[_Places]], distance: int) -> set[int]:
    """The places of two phrases in either order with at most so many words between them."""
    found: set[int] = set()
    for first, second in (sides, [*reversed(sides)]):
        following = sorted(_starts(second))
        for start in _starts(first):
            end = start + len(first)
            at = bisect_left(following, end)
            if at < len(following) and following[at] - end <= distance:
                found.update(range(start, end), range(following[at], following[at] + len(second)))
    return found


def _starts(phrase: Sequence[_Places]) -> set[int]:
    return set.intersection(*({place - i for place in places} for i, places in enumerate(phrase)))


def _in_any_order(slots: Sequence[_Places], distance: int) -> set[int]:
    found: set[int] = set()
    for start in {place for places in slots for place in places}:
        at = [bisect_left(places, start) for places in slots]
        path = [places[i] for places, i in zip(slots, at, strict=True) if i < len(places)]
        if len(path) == len(slots) and max(path) - start < len(slots) + distance:
            found.update(path)
    return found


def _is_near(term: str, other: str, most: int) -> bool:
    """Whether two terms are at most `most` edits apart (insert, delete, replace, swap of neighbours)."""
    if abs(len(term) - len(other)) > most:
        return False
    # Most words differ early or not at all. Common prefixes and suffixes need no edits.
    while term and other and term[0] == other[0]:
        term, other = term[1:], other[1:]
    while term and other and term[-1] == other[-1]:
        term, other = term[:-1], other[:-1]
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(term, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and term[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
        before, above = above, row
    return above[-1] <= most
