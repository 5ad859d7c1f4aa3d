"""tantivy: Lucene's design in Rust, from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tantivy

from bench.corpus import Corpus, Record, month, published, read
from bench.peers.base import TOP, Answer, Hit
from bench.queries import BenchQuery

WEIGHTS = {"title": 3.0, "topics": 2.0, "excerpt": 1.0}
HEAP = 128_000_000  # bytes, its default
_SORTS = {"newest": "date", "heat": "heat"}


class Tantivy:
    """tantivy with one indexing thread; `boosted` multiplies scores by the articles' boosts.

    Its only boost from Python, `weight_by_field`, multiplies by log2(2 + column). The column is filled so
    that this is twice the boost, which ranks as the boost does.
    """

    index = "tantivy"

    def __init__(self, *, boosted: bool) -> None:
        self.boosted = boosted
        self.name = "tantivy-boosted" if boosted else "tantivy"
        self.note = "by weight_by_field" if boosted else "without boosts"

    @property
    def version(self) -> str:
        return version("tantivy")

    def answers(self, query: BenchQuery) -> bool:
        return query.kind != "typed" and not (self.boosted and query.sort)

    def build(self, corpus: Corpus, index: Path) -> None:
        writer = tantivy.Index(_schema(), path=str(index)).writer(HEAP, num_threads=1)
        for record in read(corpus.path):
            writer.add_document(_document(record, corpus.boost(record)))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, index: Path) -> TantivySearcher:
        return TantivySearcher(tantivy.Index.open(str(index)), boosted=self.boosted)


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    for name in ("title", "excerpt"):
        schema.add_text_field(name, stored=True, tokenizer_name="en_stem", index_option="position")
    schema.add_text_field("topics", tokenizer_name="en_stem", index_option="position")
    for name in ("topic", "provider"):
        schema.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    schema.add_bytes_field("url", stored=True)
    schema.add_date_field("date", stored=True, indexed=True, fast=True)
    schema.add_unsigned_field("month", fast=True)
    for name in ("heat", "quality"):
        schema.add_integer_field(name, stored=True, fast=True)
    schema.add_float_field("boost", fast=True)
    return schema.build()


def _document(record: Record, boost: float) -> tantivy.Document:
    # One call a field: the constructor's keywords and from_dict take half as long again.
    document = tantivy.Document()
    document.add_text("title", record["title"])
    document.add_text("excerpt", record["excerpt"])
    for topic in record["topics"]:
        document.add_text("topics", topic)
        document.add_text("topic", topic)
    document.add_bytes("url", record["webUrl"].encode())
    document.add_text("provider", record["provider"]["name"])
    document.add_date("date", published(record))
    document.add_unsigned("month", month(record))
    document.add_integer("heat", record["heat"])
    document.add_integer("quality", record["quality"])
    document.add_float("boost", 2 ** (2 * boost) - 2)
    return document


class TantivySearcher:
    def __init__(self, index: tantivy.Index, *, boosted: bool) -> None:
        self._index = index
        self._schema = index.schema
        self._searcher = index.searcher()
        self._weight = "boost" if boosted else None

    def search(self, query: BenchQuery) -> Answer:
        compiled = self._compile(query)
        found: Any = self._searcher.search(
            compiled,
            TOP,
            count=query.count,
            offset=query.offset,
            order_by_field=_SORTS[query.sort] if query.sort else None,
            weight_by_field=self._weight,
        )
        hits = []
        for key, address in found.hits:
            stored: Any = self._searcher.doc(address)
            hits.append(Hit(stored.get_first("title"), stored.get_first("url").decode(), float(key)))
        return Answer(
            hits, found.count if query.count else None, self._facets(compiled) if query.facets else {}
        )

    def _compile(self, query: BenchQuery) -> tantivy.Query:
        parts = [(tantivy.Occur.Must, self._text(query))] if query.text else []
        if query.more:
            parts.append((tantivy.Occur.Must, self._words(query.more, WEIGHTS)))
        if query.without:
            parts.append((tantivy.Occur.MustNot, self._words(query.without, WEIGHTS)))
        for filter_ in self._filters(query):
            parts.append((tantivy.Occur.Must, tantivy.Query.const_score_query(filter_, 0.0)))
        if not parts:
            return tantivy.Query.all_query()
        return parts[0][1] if len(parts) == 1 else tantivy.Query.boolean_query(parts)

    def _filters(self, query: BenchQuery) -> Iterator[tantivy.Query]:
        for name, value in (("provider", query.provider), ("topic", query.topic)):
            if value is not None:
                yield tantivy.Query.term_query(self._schema, name, value, "basic")
        if query.start is not None:
            date = tantivy.FieldType.Date
            yield tantivy.Query.range_query(
                self._schema, "date", date, query.start, query.end, include_upper=False
            )
        if query.heat is not None:
            integer = tantivy.FieldType.Integer
            yield tantivy.Query.range_query(self._schema, "heat", integer, query.heat, None)

    def _text(self, query: BenchQuery) -> tantivy.Query:
        if query.kind == "prefix":
            return self._each_field(tantivy.Query.fuzzy_term_query, query.text, 0, True, True)
        if query.kind == "fuzzy":
            return self._each_field(tantivy.Query.fuzzy_term_query, query.text, 1, True, False)
        text = f'"{query.text}"' if query.kind == "phrase" else query.text
        weights = {query.field: WEIGHTS[query.field]} if query.field else WEIGHTS
        found = self._words(text, weights, every=query.every)
        if query.either is None:
            return found
        either = found, self._words(query.either, weights)
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in either])

    def _words(self, text: str, weights: dict[str, float], *, every: bool = True) -> tantivy.Query:
        return self._index.parse_query(text, list(weights), weights, conjunction_by_default=every)

    def _each_field(self, make: Callable[..., tantivy.Query], *arguments: object) -> tantivy.Query:
        parts = []
        for name, weight in WEIGHTS.items():
            part = make(self._schema, name, *arguments)
            parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(part, weight)))
        return tantivy.Query.boolean_query(parts)

    def _facets(self, compiled: tantivy.Query) -> dict[str, dict[str, int]]:
        wanted = {name: {"terms": {"field": name, "size": 1000}} for name in ("topic", "month")}
        counted = self._searcher.aggregate(compiled, wanted)
        return {
            name: {str(bucket["key"]): bucket["doc_count"] for bucket in counted[name]["buckets"]}
            for name in wanted
        }

    def close(self) -> None:
        """Nothing to release: the searcher goes with its last reference."""
