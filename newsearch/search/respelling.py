"""Did you mean: finds likely misspellings in a query with few results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import TypeAlias

from newsearch.engine.base import LikeForm
from newsearch.query import Parsed, is_bare, parse
from newsearch.query.tree import All, And, Match, Near, Node, Or, Phrase, Word, plain_word
from newsearch.search.asked import Asked
from newsearch.search.names import NAMED, filters, similar_names
from newsearch.search.spellings import Spellings, Typed
from newsearch.text import analysis

FEW = 10
"""A search that finds this many articles with every word was not mistyped."""

_MAX_WORDS = 8
_MIN_LETTERS = 4
_MIN_LETTERS_FOR_TWO = 8
_EDIT = 0.01
"""How likely one edit is against none, as Kernighan, Church and Gale (1990) had it to the order of magnitude."""
_OMITTED = 3.0
"""How much likelier it is to leave out a letter than to take another one."""
_LIKELIEST = _EDIT * _OMITTED
"""The likelihood of the likeliest typing error."""
_CANDIDATES = 4
_CANDIDATES_OF_ONE = 12
"""Words that are tried for one that was typed, where several places are doubted at once, and where one is."""
_MAX_UNKNOWN = 3
_MAX_TRIED = 160
"""Queries that are tried."""
_RARE = 4
_COUNTED = 4_096
"""Looking up this many articles with one word in the postings of the others takes less time than finding similar
words."""
_MANY = 1 << 62
"""More articles than any index has."""
_FREQUENT = 1_000
"""The minimum number of articles with a word that is two edits from one that some articles contain. To win, it must be
in about three times as many, in all its forms: see `_EDIT`."""


def respell(asked: Asked, found: int) -> str | None:
    """The query with likely misspellings replaced by words and names of the collection; None if there are none.

    Candidates are compared as whole queries. They differ from the query in words that hardly any article contains, or
    in names that no article has. The best candidate has the most articles that contain every word, discounted by the
    number of edits. If no candidate helps, known words are replaced too, one or two neighbours at a time, as in the
    names of people. A known word is left alone if too few articles contain the others.

    Args:
        found: how many articles contain every word of the query as it is. The new query has more of them.
    """
    plain = _plain_words(asked)
    typed = [(word.span[0], word.text) for word in reversed(plain)][:_MAX_WORDS] or _words(asked.query)
    words = [_TypedWord(asked, at, word, found) for at, word in typed]
    # Checked first, because looking for candidates takes longer than most searches.
    if found >= FEW and all(word.is_known or word.held < FEW for word in words):
        return None
    places: list[_Place] = [*words]
    if not plain:
        places += [_TypedName(asked, start, end, node) for start, end, node in _named(asked.query)]
    unknown = [place for place in places if not place.is_known and place.candidates]
    if not unknown and found >= FEW:
        return None
    trial = _Trial(asked, found, plain)
    best = trial.best(_replacements(unknown[:_MAX_UNKNOWN])) if unknown else None
    if best is None and found < FEW:
        best = trial.best(_ones(trial, words), least=1.0) or trial.best(_pairs(trial, words), least=_EDIT)
    return best


class _TypedWord:
    """A word of a query as typed.

    Attributes:
        start, end: its position.
        held: the number of articles that contain it in any form.
        is_known: whether it is spelt correctly for all that is known: many articles contain it, and as it is.
    """

    __slots__ = ("_asked", "_competes", "_facts", "end", "held", "is_known", "start")

    def __init__(self, asked: Asked, start: int, word: str, found: int) -> None:
        facts = asked.spellings.typed.get(word) or _facts(asked, word)
        self.start = start
        self.end = start + len(word)
        self.held = held = facts.articles
        self.is_known = held >= FEW and not facts.is_strange
        self._asked = asked
        self._facts = facts
        self._competes = bool(found and held)

    @property
    def looked_up(self) -> _Candidates | None:
        """Its candidates, if they are remembered from another query."""
        return self._facts.corrections[self._competes]

    @property
    def candidates(self) -> _Candidates:
        """Possible corrections, each with the likelihood of this typing error, the most likely first."""
        found = self._facts.corrections[self._competes]
        if found is None:
            found = _corrected(self._asked, self._facts, self._competes)
            self._facts.corrections[self._competes] = found
        return found


class _TypedName:
    """A name of a query as typed, which no article has. Attributes as those of a word."""

    held = 0
    is_known = False

    def __init__(self, asked: Asked, start: int, end: int, node: Match) -> None:
        self.start = start
        self.end = end
        self.candidates: _Candidates = similar_names(asked, node)


_Place: TypeAlias = _TypedWord | _TypedName
_Candidates: TypeAlias = Sequence[tuple[str, float]]
_Replacement: TypeAlias = tuple[_Place, str, float]


def _replacements(places: list[_Place]) -> Iterator[list[_Replacement]]:
    """All combinations of replacements for some of these places."""
    most = _CANDIDATES if len(places) > 1 else _CANDIDATES_OF_ONE
    options = [[None, *((place, *it) for it in place.candidates[:most])] for place in places]
    for chosen in islice(product(*options), 1, None):
        yield [replacement for replacement in chosen if replacement is not None]


def _ones(trial: _Trial, words: Sequence[_TypedWord]) -> Iterator[list[_Replacement]]:
    """Replacements for one word each, from the last to the first."""
    for place in words:
        for form, value in trial.likely((place,), place, 1.0):
            yield [(place, form, value)]


def _pairs(trial: _Trial, words: Sequence[_TypedWord]) -> Iterator[list[_Replacement]]:
    """Replacements for two neighbours each, among words from the last to the first."""
    for left, right in zip(words[1:], words, strict=False):
        if right.start == left.end + 1 and left.looked_up != ():
            places = left, right
            others = trial.likely(places, right, _EDIT, _CANDIDATES)
            for one in trial.likely(places, left, _EDIT, _CANDIDATES) if others else ():
                for other in others:
                    yield [(left, *one), (right, *other)]


class _Kept:
    """Those words of a query that are not replaced, and how many articles contain them at most.

    Attributes:
        joined: how many contain two neighbours as one word.
        least: the lowest number that is known.
        is_final: whether no lower one is to be found.
    """

    __slots__ = ("_spellings", "_words", "is_final", "joined", "least")

    def __init__(self, words: Sequence[str], new: Sequence[int], spellings: Spellings) -> None:
        self._spellings = spellings
        self._words: list[str] = []
        self.joined = 0
        self.least = _MANY
        before: str | None = None
        for number, word in enumerate(words):
            if number in new:
                before = None
                continue
            self._words.append(word)
            self.least = min(self.least, spellings.ceiling(word))
            if before is not None:
                self.joined += spellings.together(before, word)
            before = word
        self.least += self.joined
        self.is_final = len(self._words) < 2

    def look_closer(self) -> None:
        """Lower the number, in more time than all words took alone."""
        if not self.is_final:
            self.least = min(self.least, self.joined + self._spellings.ceiling_of_all(self._words))
            self.is_final = True


class _Trial:
    """Compares replacements in a query by how many articles contain every word.

    Args:
        found: how many contain every word of the query as it is.
        plain: its words if it is nothing else: see `_plain_words`.
    """

    def __init__(self, asked: Asked, found: int, plain: Sequence[Word]) -> None:
        self._asked = asked
        self._spellings = asked.spellings
        self._found = found
        self._words = [word.text for word in plain]
        self._numbers = {word.span[0]: number for number, word in enumerate(plain)}
        self._known: dict[tuple[int, ...], _Kept] = {}

    def best(self, ways: Iterable[list[_Replacement]], least: float = 0.0) -> str | None:
        """The most likely of several replacements; None if the query as typed is more likely.

        Args:
            least: the minimum number of articles with every word, weighted by the likelihood of the edits.
        """
        asked, best, most = self._asked, None, least
        for way in islice(ways, _MAX_TRIED):
            if len(way) > 1:
                # From last to first, to keep the other positions valid.
                way = sorted(way, key=_start_of, reverse=True)
            likely, rival = 1.0, 0
            for place, _, likeliness in way:
                likely *= likeliness
                if place.held:
                    # The query as typed competes too, as the candidate with no edits.
                    rival = self._found
            if self._words and not self._may_exceed(max(most, rival), way, likely):
                continue
            text = asked.query.text
            for place, form, _ in way:
                text = _replaced(text, place.start, place.end, form)
            again = parse(text, now=asked.now, tz=asked.tz)
            complete = asked.complete(asked.narrowed(again.tree, text))
            if complete > self._found and complete * likely > max(most, rival):
                best, most = text, complete * likely
        return best

    def likely(
        self, places: Sequence[_TypedWord], place: _TypedWord, least: float, most: int | None = None
    ) -> _Candidates:
        """The candidates for one of several places that may help if all of these get new words.

        Most are ruled out before they are looked for. A new word that an article joins with its neighbour is not taken
        into account.

        Args:
            least: as `best`.
            most: how many of them are looked at.
        """
        looked_up = place.looked_up
        if looked_up == ():
            return ()
        if not self._words:
            return place.candidates[:most]
        floor = max(least, self._found) if places[0].held or places[-1].held else least
        needed = floor / _LIKELIEST ** len(places)
        kept = self._kept(tuple([self._numbers[place.start] for place in places]))
        if looked_up is None and needed < kept.least <= _COUNTED:
            kept.look_closer()
        if kept.least <= needed:
            return ()
        candidates = place.candidates
        if not candidates:
            return ()
        needed *= _LIKELIEST
        likely = [one for one in candidates[:most] if kept.least * one[1] > needed]
        if not likely:
            return ()
        kept.look_closer()
        ceiling = self._spellings.ceiling
        return [
            (form, value)
            for form, value in likely
            if kept.least * value > needed and (not form.isalnum() or ceiling(form) * value > needed)
        ]

    def _may_exceed(self, least: float, way: list[_Replacement], likely: float) -> bool:
        """Whether `likely` times the number of articles with every word may exceed `least`. False is certain."""
        words, new = self._words.copy(), []
        for place, form, _ in way:
            if not form.isalnum():
                return True
            number = self._numbers[place.start]
            words[number] = form
            new.append(number)
        # Each takes longer to find than the one before. The words that are kept are the same in most ways.
        kept, spellings = self._kept(tuple(new)), self._spellings
        bound = kept.least
        if bound * likely > least and not kept.is_final:
            kept.look_closer()
            bound = kept.least
        if bound * likely > least:
            bound = min(bound, *[spellings.ceiling(words[number]) for number in new])
        if bound * likely > least:
            bound = min(bound, spellings.ceiling_of_all(words) + kept.joined)
        # An article may also have a new word and its neighbour as one word.
        return bound * likely > least or (bound + self._as_one(words, new)) * likely > least

    def _kept(self, new: tuple[int, ...]) -> _Kept:
        """The words but for some that are replaced."""
        found = self._known.get(new)
        if found is None:
            found = self._known[new] = _Kept(self._words, new, self._spellings)
        return found

    def _as_one(self, words: Sequence[str], new: Sequence[int]) -> int:
        """How many articles contain a new word and a neighbour of it as one word, added up."""
        firsts = {first for number in new for first in (number - 1, number) if 0 <= first < len(words) - 1}
        return sum(self._spellings.together(words[first], words[first + 1]) for first in firsts)


def _start_of(replacement: _Replacement) -> int:
    return replacement[0].start


def _plain_words(asked: Asked) -> Sequence[Word]:
    """The words of a query of nothing else, whose counts bound the number of articles with all of them. Else none."""
    tree, text = asked.query.tree, asked.query.text
    if asked.options.unpublished or not _is_words(text):
        return ()
    children = tree.children if isinstance(tree, All) else (tree,)
    words = [child for child in children if isinstance(child, Word) and child.field is None]
    return words if [word.text for word in words] == text.split() else ()


def _is_words(text: str) -> bool:
    return text.replace(" ", "").isalnum()


def _facts(asked: Asked, word: str) -> Typed:
    """What is known of a word, which is remembered."""
    reader = asked.reader
    term = _only_term(word)
    # What may not be misspelt is known.
    held = FEW if term is None else reader.count(plain_word(word, (0, 0)))
    is_strange = term is not None and held >= FEW and not reader.articles_with(term)
    found = asked.spellings.typed[word] = Typed(term, held, is_strange)
    return found


def _corrected(asked: Asked, word: Typed, competes: bool) -> _Candidates:
    """The likely corrections of a word.

    Args:
        competes: whether the word as it is competes with its corrections.
    """
    term, held = word.term, word.articles
    if term is None:
        return ()
    likely: list[tuple[float, str, float]] = []
    # Very rare forms are misspellings themselves.
    least = max(-(-held // _RARE), FEW) if held >= FEW else 1
    for edits in (1, 2) if len(term) >= _MIN_LETTERS_FOR_TWO else (1,):
        if edits == 2 and competes:
            # No other one can win, and these are found at once.
            least = max(least, _FREQUENT)
        for like in asked.reader.like(term, edits, least):
            value = _likeliness(term, like)
            likely.append((-value * like.articles, like.form, value))
        if likely:
            break
    return tuple([(form, value) for _, form, value in sorted(likely)[:_CANDIDATES_OF_ONE]])


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


def _named(query: Parsed) -> list[tuple[int, int, Match]]:
    """The names in a query as typed, with their positions."""
    found = []
    for node in filters(query.tree):
        start = query.text.find(node.value, *node.span)
        if start >= 0 and node.field in NAMED:
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


def _words(query: Parsed) -> list[tuple[int, str]]:
    """The words that a query searches for as typed, with their positions, the last first."""
    found = []
    for node in _scoring(query.tree):
        texts = " ".join(node.words).split() if isinstance(node, Near) else node.text.split()
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
