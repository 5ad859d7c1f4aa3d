"""Detects queries that are pasted text, and the operators in them that are not meant as syntax.

A headline uses NOT for emphasis, a page loses the space after a dash (`Covid -19`), and a hashtag is part of a
sentence. Read as operators, they would exclude the very article that the text comes from. In a text they are therefore
words. A query of many words is probably text. A query with fields, or with several operators, was written for a search
engine, and the rest of its syntax is meant too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from newsearch._patterns import pattern
from newsearch.query.tokens import AND, FIELD, MINUS, NEAR, NOT, OR, PHRASE, WORD, Note, Token, says_something
from newsearch.query.tree import All, Node, Or, Phrase, Word
from newsearch.text.english import FUNCTION_WORDS

EMPHATIC_WORDS = 6
"""In a query of more different words than this, NOT and #topic are words, and so is a minus between words."""

TEXT_WORDS = 10
"""A query of more words than this is a text: quotes, parentheses and a minus in it ask for nothing."""

_JOINING = (AND, OR, NEAR)
_EXCLUDED = (WORD, PHRASE)
# After one of these, NOT is part of a sentence.
_AUXILIARY = frozenset(
    """
    am are be been being but can could did do does had has have if is may might must need or shall should so to was
    were why will would
    """.split()
)

_AS_WORD = "in a text, {} is a word; to leave something out, ask for fewer words, or for field:value"
_AS_WORDS = {NOT: _AS_WORD.format("NOT"), MINUS: _AS_WORD.format("what follows a minus")}

_DASHES = pattern(r"-{2,}|[–—]")
_UNDASHED = pattern(r"[^-–—]+(?:-[^-–—]+)*")
_SPOKEN = pattern(r"\S+")


class Reading(NamedTuple):
    """The tokens of a query, and how to interpret them.

    Attributes:
        tokens: the remaining tokens.
        words: the number of words among them outside quotes and fields.
        is_text: whether NOT, #topic and a minus between words are words.
        notes: notes on words that looked like operators.
    """

    tokens: Sequence[Token]
    words: int
    is_text: bool
    notes: tuple[Note, ...]


def read_as_text(tokens: Sequence[Token]) -> Reading:
    """The tokens of a query. In a text, tokens that are not meant as operators become words or are removed."""
    words: list[str] = []
    before, has_exclusion = None, False
    for token in tokens:
        kind = token.kind
        if kind is WORD and before is not FIELD:
            words.append(token.text)
        elif kind is NOT or kind is MINUS:
            has_exclusion = True
        before = kind
    is_text = len(words) > EMPHATIC_WORDS and not _is_typed(tokens)
    is_text = is_text and len({word.casefold() for word in words}) > EMPHATIC_WORDS
    if not has_exclusion:
        return Reading(tokens, len(words), is_text, ())
    is_long = is_text and len(words) > TEXT_WORDS
    last = _end_of_text(tokens)
    kept: list[Token] = []
    notes: dict[object, Note] = {}
    for number, token in enumerate(tokens[:-1]):
        is_word = False
        if token.kind is NOT:
            after = tokens[number + 1]
            is_word = after.kind in _EXCLUDED and (is_text or _is_emphatic(kept, tokens[number + 1 :]))
        elif token.kind is MINUS and is_text:
            is_word = tokens[number + 1].kind is not FIELD and (is_long or number < last)
        if not is_word:
            kept.append(token)
            continue
        notes.setdefault(token.kind, Note(_AS_WORDS[token.kind], (token.start, token.end)))
        if token.kind is NOT:
            kept.append(token._replace(kind=WORD))
    kept.append(tokens[-1])
    return Reading(kept, len(list(_words(kept))), is_text, tuple(notes.values()))


def _words(tokens: Sequence[Token]) -> Iterator[Token]:
    """The words outside quotes and fields."""
    before = None
    for token in tokens:
        if token.kind is WORD and before is not FIELD:
            yield token
        before = token.kind


def _is_typed(tokens: Sequence[Token]) -> bool:
    """Whether the query was written for a search engine."""
    if any(token.kind is FIELD for token in tokens):
        return True
    return sum(token.kind in _JOINING for token in tokens) > 1


def _is_emphatic(before: Sequence[Token], following: Sequence[Token]) -> bool:
    """Whether NOT is used as in a sentence: after an auxiliary verb, or before a word that is never excluded."""
    if not before or before[-1].kind is not WORD:
        return False
    after = following[0]
    if after.kind is WORD and after.text in FUNCTION_WORDS:
        # A letter alone may be what is excluded (vitamin NOT a), but not before another word (NOT a joke).
        return len(after.text) > 1 or following[1].kind is WORD
    return before[-1].text.casefold() in _AUXILIARY


def _end_of_text(tokens: Sequence[Token]) -> int:
    """The end of the text. Only words with a minus follow, as they are added to a query."""
    number = len(tokens) - 1
    while number > 1 and tokens[number - 1].kind in _EXCLUDED and tokens[number - 2].kind is MINUS:
        number -= 2
    return number


def as_text(nodes: Sequence[Node], spare: int) -> Iterator[Node]:
    """The parts of a text side by side, without groups, and without quotations that must match literally.

    Args:
        spare: the number of words in quotations that may be searched for.
    """
    for node in nodes:
        match node:
            case All(children):
                found = list(as_text(children, spare))
                spare -= sum(len(child.children) - 1 for child in found if isinstance(child, Or))
                yield from found
            case Phrase(field=None):
                # The words count, and count more where they appear as quoted.
                words = list(_pieces(node, _SPOKEN, node.span[0] + 1))[: max(spare, 0)]
                spare -= len(words)
                yield Or((node, *words), node.span)
            case Word(field=None) if _DASHES.search(node.text):
                yield from _pieces(node, _UNDASHED, node.span[0])
            case _:
                yield node


def _pieces(node: Word | Phrase, pattern: re.Pattern[str], start: int) -> Iterator[Word]:
    for piece in pattern.finditer(node.text):
        if says_something(piece[0]):
            yield Word(piece[0], None, node.weight, (start + piece.start(), start + piece.end()))
