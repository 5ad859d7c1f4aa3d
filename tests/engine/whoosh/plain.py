"""The same articles in an index of Whoosh's own: what ours is compared with."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
from whoosh import fields
from whoosh.analysis import Token, Tokenizer
from whoosh.filedb.filestore import RamStorage

from newsearch import ranking
from newsearch.engine.whoosh.codec import ArraySegment
from newsearch.engine.whoosh.lexicon import FIELD_GAP
from newsearch.engine.whoosh.schema import make_schema
from newsearch.text import analysis

BETWEEN = "\x1e"


class Joined(Tokenizer):
    """All text fields of an article, a gap of positions between them; stems where a language stands before them."""

    def __init__(self, query: Any) -> None:
        self._query = query

    def __call__(self, value: str, positions: bool = False, mode: str = "", **kwargs: Any) -> Iterator[Token]:
        if BETWEEN not in value:
            yield from self._query(value, positions=positions, mode=mode, **kwargs)
            return
        code, *texts = value.split(BETWEEN)
        stemming = analysis.Stemming(code) if code else None
        token = Token(positions, mode=mode, **kwargs)
        pos = 0
        for number, text in enumerate(texts):
            for term in analysis.terms(text):
                stem = stemming.stem(term) if stemming else term
                token.text = stem if code in ("", "en") else f"{code}:{stem}"
                token.boost, token.stopped, token.pos = 1.0, False, pos + number * FIELD_GAP
                yield token
                pos += 1


def plain_schema(schema: fields.Schema) -> fields.Schema:
    """Our schema, with the two fields that are made of others."""
    plain = make_schema()
    for name in ("text", "stem"):
        field = copy.copy(schema[name])
        field.analyzer = Joined(field.analyzer)
        plain.remove(name)
        plain.add(name, field)
    return plain


def plain_index(index: Any) -> Any:
    """An index of Whoosh's own with the live articles of ours, in the same segments and order."""
    plain = RamStorage().create_index(plain_schema(index.schema))
    for segment in index._read_toc().segments:
        with plain.writer() as writer:
            for doc in np.flatnonzero(segment.segment.live).tolist():
                _add(writer, segment, doc)
            writer.merge = False
    return plain


def _add(writer: Any, ours: ArraySegment, doc: int) -> None:
    segment = ours.segment
    article = segment.article(doc)
    texts = [
        " ".join(article.topics) if name == "topics" else getattr(article, name)
        for name in ranking.TEXT_FIELDS
    ]
    document = ours.stored_fields(doc)
    for name in ("topic", "author"):
        if name in document:
            # A list bypasses the field's analyzer.
            document[f"_stored_{name}"] = document[name]
            document[name] = [value.casefold() for value in document[name]]
    # Where an article has no tag, the language that its words tell is found, and not stored.
    found = segment.names("language")[segment.column("language")[doc]]
    if found != document.get("language", ""):
        document |= {"language": found, "_stored_language": None}
    writer.add_document(
        **document,
        text=BETWEEN.join(["", *texts]),
        stem=BETWEEN.join([segment.stemming(doc).language, *texts]),
    )
