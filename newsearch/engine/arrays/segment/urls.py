"""The parts of the URLs of a segment, so that a part of a URL is found without reading every record.

    url_bytes, url_at[p+1]         the distinct parts of all URLs, concatenated in order of first occurrence
    url_post_at[p+1]               start of each part's articles in:
    url_post_doc                   articles

A part is a run of letters, digits and characters beyond ASCII in the case-folded URLs of an article (see
RecordReader.urls). A file may lack these arrays, and all URLs are then read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import matches, sieve

Array: TypeAlias = NDArray[Any]

NAMES = ("url_bytes", "url_at", "url_post_at", "url_post_doc")


_SHORT = 3
"""Shorter parts, such as `co` and `uk`, are in many URLs and hardly narrow down what longer ones find."""


def parts_of(text: bytes) -> Iterator[re.Match[bytes]]:
    """The parts of a case-folded text in UTF-8."""
    return re.finditer(rb"[0-9a-z\x80-\xff]+", text)


class UrlParts:
    """The parts of the URLs of one segment, given its arrays."""

    def __init__(self, text: Array, at: Array, post_at: Array, post_doc: Array, articles: int) -> None:
        self._arrays = text, at, post_at, np.asarray(post_doc, np.uint16), articles

    def find(self, wanted: bytes) -> tuple[Array, bool] | None:
        """The articles that may have some text within their URLs.

        Args:
            wanted: case-folded, in UTF-8.

        Returns:
            The articles, sorted, and whether each certainly has it. None if the text has no part, and any article may.
        """
        parts = list(parts_of(wanted))
        if not parts:
            return None
        found = np.full(-(-self._arrays[4] // 64), 2**64 - 1, np.uint64)
        longest = max(len(part.group()) for part in parts)
        for part in parts:
            if len(part.group()) < min(_SHORT, longest):
                continue
            begins, ends = part.start() > 0, part.end() < len(wanted)
            bits = sieve.with_part(*self._arrays, part.group(), begins, ends)
            found = found & np.frombuffer(bits, np.uint64)
        docs = matches.numbers(found)
        docs = docs[: docs.searchsorted(self._arrays[4])]
        return docs, len(parts) == 1 and len(parts[0].group()) == len(wanted)
