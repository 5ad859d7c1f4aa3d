"""A hit of a search: a document, and the codes of its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from newsearch._cached import cached_property
from newsearch.articles.article import Article
from newsearch.engine.opensearch.stored import article_of
from newsearch.ranking import FIELD_WEIGHTS, K1

if TYPE_CHECKING:
    from newsearch.engine.opensearch.connection import Cluster

_DIGITS = 3
"""The maximum number of digits of a code."""


class Hit:
    """One hit, as the server returned it.

    Args:
        cluster: for errors.
        found: the hit.

    Raises:
        IndexCorrupt: the document is damaged.

    Attributes:
        source: the document.
        matched: the names of the queries that it matches.
        language: the language in which its words are stemmed.
        sort: the values by which the server sorted it.
    """

    def __init__(self, cluster: Cluster, found: Mapping[str, Any]) -> None:
        cluster.sound([found])
        self._cluster, self._found = cluster, found
        self.source: Mapping[str, Any] = found["_source"]
        self.matched: Sequence[str] = found.get("matched_queries", ())
        self.language: str = self.source["language"]
        self.sort: list[Any] = found.get("sort", [])

    def article(self) -> Article:
        """The article."""
        return article_of(self._cluster, self._found)

    def code(self, field: str, token: str) -> int:
        """The code of a token in `exact` or `stem`; 0 if it is not there."""
        text = self.source[field]
        start = token + "|"
        at = 0 if text.startswith(start) else text.find(" " + start) + 1
        if not at and not text.startswith(start):
            return 0
        at += len(start)
        end = text.find(" ", at)
        return self._parsed(field, text[at:] if end < 0 else text[at:end])

    def best_begun(self, prefix: str) -> int:
        """The best code of an exact form with this prefix."""
        codes = [pair.rpartition("|") for pair in self.source["exact"].split(" ")]
        return max(
            [self._parsed("exact", code) for form, _, code in codes if form.startswith(prefix)], default=0
        )

    def _parsed(self, field: str, code: str) -> int:
        if not code.isdecimal() or len(code) > _DIGITS:
            raise self._cluster.damaged(self._found, field)
        return int(code)

    def code_in(self, field: str, indexed: str, tokens: Sequence[str]) -> int:
        """The code of some tokens together in one text field; 0 if none is there.

        Args:
            indexed: the field of the document with its tokens.
        """
        wanted = frozenset(tokens)
        return self._code(field, sum(word in wanted for word in self._words(indexed)))

    def code_begun(self, field: str, prefix: str) -> int:
        """The code of all forms with this prefix together in one text field."""
        return self._code(field, sum(word.startswith(prefix) for word in self._words(f"x_{field}")))

    def _words(self, indexed: str) -> list[str]:
        found: str = self.source.get(indexed, "")
        return found.split(" ")

    def _code(self, field: str, count: int) -> int:
        if not count:
            return 0
        if f"length_{field}" not in self.source:
            raise self._cluster.damaged(self._found, f"length_{field}")
        weight, b, pivot = FIELD_WEIGHTS[field]
        w = weight / (1 - b + b * (self.source[f"length_{field}"] / pivot)) * count
        code: int = max(1, min(255, round(255 * w / (K1 + w))))
        return code

    @cached_property
    def id(self) -> str:
        """The id of the article."""
        found: str = self.source["id"]
        return found
