"""Query expansion: adds words that the best articles share and that are not in the query.

RM3 (Lavrenko and Croft, "Relevance-based language models", SIGIR 2001; Abdul-Jaleel et al., "UMass at TREC 2004"): the
ARTICLES best results are assumed to be relevant. They give the probability of a word in a relevant article:

    p(word) = sum over these articles of score / sum of scores * tf / length

The TERMS most probable words are added to the query. The original query keeps KEPT of the total weight. Words here are
stems; the search uses the most frequent form of each. Function words are left out because they carry no subject.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from newsearch.articles.article import Article
from newsearch.engine.base import Answer, Options, Reader
from newsearch.query.tree import All, And, Fuzzy, Near, Node, Or, Phrase, Prefix, Word, texts
from newsearch.ranking import FUNCTION_SHARE, TEXT_FIELDS
from newsearch.text import analysis
from newsearch.text.english import FUNCTION_WORDS

ScoredArticle: TypeAlias = tuple[float, Article]

ARTICLES = 10
TERMS = 30
RELATED = 10
"""The number of words with which related articles are found: they are as good as with TERMS words, in half the time."""

KEPT = 0.85

SUBJECT = 3
"""How many times a word of a title or of a topic counts: titles and topics say what an article is about."""

PROSE = 0.25
"""The minimum share of function words in sentences; headlines mostly have a smaller one."""

_READ = 20_000
"""Characters that are read of each field of an article."""


def is_prose(tree: Node) -> bool:
    """Whether a query is in sentences. These describe a subject with many articles; a headline names one article."""
    terms = [term for text in texts(tree) for term in analysis.terms(text)]
    return sum(term in FUNCTION_WORDS for term in terms) >= PROSE * len(terms)


def likely_words(reader: Reader, tree: Node, options: Options) -> tuple[Word, ...]:
    """The words shared by the best articles of a search; see `expansion`."""
    return shared_words(tree, reader.search(tree, replace(options, offset=0, limit=ARTICLES)))


def shared_words(tree: Node, answer: Answer, most: int = TERMS) -> tuple[Word, ...]:
    """The words shared by the articles on a page, the first ARTICLES of a query; see `expansion`."""
    best = [(score, answer.article(i)) for i, (_, score, _) in enumerate(answer.hits())]
    return expansion(tree, best, most)


def expansion(tree: Node, best: Sequence[ScoredArticle], most: int = TERMS) -> tuple[Word, ...]:
    """The words to add to a query, weighted relative to its own words.

    Args:
        tree: the query.
        best: its first ARTICLES results with their scores, all above 0.
        most: the maximum number of words.

    Returns:
        These words, the highest weight first. Empty if the query has no words or no results.
    """
    own, total = _weight(tree), sum(score for score, _ in best)
    if not own or not total:
        return ()
    likely: defaultdict[str, float] = defaultdict(float)
    stemmed: list[tuple[str, str]] = []
    for score, article in best:
        terms = _terms(article)
        share = score / total / max(len(terms), 1)
        stems = analysis.Stemming().stems(terms)
        for stem in stems:
            likely[stem] += share
        stemmed += zip(stems, terms, strict=True)
    chosen = sorted(likely, key=likely.__getitem__, reverse=True)[:most]
    forms: dict[str, Counter[str]] = {stem: Counter() for stem in chosen}
    for stem, term in stemmed:
        if stem in forms:
            forms[stem][term] += 1
    mass = sum(likely[stem] for stem in chosen)
    added = own * (1 - KEPT) / KEPT
    return tuple(Word(_commonest(forms[stem]), None, added * likely[stem] / mass) for stem in chosen)


def _commonest(forms: Counter[str]) -> str:
    # Counter.most_common imports a module, which takes as long as twenty searches.
    return max(forms, key=forms.__getitem__)


def _terms(article: Article) -> list[str]:
    found = []
    for name in TEXT_FIELDS:
        value = " ".join(article.topics) if name == "topics" else getattr(article, name)
        found += analysis.cached_terms(value[:_READ]) * (SUBJECT if name in ("title", "topics") else 1)
    return [term for term in found if term not in FUNCTION_WORDS]


def _weight(node: Node) -> float:
    """The total weight of the words of a query, before idf is applied."""
    match node:
        case Word(text) | Phrase(text):
            shares = [FUNCTION_SHARE if term in FUNCTION_WORDS else 1.0 for term in analysis.terms(text)]
            return node.weight * sum(shares)
        case Prefix() | Fuzzy():
            return node.weight
        case Near(words):
            return node.weight * len(" ".join(words).split())
        case All(children) | And(children) | Or(children):
            return sum(map(_weight, children))
    return 0.0
