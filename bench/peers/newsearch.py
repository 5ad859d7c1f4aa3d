"""newsearch, as a user of the library calls it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.corpus import Corpus
from bench.peers.base import TOP, Answer, Hit
from bench.queries import BenchQuery
from newsearch import Index, build
from newsearch import open as open_index


class Newsearch:
    """newsearch with its defaults, which include the boosts; `workers` stays at one process."""

    name = "newsearch"
    index = "newsearch"
    note = "some-words queries rank articles that hold every word first"

    @property
    def version(self) -> str:
        try:
            return version("newsearch")
        except PackageNotFoundError:
            return "not installed"

    def answers(self, query: BenchQuery) -> bool:
        return True

    def build(self, corpus: Corpus, index: Path) -> None:
        build(corpus.path, index=index, workers=1)

    def open(self, index: Path) -> NewsearchSearcher:
        return NewsearchSearcher(open_index(index))


class NewsearchSearcher:
    def __init__(self, index: Index) -> None:
        self._index = index

    def search(self, query: BenchQuery) -> Answer:
        results = self._index.search(
            _text(query),
            limit=TOP,
            offset=query.offset,
            sort=query.sort or "relevance",
            after=query.start,
            before=query.end,
            providers=() if query.provider is None else (query.provider,),
            topics=() if query.topic is None else (query.topic,),
            min_heat=query.heat,
        )
        hits = [Hit(hit.title, hit.url or "", hit.score) for hit in results]
        total = results.total if query.count else None
        if query.articles:
            for hit in results:
                _ = hit.article
        wanted = ("topic", "month") if query.facets else ()
        return Answer(hits, total, {name: dict(results.facet(name, limit=1000)) for name in wanted})

    def close(self) -> None:
        self._index.close()


def _text(query: BenchQuery) -> str:
    if query.kind == "words":
        text = (" AND " if query.every else " ").join(query.text.split())
    else:
        text = {"phrase": '"{}"', "prefix": "{}*", "fuzzy": "{}~", "typed": "{}"}[query.kind].format(
            query.text
        )
    if query.field:
        text = f"{query.field}:{text}"
    if query.either:
        text = f"({text} OR {query.either})"
    beside = [text]
    if query.more:
        beside.append(f"AND {query.more}")
    if query.without:
        beside.append(f"-{query.without}")
    return " ".join(beside).strip()
