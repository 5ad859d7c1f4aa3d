"""What else to search for: the words that the best answers to a query share, which it did not say.

RM3 (Lavrenko and Croft, "Relevance-based language models", SIGIR 2001; Abdul-Jaleel et al., "UMass at TREC 2004"): the
ARTICLES best answers are taken for relevant, and a word is as likely in the next one as it is in them:

    p(word) = sum over these articles of score / sum of scores * tf / length

The TERMS likeliest words are added to the query, which keeps KEPT of the whole weight. Words here are stems; the
commonest form of each is what is searched for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from newsearch import analysis
from newsearch._english import FUNCTION_WORDS
from newsearch.article import Article
from newsearch.query.tree import All, And, Fuzzy, Near, Node, Or, Phrase, Prefix, Word
from newsearch.ranking import FUNCTION_SHARE, TEXT_FIELDS

Scored: TypeAlias = tuple[float, Article]

ARTICLES = 10
TERMS = 50
KEPT = 0.7

_READ = 20_000
"""Characters that are read of each field of an article."""


def expansion(tree: Node, best: Sequence[Scored]) -> tuple[Word, ...]:
    """The words to search for beside a query, weighted against its own.

    Args:
        tree: the query.
        best: its first ARTICLES answers, with their scores, all above 0.

    Returns:
        At most TERMS words, the weightiest first; none where the query has no words, or no answers.
    """
    own, total = _weight(tree), sum(score for score, _ in best)
    if not own or not total:
        return ()
    likely: defaultdict[str, float] = defaultdict(float)
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for score, article in best:
        terms = _terms(article)
        for term, stem in zip(terms, analysis.Stemming().stems(terms), strict=True):
            likely[stem] += score / total / len(terms)
            forms[stem][term] += 1
    chosen = sorted(likely, key=likely.__getitem__, reverse=True)[:TERMS]
    mass = sum(likely[stem] for stem in chosen)
    added = own * (1 - KEPT) / KEPT
    return tuple(Word(forms[stem].most_common(1)[0][0], None, added * likely[stem] / mass) for stem in chosen)


def _terms(article: Article) -> list[str]:
    found = []
    for name in TEXT_FIELDS:
        value = " ".join(article.topics) if name == "topics" else getattr(article, name)
        found += analysis.terms(value[:_READ])
    return found


def _weight(node: Node) -> float:
    """What the words of a query weigh together, before it matters how rare they are."""
    match node:
        case Word(text) | Phrase(text):
            shares = [FUNCTION_SHARE if term in FUNCTION_WORDS else 1.0 for term in analysis.terms(text)]
            return node.weight * sum(shares)
        case Prefix() | Fuzzy():
            return node.weight
        case Near(words):
            return node.weight * len(words)
        case All(children) | And(children) | Or(children):
            return sum(map(_weight, children))
    return 0.0
