"""Finds other spellings of query words in an index.

healthcare, health-care and health care are treated as one word, and likewise re-open and reopen, 24000 and 24 000, AT&T
and AT & T. The spelling as typed ranks highest, and an article with several spellings ranks by the best of them. The
parts of a hyphenated word also match when they are separate words.

Spellings are expressed with the ordinary nodes of query trees. Engines therefore need no support for them.

Words are expanded wherever they occur: alone, in a group, beside an operator, and in a field. What is excluded is not:
an exclusion must not remove more than was typed. Only queries of a few words are expanded: a text has enough words that
one more spelling makes little difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from typing import TypeVar

from newsearch.engine.base import Options, Reader
from newsearch.query.plan import is_text
from newsearch.query.tree import All, And, Everything, Node, Or, Phrase, Word, plain_word, replace
from newsearch.ranking import word_weight
from newsearch.text import analysis
from newsearch.text.english import AMBIGUOUS_PLURALS, FUNCTION_WORDS

OTHERWISE = 0.5
"""The weight of another spelling, where the one that was typed has 1."""

_LEAST_SHARE = 1 / 200
"""A word is parted as other articles part it if these are more than this share of those that do not: sea son is not
season."""

_MIN_CLOSED, _MAX_CLOSED = 4, 24
_MIN_PART = 3
_PREFIXES = frozenset("e i t u v x bi co de ex hi lo re un wi".split())
"""Parts before a hyphen that are shorter than other parts of a word may be: e-mail, T-shirt, U-turn, co-operate."""

_ENDINGS = frozenset(["fi"])
"""Parts after a hyphen that are shorter than other parts of a word may be: wi-fi, sci-fi."""

_MAX_REMEMBERED = 8_192
_MAX_WORDS = 16_384
"""Words of which a number or a short text is remembered, and how much of anything else."""
_MAX_TREES = 1024
"""Queries whose trees are kept with their other spellings, if they are short."""

_SHORT = 100
"""The most characters of such a query."""

_UNKNOWN = ""
"""Stands for what was not looked up yet; None is remembered of what has no other spelling."""
_HYPHENS = frozenset("-‐‑–/&＆")


Key = TypeVar("Key")
Value = TypeVar("Value")


class Memory(dict[Key, Value]):
    """A cache of at most `most` values. The oldest are dropped first. Threads may share it."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        if len(self) >= self._most:
            for old in list(islice(self, max(self._most // 4, 1))):
                self.pop(old, None)
        super().__setitem__(key, value)


class Typed:
    """What is known of a word as typed.

    Attributes:
        term: the term of a word that may be misspelt, else None.
        articles: the number of articles that contain it in any form.
        is_strange: whether the index has only other forms of it, such as those of another language.
        corrections: its likely corrections with their likelihoods, without and with the word as their rival; None if
            they were not looked for yet (see `respelling`).
    """

    __slots__ = ("articles", "corrections", "is_strange", "term")

    def __init__(self, term: str | None, articles: int, is_strange: bool) -> None:
        self.term = term
        self.articles = articles
        self.is_strange = is_strange
        self.corrections: list[Sequence[tuple[str, float]] | None] = [None, None]


class Spellings:
    """Finds and caches the spellings of one generation of an index.

    Attributes:
        typed: what is known of words (see `respelling`).
        names: for names that no article has, the most similar ones (see `help`).
        expansions: the words that the best articles of a search share (see `expansion`).
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._counts: Memory[Node, int] = Memory(_MAX_REMEMBERED)
        self._parted: Memory[str, str | None] = Memory(_MAX_WORDS)
        self._pairs: Memory[tuple[str, str], str | None] = Memory(_MAX_REMEMBERED)
        self._ceilings: Memory[str, int] = Memory(_MAX_WORDS)
        self._articles: Memory[str, int] = Memory(_MAX_WORDS)
        self._alone: Memory[str, None] = Memory(_MAX_WORDS)
        self._trees: dict[str, tuple[Node, Node]] = {}
        self.names: Memory[Node, list[tuple[str, float]]] = Memory(_MAX_REMEMBERED)
        self.expansions: dict[tuple[Node, Options], tuple[Word, ...]] = {}
        self.typed: Memory[str, Typed] = Memory(_MAX_WORDS)

    def ceiling(self, word: str) -> int:
        """A number that the articles with a word of letters and digits do not exceed, in any spelling but as one with
        its neighbours.

        It follows from bounds, and therefore takes much less time than a search. Cached.
        """
        found = self._ceilings.get(word)
        if found is None:
            found = self.reader.bound((word,))
            if word not in self._alone:
                typed = plain_word(word, (0, len(word)))
                (node,) = self._spelt(typed, [])
                if node is typed:
                    self._alone[word] = None
                elif isinstance(node, Or):
                    for other in node.children[1:]:
                        found += self.count(replace(other, weight=1.0, span=(0, 0)))
            self._ceilings[word] = found
        return found

    def ceiling_of_all(self, words: Sequence[str]) -> int:
        """As `ceiling`, for the articles with each of some words."""
        alone = [word for word in words if word in self._alone]
        if len(alone) > 1:
            return self.reader.bound(alone)
        return min(map(self.ceiling, words))

    def together(self, left: str, right: str) -> int:
        """The number of articles that contain two words as one."""
        joined = self._joined(left, right)
        return self.count(Word(joined)) if joined else 0

    def expand(self, tree: Node, text: str) -> Node:
        """A tree that also matches other spellings of its words.

        Args:
            text: the query that the tree was parsed from.
        """
        if is_text(tree) or self._is_settled(_parts(tree), text):
            return tree
        # One search asks several times, with the same tree.
        known = self._trees.get(text)
        if known is not None and known[0] is tree:
            return known[1]
        expanded = self._with_spellings(tree, text)
        if len(text) <= _SHORT:
            if len(self._trees) >= _MAX_TREES:
                self._trees.clear()
            self._trees[text] = tree, expanded
        return expanded

    def _with_spellings(self, tree: Node, text: str) -> Node:
        children = _parts(tree)
        if isinstance(tree, Or):
            found = [self._with_spellings(child, text) for child in children]
        else:
            found = self._expanded(children, text)
        if len(found) == len(children) and all(map(_is_same, found, children)):
            return tree
        if isinstance(tree, And | Or):
            return replace(tree, children=tuple(found))
        if len(found) == 1:
            return found[0]
        whole = All(tuple(found), tree.span)
        # Counting the parts of compounds, the query may be a text, and then the parts are separate anyway.
        return tree if is_text(whole) else whole

    def _is_settled(self, children: Sequence[Node], text: str) -> bool:
        """Whether the cache shows that no word and no pair of neighbours has another spelling."""
        before: Word | None = None
        for child in children:
            if not isinstance(child, Word):
                if isinstance(child, All | And | Or):
                    return False
                before = None
                continue
            if child.text not in self._alone:
                return False
            if before is not None and (
                self._pairs.get((before.text, child.text), _UNKNOWN) is not None
                or not text[before.span[1] : child.span[0]].isspace()
            ):
                return False
            before = child
        return True

    def _expanded(self, children: Sequence[Node], text: str) -> list[Node]:
        others: list[list[Node]] = [[] for _ in children]
        together: list[Node | None] = [None] * len(children)
        gone: set[int] = set()
        words = [_typed(child) for child in children]
        for number, (left, right) in enumerate(pairwise(words)):
            if left is None or right is None or left.field != right.field:
                continue
            between = text[left.span[1] : right.span[0]].strip()
            if between in ("&", "＆"):
                # Johnson & Johnson: one part alone says nothing, and both must stand together.
                both = replace(left, text=f"{left.text} & {right.text}", span=(left.span[0], right.span[1]))
                if left.text.casefold() == right.text.casefold():
                    children = [*children[:number], both, *children[number + 1 :]]
                    words[number] = both
                    gone.add(number + 1)
                else:
                    together[number] = both
                    short = replace(both, text=f"{left.text}&{right.text}", weight=left.weight * OTHERWISE)
                    if len(analysis.terms(short.text)) == 1:
                        others[number].append(short)
                        others[number + 1].append(short)
            elif not between and (joined := self._joined(left.text, right.text)):
                as_one = replace(left, text=joined, span=(left.span[0], right.span[1]))
                others[number].append(replace(as_one, weight=self._weight(left, joined)))
                others[number + 1].append(replace(as_one, weight=self._weight(right, joined)))
        found: list[Node] = []
        for number, (child, word, more) in enumerate(zip(children, words, others, strict=True)):
            if number in gone:
                continue
            if word is None:
                found.append(self._with_spellings(child, text))
                continue
            is_paired = bool(more)
            if child is word and not is_paired and together[number] is None and word.text in self._alone:
                found.append(word)
                continue
            spelt = self._spelt(word, more)
            if bonus := together[number]:
                spelt[0] = Or((spelt[0], bonus), word.span)
            is_settled = len(spelt) == 1 and spelt[0] is word
            if is_settled and not is_paired:
                self._alone[word.text] = None
            if child is not word:
                found.append(self._with_synonyms(child, spelt, text))
            elif word.field is None or is_settled:
                found += spelt
            else:
                # An Or side by side with other nodes is optional. A word limited to a field is not.
                found.append(And(tuple(spelt), word.span))
        return found

    def _with_synonyms(self, group: Node, spelt: Sequence[Node], text: str) -> Node:
        """A word with synonyms (see `_typed`), with the nodes to search for in place of the word."""
        first, *synonyms = _parts(group)
        if isinstance(group, And):
            return And((self._with_synonyms(first, spelt, text),), group.span)
        word = spelt[0] if len(spelt) == 1 else And(tuple(spelt), group.span)
        return Or((word, *(self._with_spellings(synonym, text) for synonym in synonyms)), group.span)

    def _spelt(self, word: Word, others: list[Node]) -> list[Node]:
        """The nodes to search for in place of a word; usually the word itself."""
        text, weight = word.text, word.weight * OTHERWISE
        if text.isalpha():
            folded = text.casefold()
            if plural := AMBIGUOUS_PLURALS.get(folded):
                others.append(Phrase(plural, word.field, 0, weight, word.span))
            if parted := self._part(folded):
                # Another spelling may consist of more words. This must not raise its score.
                others.append(replace(word, text=parted, weight=weight / 2))
        elif number := _whole_number(text):
            grouped = Phrase(_grouped(number))
            if self.count(grouped):
                shared = weight / len(grouped.text.split())
                others.append(replace(grouped, field=word.field, weight=shared, span=word.span))
        elif not _HYPHENS.isdisjoint(text):
            return self._hyphenated(word, others)
        return [_best_of(word, others)]

    def _hyphenated(self, word: Word, others: list[Node]) -> list[Node]:
        terms = analysis.terms(word.text)
        if len(terms) == 1 and "&" in terms[0]:
            weight = word.weight * OTHERWISE / 2
            apart = Phrase(terms[0].replace("&", " "), word.field, 0, weight, word.span)
            return [_best_of(word, [*others, apart])]
        is_compound = len(terms) > 1 and all(map(str.isalpha, terms)) and len(set(terms)) == len(terms)
        if not is_compound or any(sign in word.text for sign in ".@:"):
            return [_best_of(word, others)]
        joined = "".join(terms)
        closed: list[Node] = (
            [replace(word, text=joined, weight=word.weight * OTHERWISE)]
            if self.reader.articles_with(joined)
            else []
        )
        parts: list[Node] = [replace(word, text=term) for term in terms]
        # Parts that stand together count both as the word and as parts.
        first = Or((parts[0], word), word.span)
        return [_best_of(first, closed + others), *[_best_of(part, closed) for part in parts[1:]]]

    def _joined(self, left: str, right: str) -> str | None:
        """Two words joined to one, if some article has this spelling."""
        pair = left, right
        # Another thread may clear the cache in the meantime.
        found = self._pairs.get(pair, _UNKNOWN)
        if found is _UNKNOWN:
            found = self._pairs[pair] = self._as_one(left, right)
        return found

    def _as_one(self, left: str, right: str) -> str | None:
        if not (left.isalnum() and right.isalnum()) or left.casefold() in FUNCTION_WORDS:
            return None
        if right.casefold() in FUNCTION_WORDS or len(left) + len(right) > analysis.MAX_TERM_LENGTH:
            return None
        if left.isdigit() and right.isdigit():
            is_one = len(left) <= 3 and len(right) == 3
            return left + right if is_one and self.count(Word(left + right)) else None
        is_one = len(left) + len(right) >= _MIN_CLOSED or not (left + right).isalpha()
        joined = left + right
        return joined if is_one and len(right) > 1 and self.reader.articles_with(joined.lower()) else None

    def _weight(self, word: Word, spelling: str) -> float:
        """The weight of a spelling of a word and its neighbour. A rare spelling scores as if it were as common as the
        word: otherwise it would rank above the spelling that was typed.
        """
        everything = self.count(Everything())
        typed = word_weight(everything, self.count(Word(word.text)))
        rarer = word_weight(everything, self.count(Word(spelling)))
        return word.weight * OTHERWISE * min(1.0, typed / rarer)

    def _part(self, word: str) -> str | None:
        """A word split in two with a hyphen, if enough articles have this spelling."""
        if not _MIN_CLOSED <= len(word) <= _MAX_CLOSED:
            return None
        known = self._parted.get(word, _UNKNOWN)
        if known is not _UNKNOWN:
            return known
        held = self._articles_with
        best, most = None, max(held(word) * _LEAST_SHARE, 1.0)
        for at in range(1, len(word) - 1):
            left, right = word[:at], word[at:]
            if (
                (at < _MIN_PART and left not in _PREFIXES)
                or (len(right) < _MIN_PART and right not in _ENDINGS)
                or left in FUNCTION_WORDS
                or right in FUNCTION_WORDS
            ):
                continue
            # If one of the two is rare, the pair is rare too.
            if held(left) >= most and held(right) >= most:
                count = self.count(Phrase(f"{left} {right}"))
                if count >= most:
                    best, most = f"{left}-{right}", count + 1
        self._parted[word] = best
        return best

    def _articles_with(self, form: str) -> int:
        """The number of articles that contain an exact form. Parts of words are parts of many words."""
        found = self._articles.get(form)
        if found is None:
            found = self._articles[form] = self.reader.articles_with(form)
        return found

    def count(self, node: Node) -> int:
        """The number of published articles that match a node. Cached: meant for words and short phrases."""
        found = self._counts.get(node)
        if found is None:
            found = self._counts[node] = self.reader.count(node)
        return found


def _typed(node: Node) -> Word | None:
    """The word that a node stands for: itself, or the one that synonyms were added to (see `query.synonyms`)."""
    # A word limited to a field is in an And with its synonyms.
    group = node.children[0] if isinstance(node, And) and len(node.children) == 1 else node
    if isinstance(group, Or) and group.children[0].span == group.span:
        node = group.children[0]
    return node if isinstance(node, Word) else None


def _whole_number(text: str) -> str | None:
    """The digits of a number of five digits or more, grouped or not; None for shorter ones such as years."""
    if not text[-1:].isdecimal() or not text.isascii():
        return None
    terms = analysis.terms(text)
    is_whole = len(terms) == 1 and terms[0].isdecimal() and 4 < len(terms[0]) <= _MAX_CLOSED
    return terms[0] if is_whole else None


def _grouped(digits: str) -> str:
    """A number with a space before every three digits."""
    first = len(digits) % 3 or 3
    return " ".join([digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))])


def _best_of(node: Node, others: Sequence[Node]) -> Node:
    return Or((node, *others), node.span, best=True) if others else node


def _parts(tree: Node) -> tuple[Node, ...]:
    """The nodes of a tree that may have other spellings; of a word, itself."""
    if isinstance(tree, Word):
        return (tree,)
    return tree.children if isinstance(tree, All | And | Or) else ()


def _is_same(left: Node, right: Node) -> bool:
    return left is right
