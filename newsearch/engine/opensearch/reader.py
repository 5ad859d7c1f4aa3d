"""Reads one generation of an index, which never changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.base import FieldStats, Fold, LikeForm, Options
from newsearch.engine.opensearch import schema, stored
from newsearch.engine.opensearch.answer import OpenSearchAnswer
from newsearch.engine.opensearch.counts import Known
from newsearch.engine.opensearch.filters import HALF
from newsearch.engine.opensearch.generation import Generation, published
from newsearch.engine.opensearch.held import pages
from newsearch.engine.opensearch.paging import every
from newsearch.engine.opensearch.queries import PUBLISHED
from newsearch.engine.opensearch.searches import Requests, counting
from newsearch.engine.opensearch.translate import Translator
from newsearch.query.tree import All, Node, Word
from newsearch.text.hashes import hash_key

if TYPE_CHECKING:
    from newsearch.engine.figures import Stats
    from newsearch.engine.opensearch.connection import Cluster
    from newsearch.engine.opensearch.folded import FoldedOpenSearchAnswer
    from newsearch.engine.opensearch.groups import Groups

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
    """Implements `FoldingReader`.

    Args:
        cluster: where the index is.
        generation: what to read.
    """

    def __init__(self, cluster: Cluster, generation: Generation) -> None:
        self._cluster = cluster
        self.generation = generation
        self._requests = Requests(cluster, generation)
        self._known = Known(self._requests)
        self._grouping = Lock()

    def search(self, tree: Node, options: Options) -> OpenSearchAnswer:
        return OpenSearchAnswer(self._known, tree, options)

    # Copies

    def fold(self, tree: Node, options: Options, fold: Fold) -> FoldedOpenSearchAnswer:
        from newsearch.engine.opensearch.folded import FoldedOpenSearchAnswer  # few searches fold

        return FoldedOpenSearchAnswer(self._known, tree, options, fold, self._groups)

    def copies(self, id: str) -> list[Article]:
        hits = self._documents(id)
        if not hits:
            return []
        first, groups = hits[0], self._groups()
        number = int(groups.of([first["_source"]["key"]], [first["_source"]["source"]])[0])
        if number < 0:
            return [self._article(first)]
        filters = [*self._requests.live, PUBLISHED, {"terms": {"key": groups.keys(number)}}]
        found = list(every(self._requests, filters))
        sources = [hit["_source"] for hit in found]
        numbers = groups.of([source["key"] for source in sources], [source["source"] for source in sources])
        return [self._article(hit) for hit, of in zip(found, numbers.tolist(), strict=True) if of == number]

    def _groups(self) -> Groups:
        """Which articles are copies of each other."""
        from newsearch.engine.opensearch.groups import find_groups  # with all that compares articles

        # Threads that ask at the same time wait for one of them.
        with self._grouping:
            found: Groups = self._known.value("groups", lambda: find_groups(self._requests))
            return found

    # Articles

    def get(self, id: str) -> Article | None:
        return next(map(self._article, self._documents(id)), None)

    def _documents(self, id: str) -> list[Mapping[str, Any]]:
        """Hits of the live articles with an id. If several sources have one, that of the last source comes first."""
        filters = [*self._requests.live, {"term": {"key": hash_key(id) - HALF}}]
        found = self._requests.search({"size": 100, "query": {"bool": {"filter": filters}}})["hits"]["hits"]
        rank = {entry.location: number for number, entry in enumerate(self.generation.sources)}
        hits = self._cluster.sound(found)
        return sorted(hits, key=lambda hit: rank.get(hit["_source"]["source"], -1), reverse=True)

    def articles(self) -> Iterator[Article]:
        return self.exported()

    def exported(self) -> Iterator[Article]:
        return map(self._article, every(self._requests, self._requests.live))

    def kept(self, source: str) -> Iterator[Article]:
        filters = [*self.generation.kept(), {"term": {"source": source}}]
        return map(self._article, every(self._requests, filters))

    def ids(self, prefix: str) -> Iterator[str]:
        # In their order, from the prefix on. The other values, which tell equal ids apart, begin below all.
        body = {
            "query": {"bool": {"filter": self._requests.live}},
            "sort": [{"id": "asc"}, {"key": "asc"}, {"source": "asc"}, {"born": "asc"}],
            "search_after": [prefix, -HALF, "", 0],
            "_source": False,
        }
        for hits in pages(self._cluster, self.generation.index, body):
            for hit in hits:
                id: str = hit["sort"][0]
                if not id.startswith(prefix):
                    return
                yield id

    def _article(self, hit: Mapping[str, Any]) -> Article:
        return stored.article_of(self._cluster, hit)

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

    def like(self, term: str, edits: int, least: int = 1) -> list[LikeForm]:
        return [
            LikeForm(form, articles, distance)
            for distance, form, articles in self._known.like(term, edits, published=True)
            if form != term and articles >= least
        ]

    def count(self, node: Node) -> int:
        return self.search(node, Options(limit=0)).complete()

    def bound(self, words: Sequence[str]) -> int:
        return self.count(All(tuple(map(Word, words))))

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
        answer = self._cluster.ask("GET", f"/{generation.index}/_stats/store,segments,docs")
        with self._cluster.expecting():
            index = answer["_all"]["primaries"]
            documents = int(index["docs"]["count"]) + int(index["docs"]["deleted"])
            segments, size = int(index["segments"]["count"]), int(index["store"]["size_in_bytes"])
            dates = [None if at is None else datetime.fromtimestamp(int(at), UTC) for at in (oldest, newest)]
        kept = generation.articles + generation.hidden
        return Stats(
            articles=generation.articles,
            unpublished=generation.articles - found["published"]["doc_count"],
            deleted=max(0, documents - kept),
            hidden=generation.hidden,
            segments=segments,
            terms=found["terms"]["value"],
            size=size,
            files=0,
            format=schema.VERSION,
            generation=generation.number,
            oldest=dates[0],
            newest=dates[1],
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
