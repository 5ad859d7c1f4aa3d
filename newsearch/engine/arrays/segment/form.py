"""The arrays of a segment, their types, and which of them have equal lengths. Checked whenever a segment is opened.

The check uses the directory of the file and reads no array. After it, no index, join or allocation can exceed what the
file size allows, even if the file is malicious.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from newsearch import ranking
from newsearch.engine.arrays.files.layout import ArrayFile
from newsearch.engine.arrays.segment import urls
from newsearch.engine.arrays.segment.columns import COLUMNS, NAME, NAMES, ROW, SIGNATURE, TABLES, Column
from newsearch.errors import IndexCorrupt
from newsearch.text.analysis import LANGUAGES

MAX_ARTICLES = 1 << 16
"""The maximum number of articles in a segment. An article's number then fits in 16 bits."""
_MIN_BYTES = 8
"""The minimum size of an article in the file. Even the header of its compressed record is longer."""

_BYTE = frozenset(["|u1"])
_SMALL = _BYTE | {"<u2"}
_WHOLE = _SMALL | {"<u4", "<u8"}
_SIGNED = _WHOLE | {"|i1", "<i2", "<i4", "<i8"}
_NUMBER = _SIGNED | {"<f4", "<f8"}

_RANK = {dtype: rank for rank, dtype in enumerate(("|u1", "<u2", "<u4", "<u8", *sorted(_NUMBER - _WHOLE)))}
_TYPES = {"B": _BYTE, "H": _SMALL, "q": _SIGNED, "Q": _WHOLE, "d": _NUMBER}


def _forms(column: Column) -> dict[str, tuple[str, frozenset[str]]]:
    """The arrays of a column, except its strings."""
    name = column.name
    if column.kind == NAMES:
        return {f"{name}_at": ("articles + 1", _WHOLE), name: (name, _WHOLE)}
    if column.kind == NAME:
        return {name: ("articles", _WHOLE)}
    return {name: (_SIGNATURES if column.kind == ROW else "articles", _TYPES[column.code])}


_SIGNATURES = f"articles * {SIGNATURE}"

_ARRAYS: dict[str, tuple[str, frozenset[str]]] = {
    "term_bytes": ("term_bytes", _BYTE),
    "term_at": ("terms + 1", _WHOLE),
    "post_at": ("terms + 1", _WHOLE),
    "post_doc": ("postings", _SMALL),
    "post_code": ("postings", _BYTE),
    "post_pos": ("postings", _SMALL),
    "more_at": ("terms + 1", _WHOLE),
    "more_doc": ("further", _SMALL),
    "more_pos": ("further", _SMALL),
    "stem_hash": ("stems", _WHOLE),
    "stem_ref": ("stems", _SIGNED),
    "stem_language": ("articles", _BYTE),
    "stem_at": ("languages + 1", _WHOLE),
    "group_form_at": ("groups + 1", _WHOLE),
    "group_form": ("group_form", _WHOLE),
    "record_at": ("articles + 1", _WHOLE),
    "records": ("records", _BYTE),
    "record_dictionary": ("record_dictionary", _BYTE),
    "url_bytes": ("url_bytes", _BYTE),
    "url_at": ("url parts + 1", _WHOLE),
    "url_post_at": ("url parts + 1", _WHOLE),
    "url_post_doc": ("url_post_doc", _SMALL),
    **{f"length_{name}": ("articles", _WHOLE) for name in ranking.TEXT_FIELDS},
    **{name: form for column in COLUMNS for name, form in _forms(column).items()},
    **{f"{table}_name_at": (f"{table}_name_at", _WHOLE) for table in TABLES},
    **{f"{table}_name_bytes": (f"{table}_name_bytes", _BYTE) for table in TABLES},
}
"""For each array, the count that determines its length, and its permitted types. Arrays with the same count have equal
lengths."""

_OPTIONAL = frozenset(
    ["stem_language", "stem_at", *urls.NAMES, *(column.name for column in COLUMNS if column.same_as)]
)


def check_form(file: ArrayFile) -> None:
    """Check the directory of a segment against the table above.

    Raises:
        IndexCorrupt: an array is missing, or has a wrong type or length.
    """
    articles = file.articles
    if not 0 <= articles <= MAX_ARTICLES or articles * _MIN_BYTES > file.size:
        raise IndexCorrupt(file.path, f"{articles} articles in {file.size} bytes")
    lengths = {
        "articles": articles,
        "articles + 1": articles + 1,
        _SIGNATURES: articles * SIGNATURE,
        "languages + 1": len(LANGUAGES) + 1,
    }
    for name, (counted, dtypes) in _ARRAYS.items():
        if name in _OPTIONAL and name not in file:
            continue
        dtype, length = file.form(name)
        # The type of an empty array is arbitrary: whatever its writer happened to use.
        if not length:
            file.read_empty_as(name, dtype := min(dtypes, key=_RANK.__getitem__))
        if (
            lengths.setdefault(counted, length) != length
            or dtype not in dtypes
            or (not length and (name.endswith("_at")))
        ):
            raise IndexCorrupt(file.path, f"the array {name!r} has {length} elements of type {dtype}")


def is_offsets(at: NDArray[Any], end: int) -> bool:
    """Whether these are offsets into an array of length `end`: from 0 to `end`, never decreasing."""
    return bool(at[0] == 0 and at[-1] == end and (at[1:] >= at[:-1]).all())
