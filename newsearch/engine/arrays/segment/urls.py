"""The parts of the URLs of a segment, so that a part of a URL is found without reading every record.

    url_bytes, url_at[p+1]         the distinct parts of all URLs, concatenated in order of first occurrence
    url_post_at[p+1]               start of each part's articles in:
    url_post_doc                   articles

An id that is the canonical form of a URL is found by its beginning through the same parts.

A part is a run of letters, digits and characters beyond ASCII in the case-folded URLs of an article (see
RecordReader.urls). A file may lack these arrays, and all URLs are then read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from newsearch.engine.arrays.loops import sieve

Array: TypeAlias = NDArray[Any]

NAMES = ("url_bytes", "url_at", "url_post_at", "url_post_doc")


_FEW = 32
"""So few articles are read sooner than they are narrowed down."""

_LONGEST = 255
"""Longer runs are not sought. An id has as many characters in a URL as it takes to be one of few."""

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
            A bitmap of the articles, and whether each certainly has it. None if the text has no part, and any article
            may.
        """
        parts = list(parts_of(wanted))
        if not parts:
            return None
        found: Array | None = None
        longest = max(len(part.group()) for part in parts)
        for part in parts:
            if len(part.group()) < min(_SHORT, longest):
                continue
            begins, ends = part.start() > 0, part.end() < len(wanted)
            bits = np.frombuffer(sieve.with_part(*self._arrays, part.group(), begins, ends), np.uint64)
            found = bits if found is None else found & bits
        assert found is not None
        return found, len(parts) == 1 and len(parts[0].group()) == len(wanted)

    def begun(self, prefix: str) -> Array:
        """For each article, whether its id may begin so if it is the canonical form of its URL.

        `canonical_url` decodes letters, digits and `-._~`. A run of letters and digits of an id is therefore a part of
        the URL, alone or behind one of these signs encoded; or else the last of its characters that was encoded is in
        a part, with what follows it.
        """
        addressed = found = self._bits([b"https", b"http"], ends=True)
        if not any(prefix.casefold().startswith(scheme[: len(prefix)]) for scheme in ("https://", "http://")):
            found = np.zeros_like(addressed)
        for run, is_open in sorted(_runs(prefix), key=lambda run: len(run[0]), reverse=True):
            if sieve.count(found) <= _FEW:
                break
            found = found & self._bits(_encoded(run), ends=not is_open)
        # Of an address of AMP alone there are no parts.
        maybe = (found | ~addressed).view(np.uint8)
        return np.unpackbits(maybe, count=self._arrays[4], bitorder="little").astype(bool)

    def _bits(self, wanted: list[bytes], *, ends: bool) -> Array:
        return np.frombuffer(sieve.beginning(*self._arrays, wanted, ends), np.uint64)


def _runs(prefix: str) -> Iterator[tuple[bytes, bool]]:
    """The runs of letters and digits in the beginning of a canonical URL, and whether there may be more of each."""
    text = prefix.casefold().encode("utf-8", "surrogatepass")
    for found in parts_of(text):
        run, end = found.group(), found.end()
        # What is not ASCII is encoded, and its codes are no part of what was.
        is_plain = run.isascii() and text[found.start() - 1 : found.start()] != b"%"
        if is_plain and 1 < len(run) <= _LONGEST and not run.startswith(b"http"):
            yield run, text[end : end + 1] in (b"", b"%")


def _encoded(run: bytes) -> list[bytes]:
    """What may stand in a URL for a run of its canonical form, or for the end of it, case-folded."""
    signs = [b"%02x" % sign + run for sign in b"-._~"]
    tails = [
        b"%02x" % code + run[at + 1 :]
        for at in range(len(run))
        for code in {run[at], *run[at : at + 1].upper()}
    ]
    return [run, *signs, *tails]
