"""When are two articles the same text, published again?

`relation` compares the words of two articles:

1. Headlines and texts are aligned word by word. The measure is the share of the shorter text that occurs in the longer
   one, in runs of RUN words or more. Copies are often shortened, and get other first and last lines.
2. If one word replaces another in otherwise equal surroundings, the two articles may contradict each other: another
   number, another name, an opposite, or a negation in only one of them. That is a clash, and no similarity outweighs
   it: death tolls, horoscopes and software releases are alike in all but a number.
3. One outlet seldom publishes a text twice under different headlines. Boilerplate (how to subscribe, what the programme
   is about) does appear under many. Within one outlet, headlines must therefore agree too.
4. Within a day or two, different outlets seldom write the same headline; the same outlet often does.

`groups` groups related pairs. The closest pair is joined first; of equally close ones, the pair published at the
nearest times. Two groups with a clash between them are never joined. A shortened copy that lacks the changed number
therefore cannot connect articles that clash. The result does not depend on the order of the articles or on how they
were split into batches.

`signatures` computes the 16 bytes that an index stores per article. `candidates` returns the pairs worth comparing.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from newsearch.stories._senses import ALIASES, NEGATIONS, are_opposite
from newsearch.stories.wording import Wording, number_value, weight
from newsearch.text.english import DEMONYMS

WINDOW: Final = 4 * 86400.0
"""Seconds within which a text counts as republished. Later it is usually the next one of a series."""

RUN: Final = 2
"""Consecutive words that must agree to count."""

GAP: Final = 4
"""The maximum number of words in place of others that may contradict them; more are another text."""

CLASH: Final = -1.0

_SAME_TITLE: Final = 2 * 86400.0
_SERIES: Final = 12 * 3600.0
"""Seconds after which an outlet's next article with nearly the same headline is the next one of a series."""
_LEAST_TITLE: Final = 4
_ALIKE: Final = 0.5
"""From this common share on, a difference between two texts is a contradiction rather than a sign of another text."""
_HELD: Final = 0.85
"""The common share of the shorter text that alone makes two articles copies."""
_LEAST_IN_TEXT: Final = 0.2
"""The share of a headline's words that the other headline or the text must contain. Boilerplate matches no headline."""
_TOGETHER: Final = 1.2
"""Minimum sum of the common share of the text and the headlines' similarity, if neither decides alone."""


def relation(a: Wording, b: Wording) -> float:
    """How certainly two articles are copies.

    Returns:
        1 or more for copies, higher for closer ones; CLASH for similar articles that contradict each other; otherwise
        a number from 0 to 1. The same in either order.
    """
    apart = abs(a.time - b.time) if a.time is not None and b.time is not None else 0.0
    if apart > WINDOW:
        return 0.0
    texts = _overlap(a.text_terms, b.text_terms)
    titles = _overlap(a.title_terms, b.title_terms)
    if texts[0] < 0.35 and titles[1] < 0.6:
        return 0.0
    in_title = _aligned(a.title, b.title) if titles[0] > 0.4 else None
    in_text = _aligned(a.text, b.text) if texts[0] > 0.35 else None
    if (in_title is not None and titles[0] >= _ALIKE and _titles_clash(a, b, in_title)) or (
        in_text is not None and in_text.held >= _ALIKE and _texts_clash(a, b, in_text)
    ):
        return CLASH
    held = in_text.held if in_text is not None else 0.0
    size = in_text.size if in_text is not None else 0
    least = min(len(a.text), len(b.text))
    words = min(len(a.title), len(b.title))
    agree = (1.0 if _has_kicker(a.title, b.title) else titles[1]) if words >= _LEAST_TITLE else 0.0
    if a.outlet and a.outlet == b.outlet:
        if held >= 0.75 or least < 4:
            is_same = (
                agree >= 0.5
                or (titles[0] >= 0.75 and apart <= _SERIES)
                or (held >= 0.9 and _share_in_text(a, b) >= 0.3)
            )
            return 1 + held * titles[0] if is_same else 0.0
        return 1 + held if agree > 0.9 and apart <= 3 * 3600 else 0.0
    if agree >= 0.85 and (apart <= _SAME_TITLE or (agree > 0.95 and least < 4)):
        return 1 + held
    if held >= _HELD and size >= 7 and max(titles[0], _share_in_text(a, b)) >= _LEAST_IN_TEXT:
        return 1 + held
    score = held * min(1.0, size / 8) + agree
    return score / _TOGETHER


