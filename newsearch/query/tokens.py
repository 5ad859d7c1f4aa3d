"""Query text -> tokens.

A token is a word as typed, a quoted phrase, or one piece of syntax. Whether a character is syntax depends on its
position: `-`, `(`, `"` and `field:` are syntax only at the start of a token. `COVID-19`, `f(x)`, `5"` and `10:30` are
therefore words.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from newsearch._patterns import pattern
from newsearch.query.fields import FIELDS, RANGED, unknown_field
from newsearch.query.tree import Span
from newsearch.text import analysis

MAX_CLAUSES = 256
"""Words, phrases and field values that a query may hold; the rest of it is ignored."""

SHOUTED_WORDS = 8
"""In a query of more words than this, all of them in capitals, a capital AND is a word like the others."""

MAX_DEPTH = 32
"""Parentheses that may be open at once; those further in are ignored, the words in them are not."""


class Kind(Enum):
    """The kind of a token."""

    WORD = "word"
    PHRASE = "phrase"
    FIELD = "field:"
    OPEN = "("
    CLOSE = ")"
    MINUS = "-"
    NOT = "NOT"
    NEAR = "NEAR/"
    OR = "OR"
    AND = "AND"
    END = "end"


# Enum members are slow to look up, and the loops here and in the parser need them for every word.
WORD, PHRASE, FIELD, OPEN, CLOSE = Kind.WORD, Kind.PHRASE, Kind.FIELD, Kind.OPEN, Kind.CLOSE
MINUS, NOT, NEAR, OR, AND, END = Kind.MINUS, Kind.NOT, Kind.NEAR, Kind.OR, Kind.AND, Kind.END


class Token(NamedTuple):
    """A piece of the query text, `start` to `end`. `suffix` is the text after the quotes of a phrase (`~5^2`)."""

    kind: Kind
    text: str
    start: int
    end: int
    suffix: str = ""


class Note(NamedTuple):
    """A message on a part of a query that may have been meant differently, and its position."""

    message: str
    span: Span


# White space, controls, and the invisible marks found in text copied from a page.
_GAP = r"\s\x00-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"

# Opening quote -> the quotes that can close it: "so", “so”, „so“, ”så”, «so», »so« and »niin».
_CLOSERS = {'"': '"', "“": "”", "„": "“”", "”": "”", "«": "»", "»": "«»"}
_QUOTES = "".join(_CLOSERS)


class _Words:
    """Patterns of words.

    Attributes:
        plain: a gap, and what follows as far as it is certainly a word.
        rest: the rest of a word. A quote within a word is text (5"), but a quote after a colon opens a phrase (he
            said:"never").
        value: the start of a value.
    """

    def __init__(self, gap: str, quotes: str) -> None:
        self.plain = pattern(rf"[{gap}]*([^{gap}():{quotes}]*)")
        self.rest = pattern(rf"(?:[^{gap}(){quotes}]|(?<!:)[{quotes}])*")
        self.value = pattern(rf"[^{gap})]")


# Patterns of ASCII alone are compiled in a third of the time, which counts for the first query.
_ASCII, _ANY = _Words(r"\x00- \x7f", '"'), _Words(_GAP, _QUOTES)

_LETTER = pattern(r"[^\W_]")
# Some keyboards and word processors write the minus sign, or its full-width form, for a hyphen.
_MINUSES = "-−－﹣"
# The word after an excluding minus. The dashes of -Strive- are ornament, and -3% is a number.
_NEGATED = pattern(rf"(?!\w[^{_GAP}]*-(?:[{_GAP})]|$)|\d[\d.,]*%)[^{_GAP})-]")
_EXCLAIMED = pattern(r"!\w[^!]*(?:\s|$)")
# A value in single quotes; an apostrophe within it has a letter after it.
_SINGLE = pattern(
    rf"'([^'{_QUOTES}]*(?:'(?=\w)[^'{_QUOTES}]*)*)'|‘([^’]*(?:’(?=\w)[^’]*)*)’|‹([^›]*)›|`([^`'´]*)[`'´]"
)
# A range with quotes around one of its ends, or both.
_END = rf"(?:[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]|((?:(?!\.\.)[^{_GAP}(){_QUOTES}])*+))"
_QUOTED_RANGE = pattern(rf"(?=\S*?[{_QUOTES}]){_END}\.\.{_END}(?=[{_GAP})]|$)")
_SUFFIX = pattern(rf"((?:~\d+)?(?:\^\d+(?:\.\d+)?)?)(?:(?=[{_GAP})])|$)")
_FIELD_LIKE = pattern(r"[a-z]+:[\w\"“(<>=]")
_OPERATORS = {"OR": OR, "|": OR, "||": OR, "AND": AND, "&&": AND, "NOT": NOT}

_SPOKEN = frozenset(("OR", "AND", "NOT"))

OPERATORS = _OPERATORS.keys()
"""The words that are operators, where they have something to join."""

_SHOUTED = (
    "the query is all in capitals, so AND, OR, NOT and NEAR are words; write other words in small letters"
)


def tokenize(text: str) -> tuple[list[Token], list[Note]]:
    """The tokens of a query followed by END, and notes on text that looks like syntax and is not.

    Every CLOSE has an OPEN, but an OPEN may have no CLOSE.
    """
    tokenizer = _Tokenizer(text)
    return tokenizer.run(), tokenizer.notes


class _Tokenizer:
    def __init__(self, text: str) -> None:
        self.notes: list[Note] = []
        self._text = text
        self._words = _ASCII if text.isascii() else _ANY
        self._opened: list[int] = []
        self._tokens: list[Token] = []
        self._is_shouted = _is_shouted(text)

    def run(self) -> list[Token]:
        text = self._text
        tokens = self._tokens
        clauses = at = 0
        last = OPEN
        while True:
            start, stop = self._words.plain.match(text, at).span(1)  # type: ignore[union-attr]
            if start == len(text):
                break
            token = self._token(start, stop, last, start > at or last is OPEN)
            if token is None:
                at = start + 1
                continue
            last, at = token.kind, token.end
            if last is WORD or last is PHRASE:
                clauses += 1
                if clauses > MAX_CLAUSES:
                    self._note(f"only the first {MAX_CLAUSES} words and values are used", start, len(text))
                    # An operator that would apply to the next word has no operand.
                    while tokens[-1].kind not in (WORD, PHRASE, CLOSE):
                        tokens.pop()
                    self._opened.clear()
                    break
            tokens.append(token)
        if self._opened:
            first = self._opened[0]
            self._note("this parenthesis is not closed: it holds all that follows", first, first + 1)
        tokens.append(Token(END, "", len(text), len(text)))
        return tokens

    def _token(self, start: int, stop: int, last: Kind, fresh: bool) -> Token | None:
        """The token at `start`, or None to skip the character there.

        Args:
            start: the start of the token.
            stop: the end of the part that is certainly a word: up to the next parenthesis, colon, quote or gap.
            last: the kind of the preceding token.
            fresh: whether a gap or a parenthesis precedes the token.
        """
        text = self._text
        first = text[start]
        is_ranged = last is FIELD and self._tokens[-1].text in RANGED
        if is_ranged and (quoted := _QUOTED_RANGE.match(text, start)):
            low, bare_low, high, bare_high = (end or "" for end in quoted.groups())
            return Token(PHRASE, f"{low or bare_low}..{high or bare_high}", start, quoted.end())
        if first in _CLOSERS:
            return self._phrase(start)
        if first == "(":
            return self._open(start)
        if first == ")" and self._opened:
            return self._close(start)
        if last is FIELD and first in "'‘‹`" and (phrase := self._quoted_value(start)):
            return phrase
        if first in _MINUSES and fresh and _NEGATED.match(text, start + 1):
            return Token(MINUS, first, start, start + 1)
        if first == "!" and fresh and _EXCLAIMED.match(text, start):
            self._note("! excludes nothing: to leave a word out, write a minus before it", start, start + 1)
        if stop < len(text):
            if text[stop] == ":" and (fresh or last is MINUS) and (field := self._field(start, stop)):
                return field
            # An operator needs no space before a group or a phrase: NOT(a), "a"OR"b".
            if text[stop] == ":" or _operator(text[start:stop]) is WORD:
                stop = self._end_of_word(stop)
        word = text[start:stop]
        if not fresh and last is not CLOSE and last is not PHRASE:
            return Token(WORD, word, start, stop)
        kind = _operator(word)
        if self._is_shouted and (kind is NEAR or word in _SPOKEN):
            if not any(message == _SHOUTED for message, _ in self.notes):
                self._note(_SHOUTED, start, stop)
            return Token(WORD, word, start, stop)
        return Token(kind, word, start, stop)

    def _phrase(self, start: int) -> Token | None:
        text = self._text
        # The matching closing quote, or else any quote that can close it.
        for closers in (_CLOSERS[text[start]], _QUOTES):
            ends = [end for closer in closers if (end := text.find(closer, start + 1)) >= 0]
            if ends:
                end = min(ends)
                suffix = _SUFFIX.match(text, end + 1) if text[end + 1 : end + 2] in ("~", "^") else None
                said = suffix[1] if suffix else ""
                return Token(PHRASE, text[start + 1 : end], start, end + 1 + len(said), said)
        self._note("this quote is not closed: what follows is read as words", start, start + 1)
        return None

    def _quoted_value(self, start: int) -> Token | None:
        """The value of a field in single quotes, or None if one of the quotes is an apostrophe."""
        match = _SINGLE.match(self._text, start)
        suffix = match and _SUFFIX.match(self._text, match.end())
        if not match or not suffix:
            return None
        return Token(PHRASE, match[match.lastindex or 1], start, suffix.end(), suffix[1])

    def _open(self, start: int) -> Token | None:
        self._opened.append(start)
        if len(self._opened) <= MAX_DEPTH:
            return Token(OPEN, "(", start, start + 1)
        if len(self._opened) == MAX_DEPTH + 1:
            self._note(f"parentheses within {MAX_DEPTH} others are ignored", start, start + 1)
        return None

    def _close(self, start: int) -> Token | None:
        self._opened.pop()
        return Token(CLOSE, ")", start, start + 1) if len(self._opened) < MAX_DEPTH else None

    def _field(self, start: int, colon: int) -> Token | None:
        """The field named before the colon, or None if this is text."""
        text = self._text
        name = text[start:colon]
        if name.lower() in FIELDS:
            if self._words.value.match(text, colon + 1):
                return Token(FIELD, name.lower(), start, colon + 1)
            # A headline (Health: we ...) says more.
            if text.strip().lstrip(_MINUSES) == text[start : colon + 1]:
                self._note(f"{name}: has no value, so it is searched as text", start, colon + 1)
            return None
        # Headlines (Trump: we ...), times (10:30), ratios and addresses (https://) are not meant as fields.
        if _FIELD_LIKE.match(text, start, colon + 2):
            self._note(unknown_field(name), start, colon + 1)
        return None

    def _end_of_word(self, at: int) -> int:
        """The end of the word that extends to `at` or further. Parentheses opened within the word belong to it."""
        text = self._text
        nested = 0
        while True:
            at = self._words.rest.match(text, at).end()  # type: ignore[union-attr]
            if text[at : at + 1] == "(":
                nested += 1
            elif text[at : at + 1] == ")" and (nested or not self._opened):
                nested = max(nested - 1, 0)
            else:
                return at
            at += 1

    def _note(self, message: str, start: int, end: int) -> None:
        self.notes.append(Note(message, (start, end)))


def says_something(text: str) -> bool:
    """Whether a text contains a term. Signs alone are not terms, except for some symbols."""
    return (
        text[:1].isalnum()
        or bool(_LETTER.search(text))
        or (not text.isascii() and bool(analysis.terms(text)))
    )


def _operator(word: str) -> Kind:
    """The kind of an operator; WORD for any other word."""
    return NEAR if _is_near(word) else _OPERATORS.get(word, WORD)


def _is_near(word: str) -> bool:
    return word.startswith("NEAR/") and word[5:].isdecimal()


def _is_shouted(text: str) -> bool:
    """Whether the text is in capitals throughout, where capitals do not indicate an operator."""
    pieces = text.split()
    if len(pieces) <= SHOUTED_WORDS:
        return False
    words = [piece for piece in pieces if piece not in OPERATORS and not _is_near(piece)]
    return len(words) > SHOUTED_WORDS and " ".join(words).isupper()
