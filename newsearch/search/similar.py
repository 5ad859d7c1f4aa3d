"""Finds articles similar to one of the index: articles on the same subject, and copies of its text.

The query is made of the key words of the article: the words of its title, topics and text with the highest

    (1 + log tf) * idf,  idf = log((N + 1) / (df + 1))

where words of the title and of topics count SUBJECT times. The results are then compared with the article word by word
to find copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from math import log

from newsearch.articles.article import Article
from newsearch.engine.base import Options, Reader
from newsearch.query.tree import All, DateRange, Everything, Match, Node, Not, Or, Word
from newsearch.search.alike import Alike
from newsearch.search.firsts import Publication, publications_of
from newsearch.search.folding import when
from newsearch.stories.comparing import Seen
from newsearch.stories.copies import WINDOW
from newsearch.stories.wording import outlet_of
from newsearch.text import analysis
from newsearch.text.addresses import canonical_url
from newsearch.text.english import FUNCTION_WORDS

WORDS = 10
"""Words that an article is searched by."""

SUBJECT = 3
"""How often a word of the title or of a topic counts."""

CANDIDATES = 200
"""Articles that are compared word by word to find copies."""

_READ = 4_000
"""Characters that are read of excerpt and body; the start of a report says what it is about."""

_SPARE = (6, 100)
"""How many further articles are searched, because copies of the article and of each other are left out: at first, and
if too many of those were copies."""

_ANSWERS = 512
"""Lists of related articles that are kept for later questions."""


def related(article: Article, alike: Alike, limit: int) -> list[Article]:
    """Articles on the same subject: first those that it names itself, then those sharing its key words, best first.

    Copies of the article are left out. Of articles that are copies of each other, only the best is kept.
    """
    known = alike.related.get(article.id)
    if known is None or (len(known[1]) < limit and known[0] < limit):
        known = limit, tuple(_related(article, alike, limit))
        if len(alike.related) >= _ANSWERS:
            alike.related = {}
        alike.related[article.id] = known
    return list(known[1][:limit])


def _related(article: Article, alike: Alike, limit: int) -> Iterator[Article]:
    reader = alike.reader
    seen = {article.id}
    named = [found for found in (_named(one, reader) for one in article.related) if found and found.published]
    sharing = _sharing(_telling(article, alike), reader, limit + len(named))
    with alike.comparer() as comparer:
        texts = Seen(comparer)
        texts.had_copy(*_parts(article))
        for one in chain(named, sharing):
            if limit <= 0:
                return
            if one.id in seen:
                continue
            seen.add(one.id)
            if not texts.had_copy(*_parts(one)):
                limit -= 1
                yield one


def _parts(article: Article) -> tuple[str, str, str, float | None]:
    """What `Seen` compares of an article."""
    text = f"{article.excerpt} {article.body}" if article.body else article.excerpt
    moment = None if article.date is None else when(article)[1].timestamp()
    return article.title, text, outlet_of(article), moment


def _sharing(words: tuple[Word, ...], reader: Reader, least: int) -> Iterator[Article]:
    """The articles that share these words, the best first: `least` of them, and then spare ones."""
    start = 0
    for spare in _SPARE if words else ():
        # Unlike Or, All lets the engine skip articles that cannot reach the page.
        answer = reader.search(All(words), Options(limit=least + spare))
        for number in range(start, len(answer)):
            yield answer.article(number)
        start = len(answer)


def publications(article: Article, alike: Alike) -> list[Publication]:
    """An article and the copies of its text, the earliest first, then undated ones.

    Only articles within the time window for copies are compared: the CANDIDATES that share most of its key words.
    """
    reader = alike.reader
    near: Node
    if article.date is None:
        near = Not(DateRange())
    else:
        _, moment = when(article)
        span = timedelta(seconds=WINDOW) + timedelta(days=1)
        near = DateRange(moment - span, moment + span)
    tree = All((Or(_telling(article, alike)), near, Not(Match("id", article.id))))
    answer = reader.search(tree, Options(limit=CANDIDATES))
    found = [article, *(answer.article(i) for i in range(len(answer)))]
    labels = alike.copies(found)
    return publications_of([one for one, label in zip(found, labels, strict=True) if label == labels[0]])


def _named(related: Article, reader: Reader) -> Article | None:
    """The article of the index that another article names; None if it is not in the index."""
    if related.id and (found := reader.get(related.id)):
        return found
    address = related.url
    if not address:
        return None
    answer = reader.search(All((Everything(), Match("url", address))), Options(limit=5))
    found_there = (answer.article(i) for i in range(len(answer)))
    return next((one for one in found_there if canonical_url(one.url or "") == canonical_url(address)), None)


def _telling(article: Article, alike: Alike) -> tuple[Word, ...]:
    counts: Counter[str] = Counter()
    for text, times in (
        (article.title, SUBJECT),
        (" ".join(article.topics), SUBJECT),
        (article.excerpt[:_READ], 1),
        (article.body[:_READ], 1),
    ):
        for term in analysis.terms(text):
            if term not in FUNCTION_WORDS:
                counts[term] += times
    weights = {
        term: (1 + log(count)) * log((alike.total + 1) / (alike.frequency(term) + 1))
        for term, count in counts.items()
    }
    best: Sequence[str] = sorted(weights, key=lambda term: (-weights[term], term))[:WORDS]
    most = max(weights[best[0]], 1e-9) if best else 1.0
    return tuple(Word(term, None, max(weights[term] / most, 0.05)) for term in best)
