"""What is the Whoosh schema of a newsearch index, and how are values in its fields analysed?

Parsers, `documents(...)`, `delete_by_term` and queries built in code all use these fields. Values are normalised here,
which lets them match however they were typed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from whoosh import fields
from whoosh.analysis import IDTokenizer, Token, Tokenizer

from newsearch import ranking
from newsearch.engine.whoosh.lexicon import FOLDED
from newsearch.text import analysis
from newsearch.text.addresses import canonical_url
from newsearch.text.places import locate

_CHUNK = re.compile(r"\S+")


class ExactTokenizer(Tokenizer):  # type: ignore[misc]
    """newsearch's analysis as a Whoosh tokenizer: exact forms, one position each, with their offsets in the text.

    Args:
        stemmings: if given, produce the stems in these languages instead, all at one position. Stems of other languages
            than English are prefixed with the language code, as in `de:haus`. Outside queries, only the first stemming
            is used.
    """

    def __init__(self, stemmings: Sequence[analysis.Stemming] = ()) -> None:
        self._stemmings = tuple(stemmings)

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,
        removestops: bool = True,
        start_pos: int = 0,
        start_char: int = 0,
        mode: str = "",
        **kwargs: Any,
    ) -> Iterator[Token]:
        token = Token(positions, chars, removestops=removestops, mode=mode, **kwargs)
        pos = start_pos
        for match in _CHUNK.finditer(value):
            terms = analysis.chunk_terms(match[0])
            places = locate(match[0], terms) if chars else ()
            for number, term in enumerate(terms):
                token.boost, token.stopped = 1.0, False
                if chars:
                    start = start_char + match.start()
                    token.startchar, token.endchar = (start + place for place in places[number])
                if positions:
                    token.pos = pos
                for text in self._texts(term, mode):
                    token.text = text
                    if keeporiginal:
                        token.original = term
                    yield token
                pos += 1

    def _texts(self, term: str, mode: str) -> Sequence[str]:
        if not self._stemmings:
            return (term,)
        stemmings = self._stemmings if mode == "query" else self._stemmings[:1]
        stems = ((s.language, s.stem(term)) for s in stemmings)
        return list(dict.fromkeys(stem if code == "en" else f"{code}:{stem}" for code, stem in stems))


class _WholeTokenizer(IDTokenizer):  # type: ignore[misc]
    """A whole value as one token, in the field's normalised form."""

    def __init__(self, fold: Callable[[str], str]) -> None:
        self._fold = fold

    def __call__(self, value: str, **kwargs: Any) -> Iterator[Token]:
        for token in super().__call__(value, **kwargs):
            token.text = self._fold(value)
            yield token


class Folded(fields.ID):  # type: ignore[misc]
    """A field of whole values. They are stored in a normalised form and match in any form."""

    def __init__(self, fold: Callable[[str], str], **options: Any) -> None:
        super().__init__(analyzer=_WholeTokenizer(fold), **options)
        self._fold = fold

    def to_bytes(self, value: Any) -> bytes:
        if isinstance(value, list | tuple):
            value = value[0]
        return value if isinstance(value, bytes) else self._fold(value).encode()


class Moment(fields.DATETIME):  # type: ignore[misc]
    """A field of dates. They are found and sorted to the second, and stored with the fraction.

    A date with a zone is converted to UTC. A date without a time is midnight.
    """

    def prepare_datetime(self, x: Any) -> Any:
        if isinstance(x, dt.datetime) and x.tzinfo is not None:
            x = x.astimezone(dt.UTC).replace(tzinfo=None)
        elif isinstance(x, dt.date) and not isinstance(x, dt.datetime):
            x = dt.datetime(x.year, x.month, x.day)  # noqa: DTZ001 - Whoosh's dates have no zone
        found = super().prepare_datetime(x)
        return found if isinstance(found, bytes) else _whole_seconds(found)

    def prepare_number(self, x: Any) -> Any:
        # Ranges of dates come as microseconds.
        found = super().prepare_number(x)
        return _whole_seconds(found) if isinstance(found, int) else found

    def from_column_value(self, x: Any) -> Any:
        try:
            return super().from_column_value(x)
        except OverflowError:
            # The column's value for articles without a date, which Whoosh cannot convert.
            return None


def _whole_seconds(microseconds: int) -> int:
    return microseconds - microseconds % 1_000_000


def _number(numtype: type) -> fields.NUMERIC:
    return fields.NUMERIC(numtype, bits=64, stored=True, sortable=True)


def make_schema(stemmings: Sequence[analysis.Stemming] = (analysis.Stemming(),)) -> fields.Schema:
    """The fields of an index (see lexicon).

    Args:
        stemmings: the stemmings of the languages in the index, English first. Queries in the field `stem` use all.
    """
    text = {
        name: fields.TEXT(analyzer=ExactTokenizer(), stored=True, vector=True) for name in ranking.TEXT_FIELDS
    }
    keyword = {name: Folded(str.casefold, stored=True) for name in FOLDED}
    return fields.Schema(
        **text,
        **keyword,
        text=fields.TEXT(analyzer=ExactTokenizer(), vector=True),
        stem=fields.TEXT(
            analyzer=ExactTokenizer(stemmings), phrase=False, vector=True, multitoken_query="or"
        ),
        id=fields.ID(unique=True, stored=True),
        url=Folded(canonical_url, stored=True),
        date=Moment(stored=True, sortable=True),
        modified=Moment(stored=True, sortable=True),
        heat=_number(float),
        quality=_number(float),
        published=fields.BOOLEAN(stored=True),
    )
