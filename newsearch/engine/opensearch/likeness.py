"""The exact forms that are like a word, as requests to a cluster and as expressions of Lucene."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from newsearch.engine.arrays.loops import kernel

Query: TypeAlias = dict[str, Any]

MAX_LIKE = 2000
"""The maximum number of forms that the server suggests for a misspelling, the nearest first."""

_LONG = 12
"""Letters of a term above which the forms that are like it are looked for by halves."""


def escaped(text: str) -> str:
    """A regular expression of Lucene that matches this text alone."""
    return re.sub(r"([^\w\s]|_)", r"\\\1", text)


def like_patterns(term: str, edits: int) -> set[str]:
    """Expressions of Lucene for what is within some edits of a short term.

    The server's suggestions lack forms that are as short as the edits are many.
    """
    found: set[tuple[str, ...]] = {tuple(map(escaped, term))}
    for _ in range(edits):
        for known in list(found):
            for at in range(len(known) + 1):
                head, tail = known[:at], known[at:]
                found.add((*head, ".", *tail))
                if tail:
                    found |= {(*head, *tail[1:]), (*head, ".", *tail[1:])}
                if len(tail) > 1:
                    found.add((*head, tail[1], tail[0], *tail[2:]))
    return {"".join(letters) for letters in found if letters}


def begun_otherwise(term: str) -> set[str]:
    """Expressions for what is within two edits of a longer term, one of them at its beginning.

    The server suggests nothing with two edits that does not begin as the term does. The expressions for a long term
    match other forms too, since exact ones would be too long.
    """
    if len(term) > _LONG:
        # The other edit leaves one half as it is.
        middle = len(term) // 2
        halves = escaped(term[2 : middle - 1]), escaped(term[middle + 1 :])
        return {f".{{0,4}}{halves[0]}.*", f".*{halves[1]}"}
    first, second = escaped(term[0]), escaped(term[1])
    found = {begin + rest for rest in like_patterns(term[1:], 1) for begin in (".", "")}
    found |= {"." + rest for rest in like_patterns(term, 1)}
    return found | {second + first + rest for rest in like_patterns(term[2:], 1)}


def suggesting(term: str, edits: int) -> Query:
    suggestion = {
        "field": "exact",
        "analyzer": "keyword",
        "suggest_mode": "always",
        "max_edits": edits,
        "prefix_length": 0,
        "min_word_length": 1,
        "size": MAX_LIKE,
        "shard_size": MAX_LIKE,
        "accuracy": 0.0,
        "max_term_freq": float(1 << 30),
        "min_doc_freq": 0.0,
        "string_distance": "damerau_levenshtein",
        "sort": "score",
    }
    return {"size": 0, "suggest": {"like": {"text": term, "term": suggestion}}}


def within(term: str, forms: Sequence[str], edits: int) -> list[tuple[int, str]]:
    """Those of some forms that are within some edits of a term, with their distances."""
    encoded = [form.encode() for form in forms]
    found = kernel.similar(
        term,
        edits,
        0,
        np.zeros(len(forms), np.uint32),
        np.arange(len(forms), dtype=np.uint32),
        np.frombuffer(b"".join(encoded), np.uint8),
        np.cumsum([0, *map(len, encoded)], dtype=np.int64),
    )
    return [(distance, form) for distance, form, _ in found]
