"""Real changes, one after the other, into a live index: the history of a site, and edits of news."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import newsearch
from newsearch.articles.article import Article

QUERIES = (
    "",
    "power apps",
    "microsoft release",
    "AI builder",
    "citizen developers low-code",
    '"power platform"',
)


@dataclass(frozen=True, slots=True)
class Change:
    """A file of a commit as it is from then on; None where it was deleted."""

    path: str
    text: str | None


def history(data: Path) -> Iterator[list[Change]]:
    """The commits of a site, each with the files that it changed.

    Args:
        data: the directory of history.jsonl.gz and versions.jsonl.gz.
    """
    versions = {v["blob"]: v["raw"] for v in _read(data / "versions.jsonl.gz")}
    for _, events in groupby(_read(data / "history.jsonl.gz"), lambda event: event["seq"]):
        yield [Change(e["path"], None if e["action"] == "delete" else versions[e["blob"]]) for e in events]


def apply(commit: list[Change], directory: Path) -> None:
    """Write the files of a commit."""
    for change in commit:
        path = directory / change.path
        if change.text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(change.text, encoding="utf-8", newline="")


def contents(index: newsearch.Index) -> dict[str, Article]:
    """All articles by id, without pictures, which an index keeps as they were at the last change of the rest."""
    return {article.id: _without_pictures(article) for article in index.articles()}


def answers(index: newsearch.Index) -> list[Any]:
    """What some searches find, with scores."""
    return [
        [(hit.id, hit.score) for hit in index.search(query, limit=50, unpublished=True)] for query in QUERIES
    ]


def fresh(directory: Path, index: Path) -> newsearch.Index:
    """An index that is built from nothing."""
    shutil.rmtree(index, ignore_errors=True)
    newsearch.build(directory, index=index)
    return newsearch.open(index)


def _without_pictures(article: Article) -> Article:
    provider = article.provider and replace(article.provider, images=())
    related = tuple(map(_without_pictures, article.related))
    return replace(article, images=(), provider=provider, related=related)


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
