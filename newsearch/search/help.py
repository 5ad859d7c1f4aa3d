"""Help for a search that finds little: which of its parts is to blame, and which word or name was perhaps mistyped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import NamedTuple, TypeAlias

from newsearch.engine.base import Counts, LikeForm, Options, Reader
from newsearch.query import Parsed, is_bare, parse
from newsearch.query.tree import All, And, Everything, Match, Near, Node, Or, Phrase, Word
from newsearch.search.request import Asked
from newsearch.text import analysis

MAX_CLAUSES = 16
"""Parts of a search that are looked at when it is diagnosed, the first ones."""

FEW = 10
"""A search that finds so many articles with every word was not mistyped."""

_MAX_WORDS = 8
_MIN_LETTERS = 4
_MIN_LETTERS_FOR_TWO = 8
_EDIT = 0.01
"""How likely one edit is against none, as Kernighan, Church and Gale (1990) had it to the order of magnitude."""
_OMITTED = 3.0
"""How much likelier it is to leave out a letter than to take another one."""
_CANDIDATES = 4
_CANDIDATES_OF_ONE = 12
"""Words that are tried for one that was typed, where several places are doubted at once, and where one is."""
_MAX_UNKNOWN = 3
_MAX_TRIED = 160
"""Queries that are tried."""
_RARE = 4

_NAMED = ("topic", "provider", "author", "category", "type")
"""Fields of names, which are facets too."""

_MAX_NEAR = 3
_MAX_NAMES = 5_000
"""Names of a field that are compared with one that no article has, the commonest ones."""

_LIKE = 0.8
"""How like two names must be, by the ratio of Ratcliff and Obershelp: one letter of five may differ."""
_PART = 0.95
"""How much a word of a name counts against the whole of it."""


class Clause(NamedTuple):
    """One part of a search that found nothing, and what it has to do with that.

    Attributes:
        text: the part as it was typed, or the value of the option.
        option: the name of the attribute of `Request` that it comes from; None for a part of the query.
        alone: published articles that match this part alone.
        without: what the search matches if this part is left out.
        near: topics, outlets, categories or types of the index that look like the one that the part asks for, where it
            matches nothing.
    """

    text: str
    option: str | None
    alone: int
    without: Counts
    near: tuple[str, ...] = ()


def diagnose(asked: Asked) -> tuple[Clause, ...]:
    """What each part of a search does to it, in the order of the query and then of the options.

    A last clause `is:published`, which nobody typed, stands for unpublished articles that would match.
    """
    query, clauses = asked.query, []
    for node in _parts(query.tree)[:MAX_CLAUSES]:
        without = asked.narrowed(_without(query.tree, node), query.text)
        text = query.text[slice(*node.span)].strip()
        clauses.append(_clause(asked, text, None, node, without))
    for number, given in enumerate(asked.filters[: MAX_CLAUSES - len(clauses)]):
        others = asked.filters[:number] + asked.filters[number + 1 :]
        without = asked.narrowed(query.tree, query.text, others)
        clauses.append(_clause(asked, given.value, given.option, given.node, without))
    with_unpublished = asked.counts(asked.tree(), unpublished=True)
    if with_unpublished != asked.counts(asked.tree()):
        clauses.append(Clause("is:published", None, _alone(asked, Everything()), with_unpublished))
    return tuple(clauses)


def respell(asked: Asked, found: Counts) -> str | None:
    """The query with its likely misspellings replaced by words and names of the collection; None where there are none.

    Whole queries are judged: of those that differ in words which hardly any article holds, or in names that none has,
    the one is meant with which most articles hold every word, the less so the more edits it takes. If none of them
    helps, words that are known are doubted too, one or two neighbours at a time, as in the names of people.

    Args:
        found: what the search matches as it is. The new query matches more with every word.
    """
    typed = _words(asked.query)
    # Asked first, since to look for candidates takes longer than most searches.
    if found.complete >= FEW and not any(_is_strange(asked.reader, word) for _, word in typed):
        return None
    words = [_TypedPlace(at, at + len(word), *_candidates(asked.reader, word)) for at, word in typed]
    names = [
        _TypedPlace(start, end, 0, _names(asked.reader, node)) for start, end, node in _named(asked.query)
    ]
    unknown = [place for place in (*words, *names) if not place.is_known and place.candidates]
    best = _best(asked, found, _replacements(unknown[:_MAX_UNKNOWN]))
    if best is None and found.complete < FEW:
        known = [place for place in words if place.candidates]
        best = _best(asked, found, ([(place, *it)] for place in known for it in place.candidates), least=1.0)
        pairs = (
            (left, right)
            for left, right in zip(known[1:], known, strict=False)
            if right.start == left.end + 1
        )
        best = best or _best(
            asked,
            found,
            (
                [(left, *one), (right, *other)]
                for left, right in pairs
                for one in left.candidates[:_CANDIDATES]
                for other in right.candidates[:_CANDIDATES]
            ),
            least=_EDIT,
        )
    return best


class _TypedPlace(NamedTuple):
    """A word or a name of a query as it was typed.

    Attributes:
        held: how many articles hold it in some form.
        candidates: what may be meant instead, with how likely it is to be typed so, the likeliest first.
        is_strange: whether it is known in other forms alone, such as those of another language.
    """

    start: int
    end: int
    held: int
    candidates: list[tuple[str, float]]
    is_strange: bool = False

    @property
    def is_known(self) -> bool:
        return self.held >= FEW and not self.is_strange


_Replacement: TypeAlias = tuple[_TypedPlace, str, float]


def _replacements(places: list[_TypedPlace]) -> Iterator[list[_Replacement]]:
    """All ways to replace some of these places."""
    most = _CANDIDATES if len(places) > 1 else _CANDIDATES_OF_ONE
    options = [[None, *((place, *it) for it in place.candidates[:most])] for place in places]
    for chosen in islice(product(*options), 1, None):
        yield [replacement for replacement in chosen if replacement is not None]


def _best(asked: Asked, found: Counts, ways: Iterable[list[_Replacement]], least: float = 0.0) -> str | None:
    """The likeliest of some ways to replace parts of a query; None where what was typed is likelier.

    Args:
        least: how many articles, weighted by how likely the edits are, must hold every word.
    """
    best, most = None, least
    for way in islice(ways, _MAX_TRIED):
        text, likely = asked.query.text, 1.0
        # From the last to the first, so that the places of the others stay.
        for place, form, likeliness in sorted(way, key=lambda one: one[0].start, reverse=True):
            text = _replaced(text, place.start, place.end, form)
            likely *= likeliness
        again = parse(text, now=asked.now, tz=asked.tz)
        complete = asked.counts(asked.narrowed(again.tree, text)).complete
        # What articles hold as it was typed competes, as what takes no edit.
        rival = found.complete if any(place.held for place, _, _ in way) else 0
        if complete > found.complete and complete * likely > max(most, rival):
            best, most = text, complete * likely
    return best


def _candidates(reader: Reader, word: str) -> tuple[int, list[tuple[str, float]], bool]:
    """How many articles hold a word, what is likely meant by it, and whether it is strange (see _TypedPlace)."""
    term = _only_term(word)
    if term is None:
        return FEW, [], False
    held = _holding(reader, word)
    is_strange = held >= FEW and not reader.articles_with(term)
    likely: list[tuple[float, str, float]] = []
    for edits in (1, 2) if len(term) >= _MIN_LETTERS_FOR_TWO else (1,):
        for like in reader.like(term, edits):
            value = _likeliness(term, like)
            # Forms that hardly anybody writes are misspellings themselves.
            if like.articles * _RARE >= held or held < FEW:
                likely.append((-value * like.articles, like.form, value))
        if likely:
            break
    found = [(form, value) for _, form, value in sorted(likely)[:_CANDIDATES_OF_ONE]]
    return held, found, is_strange


def _is_strange(reader: Reader, word: str) -> bool:
    """Whether a word is known in other forms alone, such as those of another language."""
    term = _only_term(word)
    return term is not None and not reader.articles_with(term) and _holding(reader, word) >= FEW


def _only_term(word: str) -> str | None:
    """The term of a word that may be mistyped."""
    terms = analysis.terms(word)
    if len(terms) != 1 or len(terms[0]) < _MIN_LETTERS or not terms[0].isalpha():
        return None
    return terms[0]


def _holding(reader: Reader, word: str) -> int:
    """How many articles hold a word in some form."""
    return reader.search(Word(word), Options(limit=0)).counts().complete


def _likeliness(term: str, like: LikeForm) -> float:
    """How likely it is that somebody types one word for another that is like it."""
    omitted = _OMITTED if len(like.form) > len(term) else 1.0
    # Nearly everybody gets the first letter right.
    first = 1.0 if like.form[0] == term[0] else 0.1
    return float(_EDIT**like.edits * omitted * first)


def _clause(asked: Asked, text: str, option: str | None, node: Node, without: Node) -> Clause:
    alone = _alone(asked, node)
    near: list[str] = []
    if not alone:
        for match in _filters(node):
            near += [name for name, _ in _names(asked.reader, match)]
    return Clause(text, option, alone, asked.counts(without), tuple(dict.fromkeys(near)))


def _names(reader: Reader, node: Match) -> list[tuple[str, float]]:
    """The names that are likest to one that no article has, with how like each is; none where one has it."""
    wanted = node.value.casefold()
    if node.field not in _NAMED or reader.search(And((node,)), Options(limit=0)).counts().complete:
        return []
    from difflib import SequenceMatcher  # few mistype a name

    matcher = SequenceMatcher(b=wanted, autojunk=False)
    # A star does nothing in a value, but says what the name begins with.
    begun = wanted.rstrip("*") if wanted.endswith("*") else ""

    def likeness(text: str) -> float:
        matcher.set_seq1(text)
        may_be = matcher.real_quick_ratio() >= _LIKE and matcher.quick_ratio() >= _LIKE
        return matcher.ratio() if may_be else 0.0

    found = []
    for name, articles in reader.search(Everything(), Options(limit=0)).facet(node.field, _MAX_NAMES):
        folded = name.casefold()
        words = folded.split()
        if begun and any(word.startswith(begun) for word in (folded, *words)):
            found.append((-_PART, -articles, name))
            continue
        part = max(map(likeness, words)) * _PART if len(words) > 1 else 0.0
        if (value := max(likeness(folded), part)) >= _LIKE:
            found.append((-value, -articles, name))
    return [(name, -value) for value, _, name in sorted(found)[:_MAX_NEAR]]


def _named(query: Parsed) -> list[tuple[int, int, Match]]:
    """The names that a query asks for as they were typed, and where they are."""
    found = []
    for node in _filters(query.tree):
        start = query.text.find(node.value, *node.span)
        if start >= 0 and node.field in _NAMED:
            found.append((start, start + len(node.value), node))
    return found[:_MAX_WORDS]


def _replaced(text: str, start: int, end: int, new: str) -> str:
    """A query with a word or a name of it replaced; a name of several words is quoted."""
    before, after = text[:start], text[end:]
    if is_bare(new) or before.endswith(_OPENED):
        return before + new + after
    if before.endswith("#"):
        before = before[:-1] + "topic:"
    return f'{before}"{new}"{after}'


_OPENED = tuple('"“„«')


def _filters(node: Node) -> Iterator[Match]:
    """The filters by name that articles have to pass, or may."""
    match node:
        case Match():
            yield node
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from _filters(child)


def _words(query: Parsed) -> list[tuple[int, str]]:
    """The words that a query looks for as they were typed, and where they are, the last first."""
    found = []
    for node in _scoring(query.tree):
        texts = node.words if isinstance(node, Near) else node.text.split()
        at, end = node.span
        for text in texts:
            start = query.text.find(text, at, end)
            if start >= 0:
                found.append((start, text))
                at = start + len(text)
    return sorted(set(found), reverse=True)[:_MAX_WORDS]


def _scoring(node: Node) -> Iterator[Word | Phrase | Near]:
    match node:
        case Word() | Phrase() | Near():
            yield node
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from _scoring(child)


def _parts(tree: Node) -> list[Node]:
    """What a query is made of: the children of its root, and those of an AND among them."""
    parts: list[Node] = []
    for child in tree.children if isinstance(tree, All) else (tree,):
        # NEAR with a phrase becomes an And, whose parts were typed as one.
        if isinstance(child, And) and not any(isinstance(part, Near) for part in child.children):
            parts += child.children
        elif not isinstance(child, Everything):
            parts.append(child)
    return parts


def _without(tree: Node, gone: Node) -> Node:
    if tree is gone:
        return Everything()
    if isinstance(tree, All | And):
        kept = [child for child in tree.children if child is not gone]
        children = tuple(_without(kid, gone) if isinstance(kid, And) else kid for kid in kept)
        return type(tree)(children, tree.span)
    return tree


def _alone(asked: Asked, node: Node) -> int:
    return asked.counts(And((node,)), unpublished=False).complete
