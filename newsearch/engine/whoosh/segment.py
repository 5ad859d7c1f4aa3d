"""One segment, open for reading: where its words stand, its columns, its articles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch.article import Article, Provider
from newsearch.engine.whoosh import columns
from newsearch.engine.whoosh.dictionary import Dictionary
from newsearch.engine.whoosh.form import check_form, is_offsets
from newsearch.engine.whoosh.layout import ArrayFile
from newsearch.engine.whoosh.records import RecordReader, decode_rest
from newsearch.errors import IndexCorrupt, SourceError

Array: TypeAlias = NDArray[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_DOCS: Array = np.empty(0, np.uint16)
_NO_CODES: Array = np.empty(0, np.uint16)


class Segment:
    """A segment file and the articles of it that are still live.

    Args:
        path: of the segment file.
        deleted: numbers of the articles that were deleted or replaced since it was written.
        hidden: numbers of those that are kept, but not shown: another source has them too.

    Raises:
        IndexCorrupt: the file is damaged.
        IndexIncompatible: it was written in another format.
    """

    def __init__(
        self, path: Path, deleted: Sequence[int] | Array = (), hidden: Sequence[int] | Array = ()
    ) -> None:
        self.file = ArrayFile(path)
        check_form(self.file)
        self.name = path.stem
        self.articles = self.file.articles
        self.hidden = np.asarray(hidden, np.int64)
        self.deleted = np.union1d(np.asarray(deleted, np.int64), self.hidden)
        self.changed = False
        self.dictionary = Dictionary(self.file)
        self._columns: dict[str, Array] = {}
        self._names: dict[str, list[str]] = {}
        self._views: dict[str, memoryview] = {}
        self._post_doc = self._docs("post_doc")
        self._post_code = np.asarray(self.file.array("post_code"), np.uint8)
        self._post_pos = self.file.array("post_pos")
        self._more_doc = self._docs("more_doc")
        self._more_pos = self.file.array("more_pos")
        self._post_at = memoryview(self.file.array("post_at"))
        self._more_at = memoryview(self.file.array("more_at"))

    def _docs(self, name: str) -> Array:
        """Numbers of articles in the one type that the kernel takes: in a file they are as narrow as they can be."""
        return np.asarray(self.file.array(name), np.uint16)

    # Words

    def postings(self, first: int, last: int) -> tuple[Array, Array]:
        """Articles and codes of the postings of the exact forms [first, last), form by form."""
        at = slice(self._post_at[first], self._post_at[last])
        return self._post_doc[at], self._post_code[at]

    def word(self, term: str) -> tuple[Array, Array]:
        """Articles that hold a word in any form, and PARTS times its code there (see ranking)."""
        ref = self.dictionary.stem(term)
        if ref is None:
            return _NO_DOCS, _NO_CODES
        number = self.dictionary.number(term)
        if ref >= 0:
            doc, code = self.postings(ref, ref + 1)
            return doc, code.astype(np.uint16) * (ranking.PARTS if number == ref else ranking.PARTS - 1)
        doc, code = self.group(-1 - ref)
        both = code.astype(np.uint16) * (ranking.PARTS - 1)
        if number >= 0:
            exact_doc, exact_code = self.postings(number, number + 1)
            both[doc.searchsorted(exact_doc)] += exact_code
        return doc, both

    def group(self, number: int) -> tuple[Array, Array]:
        """Articles and codes of a group of forms that share a stem."""
        at = self.file.array("group_at")
        place = slice(int(at[number]), int(at[number + 1]))
        return self._group_doc[place], self.file.array("group_code")[place]

    @cached_property
    def _group_doc(self) -> Array:
        return self._docs("group_doc")

    def occurrences(self, first: int, last: int) -> tuple[Array, Array, Array, Array, Array]:
        """The slices of post_doc, post_code, post_pos, more_doc and more_pos of the exact forms [first, last)."""
        post = slice(self._post_at[first], self._post_at[last])
        more = slice(self._more_at[first], self._more_at[last])
        return (
            self._post_doc[post],
            self._post_code[post],
            self._post_pos[post],
            self._more_doc[more],
            self._more_pos[more],
        )

    @cached_property
    def lengths(self) -> Array:
        """Words in each text field: shape (articles, fields)."""
        return np.stack([self.column(f"length_{name}") for name in ranking.TEXT_FIELDS], axis=1)

    # Columns

    def column(self, name: str) -> Array:
        """A column by name, as it lies in the file.

        Raises:
            IndexCorrupt: it holds a number that it cannot hold.
        """
        found = self._columns.get(name)
        if found is None:
            # Records that are named by their URLs have equal hashes, kept once.
            found = self.file.array("id_hash" if name == "url_hash" and name not in self.file else name)
            if not self._is_sound(name, found):
                raise IndexCorrupt(self.file.path, f"the column {name!r} is damaged")
            self._columns[name] = found
        return found

    def _is_sound(self, name: str, values: Array) -> bool:
        # What counts or sizes something else is not believed unread: it could ask for all the memory there is.
        if name in columns.TABLES:
            return not len(values) or bool(values.max() < self.file.form(f"{name}_name_at")[1] - 1)
        if name == "topic_at":
            return is_offsets(values, self.file.form("topic")[1])
        return name not in ("heat", "quality") or bool(np.isfinite(values).all())

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """For each article, whether it can be found: it is not deleted, replaced or hidden."""
        mask = np.ones(self.articles, bool)
        mask[self.deleted] = False
        return mask

    @property
    def live_articles(self) -> int:
        """How many articles can be found."""
        return self.articles - len(self.deleted)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """For each article, whether it is neither deleted nor replaced, be it hidden or not."""
        mask = self.live.copy()
        mask[self.hidden] = True
        return mask

    @property
    def kept_articles(self) -> int:
        """How many articles are neither deleted nor replaced."""
        return self.live_articles + len(self.hidden)

    def delete(self, mask: NDArray[np.bool_]) -> None:
        """Take the articles of a mask for deleted from now on. Only a writer does so, to segments of its own."""
        if (mask & self.kept).any():
            self.live &= ~mask
            self.deleted = np.flatnonzero(~self.live)
            self.hidden = self.hidden[~mask[self.hidden]]
            self.changed = True

    def hide(self, mask: NDArray[np.bool_]) -> None:
        """Hide the kept articles of a mask, and show the others. Only a writer does so, to segments of its own."""
        kept = self.kept
        hidden = np.flatnonzero(mask & kept)
        if not np.array_equal(hidden, self.hidden):
            self.hidden = hidden
            self.live = kept & ~mask
            self.deleted = np.flatnonzero(~self.live)
            self.changed = True

    def signal(self, name: str) -> ranking.Floats:
        """heat or quality of every article, NaN where it is not known."""
        return columns.known(name, self.column("flag"), self.column(name))

    def names(self, table: str) -> list[str]:
        """All the strings of a table, in the order of their numbers."""
        found = self._names.get(table)
        if found is None:
            at = self.file.array(f"{table}_name_at")
            blob = self.file.array(f"{table}_name_bytes").tobytes()
            try:
                if not is_offsets(at, len(blob)):
                    raise ValueError("strings that overlap")
                found = [blob[start:end].decode() for start, end in pairwise(at.tolist())]
            except ValueError as error:
                raise IndexCorrupt(self.file.path, f"the strings of {table} are damaged") from error
            self._names[table] = found
        return found

    def _scalars(self, name: str) -> memoryview:
        found = self._views.get(name)
        if found is None:
            found = self._views[name] = memoryview(self.column(name))
        return found

    def _provider(self, number: int) -> Provider | None:
        # The table of providers is long where the others are short: only what is shown is decoded.
        at, blob = self._scalars("provider_name_at"), self._scalars("provider_name_bytes")
        return columns.provider_from_name(bytes(blob[at[number] : at[number + 1]]).decode())

    # Articles

    @cached_property
    def records(self) -> RecordReader:
        """The stored records."""
        return RecordReader(
            self.file.array("records"),
            self.file.array("record_at"),
            self.file.array("record_dictionary").tobytes(),
            str(self.file.path),
        )

    def article(self, doc: int) -> Article:
        """The article of this number, whole.

        Raises:
            IndexCorrupt: what is kept of it is damaged.
        """
        try:
            return self._article(doc)
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
            SourceError,
        ) as error:
            raise IndexCorrupt(self.file.path, f"article {doc} is damaged") from error

    def _article(self, doc: int) -> Article:
        id_, title, excerpt, web_url, original_url, amp_web_url, cdn_amp_web_url, body, rest = (
            self.records.read(doc)
        )
        few = decode_rest(rest)
        flag = self._scalars("flag")[doc]
        when: datetime | date | None = None
        if flag & columns.DATED:
            when = _EPOCH + timedelta(seconds=self._scalars("date")[doc], microseconds=few["microsecond"])
            if flag & columns.DATE_ONLY:
                when = when.date()
        at, topics, names = self._scalars("topic_at"), self._scalars("topic"), self.names("topic")
        return Article(
            id=id_,
            title=title,
            excerpt=excerpt,
            topics=tuple([names[topics[i]] for i in range(at[doc], at[doc + 1])]),
            body=body,
            date=when,
            original_url=original_url or None,
            web_url=web_url or None,
            amp_web_url=amp_web_url or None,
            cdn_amp_web_url=cdn_amp_web_url or None,
            category=self.names("category")[self._scalars("category")[doc]],
            type=self.names("type")[self._scalars("type")[doc]],
            language=self.names("language")[self._scalars("language")[doc]] or None,
            heat=self._scalars("heat")[doc] if flag & columns.HAS_HEAT else None,
            quality=self._scalars("quality")[doc] if flag & columns.HAS_QUALITY else None,
            published=bool(flag & columns.PUBLISHED),
            provider=self._provider(self._scalars("provider")[doc]),
            images=few["images"],
            related=few["related"],
            extra=few["extra"],
        )
