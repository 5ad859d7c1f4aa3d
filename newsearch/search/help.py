"""Help for searches with few results: finds the parts that exclude everything, and likely misspellings."""

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
    """One part of a search without results, and its effect on the search.

    Attributes:
        text: the part as it was typed, or the value of the option.
        option: the name of the `Request` attribute that it comes from; None for a part of the query.
        alone: the number of published articles that match this part alone.
        without: what the search matches if this part is left out.
        near: topics, outlets, categories or types of the index with names similar to the one in this part, if the part
            matches nothing.
    """

    text: str
    option: str | None
    alone: int
    without: Counts
    near: tuple[str, ...] = ()


def diagnose(asked: Asked) -> tuple[Clause, ...]:
    """The effect of each part of a search: first the parts of the query in order, then the options.

    If unpublished articles would match, an implicit clause `is:published` comes last.
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


def respell(asked: Asked, found: int) -> str | None:
    """The query with likely misspellings replaced by words and names of the collection; None if there are none.

    Candidates are compared as whole queries. They differ from the query in words that hardly any article contains, or
    in names that no article has. The best candidate has the most articles that contain every word, discounted by the
    number of edits. If no candidate helps, known words are replaced too, one or two neighbours at a time, as in the
    names of people.

    Args:
        found: how many articles contain every word of the query as it is. The new query has more of them.
    """
    typed = _words(asked.query)
    # Checked first, because looking for candidates takes longer than most searches.
    if found >= FEW and not any(_is_strange(asked, word) for _, word in typed):
        return None
    words = [_TypedPlace(at, at + len(word), *_candidates(asked, word)) for at, word in typed]
    names = [_TypedPlace(start, end, 0, _names(asked, node)) for start, end, node in _named(asked.query)]
    unknown = [place for place in (*words, *names) if not place.is_known and place.candidates]
    best = _best(asked, found, _replacements(unknown[:_MAX_UNKNOWN]))
    if best is None and found < FEW:
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
    """A word or a name of a query as typed.

    Attributes:
        held: the number of articles that contain it in any form.
        candidates: possible corrections, each with the likelihood of this typing error, the most likely first.
        is_strange: whether the index has only other forms of it, such as those of another language.
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
    """All combinations of replacements for some of these places."""
    most = _CANDIDATES if len(places) > 1 else _CANDIDATES_OF_ONE
    options = [[None, *((place, *it) for it in place.candidates[:most])] for place in places]
    for chosen in islice(product(*options), 1, None):
        yield [replacement for replacement in chosen if replacement is not None]


def _best(asked: Asked, found: int, ways: Iterable[list[_Replacement]], least: float = 0.0) -> str | None:
    """The most likely of several replacements in a query; None if the query as typed is more likely.

    Args:
        least: the minimum number of articles with every word, weighted by the likelihood of the edits.
    """
    best, most = None, least
    typed = frozenset(asked.query.text.split()) if _is_plain(asked) else None
    for way in islice(ways, _MAX_TRIED):
        text, likely = asked.query.text, 1.0
        # From last to first, to keep the other positions valid.
        for place, form, likeliness in sorted(way, key=lambda one: one[0].start, reverse=True):
            text = _replaced(text, place.start, place.end, form)
            likely *= likeliness
        # The query as typed competes too, as the candidate with no edits.
        rival = found if any(place.held for place, _, _ in way) else 0
        # The counts of single words rule out most candidates.
        if typed is not None and _is_words(text):
            may_win = asked.spellings.may_exceed(max(most, rival), text.split(), likely, typed)
            if not may_win:
                continue
        again = parse(text, now=asked.now, tz=asked.tz)
        complete = asked.complete(asked.narrowed(again.tree, text))
        if complete > found and complete * likely > max(most, rival):
            best, most = text, complete * likely
    return best


def _is_plain(asked: Asked) -> bool:
    """Whether a query is a few words, whose counts bound the number of articles with all of them."""
    tree = asked.query.tree
    return (
        not asked.options.unpublished
        and isinstance(tree, All)
        and all(isinstance(child, Word) and child.field is None for child in tree.children)
        and _is_words(asked.query.text)
    )


def _is_words(text: str) -> bool:
    return text.replace(" ", "").isalnum()


def _candidates(asked: Asked, word: str) -> tuple[int, list[tuple[str, float]], bool]:
    """The number of articles that contain a word, its likely corrections, whether it is strange (see _TypedPlace)."""
    corrections = asked.spellings.corrections
    found = corrections.get(word)
    if found is None:
        found = corrections[word] = _corrected(asked, word)
    return found


