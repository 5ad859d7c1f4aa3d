"""Tokens -> query tree. Operators from the lowest to the highest precedence:

    side by side  >  AND  >  OR  >  NOT and -  >  NEAR/n

Any text is a query. An operator without an operand on its left or right is a word: `Portland OR` finds Oregon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple, TypeAlias

from newsearch._patterns import pattern
from newsearch.errors import QueryError
from newsearch.query.fields import DATE_FIELDS, FIELDS, filter_node, url_part
from newsearch.query.pasted import TEXT_WORDS, as_text, read_as_text
from newsearch.query.tokens import (
    AND,
    CLOSE,
    END,
    FIELD,
    MAX_CLAUSES,
    MINUS,
    NEAR,
    NOT,
    OPEN,
    OPERATORS,
    OR,
    PHRASE,
    SHOUTED_WORDS,
    WORD,
    Kind,
    Note,
    Token,
    says_something,
    tokenize,
)
from newsearch.query.tree import (
    TEXT_FIELDS,
    All,
    And,
    DateRange,
    Everything,
    Fuzzy,
    Match,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Span,
    Word,
    plain_word,
    replace,
)

MAX_QUERY_LENGTH = 4096
"""Characters of a query that are read; the rest is ignored."""

_SHORT = 100
_MAX_KNOWN = 1024
"""So many queries of so many characters are kept as parsed, for their other pages, their counts and their spellings."""

MAX_DISTANCE = 1000
"""The largest slop of a phrase, and the largest distance of NEAR."""

MAX_EDITS = 2
"""The largest distance of a misspelling (`word~2`)."""

MAX_COST = 32
"""What a query may hold of its slow parts: words with * or ~ and NEAR count 1 each, a part of a URL counts 8."""

_URL_COST = 8

MIN_WEIGHT, MAX_WEIGHT = 0.01, 100.0
"""The bounds of a weight (`word^2`)."""

_SHOWN = 40
"""Characters of a value that a note repeats."""

# Tuples, not sets: hashing a Kind takes longer than comparing with all of these.
_NEAR_OPERANDS = (WORD, PHRASE, FIELD, OPEN)
_OPERANDS = (*_NEAR_OPERANDS, MINUS, NOT)
_ALONE = (WORD, PHRASE)
_JOINING = (AND, OR, NEAR)
_URL = pattern(r"\s*((?:https?://|www\.)\S+)\s*", re.IGNORECASE)
_SUFFIXED = pattern(
    r"""(?P<stem> .*?\w.*? )
        (?: (?<=\w)(?P<star>\*) | (?<=\w)~(?P<edits>\d*) )?
        (?: \^(?P<weight>\d+(?:\.\d+)?) )?""",
    re.VERBOSE | re.DOTALL,
)
_SUFFIX_SIGNS = frozenset("*~^")
# A number sign before a number (#1) is not a topic.
_TOPIC = pattern(r"#(?=\w)(?!\d+\W*$)(.+?)[.,;:!?]*")
# Not two stars, which are **bold**.
_STAR_AFTER_LETTER = pattern(r"\w\*(?!\*)")
_STAR = "a star works only at the end of a word with a letter in it, and not in quotes or in values"
_STAR_INSIDE = pattern(r"(?:^|(?<=[^\W\d_]))\*[^\W\d_]")


_Rule: TypeAlias = Callable[[str | None], Node | None]

_known: dict[str, Parsed] = {}


class Parsed(NamedTuple):
    """A parsed query: its text, its tree, and notes on parts that may have been meant differently."""

    text: str
    tree: Node
    notes: tuple[Note, ...]


def parse(text: str, *, now: datetime, tz: tzinfo) -> Parsed:
    """Parse a query. Any text is valid: whatever is not syntax is text, and `notes` report the doubtful cases.

    Args:
        text: the query as typed.
        now: the reference instant for relative dates (`7d`, `yesterday`); without a zone, it is in `tz`.
        tz: the time zone in which days begin and end.

    Raises:
        TypeError: the text is not a str.
    """
    if not isinstance(text, str):
        raise TypeError(f"a query is a str, not {type(text).__name__}")
    known = _known.get(text)
    if known is not None:
        return known
    if tree := _plain_words(text):
        parsed, is_lasting = Parsed(text, tree, ()), True
    else:
        parser = _Parser(text, now, tz)
        parsed = Parsed(text, parser.root(), tuple(parser.notes))
        is_lasting = not parser.reads_dates
    if is_lasting and len(text) <= _SHORT:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[text] = parsed
    return parsed


def _plain_words(text: str) -> Node | None:
    """The tree of words side by side, or all joined by AND. A fast path, because most queries are like this.

    None for a query with any other syntax.
    """
    if len(text) > MAX_QUERY_LENGTH or not text.replace(" ", "").isalnum():
        return None
    pieces = text.split(" ")
    if len(pieces) > MAX_CLAUSES:
        return None
    join: type[All | And] = All
    if not OPERATORS.isdisjoint(pieces):
        operands = pieces[::2]
        if len(operands) > SHOUTED_WORDS or "" in pieces or not OPERATORS.isdisjoint(operands):
            return None
        if len(operands) == len(pieces) // 2 or any(piece != "AND" for piece in pieces[1::2]):
            return None
        join = And
    words, start = [], 0
    for piece in pieces:
        if piece and (join is All or piece != "AND"):
            words.append(plain_word(piece, (start, start + len(piece))))
        start += len(piece) + 1
    return words[0] if len(words) == 1 else join(tuple(words), _around(words))


class _Parser:
    """Parses the tokens of one query. `field` is the field whose value or group is being read.

    Attributes:
        reads_dates: whether a date was read, which depends on the moment and the zone.
    """

    def __init__(self, text: str, now: datetime, tz: tzinfo) -> None:
        self.reads_dates = False
        self.notes: list[Note] = []
        self._text = text
        self._now = now
        self._tz = tz
        self._at = 0
        self._ignored = False
        self._cost = 0
        self._is_text = False

    def root(self) -> Node:
        text = self._text
        if len(text) > MAX_QUERY_LENGTH:
            from newsearch.text.places import end_of_word  # few queries are that long

            # To avoid searching for half of a word.
            end = end_of_word(text, MAX_QUERY_LENGTH)
            self._note(f"only the first {MAX_QUERY_LENGTH} characters are read", (end, len(text)))
            text = text[:end]
        if ("://" in text or "www." in text.lower()) and (url := _URL.fullmatch(text)):
            return All((Everything(url.span(1)), Match("url", url_part(url[1]), url.span(1))), url.span(1))
        tokens, notes = tokenize(text)
        self._tokens, words, self._is_text, more = read_as_text(tokens)
        if notes or more:
            self.notes += [*notes, *more]
        children = self._side_by_side(None)
        if words > TEXT_WORDS:
            children = list(as_text(children, MAX_CLAUSES - words))
        if len(children) == 1 and isinstance(children[0], All):
            children = list(children[0].children)
        if not children:
            everything = Everything((0, len(text)))
            if not text.strip():
                return everything
            said = "else is" if self._ignored else "is"
            self._note(f"nothing {said} asked for, so nothing is found", everything.span)
            return All((everything, Not(everything, everything.span)), everything.span)
        span = _around(children)
        if not any(map(_scores, children)):
            children.insert(0, Everything(span))
        return children[0] if len(children) == 1 else All(tuple(children), span)

    def _side_by_side(self, field: str | None) -> list[Node]:
        children = []
        while self._tokens[self._at].kind not in (CLOSE, END):
            if node := self._conjunction(field):
                children.append(node)
        return children

    def _conjunction(self, field: str | None) -> Node | None:
        # Most operands stand alone. This skips the check for each operator.
        if self._tokens[self._at].kind in _ALONE and self._tokens[self._at + 1].kind not in _JOINING:
            return self._operand(field)
        return self._joined(AND, And, self._disjunction, field)

    def _disjunction(self, field: str | None) -> Node | None:
        return self._joined(OR, Or, self._negation, field)

    def _joined(self, kind: Kind, join: type[And | Or], operand: _Rule, field: str | None) -> Node | None:
        first = operand(field)
        if self._tokens[self._at].kind is not kind:
            return first
        operands = [first]
        while self._joins(kind):
            self._at += 1
            operands.append(operand(field))
        kept = [node for node in operands if node is not None]
        if len(kept) < 2:
            return kept[0] if kept else None
        return join(tuple(kept), _around(kept))

    def _joins(self, kind: Kind, operands: Container[Kind] = _OPERANDS) -> bool:
        """Whether this operator comes next, followed by a possible operand."""
        return self._tokens[self._at].kind is kind and self._tokens[self._at + 1].kind in operands

    def _negation(self, field: str | None) -> Node | None:
        start = self._tokens[self._at].start
        negative = False
        while self._tokens[self._at].kind is MINUS or self._joins(NOT):
            negative = not negative
            self._at += 1
        node = self._near(field)
        return Not(node, (start, node.span[1])) if negative and node is not None else node

    def _near(self, field: str | None) -> Node | None:
        left = self._operand(field)
        if self._tokens[self._at].kind is not NEAR:
            return left
        found: list[Node] = []
        while self._joins(NEAR, _NEAR_OPERANDS):
            operator = self._tokens[self._at]
            self._at += 1
            right = self._operand(field)
            span = (operator.start, operator.end)
            near = _near_node(left, right, self._distance(operator.text[5:], span))
            if near is None:
                self._note("NEAR joins words and phrases of one field; here it asks for both, anywhere", span)
            elif not self._affords(1, span, "this NEAR asks for both words, anywhere"):
                near = None
            if near is None:
                found += [node for node in (left, right) if node is not None and node not in found]
            else:
                found.append(near)
            left = right
        if not found:
            return left
        return found[0] if len(found) == 1 else And(tuple(found), _around(found))

    def _operand(self, field: str | None) -> Node | None:
        token = self._tokens[self._at]
        if token.kind is END or token.kind is CLOSE:
            return None
        self._at += 1
        if token.kind is FIELD:
            node = self._operand(FIELDS[token.text])
            return node and replace(node, span=(token.start, node.span[1]))
        if token.kind is OPEN:
            children = self._side_by_side(field)
            closed = self._tokens[self._at]
            self._at += closed.kind is CLOSE
            span = token.start, closed.end
            if len(children) < 2:
                return replace(children[0], span=span) if children else None
            return All(tuple(children), span)
        if field is not None and field not in TEXT_FIELDS:
            return self._filter(field, token)
        if token.kind is PHRASE:
            return self._phrase(field, token)
        if token.text.isalnum():
            return Word(token.text, field, 1.0, (token.start, token.end))
        return self._word(field, token)

    def _filter(self, field: str, token: Token) -> Node | None:
        span = (token.start, token.end)
        self.reads_dates |= field in DATE_FIELDS or field == "modified"
        try:
            node = filter_node(field, token.text, span, now=self._now, tz=self._tz)
            if isinstance(node, Match) and node.value.endswith("*") and node.field != "id":
                self._note(_STAR, span)
            if isinstance(node, Match) and node.field == "url":
                return node if self._affords(_URL_COST, span, "this part of a URL is ignored") else None
            return node
        except QueryError as error:
            said = token.text if len(token.text) <= _SHOWN else token.text[:_SHOWN] + "…"
            self._note(f"{field}:{said} is ignored: {error}", span)
            self._ignored = True
            return None

    def _phrase(self, field: str | None, token: Token) -> Node | None:
        if not says_something(token.text):
            return None
        if "*" in token.text and _STAR_AFTER_LETTER.search(token.text):
            self._note_star((token.start, token.end))
        slop, _, weight = token.suffix.removeprefix("~").partition("^")
        span = (token.start, token.end)
        return Phrase(token.text, field, self._distance(slop or "0", span), self._weight(weight, span), span)

    def _word(self, field: str | None, token: Token) -> Node | None:
        text, span = token.text, (token.start, token.end)
        if not says_something(text):
            return None
        if text[0] == "#" and field is None and not self._is_text and (topic := _TOPIC.fullmatch(text)):
            return Match("topic", topic[1], span)
        if "*" in text[:-1] and _STAR_INSIDE.search(text):
            self._note_star(span)
        parts = None if _SUFFIX_SIGNS.isdisjoint(text) else _SUFFIXED.fullmatch(text)
        if parts is None:
            return Word(text, field, 1.0, span)
        stem, star, edits = parts["stem"], parts["star"], parts["edits"]
        if (star or edits is not None) and ("*" in stem or not any(map(str.isalpha, stem))):
            if star and "*" not in stem:
                self._note_star(span)
            return Word(text, field, 1.0, span)
        weight = self._weight(parts["weight"], span)
        distance = min(int(edits or 1), most := _most_edits(stem)) if edits is not None else 0
        if edits and int(edits) > most:
            self._note(f"~ allows {most} edit{'s' * (most > 1)} at most in this word", span)
        if not (star or distance) or not self._affords(1, span, "this word is searched as written"):
            return Word(stem, field, weight, span)
        return Prefix(stem, field, weight, span) if star else Fuzzy(stem, distance, field, weight, span)

    def _affords(self, cost: int, span: Span, otherwise: str) -> bool:
        """Whether one more slow part is within the limits. For the first one beyond, a note says how it is treated."""
        before, self._cost = self._cost, self._cost + cost
        if self._cost <= MAX_COST:
            return True
        if before <= MAX_COST:
            self._note(
                f"too many words with * or ~, NEARs and parts of URLs: from here on, {otherwise}", span
            )
        return False

    def _distance(self, digits: str, span: Span) -> int:
        distance = int(digits)
        if distance > MAX_DISTANCE:
            self._note(f"at most {MAX_DISTANCE:,} words can be in between", span)
        return min(distance, MAX_DISTANCE)

    def _weight(self, digits: str | None, span: Span) -> float:
        if not digits:
            return 1.0
        weight = float(digits)
        bounded = min(max(weight, MIN_WEIGHT), MAX_WEIGHT)
        if bounded != weight:
            self._note(f"a weight is between {MIN_WEIGHT:g} and {MAX_WEIGHT:g}", span)
        return bounded

    def _note_star(self, span: Span) -> None:
        """Note that a star has no effect here. In a text there is no note: it is an omitted letter, or a footnote."""
        if not self._is_text:
            self._note(_STAR, span)

    def _note(self, message: str, span: Span) -> None:
        self.notes.append(Note(message, span))


def _most_edits(word: str) -> int:
    """The maximum edits for a word: at most half of its letters, or all short words would be similar."""
    return min(MAX_EDITS, (len(word) + 1) // 2)


def _near_node(left: Node | None, right: Node | None, distance: int) -> Node | None:
    """A node for both operands near each other, or None if they are not words and phrases of one field."""
    if not isinstance(left, Word | Phrase) or not isinstance(right, Word | Phrase):
        return None
    if right.field not in (None, left.field):
        return None
    span = _around((left, right))
    weight = max(left.weight, right.weight)
    phrases = [node for node in (left, right) if isinstance(node, Phrase)]
    if not any(phrase.slop for phrase in phrases):
        return Near((left.text, right.text), distance, left.field, weight, span)
    # Beside a phrase with words in between, all words are near in any order, and phrases are required separately.
    words = tuple(word for node in (left, right) for word in node.text.split())
    return And((Near(words, distance, left.field, weight, span), *phrases), span)


def _scores(node: Node) -> bool:
    """Whether the node scores articles rather than only filtering them."""
    match node:
        case Match() | Range() | DateRange() | Not():
            return False
        case All(children) | And(children) | Or(children):
            return any(map(_scores, children))
    return True


def _around(nodes: Sequence[Node]) -> Span:
    return nodes[0].span[0], nodes[-1].span[1]