def _has_kicker(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one headline is the other with a prefix such as "Coronavirus:" or "WATCH:"."""
    short, long = sorted((a, b), key=len)
    return len(short) >= 6 and long[-len(short) :] == short


class _Alignment:
    """How two sequences of terms align: blocks of (start in a, start in b, length)."""

    __slots__ = ("blocks", "held", "size")

    def __init__(self, blocks: list[tuple[int, int, int]], least: int) -> None:
        self.blocks = blocks
        self.size = sum(length for _, _, length in blocks if length >= RUN)
        self.held = self.size / least if least else 0.0


def _aligned(a: tuple[str, ...], b: tuple[str, ...]) -> _Alignment:
    if a == b:
        return _Alignment([(0, 0, len(a))], len(a))
    # Of two equally long runs the first one in the first sequence is taken, so the order of the two matters.
    is_swapped = (len(b), b) < (len(a), a)
    first, second = (b, a) if is_swapped else (a, b)
    found = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    blocks = [
        (one.b, one.a, one.size) if is_swapped else (one.a, one.b, one.size) for one in found if one.size
    ]
    return _Alignment(blocks, min(len(a), len(b)))


def _overlap(x: frozenset[str], y: frozenset[str]) -> tuple[float, float]:
    """The overlap of two sets of terms, as a share of the smaller set and of the union; long words weigh more."""
    common = x & y
    if not common:
        return 0.0, 0.0
    both, one, other = weight(common), _weight_of(x), _weight_of(y)
    return both / min(one, other), both / (one + other - both)


@lru_cache(maxsize=1 << 14)
def _weight_of(terms: frozenset[str]) -> int:
    # An article is compared with many others.
    return weight(terms)


def _share_in_text(a: Wording, b: Wording) -> float:
    """The share of a headline's words that its own text contains, for the headline with the lower share."""
    return min(weight(w.title_terms & w.text_terms) / max(1, weight(w.title_terms)) for w in (a, b))


def _titles_clash(a: Wording, b: Wording, alignment: _Alignment) -> bool:
    if a.title == b.title:
        return False
    if _other_numbers(a, b, a.title, b.title):
        return True
    one, other = _Sequence(a, a.title, a.title_label), _Sequence(b, b.title, b.title_label)
    return _clash(one, other, alignment, cut=False)


def _texts_clash(a: Wording, b: Wording, alignment: _Alignment) -> bool:
    one, other = _Sequence(a, a.text, a.text_label), _Sequence(b, b.text, b.text_label)
    return _clash(one, other, alignment, cut=a.cut or b.cut)


class _Sequence(NamedTuple):
    """The title or the text of an article: its terms, and how many of them are a label."""

    wording: Wording
    terms: tuple[str, ...]
    label: int


def _clash(one: _Sequence, other: _Sequence, alignment: _Alignment, *, cut: bool) -> bool:
    """Whether two aligned sequences contradict each other between two places where they agree.

    Args:
        cut: whether one of them breaks off. Its last word may then be incomplete.
    """
    x, y = one.terms, other.terms
    if x == y:
        return False
    edges = [(0, 0, 0), *alignment.blocks, (len(x), len(y), 0)]
    for (i, j, size), (p, q, following) in pairwise(edges):
        old, new = x[i + size : p], y[j + size : q]
        if not old and not new:
            continue
        if not size and (p <= one.label or q <= other.label):
            continue
        at_edge = not size or not following
        if len(old) > GAP or len(new) > GAP or (at_edge and len(old) != len(new)):
            continue
        if not following and cut and p == len(x) and q == len(y) and _is_cut(old, new):
            continue
        if _contradict(one.wording, other.wording, old, new):
            return True
    return False


def _other_numbers(a: Wording, b: Wording, x: tuple[str, ...], y: tuple[str, ...]) -> bool:
    """Whether each headline has a number that the other lacks, or both have the same numbers in other places."""
    old = [number_value(t) for t in x if t in a.numbers]
    new = [number_value(t) for t in y if t in b.numbers]
    if old == new:
        return False
    if set(old) - set(new) and set(new) - set(old):
        return True
    return len(old) == len(new) and (sorted(old) != sorted(new) or set(x) == set(y))


def _is_cut(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    return old[0].startswith(new[0]) or new[0].startswith(old[0])


def _contradict(a: Wording, b: Wording, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether words of `a` and the words at the same place in `b` contradict each other."""
    if NEGATIONS.isdisjoint(old) != NEGATIONS.isdisjoint(new) and len(old) + len(new) <= 4:
        return True
    if not old or not new:
        return False
    numbers = {number_value(t) for t in old if t in a.numbers}
    others = {number_value(t) for t in new if t in b.numbers}
    if numbers and others and numbers != others and len(old) == len(new):
        return True
    if numbers and others and numbers.isdisjoint(others):
        return True
    if len(old) == len(new) and opposed(old, new):
        return True
    return not any(term in w.common for term in (*old, *new) for w in (a, b)) and renamed(old, new)


@lru_cache(maxsize=1 << 14)
def opposed(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether a word is the opposite of the one in its place."""
    return any(are_opposite(s, t) for s, t in zip(old, new, strict=True))


@lru_cache(maxsize=1 << 14)
def renamed(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether one name is not another way to write the other."""
    if not {_same(term) for term in old}.isdisjoint(map(_same, new)):
        return False
    return not _is_spelling("".join(old), "".join(new)) and not _is_initials(old, new)


def _same(term: str) -> str:
    """One term for all names of the same thing: a people maps to its country, covid to the coronavirus."""
    term = DEMONYMS.get(term, term)
    return ALIASES.get(term, term)


def _is_spelling(a: str, b: str) -> bool:
    """Whether two words are spellings of one word, such as a plural, an abbreviation or a typing error."""
    return (
        a[:4] == b[:4]
        or a.startswith(b)
        or b.startswith(a)
        or SequenceMatcher(None, min(a, b), max(a, b), autojunk=False).ratio() > 0.7
    )


def _is_initials(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    short, long = sorted((a, b), key=len)
    return len(short) == 1 and short[0] == "".join(term[0] for term in long)


REPRESENTATIVES: Final = 12
"""Group members that a candidate is compared with: the longest ones, which show most possible clashes."""

QUORUM: Final = 1 / 3
"""The share of pairs across two groups that must be copies for the groups to be joined."""


def groups(
    wordings: Sequence[Wording],
    keys: Sequence[str],
    pairs: Iterable[tuple[int, int]],
) -> list[int]:
    """Group copies.

    Args:
        wordings: of the articles.
        keys: a unique name for each article, such as its id, used to break ties.
        pairs: indices of articles that may be copies: see `candidates`.

    Returns:
        For each article, the index of the member of its group with the smallest key. The grouping depends only on
        the set of articles, not on their order.
    """
    sizes = [len(one.title) + len(one.text) for one in wordings]
    times = [math.nan if one.time is None else one.time for one in wordings]
    found = []
    for i, j in pairs:
        i, j = (i, j) if keys[i] < keys[j] else (j, i)
        found.append((i, j, relation(wordings[i], wordings[j])))
    steps = grouping(sizes, times, keys, found)
    missing = next(steps)
    while True:
        try:
            missing = steps.send([relation(wordings[i], wordings[j]) for i, j in missing])
        except StopIteration as end:
            return list(end.value)


def grouping(
    sizes: Sequence[int],
    times: Sequence[float],
    keys: Sequence[Any],
    known: Iterable[tuple[int, int, float]],
) -> Generator[list[tuple[int, int]], Sequence[float], list[int]]:
    """The same from pairs that have been compared, step by step.

    Args:
        sizes: the number of terms in title and text of each article.
        times: publication time of each article, in seconds; NaN if unknown.
        keys: unique.
        known: pairs of articles, the one with the smaller key first, and their `relation`; all that are copies.

    Yields:
        Further pairs, ordered in the same way; it must be sent their relations. The first are none.
    """
    relations: dict[tuple[int, int], float] = {}
    edges = []
    for i, j, closeness in known:
        relations[i, j] = closeness
        if closeness >= 1:
            apart = abs(times[i] - times[j])
            edges.append((-closeness, 0.0 if math.isnan(apart) else apart, keys[i], keys[j], i, j))
    edges.sort()
    yield []
    group = list(range(len(sizes)))
    members: dict[int, list[int]] = {}
    for *_, i, j in edges:
        a, b = group[i], group[j]
        if a == b:
            continue
        one, other = members.get(a, [a]), members.get(b, [b])
        across = [
            (x, y) if keys[x] < keys[y] else (y, x)
            for x in one[:REPRESENTATIVES]
            for y in other[:REPRESENTATIVES]
        ]
        if missing := [pair for pair in across if pair not in relations]:
            relations.update(zip(missing, (yield missing), strict=True))
        found = [relations[pair] for pair in across]
        if min(found) < 0 or sum(closeness >= 1 for closeness in found) < QUORUM * len(found):
            continue
        together = sorted(one + other, key=lambda x: (-sizes[x], keys[x]))
        members.pop(b, None)
        members[a] = together
        for x in other:
            group[x] = a
    for together in members.values():
        first = min(together, key=lambda x: keys[x])
        for x in together:
            group[x] = first
    return group
