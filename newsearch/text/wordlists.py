"""Word lists written by hand: one entry per line; # begins a comment at the start of a line or after a space."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from newsearch._arguments import read_file
from newsearch.errors import WordListError
from newsearch.text import analysis

MAX_BYTES = 4 << 20
"""A larger file is not read."""

MAX_PROTECTED = 10_000
"""Words that an index may protect."""


def word_list(path: str | os.PathLike[str]) -> bytes:
    """The contents of a word list.

    Raises:
        WordListError: the file cannot be read, or is too large.
    """
    too_large = f"larger than {MAX_BYTES >> 20} MiB; is it a list of words?"
    return read_file(Path(path), MAX_BYTES, too_large, error=WordListError)


def entries(path: str | os.PathLike[str]) -> Iterator[tuple[str, str]]:
    """The entries of a word list, each with its position as FILE:LINE for messages.

    Raises:
        WordListError: the file cannot be read, is too large, or is not UTF-8.
    """
    for number, line in enumerate(word_list(path).removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        place = f"{Path(path)}:{number}"
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise WordListError(f"{place}: not UTF-8; save the file as UTF-8") from error
        entry = f" {text}".replace("\t", " ").partition(" #")[0].strip()
        if entry:
            yield place, entry


def protected_words(path: str | os.PathLike[str]) -> frozenset[str]:
    """Read protected words, one per line. They match only in their exact form.

    Returns:
        The words as terms.

    Raises:
        WordListError: the file cannot be used; the message names it and the line.
    """
    words = set()
    for place, entry in entries(path):
        terms = analysis.terms(entry)
        if len(terms) != 1:
            said = f"{len(terms)} words" if terms else "no word"
            raise WordListError(f"{place}: {entry[:80]!r} is {said}; write one word per line")
        words.add(terms[0])
        if len(words) > MAX_PROTECTED:
            raise WordListError(f"{place}: more than {MAX_PROTECTED:,} words; protect fewer")
    return frozenset(words)
