"""What a cluster answers that has a few articles, so that tests can damage some of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from proxy import Answer, AnswerTo

from newsearch.articles.article import Article
from newsearch.engine.opensearch.documents import documents
from newsearch.engine.opensearch.filters import HALF
from newsearch.engine.opensearch.generation import Generation, SourceEntry
from newsearch.text.hashes import hash_key

Json = dict[str, Any]


def generation(**changed: Any) -> Json:
    """The description of a generation, as a cluster has it."""
    made = Generation(7, "news--7", articles=1, languages=("en",), sources=(SourceEntry("/a"),))
    return made.document() | changed


def described(**document: Any) -> AnswerTo:
    """A cluster with an index that is described so."""
    shown = {"bool": {"filter": [{"range": {"born": {"lte": 7}}}]}}
    alias = {"news--7": {"aliases": {"news": {"filter": shown}}}}

    def answer(method: str, path: str, body: bytes) -> Answer:
        return (200, alias) if path.startswith("/_alias") else (200, {"found": True, "_source": document})

    return answer


def document_of(article: Article, /, **changed: Any) -> Json:
    """The document of an article of the source /a."""
    own = {"key": hash_key(article.id) - HALF, "content": 0, "source": "/a", "born": 1, "hidden": False}
    (made,) = documents([article], frozenset(), [own])
    found: Json = json.loads(made)
    return found | changed


class FakeCluster:
    """Answers as a cluster does that has these documents, whatever is searched for. An `AnswerTo`.

    Attributes:
        documents: what a test may damage.
        asked: the bodies of all searches.
    """

    def __init__(self, *documents: Json, **changed: Any) -> None:
        self.documents = list(documents)
        self.asked: list[Json] = []
        self._described = described(**generation(articles=len(documents), **changed))

    def __call__(self, method: str, path: str, body: bytes) -> Answer | None:
        path = path.partition("?")[0]
        last = path.rpartition("/")[2]
        if path.startswith("/_alias") or "/_doc/generation" in path:
            return self._described(method, path, body)
        if last == "point_in_time":
            return 200, {"pit_id": "a"}
        if last == "_search":
            return 200, self.searched(json.loads(body))
        if last == "_msearch":
            lines = list(map(json.loads, body.splitlines()))
            return 200, {"responses": [self.searched(line) for line in lines[1::2]]}
        if last == "_mget":
            found = [{"_id": id, "found": True} for id in json.loads(body)["ids"]]
            return 200, {"docs": [one | two for one, two in zip(found, self._hits({}), strict=False)]}
        return (200, _FIGURES[last]) if last in _FIGURES else (404, {})

    def searched(self, body: Json) -> Json:
        """The answer to a search."""
        self.asked.append(body)
        hits = self._hits(body) if body.get("size", 10) else []
        hits = hits[: body.get("size", 10)]
        total = len(self.documents)
        aggregations = {name: _aggregated(of, total) for name, of in body.get("aggs", {}).items()}
        return {"hits": {"hits": hits, "total": {"value": total}}, "aggregations": aggregations}

    def _hits(self, body: Mapping[str, Any]) -> list[Json]:
        found = []
        for number, document in enumerate(self.documents):
            hit: Json = {"_id": f"document {number}", "_score": 1.0 - number / 100, "_source": document}
            if body.get("_source") is False or "stored_fields" in body:
                del hit["_source"]
            if isinstance(document, dict) and (names := body.get("docvalue_fields")):
                hit["fields"] = {name: _listed(document[name]) for name in names if name in document}
            if sort := body.get("sort"):
                by = [next(iter(each)) for each in sort]
                known = document if isinstance(document, dict) else {}
                hit["sort"] = [known.get(name, "/a" if name == "source" else 0) for name in by]
            found.append(hit)
        return found


_FIGURES = {
    "store,segments,docs": {
        "_all": {
            "primaries": {
                "docs": {"count": 1, "deleted": 0},
                "segments": {"count": 1},
                "store": {"size_in_bytes": 1},
            }
        }
    },
    "news--7": {"indices": {}},
    "_segments": {"indices": {}},
}
"""What a cluster says of an index, of its health and of its segments, by the last part of the path."""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _aggregated(asked: Json, total: int) -> Json:
    inner = {name: _aggregated(of, total) for name, of in asked.get("aggs", {}).items()}
    if "filter" in asked:
        return {"doc_count": total, **inner}
    if "terms" in asked:
        field = asked["terms"].get("field")
        known = {"language": "en", "source": "/a"}
        bucket = {"key": known.get(field, "ban"), "doc_count": total, "doc_count_error_upper_bound": 0}
        return {"buckets": [bucket | inner], "doc_count_error_upper_bound": 0}
    if "composite" in asked:
        return {"buckets": []}
    return {"value": None if asked.keys() & {"min", "max"} else total}
