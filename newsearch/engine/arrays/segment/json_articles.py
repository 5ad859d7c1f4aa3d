"""Stored articles as JSON, without making an Article of each: in a third of the time.

`article_to_mapping` defines what is written, and `_json_articles.c` writes it. The rest is left to the Article: the few
with more than records and columns hold, and all if no compiler was available when newsearch was installed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from newsearch._compiled import compiled
from newsearch.engine.arrays.segment import columns
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

    def hit(self, doc: int, raw: bytes, before: bytes, after: bytes) -> bytes | None:
        """The article with this number as a hit: one object, on one line without spaces.

        Args:
            raw: its encoded record.
            before: the object as far as the id, without its end.
            after: members that follow the id and the url, each with a comma before it.

        Returns:
            `before`, the members `id` and, unless the article has no address, `url`, then `after`, and then all that
            `article_to_mapping` makes of the article. None if only the Article tells.

        Raises:
            IndexCorrupt: the stored data of the article is damaged.
        """
        if self._opened is None:
            return None
        try:
            hit: bytes | None = _compiled.hit(self._opened, doc, raw, before, after)
        except (TypeError, ValueError) as error:
            raise IndexCorrupt(self._path, f"article {doc} is damaged") from error
        return hit


_FLAGS = ("PUBLISHED", "DATED", "DATE_ONLY", "HAS_HEAT", "HAS_QUALITY", "MODIFIED", "MODIFIED_ONLY", "TAGGED")

_compiled = compiled(f"{__package__}._json_articles", {name: getattr(columns, name) for name in _FLAGS})
