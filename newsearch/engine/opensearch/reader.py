"""Reads one generation of an index, which never changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.base import FieldStats, LikeForm, Options
from newsearch.engine.opensearch import documents, schema
from newsearch.engine.opensearch.answer import OpenSearchAnswer
from newsearch.engine.opensearch.counts import Known, Requests, counting
from newsearch.engine.opensearch.generation import Generation, published
from newsearch.engine.opensearch.paging import every
from newsearch.engine.opensearch.translate import PUBLISHED, Translator
from newsearch.errors import IndexCorrupt
from newsearch.query.tree import Node

if TYPE_CHECKING:
    from newsearch.engine.figures import Stats
    from newsearch.engine.opensearch.connection import Cluster

_COUNTED = {
    "source": "source",
    "provider": "outlet",
    "category": "category",
    "type": "type",
    "language": "tag",
    "topic": "topic",
    "author": "author",
}
"""Fields of values, by their names in queries."""

_PRECISION = 40_000
"""Distinct values up to which the server counts them nearly exactly."""


class OpenSearchReader:
    """Implements `Reader`.

    Args:
        cluster: where the index is.
        generation: what to read.
    """

    def __init__(self, cluster: Cluster, generation: Generation) -> None:
        self._cluster = cluster
        self.generation = generation
        self._requests = Requests(cluster, generation)
        self._known = Known(self._requests)

    def search(self, tree: Node, options: Options) -> OpenSearchAnswer:
        return OpenSearchAnswer(self._known, tree, options)

    def get(self, id: str) -> Article | None:
        filters = [*self._requests.live, {"term": {"id": id[: schema.MAX_VALUE]}}]
        found = self._requests.search({"size": 100, "query": {"bool": {"filter": filters}}})["hits"]["hits"]
        rank = {entry.location: number for number, entry in enumerate(self.generation.sources)}
        sources = [hit["_source"] for hit in found]
        # If two sources have an article with this id, the later one.
        sources.sort(key=lambda source: (source["born"], rank.get(source["source"], -1)), reverse=True)
        articles = map(self._article, sources)
        return next((article for article in articles if article.id == id), None)

    def articles(self) -> Iterator[Article]:
        return self.exported()

    def exported(self) -> Iterator[Article]:
        return map(self._article, every(self._requests, self._requests.live))

    def kept(self, source: str) -> Iterator[Article]:
        filters = [*self.generation.kept(), {"term": {"source": source}}]
        return map(self._article, every(self._requests, filters))

    def ids(self, prefix: str) -> Iterator[str]:
        filters = [*self._requests.live]
        if prefix:
            filters.append({"prefix": {"id": {"value": prefix}}})
        return (source["id"] for source in every(self._requests, filters, ["id"]))

    def _article(self, source: Mapping[str, Any]) -> Article:
        try:
            return documents.article(source)
        except ValueError as error:
            named = f"the article {source.get('id')!r:.200} is damaged"
            raise IndexCorrupt(self._cluster.place, named) from error

    # Words

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        visible = [*self._requests.live, PUBLISHED]
        if among is not None and (found := self._found(among)) is not None:
            together = self._known.begun(prefix, limit, [*visible, found])
            if together:
                return together
        key = ("begun", prefix, limit)
        return list(self._known.value(key, lambda: self._known.begun(prefix, limit, visible)))

    def _found(self, tree: Node) -> dict[str, Any] | None:
        """A filter for what a query tree finds; None if it constrains nothing."""
        facts = self._known.asked()
        while True:
            clause = Translator(tree, facts, UTC).clause(tree)
            if not facts.settle():
                return clause.found if clause else None

    def like(self, term: str, edits: int) -> list[LikeForm]:
        found = self._known.like(term, edits, published=True)
        return [LikeForm(form, articles, distance) for distance, form, articles in found if form != term]

    def count(self, node: Node) -> int:
        return self.search(node, Options(limit=0)).counts().complete

    def articles_with(self, form: str) -> int:
        return self._known.articles_with(form)

    # Figures

    def stats(self) -> Stats:
        from newsearch.engine.figures import Stats  # searches never need it

        generation = self.generation
        aggregations = {
            "published": {"filter": PUBLISHED},
            "oldest": {"min": {"field": "date"}},
            "newest": {"max": {"field": "date"}},
            "heat": {"value_count": {"field": "heat"}},
            "quality": {"value_count": {"field": "quality"}},
            "terms": {"cardinality": {"field": "exact", "precision_threshold": _PRECISION}},
        }
        answer = self._requests.search(counting(self._requests.live) | {"aggs": aggregations})
        found = answer["aggregations"]
        oldest, newest = (found[name]["value"] for name in ("oldest", "newest"))
        index = self._cluster.ask("GET", f"/{generation.index}/_stats/store,segments,docs")["_all"][
            "primaries"
        ]
        kept = generation.articles + generation.hidden
        return Stats(
            articles=generation.articles,
            unpublished=generation.articles - found["published"]["doc_count"],
            deleted=max(0, index["docs"]["count"] + index["docs"]["deleted"] - kept),
            hidden=generation.hidden,
            segments=index["segments"]["count"],
            terms=found["terms"]["value"],
            size=index["store"]["size_in_bytes"],
            files=0,
            format=schema.VERSION,
            generation=generation.number,
            oldest=None if oldest is None else datetime.fromtimestamp(int(oldest), UTC),
            newest=None if newest is None else datetime.fromtimestamp(int(newest), UTC),
            median_heat=generation.pivots.heat if found["heat"]["value"] else None,
            median_quality=generation.pivots.quality if found["quality"]["value"] else None,
            sources=tuple(entry.location for entry in generation.sources),
            sources_read=tuple(entry.read for entry in generation.sources),
            sources_broken=tuple(entry.broken for entry in generation.sources),
            created=generation.created,
            keep_history=generation.keep_history,
            sources_settings=tuple(entry.settings for entry in generation.sources),
        )

    def fields(self) -> Sequence[FieldStats]:
        aggregations: dict[str, Any] = {}
        for name in ranking.TEXT_FIELDS:
            aggregations[f"terms_{name}"] = _distinct(f"x_{name}")
            aggregations[f"words_{name}"] = {"sum": {"field": f"length_{name}"}}
        aggregations |= {name: _distinct(field) for name, field in _COUNTED.items()}
        answer = self._requests.search(counting(self._requests.live) | {"aggs": aggregations})
        found = {name: int(value["value"]) for name, value in answer["aggregations"].items()}
        texts = [
            FieldStats(name, found[f"terms_{name}"], found[f"words_{name}"]) for name in ranking.TEXT_FIELDS
        ]
        return [*texts, *(FieldStats(name, found[name], None) for name in _COUNTED)]

    def newer(self) -> OpenSearchReader | None:
        newest = published(self._cluster)
        is_same = (newest.index, newest.number) == (self.generation.index, self.generation.number)
        return None if is_same else OpenSearchReader(self._cluster, newest)

    def check(self) -> None:
        """The cluster checks its own checksums."""


def _distinct(field: str) -> dict[str, Any]:
    return {"cardinality": {"field": field, "precision_threshold": _PRECISION}}
