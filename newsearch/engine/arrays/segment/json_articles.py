"""Stored articles as JSON, without making an Article of each: in a third of the time.

`article_to_mapping` defines what is written, and `_json_articles.c` writes it. The rest is left to the Article: the few
with more than records and columns hold, and all if no compiler was available when newsearch was installed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from newsearch._compiled import compiled
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.records import BROKEN, MAX_RECORD
from newsearch.engine.arrays.segment.segment import Segment
from newsearch.engine.arrays.segment.stored import FACTS, TABLES
from newsearch.errors import IndexCorrupt
from newsearch.text.clean import escape_unseen

_ASKED = 4096
"""Articles that were asked for lately and are remembered, roughly."""


class JsonArticles:
    """The articles of some segments as JSON.

    Args:
        starts: the number of the first article of each segment.
    """

    def __init__(self, segments: Sequence[Segment], starts: list[int]) -> None:
        self._segments = segments
        self._starts = starts
        self._opened: list[Any] = [None] * len(segments)
        self._asked = bytearray(4 * _ASKED)

    def hits(
        self,
        rows: list[tuple[Any, int, float]],
        held: list[bool],
        rank: int,
        more: list[bytes],
        recent: tuple[Mapping[int, bytes], Mapping[int, bytes]],
    ) -> tuple[list[bytes | None], dict[int, bytes]]:
        """Articles as hits: each as one object, on one line without spaces, with invisible characters escaped.

        Args:
            rows: the number of each article is in the middle, and its score at the end.
            held: for each, whether it contains every word.
            rank: that of the first.
            more: for each, members that follow the id and the url, with a comma before each. May be empty.
            recent: encoded records, by the number of their article.

        Returns:
            For each hit the members `rank`, `score`, `complete`, `id` and, unless the article has no address, `url`,
            then `more`, and then all that `article_to_mapping` makes of the article; None if only the Article tells.
            And the records that were read, of those articles which are likely to be asked for again.

        Raises:
            IndexCorrupt: the stored data of an article is damaged.
        """
        read: dict[int, bytes] = {}
        if _compiled is None:
            return [None] * len(rows), read
        try:
            found, others = _compiled.hits(
                *(self._opened, self._starts, self._open, rows, held, rank, more),
                *(recent, self._asked, read),
            )
            if not others.decode().isprintable():
                found = [hit and escape_unseen(hit.decode()).encode() for hit in found]
        except (TypeError, ValueError, *BROKEN) as error:
            if len(rows) > 1:
                for row in rows:
                    self.hits([row], [True], 1, [], recent)
                raise
            doc = rows[0][1]
            at = bisect_right(self._starts, doc) - 1
            segment, number = self._segments[at], doc - self._starts[at]
            segment.records.raw(number)
            raise IndexCorrupt(segment.file.path, f"article {number} is damaged") from error
        return found, read

    def _open(self, at: int) -> None:
        segment = self._segments[at]
        facts = tuple(map(segment.column, FACTS))
        tables = [segment.column(f"{table}_name_{part}") for table in TABLES for part in ("at", "bytes")]
        try:
            self._opened[at] = _compiled.opened(facts, tuple(tables), *segment.records.opened())
        except BufferError:  # bytes that are all equal, kept as one
            self._opened[at] = False


_FLAGS = ("PUBLISHED", "DATED", "DATE_ONLY", "HAS_HEAT", "HAS_QUALITY", "MODIFIED", "MODIFIED_ONLY", "TAGGED")

_constants = {name: getattr(columns, name) for name in _FLAGS} | {"MAX_RECORD": MAX_RECORD}
_compiled = compiled(f"{__package__}._json_articles", _constants)
