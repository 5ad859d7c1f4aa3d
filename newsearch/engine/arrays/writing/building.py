"""The inner loops of indexing, which run once per article or once per word.

The Python and numpy versions here are the reference. Where `_building.c` has been compiled, its functions of the same
names replace them. They return identical arrays in a fifth of the time.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from struct import pack
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch import ranking
from newsearch._compiled import compiled
from newsearch.articles.article import Article
from newsearch.engine.arrays.segment import columns, form, postings
from newsearch.engine.arrays.segment.records import encode_record, folded_bytes, urls_of
from newsearch.engine.arrays.segment.urls import NAMES, parts_of
from newsearch.stories.signatures import (
    BITS,
    LEAD,
    TEXT_SHINGLE,
    TEXT_SLOTS,
    TITLE_SHINGLE,
    TITLE_SLOTS,
    signature_of,
)
from newsearch.stories.wording import (
    DATELINE_CHUNKS,
    ENDING_WORDS,
    KEPT_WORDS,
    MISREAD,
    bare_title,
    dateline,
)
from newsearch.text import analysis
from newsearch.text.hashes import hash_bytes, hash_key

Array: TypeAlias = NDArray[Any]


MARKS = 3
"""What signatures need of a text besides its words: how many of its terms come before the suffix of a publisher,
if it is a headline; how many are a dateline, if it is a report; and whether it may have been decoded wrongly."""


class TermNumbering:
    """Texts -> the numbers of their terms. Each distinct chunk, a run of text without white space, is analysed once.

    Args:
        terms: the number of each term. New terms are added.
        analyse: returns the terms of a chunk (see analysis.chunk_terms).

    Its length is the number of cached chunks.
    """

    def __init__(self, terms: dict[str, int], analyse: Callable[[str], tuple[str, ...]]) -> None:
        self._chunks = _Chunks(terms, analyse)

    def __len__(self) -> int:
        return len(self._chunks)

    def numbered(self, texts: list[str]) -> tuple[bytes, bytes, bytes]:
        """The term numbers of all texts, the number of terms in each text, and its MARKS; all as bytes of int32."""
        numbers, counts, marks = array("i"), array("i"), array("i")
        for text in texts:
            before = len(numbers)
            # Analysis folds case anyway. Folding here too means one cached chunk instead of one per capitalisation.
            told = list(map(self._chunks.__getitem__, text.lower().split()))
            numbers.extend(chain.from_iterable(told))
            counts.append(len(numbers) - before)
            chunks = text.split()
            for end in (len(bare_title(chunks)), dateline(chunks)):
                marks.append(sum(map(len, told[:end])))
            marks.append(MISREAD.search(text) is not None)
        return numbers.tobytes(), counts.tobytes(), marks.tobytes()


class _Chunks(dict[str, tuple[int, ...]]):
    def __init__(self, terms: dict[str, int], analyse: Callable[[str], tuple[str, ...]]) -> None:
        self._terms = terms
        self._analyse = analyse

    def __missing__(self, chunk: str) -> tuple[int, ...]:
        terms = self._terms
        self[chunk] = numbers = tuple(terms.setdefault(term, len(terms)) for term in self._analyse(chunk))
        return numbers


class SortedTexts(NamedTuple):
    """Distinct texts sorted by code point, as bytes.

    Attributes:
        numbers: the position of each text in the input, int64.
        utf8: the texts, concatenated.
        starts: the offset of each text in `utf8`, then the total length, int64.
    """

    numbers: bytes
    utf8: bytes
    starts: bytes


def sorted_texts(texts: list[str]) -> tuple[bytes, ...]:
    """Sort distinct texts. Returns the fields of a SortedTexts."""
    numbers = sorted(range(len(texts)), key=texts.__getitem__)
    encoded = [texts[i].encode("utf-8", "surrogatepass") for i in numbers]
    return SortedTexts(
        np.array(numbers, np.int64).tobytes(),
        b"".join(encoded),
        np.cumsum([0, *map(len, encoded)], dtype=np.int64).tobytes(),
    )


class Inverted(NamedTuple):
    """Postings, sorted by form and article, as bytes.

    Attributes:
        counts: the number of postings of each form, int32.
        doc: the article of each posting, uint16.
        weight: the summed weight of its occurrences, float64.
        pos: its first position, uint16.
        more_counts, more_doc, more_pos: the same for the further positions.
    """

    counts: bytes
    doc: bytes
    weight: bytes
    pos: bytes
    more_counts: bytes
    more_doc: bytes
    more_pos: bytes


def inverted(
    tokens: Array, place: Array, lengths: Array, order: Array, weights: Array, forms: int, most: int
) -> tuple[bytes, ...]:
    """Build the postings of some articles. Returns the fields of an Inverted.

    Args:
        tokens: int32, the term number of each word, article by article, field by field.
        place: int32, the form number of each term, among the indexed forms.
        lengths: int32, words in each field of each article, flattened.
        order: int64, the articles, in the order of their numbers.
        weights: float64, the weight of one occurrence in each field of each article, flattened.
        forms: the number of forms.
        most: the number of leading words of each article that are indexed, at most 65,536.
    """
    by_field = lengths.reshape(len(order), len(ranking.TEXT_FIELDS))
    words = by_field.sum(axis=1, dtype=np.int64)
    start = np.cumsum(words) - words
    pos = np.arange(len(tokens)) - np.repeat(start, words)
    key = place[tokens].astype(np.int64) << 32 | np.repeat(columns.inverse(order), words) << 16 | pos
    key = key[pos < most] if len(pos) and pos.max() >= most else key
    # Sorting packed integers is several times faster than an argsort on three keys.
    key.sort()
    pos = key & 0xFFFF
    doc = (key >> 16) & 0xFFFF
    form = key >> 32
    is_first = np.ones(len(key), bool)
    np.not_equal(key[1:] >> 16, key[:-1] >> 16, out=is_first[1:])
    first = np.flatnonzero(is_first)
    more = np.flatnonzero(~is_first)

    weight = np.zeros(len(first))
    posting = np.cumsum(is_first) - 1
    article = order[doc]
    ends = np.cumsum(by_field, axis=1)
    for field in range(by_field.shape[1]):
        end = ends[article, field]
        is_here = (pos >= end - by_field[article, field]) & (pos < end)
        counts = np.bincount(posting[is_here], minlength=len(first))
        weight += counts * weights.reshape(by_field.shape)[article[first], field]
    return Inverted(
        counts=np.bincount(form[first], minlength=forms).astype(np.int32).tobytes(),
        doc=doc[first].astype(np.uint16).tobytes(),
        weight=weight.tobytes(),
        pos=pos[first].astype(np.uint16).tobytes(),
        more_counts=np.bincount(form[more], minlength=forms).astype(np.int32).tobytes(),
        more_doc=doc[more].astype(np.uint16).tobytes(),
        more_pos=pos[more].astype(np.uint16).tobytes(),
    )


def hash_keys(texts: list[str]) -> bytes:
    """`hash_key` of each text, as bytes of uint64."""
    return array("Q", map(hash_key, texts)).tobytes()


class Facts(NamedTuple):
    """The columns of kind FACT, in the order of COLUMNS, as bytes of uint16, int64 twice, and uint64 thrice."""

    flag: bytes
    date: bytes
    modified: bytes
    id_hash: bytes
    url_hash: bytes
    content_hash: bytes


def facts(
    articles: list[Article], contents: list[bytes], canonical_url: Callable[[str], str]
) -> tuple[bytes, ...]:
    """Compute the FACT columns of some articles. Returns the fields of a Facts.

    Args:
        contents: the record of each article, without the parts that `content` ignores in a comparison.
        canonical_url: the function of that name.
    """
    made = [array(columns.BY_NAME[name].code) for name in Facts._fields]
    for article, content in zip(articles, contents, strict=True):
        url = article.url and canonical_url(article.url)
        flag, dated, changed = _flag(article), _seconds(article.date), _seconds(article.modified)
        values = (
            flag,
            dated,
            changed,
            hash_key(article.id),
            hash_key(url) if url else 0,
            hash_bytes(_hashed(article, content, flag, dated, changed)),
        )
        for column, value in zip(made, values, strict=True):
            column.append(value)
    return tuple(column.tobytes() for column in made)


def _hashed(article: Article, content: bytes, flag: int, dated: int, changed: int) -> bytes:
    """The bytes that content_hash covers: everything that an index finds, ranks and shows of an article."""
    provider = article.provider
    named = (
        *((provider.name, provider.domain) if provider else ("", "")),
        article.category,
        article.type,
        article.language or "",
        *article.topics,
    )
    # The record begins with the id.
    parts = [content[content.index(b"\x1f") :]]
    parts += [f"\x1f{name}".encode("utf-8", "surrogatepass") for name in named]
    parts += [f"\x1e{name}".encode("utf-8", "surrogatepass") for name in article.authors]
    numbers = pack("<Hqqdd", flag, dated, changed, article.heat or 0, article.quality or 0)
    return b"".join([*parts, b"\x1f", numbers])


_EPOCH = date(1970, 1, 1).toordinal()


def _flag(article: Article) -> int:
    dates = (
        (article.date, columns.DATED, columns.DATE_ONLY),
        (article.modified, columns.MODIFIED, columns.MODIFIED_ONLY),
    )
    flag = sum(
        known | day_alone * (not isinstance(when, datetime))
        for when, known, day_alone in dates
        if when is not None
    )
    return flag | (
        columns.PUBLISHED * article.published
        | columns.HAS_HEAT * (article.heat is not None)
        | columns.HAS_QUALITY * (article.quality is not None)
        | columns.HAS_IMAGE * bool(article.images)
        | columns.HAS_RELATED * bool(article.related)
        | columns.HAS_BODY * bool(article.body)
        | columns.TAGGED * bool(article.language)
    )


def _seconds(when: datetime | date | None) -> int:
    """Seconds since 1970. A date without a time counts as midnight UTC; None gives 0."""
    if when is None:
        return 0
    if not isinstance(when, datetime):
        return (when.toordinal() - _EPOCH) * 86400
    when = when.astimezone(UTC)
    days = (when.toordinal() - _EPOCH) * 86400
    return days + when.hour * 3600 + when.minute * 60 + when.second


class Numbered(NamedTuple):
    """What `TermNumbering.numbered` returns, as arrays of int32.

    Attributes:
        tokens: the term number of each word, text by text.
        lengths: words in each text.
        marks: the MARKS of each text.
    """

    tokens: Array
    lengths: Array
    marks: Array


class Draws(NamedTuple):
    """What terms draw in signatures: uint64 the `term_hashes`, and uint8 the `term_lots`."""

    hashes: Array
    lots: Array


def signatures(
    tokens: Array, lengths: Array, headline: Array, skipped: Array, hashes: Array, lots: Array
) -> bytes:
    """Compute the signatures of some articles (see stories.signatures), as bytes of two uint64 for each.

    Args:
        tokens: int32, the term number of each word, article by article, field by field.
        lengths: int32, words in each field of each article, flattened.
        headline: int32, for each article how many words of its title count.
        skipped: int32, for each article how many of the first words of its excerpt and body do not count.
        hashes: uint64, the `term_hashes` of the terms.
        lots: uint8, the `term_lots` of the terms.
    """
    found = array("Q")
    at = 0
    for number, (title, topics, excerpt, body) in enumerate(
        lengths.reshape(-1, len(ranking.TEXT_FIELDS)).tolist()
    ):
        words = tokens[at : at + title + topics + excerpt + body].tolist()
        at += len(words)
        head, text = words[: headline[number]], words[title + topics + skipped[number] :]
        text = text[len(head) :] if text[: len(head)] == head else text
        parts = [(hashes[part].tolist(), lots[part].tolist()) for part in (head, text[:LEAD])]
        found.extend(signature_of(*parts[0], *parts[1]))
    return found.tobytes()


def plain_records(articles: list[Article]) -> list[bytes | None]:
    """`encode_record` of each article. The compiled version returns None for articles that it cannot encode."""
    return list(map(encode_record, articles))


def url_parts(records: list[bytes]) -> tuple[Any, Any, Any, Any]:
    """The parts of the URLs of a segment.

    Args:
        records: the encoded records of its articles, or only what `records.urls_of` returns for each.

    Returns:
        Buffers of the arrays named in `segment/urls.py`, of types uint8, int64, int64 and uint16.
    """
    docs: dict[bytes, list[int]] = {}
    for doc, record in enumerate(records):
        urls = urls_of(record) if b"\x1f" in record else folded_bytes(record)
        for part in dict.fromkeys(found.group() for found in parts_of(urls)):
            docs.setdefault(part, []).append(doc)
    return (
        b"".join(docs),
        np.cumsum([0, *map(len, docs)]),
        np.cumsum([0, *map(len, docs.values())]),
        np.fromiter(chain.from_iterable(docs.values()), np.uint16),
    )


def url_arrays(records: list[bytes]) -> dict[str, Array]:
    """The arrays of `segment/urls.py`. See `url_parts`."""
    types = np.uint8, np.int64, np.int64, np.uint16
    made = zip(NAMES, url_parts(records), types, strict=True)
    return {name: np.frombuffer(data, dtype) for name, data, dtype in made}


_CONSTANTS = {
    "FIELDS": len(ranking.TEXT_FIELDS),
    "MAX_TERM_LENGTH": analysis.MAX_TERM_LENGTH,
    "MAX_POSITIONS": postings.MAX_POSITIONS,
    "MAX_ARTICLES": form.MAX_ARTICLES,
    "PUBLISHED": columns.PUBLISHED,
    "DATED": columns.DATED,
    "DATE_ONLY": columns.DATE_ONLY,
    "HAS_HEAT": columns.HAS_HEAT,
    "HAS_QUALITY": columns.HAS_QUALITY,
    "HAS_IMAGE": columns.HAS_IMAGE,
    "HAS_RELATED": columns.HAS_RELATED,
    "HAS_BODY": columns.HAS_BODY,
    "MODIFIED": columns.MODIFIED,
    "MODIFIED_ONLY": columns.MODIFIED_ONLY,
    "TAGGED": columns.TAGGED,
    "ENDING_WORDS": ENDING_WORDS,
    "KEPT_WORDS": KEPT_WORDS,
    "DATELINE_CHUNKS": DATELINE_CHUNKS,
    "BITS": BITS,
    "LEAD": LEAD,
    "TITLE_SHINGLE": TITLE_SHINGLE,
    "TITLE_SLOTS": TITLE_SLOTS,
    "TEXT_SHINGLE": TEXT_SHINGLE,
    "TEXT_SLOTS": TEXT_SLOTS,
}

if _twin := compiled(f"{__package__}._building", _CONSTANTS):
    for _name in (
        "TermNumbering",
        "facts",
        "hash_keys",
        "inverted",
        "plain_records",
        "signatures",
        "sorted_texts",
        "url_parts",
    ):
        globals()[_name] = getattr(_twin, _name)
