"""What changed between two versions of a text, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

from newsearch.articles.article import Article, Version
from newsearch.text.clean import one_line

REMOVED, ADDED, SAME = "removed", "added", "same"

MAX_WORDS = 2_000
"""Words of a text that are compared; the rest is compared as a whole."""


def changes(article: Article) -> Iterator[tuple[Version, list[tuple[str, str, str]]]]:
    """The earlier versions of an article, the latest first.

    Each comes with what its replacement changed: title or excerpt, the text before and the text after. Texts are on
    one line.
    """
    texts = [*((one.title, one.excerpt) for one in article.history), (article.title, article.excerpt)]
    for version, (old, new) in reversed(list(zip(article.history, pairwise(texts), strict=True))):
        yield (
            version,
            [
                (name, one_line(before), one_line(after))
                for name, before, after in zip(("title", "excerpt"), old, new, strict=True)
                if before != after
            ],
        )


def differences(before: str, after: str) -> Iterator[tuple[str, str]]:
    """The words of two texts in runs: REMOVED, ADDED or SAME, and the words. Punctuation belongs to its word."""
    old, new = re.findall(r"\S+", before), re.findall(r"\S+", after)
    rest_old, rest_new = old[MAX_WORDS:], new[MAX_WORDS:]
    old, new = old[:MAX_WORDS], new[:MAX_WORDS]
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield SAME, " ".join(old[a:b])
            continue
        if b > a:
            yield REMOVED, " ".join(old[a:b])
        if d > c:
            yield ADDED, " ".join(new[c:d])
    if rest_old != rest_new and rest_old:
        yield REMOVED, " ".join(rest_old)
    if rest_new:
        yield ADDED if rest_old != rest_new else SAME, " ".join(rest_new)
