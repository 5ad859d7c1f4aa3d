"""Stored articles as JSON, without making an Article of each: in a third of the time.

`article_to_mapping` defines what is written, and `_json_articles.c` writes it. The rest is left to the Article: the few
with more than records and columns hold, and all if no compiler was available when newsearch was installed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from newsearch._compiled import compiled
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import Record
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.stored import FACTS, TABLES
from newsearch.errors import IndexCorrupt


class JsonArticles:
    """The articles of one segment as JSON."""

    def __init__(self, segment: Segment) -> None:
        self._path = segment.file.path
        self._opened: Any = None
        if _compiled is not None:
            facts = tuple(map(segment.column, FACTS))
            tables = [segment.column(f"{table}_name_{part}") for table in TABLES for part in ("at", "bytes")]
            with suppress(BufferError):  # a table of equal bytes, kept as one
                self._opened = _compiled.opened(facts, tuple(tables))

    def text(self, doc: int, record: Record) -> str | None:
        """The object that `article_to_mapping` makes of the article with this number, on one line without spaces.

        Args:
            record: its stored record.

        Returns:
            None if only the Article tells.

        Raises:
            IndexCorrupt: the stored data of the article is damaged.
        """
        if self._opened is None:
            return None
        try:
            text: str | None = _compiled.text(self._opened, doc, record)
        except (TypeError, ValueError) as error:
            raise IndexCorrupt(self._path, f"article {doc} is damaged") from error
        return text


_FLAGS = ("PUBLISHED", "DATED", "DATE_ONLY", "HAS_HEAT", "HAS_QUALITY", "MODIFIED", "MODIFIED_ONLY", "TAGGED")

_compiled = compiled(f"{__package__}._json_articles", {name: getattr(columns, name) for name in _FLAGS})
