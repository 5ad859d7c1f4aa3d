"""The forms and the weights of the words of a query, in the languages of a generation."""

from __future__ import annotations

from typing import Any, TypeAlias

from newsearch import ranking
from newsearch.engine.opensearch.clauses import Facts
from newsearch.engine.opensearch.queries import terms_query
from newsearch.text import analysis

Query: TypeAlias = dict[str, Any]


class Lexicon:
    """What words are in a generation.

    Attributes:
        stemmings: of the languages of its articles.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.stemmings = [analysis.Stemming(language, facts.protected) for language in facts.languages]

    def kin(self, term: str) -> dict[str, str]:
        """The token of a word's stem in every language in which articles contain the word.

        Looking for the others takes longer than scoring the word.
        """
        every = self.every_kin(term)
        spoken = self._facts.spoken(terms_query("stem", every.values()))
        return {language: token for language, token in every.items() if language in spoken}

    def every_kin(self, term: str) -> dict[str, str]:
        """The token of a word's stem in every language."""
        return {
            stemming.language: f"{stemming.language}:{stemming.stem(term)}" for stemming in self.stemmings
        }

    def holding(self, term: str) -> Query:
        """The articles that contain a word in any form."""
        if analysis.is_half(term):
            return terms_query("exact", self._facts.pairs(term))
        return terms_query("stem", self.every_kin(term).values())

    def weight(self, found: Query) -> float:
        """The weight of a word that the articles of a filter contain."""
        return ranking.word_weight(self._facts.articles, self._facts.count(found))
