"""JSON files: a site's published feed, a list of articles, or one article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_record
from newsearch.errors import SourceError
from newsearch.sources.base import Snapshot
from newsearch.sources.files import printable, snapshot_of_file, unreadable
from newsearch.sources.json_lines import READ_ERRORS, open_json, parse_json

MAX_FEED_SIZE: Final = 256_000_000
"""Bytes, decompressed: a feed is parsed as a whole; JSON Lines have no such limit."""


class JsonFeed:
    """One JSON document: `{"page": 1, "value": [article, ...]}`, `[article, ...]`, or one article.

    Only what is in the file is read: `nextPage` is not followed.
    """

    one_each = False
    lasting = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self.location = printable(path)

    def snapshot(self) -> Snapshot:
        return snapshot_of_file(self._path)

    def articles(
        self, workers: int = 1, names: Sequence[str] | None = None
    ) -> Iterator[Article | SourceError]:
        try:
            with open_json(self._path) as content:
                data = content.read(MAX_FEED_SIZE + 1)
        except READ_ERRORS as error:
            raise unreadable(self._path, error) from error
        if len(data) > MAX_FEED_SIZE:
            raise SourceError(self.location, f"larger than {MAX_FEED_SIZE // 1_000_000} MB; use JSON Lines")
        document = parse_json(data, self.location)
        if isinstance(document, dict) and isinstance(document.get("value"), list):
            document = document["value"]
        records = document if isinstance(document, list) else [document]
        for number, record in enumerate(records, 1):
            try:
                yield article_from_record(record, f"{self.location}#", self._path.name, number)
            except SourceError as error:
                yield error

    def done(self) -> None:
        return None  # it is read at once
