"""One segment, open for reading: its postings, its columns, its articles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._cached import cached_property
from newsearch.articles.article import Article
from newsearch.engine.arrays.files.layout import ArrayFile
from newsearch.engine.arrays.segment import columns
from newsearch.engine.arrays.segment.dictionary import Dictionary
from newsearch.engine.arrays.segment.form import check_form, is_offsets
from newsearch.engine.arrays.segment.records import Record, RecordReader
from newsearch.engine.arrays.segment.stored import StoredArticles
from newsearch.engine.arrays.segment.urls import NAMES, UrlParts
from newsearch.errors import IndexCorrupt, SourceError
from newsearch.text.analysis import Stemming

Array: TypeAlias = NDArray[Any]


class Place(NamedTuple):
    """The exact forms [first, last), only in articles of these languages. An empty tuple means all languages."""

    first: int
    last: int
    languages: tuple[int, ...] = ()


class Segment:
    """A segment file and which of its articles are still live.

    Args:
        path: the path of the segment file.
        deleted: the numbers of the articles that were deleted or replaced since the file was written.
        hidden: the numbers of the articles that are kept but not shown because another source has them too.
        protected: terms that are not stemmed in this index (see Stemming).

    Raises:
        IndexCorrupt: the file is damaged.
        IndexIncompatible: the file was written in another format.
    """

    def __init__(
        self,
        path: Path,
        deleted: Sequence[int] | Array = (),
        hidden: Sequence[int] | Array = (),
        protected: frozenset[str] = frozenset(),
    ) -> None:
        self.file = ArrayFile(path)
        check_form(self.file)
        self.name = path.stem
        self.articles = self.file.articles
        self.hidden = np.asarray(hidden, np.int64)
        self.deleted = np.asarray(deleted, np.int64)
        if len(self.hidden):
            # Only if needed: union1d makes numpy import as much as everything else in a search.
            self.deleted = np.union1d(self.deleted, self.hidden)
        self.changed = False
        self.protected = protected
        self.dictionary = Dictionary(self.file, protected)
        # Without this array, all articles are English.
        self._language = self.file.array("stem_language") if "stem_language" in self.file else None
        self._columns: dict[str, Array] = {}
        self._names: dict[str, list[str]] = {}
        self._post_doc = self._docs("post_doc")
        self._post_code = np.asarray(self.file.array("post_code"), np.uint8)
        self._post_pos = self.file.array("post_pos")
        self._more_doc = self._docs("more_doc")
        self._more_pos = self.file.array("more_pos")
        self._post_at = memoryview(self.file.array("post_at"))
        self._more_at = memoryview(self.file.array("more_at"))

    def _docs(self, name: str) -> Array:
        """Article numbers in the one type that the kernel accepts. The file stores them in the narrowest type."""
        return np.asarray(self.file.array(name), np.uint16)

    # Words

    def postings(self, first: int, last: int) -> tuple[Array, Array]:
        """The articles and codes in the postings of the exact forms [first, last), form by form."""
        at = slice(self._post_at[first], self._post_at[last])
        return self._post_doc[at], self._post_code[at]

    def lookup_arrays(self) -> tuple[Array | None, ...]:
        """The arrays that `_lookup.c` reads."""
        array = self.file.array
        return (
            array("term_bytes"),
            array("term_at"),
            array("stem_hash"),
            # The file stores it in the narrowest type.
            np.asarray(array("stem_ref"), np.int32),
            array("stem_at") if "stem_at" in self.file else None,
            array("group_form_at"),
            array("group_form"),
            array("post_at"),
            self._post_doc,
            self._post_code,
            self._language,
            self.dead,
        )

    def posting_arrays(self) -> tuple[Array, Array, Array | None, int]:
        """All postings: their articles and codes, the language of each article, and the number of articles."""
        return self._post_doc, self._post_code, self._language, self.articles

    def position_arrays(self) -> tuple[Array, ...]:
        """The further arrays that `_lookup.c` reads to find words side by side."""
        more_at = self.file.array("more_at")
        lengths = [self.column(f"length_{name}") for name in ranking.TEXT_FIELDS]
        return self._post_pos, more_at, self._more_doc, self._more_pos, *lengths

    def any_form(self, term: str) -> list[Place]:
        """The places of all forms of a word, in ascending order."""
        spoken: dict[int, list[int]] = {}
        for language in self.dictionary.stemmings:
            for form in self.dictionary.forms(term, language):
                spoken.setdefault(form, []).append(language)
        # The term itself shares its stem in every language.
        exact = self.dictionary.number(term)
        return [
            Place(form, form + 1, () if self._language is None or form == exact else tuple(languages))
            for form, languages in sorted(spoken.items())
        ]

    def exact_form(self, term: str) -> list[Place]:
        """The place of an exact form; empty if the segment does not have it."""
        number = self.dictionary.number(term)
        return [Place(number, number + 1)] if number >= 0 else []

    def occurrences(
        self, first: int, last: int, languages: tuple[int, ...] = ()
    ) -> tuple[Array, Array, Array, Array, Array]:
        """post_doc, post_code, post_pos, more_doc and more_pos of the exact forms [first, last).

        Args:
            languages: the numbers of the languages to which the articles are limited. All if empty.
        """
        post = slice(self._post_at[first], self._post_at[last])
        more = slice(self._more_at[first], self._more_at[last])
        doc, code, pos = self._post_doc[post], self._post_code[post], self._post_pos[post]
        more_doc, more_pos = self._more_doc[more], self._more_pos[more]
        spoken = _spoken(languages)
        if spoken is not None and self._language is not None:
            kept = spoken.take(self._language.take(doc))
            doc, code, pos = doc[kept], code[kept], pos[kept]
            kept = spoken.take(self._language.take(more_doc))
            more_doc, more_pos = more_doc[kept], more_pos[kept]
        return doc, code, pos, more_doc, more_pos

    @cached_property
    def languages(self) -> Array:
        """The language number of every article, an index into analysis.LANGUAGES."""
        return np.zeros(self.articles, np.uint8) if self._language is None else self._language

    def stemming(self, doc: int) -> Stemming:
        """How the words of an article were stemmed."""
        number = 0 if self._language is None else int(self._language[doc])
        return self.dictionary.stemmings.get(number) or Stemming("en", self.protected)

    @cached_property
    def lengths(self) -> Array:
        """The number of words in each text field: shape (articles, fields)."""
        return np.stack([self.column(f"length_{name}") for name in ranking.TEXT_FIELDS], axis=1)

    # Columns

    def column(self, name: str) -> Array:
        """A column by name, in the type that the file has. Only `flag` is always uint16.

        Raises:
            IndexCorrupt: the column holds an invalid number.
        """
        found = self.stored_column(name)
        # numpy rejects the higher bits for a narrower type. To keep both would cost memory for every article.
        return np.asarray(found, np.uint16) if name == "flag" else found

    def stored_column(self, name: str) -> Array:
        """A column by name, in the type that the file has: the narrowest.

        Raises:
            IndexCorrupt: the column holds an invalid number.
        """
        found = self._columns.get(name)
        if found is None:
            found = self.unchecked_column(name)
            if not self._is_sound(name, found):
                raise IndexCorrupt(self.file.path, f"the column {name!r} is damaged")
            self._columns[name] = found
        return found

    def unchecked_column(self, name: str) -> Array:
        """As `stored_column`, for loops that check each number before they use it: to read all takes longer."""
        column = columns.BY_NAME.get(name)
        is_kept = name in self.file or not (column and column.same_as)
        return self.file.array(name if is_kept or not column else column.same_as)

    def _is_sound(self, name: str, values: Array) -> bool:
        # Numbers that index or size something else are checked first. Otherwise they could exhaust the memory.
        if name in columns.TABLES:
            return not len(values) or bool(values.max() < self.file.form(f"{name}_name_at")[1] - 1)
        listed = name.removesuffix("_at")
        if listed != name and listed in columns.SEVERAL:
            return is_offsets(values, self.file.form(listed)[1])
        return name not in _SIGNALS or bool(np.isfinite(values).all())

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """For each article, whether it can be found, which means not deleted, replaced or hidden."""
        mask = np.ones(self.articles, bool)
        mask[self.deleted] = False
        return mask

    @property
    def dead(self) -> NDArray[np.uint16]:
        """The articles that cannot be found, sorted."""
        return np.sort(self.deleted).astype(np.uint16)

    @property
    def live_articles(self) -> int:
        """The number of articles that can be found."""
        return self.articles - len(self.deleted)

    @property
    def kept(self) -> NDArray[np.bool_]:
        """For each article, whether it is neither deleted nor replaced. It may be hidden."""
        mask = self.live.copy()
        mask[self.hidden] = True
        return mask

    @property
    def kept_articles(self) -> int:
        """The number of articles that are neither deleted nor replaced."""
        return self.live_articles + len(self.hidden)

    def delete(self, mask: NDArray[np.bool_]) -> None:
        """Mark the articles in a mask as deleted. Only a writer does this, to its own segments."""
        if (mask & self.kept).any():
            self.live &= ~mask
            self.deleted = np.flatnonzero(~self.live)
            self.hidden = self.hidden[~mask[self.hidden]]
            self.changed = True

    def hide(self, mask: NDArray[np.bool_]) -> None:
        """Hide the kept articles in a mask, and show the others. Only a writer does this, to its own segments."""
        kept = self.kept
        hidden = np.flatnonzero(mask & kept)
        if not np.array_equal(hidden, self.hidden):
            self.hidden = hidden
            self.live = kept & ~mask
            self.deleted = np.flatnonzero(~self.live)
            self.changed = True

    def signal(self, name: str) -> ranking.Floats:
        """The heat or quality of every article, NaN if unknown."""
        return columns.known(name, self.column("flag"), self.column(name))

    def names(self, table: str) -> list[str]:
        """All strings of a table, in the order of their numbers."""
        found = self._names.get(table)
        if found is None:
            text, at = self.encoded_names(table)
            blob = text.tobytes()
            names = [blob[start:end] for start, end in pairwise(at.tolist())]
            found = self._names[table] = self.decoded(table, names)
        return found

    def encoded_names(self, table: str, *, is_checked: bool = True) -> tuple[Array, Array]:
        """All strings of a table in UTF-8, concatenated, and the start of each and the end of the last.

        Args:
            is_checked: whether each of these places is compared with the one before; otherwise the caller does that.
        """
        at, text = self.file.array(f"{table}_name_at"), self.file.array(f"{table}_name_bytes")
        if not (is_offsets(at, len(text)) if is_checked else at[0] == 0 and at[-1] == len(text)):
            raise IndexCorrupt(self.file.path, f"the strings of {table} are damaged")
        return text, at

    def decoded(self, table: str, names: Iterable[bytes]) -> list[str]:
        """Strings of a table as text."""
        try:
            return [name.decode() for name in names]
        except ValueError as error:
            raise IndexCorrupt(self.file.path, f"the strings of {table} are damaged") from error

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

    @cached_property
    def _url_parts(self) -> UrlParts | None:
        if not all(name in self.file for name in NAMES):
            return None
        text, at, post_at, post_doc = map(self.file.array, NAMES)
        return UrlParts(text, at, post_at, post_doc, self.articles)

    def maybe_with_url(self, part: str) -> tuple[Array, bool] | None:
        """A bitmap of the articles that may have a URL with this part, case-folded, and whether each certainly has it.
        None if any article may."""
        wanted = part.encode("utf-8", "surrogatepass")
        return self._url_parts.find(wanted) if self._url_parts else None

    def maybe_with_id(self, prefix: str) -> Array:
        """The articles whose ids may begin so, sorted."""
        if self._url_parts is None:
            return np.arange(self.articles)
        is_url = self.column("id_hash") == self.column("url_hash")
        maybe: Array = np.flatnonzero(~is_url | self._url_parts.begun(prefix))
        return maybe

    @cached_property
    def _stored(self) -> StoredArticles:
        return StoredArticles(self.stored_column)

    def article(self, doc: int, record: Record | None = None) -> Article:
        """The complete article with this number.

        Args:
            record: its stored record, if it has already been read.

        Raises:
            IndexCorrupt: the stored data of the article is damaged.
        """
        try:
            return self._stored.article(doc, record or self.records.read(doc))
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


_SIGNALS = columns.of_kind(columns.SIGNAL)


@lru_cache(maxsize=256)
def _spoken(languages: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """For every language number, whether it is one of these. None, which means all, if there are none."""
    if not languages:
        return None
    table = np.zeros(256, bool)
    table[list(languages)] = True
    table.flags.writeable = False
    return table


def count_kept(segments: Iterable[Segment]) -> int:
    """The number of articles in some segments that are neither deleted nor replaced."""
    return sum(segment.kept_articles for segment in segments)


def of_sources(segment: Segment, sources: Iterable[str]) -> Array:
    """A mask of the kept articles of a segment that come from these sources."""
    wanted = np.isin(segment.names("source"), list(sources))
    mask: Array = wanted[segment.column("source")] & segment.kept
    return mask