def _corrected(asked: Asked, word: str) -> tuple[int, list[tuple[str, float]], bool]:
    term = _only_term(word)
    if term is None:
        return FEW, [], False
    reader, held = asked.reader, asked.spellings.count(Word(word))
    is_strange = held >= FEW and not reader.articles_with(term)
    likely: list[tuple[float, str, float]] = []
    for edits in (1, 2) if len(term) >= _MIN_LETTERS_FOR_TWO else (1,):
        for like in reader.like(term, edits):
            value = _likeliness(term, like)
            # Very rare forms are misspellings themselves.
            if like.articles * _RARE >= held or held < FEW:
                likely.append((-value * like.articles, like.form, value))
        if likely:
            break
    found = [(form, value) for _, form, value in sorted(likely)[:_CANDIDATES_OF_ONE]]
    return held, found, is_strange


def _is_strange(asked: Asked, word: str) -> bool:
    """Whether the index has only other forms of a word, such as those of another language."""
    term = _only_term(word)
    return (
        term is not None and not asked.reader.articles_with(term) and asked.spellings.count(Word(word)) >= FEW
    )


def _only_term(word: str) -> str | None:
    """The term of a word that may be misspelt."""
    terms = analysis.terms(word)
    if len(terms) != 1 or len(terms[0]) < _MIN_LETTERS or not terms[0].isalpha():
        return None
    return terms[0]


def _likeliness(term: str, like: LikeForm) -> float:
    """The likelihood of typing one word for another similar one."""
    omitted = _OMITTED if len(like.form) > len(term) else 1.0
    # The first letter is rarely wrong.
    first = 1.0 if like.form[0] == term[0] else 0.1
    return float(_EDIT**like.edits * omitted * first)


def _clause(asked: Asked, text: str, option: str | None, node: Node, without: Node) -> Clause:
    alone = _alone(asked, node)
    near: list[str] = []
    if not alone:
        for match in _filters(node):
            near += [name for name, _ in _names(asked, match)]
    return Clause(text, option, alone, asked.counts(without), tuple(dict.fromkeys(near)))


def _names(asked: Asked, node: Match) -> list[tuple[str, float]]:
    """The names most similar to one that no article has, each with its similarity. Empty if an article has the name."""
    known = asked.spellings.names
    key = Match(node.field, node.value.casefold())
    found = known.get(key)
    if found is None:
        found = known[key] = _similar_names(asked.reader, node)
    return found


def _similar_names(reader: Reader, node: Match) -> list[tuple[str, float]]:
    wanted = node.value.casefold()
    if node.field not in _NAMED or reader.search(And((node,)), Options(limit=0)).counts().complete:
        return []
    from difflib import SequenceMatcher  # rarely needed: only for misspelt names

    matcher = SequenceMatcher(b=wanted, autojunk=False)
    # A star has no effect in a value, but marks the text before it as a prefix of the name.
    begun = wanted.rstrip("*") if wanted.endswith("*") else ""

    # By its definition, the ratio cannot be reached if the lengths differ more.
    shortest, longest = _LIKE * len(wanted) / (2 - _LIKE), (2 - _LIKE) * len(wanted) / _LIKE

    of_wanted = dict.fromkeys(map(ord, wanted))

    def likeness(text: str) -> float:
        if not shortest <= len(text) <= longest:
            return 0.0
        # Nor can it if too many letters are others: most names are ruled out by counting these.
        shared = len(text) - len(text.translate(of_wanted))
        if 2.0 * min(shared, len(wanted)) / (len(text) + len(wanted)) < _LIKE:
            return 0.0
        matcher.set_seq1(text)
        return matcher.ratio() if matcher.quick_ratio() >= _LIKE else 0.0

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
    """The names in a query as typed, with their positions."""
    found = []
    for node in _filters(query.tree):
        start = query.text.find(node.value, *node.span)
        if start >= 0 and node.field in _NAMED:
            found.append((start, start + len(node.value), node))
    return found[:_MAX_WORDS]


def _replaced(text: str, start: int, end: int, new: str) -> str:
    """A query with one word or name replaced. A name of several words is quoted."""
    before, after = text[:start], text[end:]
    if is_bare(new) or before.endswith(_OPENED):
        return before + new + after
    if before.endswith("#"):
        before = before[:-1] + "topic:"
    return f'{before}"{new}"{after}'


_OPENED = tuple('"“„«')


def _filters(node: Node) -> Iterator[Match]:
    """The name filters of a tree, both required and alternative ones."""
    match node:
        case Match():
            yield node
        case All(children) | And(children) | Or(children):
            for child in children:
                yield from _filters(child)


def _words(query: Parsed) -> list[tuple[int, str]]:
    """The words that a query searches for as typed, with their positions, the last first."""
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
    """The parts of a query: the children of its root, with an AND among them replaced by its own children."""
    parts: list[Node] = []
    for child in tree.children if isinstance(tree, All) else (tree,):
        # NEAR with a phrase becomes an And whose parts were typed as one.
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
