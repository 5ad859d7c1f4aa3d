"""The words and names that distinguish the matches of a query from the rest of the collection.

A word is measured by the log-likelihood ratio G2 of its counts among the matches and among all other articles (Dunning,
"Accurate methods for the statistics of surprise and coincidence", Computational Linguistics 19, 1993; see
`ranking.log_likelihood`). Counts are numbers of articles, so one article that repeats a word does not make it
distinctive. Words are exact forms, counted over all matches. Of forms with a common stem, the most distinctive one
represents all.

How words are written, and names of several words, are learned from a sample: the SAMPLE best matches. A name is a run
of capitalised words within a sentence that MENTIONS articles of the sample have. The NAMES most frequent ones are then
counted over all articles, as phrases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from newsearch.articles.article import Article
from newsearch.engine.base import Answer
from newsearch.engine.optional import CountsForms, FormCount
from newsearch.query.plan import asks_for_unpublished
from newsearch.query.tree import All, Node, Not, Phrase, texts
from newsearch.ranking import log_likelihood
from newsearch.search.asked import Asked
from newsearch.text import analysis
from newsearch.text.analysis import Stemming
from newsearch.text.english import FUNCTION_WORDS

SAMPLE = 200
"""Articles that are read, the best matches."""

NAMES = 40
"""Names of several words that are counted over all articles."""

MENTIONS = 2
"""Articles of the sample that must have a name."""

LEAST = 0.01
"""A word must be in this share of the matches, and in at least two of them."""

_READ = 4_000
"""Characters that are read of each text of an article."""

_LONGEST = 5
"""The maximum number of words in a name."""

_WITHIN = 0.5
"""A word is not shown beside a name that contains it, if this share of the matches with the word have the name."""

_CAPITALS = 0.6
"""In texts with a larger share of capitalised words, such as headlines, capitals do not identify names."""

_LINKS = frozenset("of de del da di du la le van von der den al bin ibn and".split())
"""Words in lower case that may occur within a name."""


class DistinctiveWord(NamedTuple):
    """A word or a name, and how it is distributed.

    Attributes:
        text: as it is most often written.
        articles: the number of matches that contain it.
        total: the number of articles of the collection that contain it.
        score: the log-likelihood ratio G2, above 0.
    """

    text: str
    articles: int
    total: int
    score: float


class DistinctiveWords(NamedTuple):
    """The words that distinguish the matches of a query from all other articles.

    Attributes:
        query: the text of the query.
        articles: the number of matches: those that contain every word of the query or, if there are none, some.
        total: the number of articles in the collection that can be found.
        words: the most distinctive first.
    """

    query: str
    articles: int
    total: int
    words: tuple[DistinctiveWord, ...]


def distinctive_words(asked: Asked, limit: int) -> DistinctiveWords:
    """The most distinctive words and names for a request. Words of the query itself are left out."""
    tree = asked.tree()
    if asks_for_unpublished(tree):
        asked = asked._replace(options=replace(asked.options, unpublished=True))
    answer = asked.reader.search(tree, replace(asked.options, offset=0, limit=SAMPLE, sort="relevance"))
    counts = answer.counts()
    articles = counts.complete or counts.partial
    every = asked.counts(All(())).total
    if not articles or not limit or every <= articles:
        return DistinctiveWords(asked.query.text, articles, every, ())
    complete = bool(counts.complete)
    sample = [answer.article(i) for i, (_, _, held) in enumerate(answer.hits()) if held == complete]
    own = {term for text in texts(_without_exclusions(asked.query.tree)) for term in analysis.terms(text)}
    written = _Written(sample)
    words = _words(asked, answer, sample, own, articles, every, 4 * limit + 2 * NAMES)
    names = _names(asked, tree if complete else None, sample, own, articles, every)
    shown = [
        word._replace(text=written.form(word.text))
        for word in _apart(words, names)
        if not written.is_label(word.text)
    ]
    return DistinctiveWords(asked.query.text, articles, every, tuple(_sorted([*shown, *names])[:limit]))


def _without_exclusions(tree: Node) -> Node:
    if isinstance(tree, All):
        return All(tuple(child for child in tree.children if not isinstance(child, Not)))
    return tree


def _words(
    asked: Asked,
    answer: Answer,
    sample: Sequence[Article],
    own: set[str],
    articles: int,
    every: int,
    most: int,
) -> list[DistinctiveWord]:
    """The most distinctive forms, one for each stem."""
    least = max(2, round(LEAST * articles))
    if isinstance(answer, CountsForms):
        found = answer.forms(most + len(own), least)
    else:
        found = _counted(asked, sample, articles, least)
    stemming = Stemming()
    taken = {stemming.stem(term) for term in own}
    words = []
    for word in _sorted(_scored(found, articles, every)):
        stem = stemming.stem(word.text)
        if word.text in FUNCTION_WORDS or stem in taken or len(word.text) < 2 or not _is_word(word.text):
            continue
        taken.add(stem)
        words.append(word)
    return words


def _is_word(term: str) -> bool:
    return any(map(str.isalpha, term))


def _counted(asked: Asked, sample: Sequence[Article], articles: int, least: int) -> list[FormCount]:
    """What `CountsForms.forms` returns, for an engine that cannot: estimated from the sample."""
    forms = Counter(form for article in sample for form in {*analysis.terms(_text(article))})
    found = []
    for form, count in forms.items():
        here = round(count * articles / len(sample))
        if here >= least and count > 1:
            found.append(FormCount(form, here, max(here, asked.reader.articles_with(form))))
    return found


def _scored(counts: Iterable[FormCount], articles: int, every: int) -> Iterator[DistinctiveWord]:
    for form, here, total in counts:
        score = log_likelihood(here, articles, total, every)
        if score > 0:
            yield DistinctiveWord(form, here, total, score)


def _sorted(words: Iterable[DistinctiveWord]) -> list[DistinctiveWord]:
    return sorted(words, key=lambda word: (-word.score, word.text))


def _text(article: Article) -> str:
    parts = (article.title, " ".join(article.topics), article.excerpt, article.body)
    return "\n".join(part[:_READ] for part in parts)


class _Written:
    """How terms are most often written in a sample."""

    def __init__(self, sample: Sequence[Article]) -> None:
        self._forms: dict[str, Counter[str]] = {}
        self._labels: Counter[str] = Counter()
        for article in sample:
            text_terms = {
                *analysis.terms(" ".join((article.title, article.excerpt[:_READ], article.body[:_READ])))
            }
            self._labels.subtract(text_terms)
            self._labels.update({*analysis.terms(" ".join(article.topics))} - text_terms)
            for text in (article.excerpt, article.body, article.title):
                # A headline in title case would make names of all words.
                chunks = text[:_READ].split()
                if _shows_names(chunks):
                    for chunk in chunks:
                        self._add(chunk)

    def _add(self, chunk: str) -> None:
        terms = analysis.chunk_terms(chunk)
        if len(terms) == 1:
            self._forms.setdefault(terms[0], Counter())[_bare(chunk)] += 1

    def is_label(self, term: str) -> bool:
        """Whether more articles have the term only as a topic than in their texts."""
        return self._labels[term] > 0

    def form(self, term: str) -> str:
        """The most frequent spelling of a term; the term itself if it is not in the sample."""
        counts = self._forms.get(term)
        return min(counts, key=lambda form: (-counts[form], form)) if counts else term


def _bare(chunk: str) -> str:
    """A chunk without the punctuation around it, and without the ending of a possessive."""
    while chunk and not chunk[0].isalnum():
        chunk = chunk[1:]
    while chunk and not chunk[-1].isalnum():
        chunk = chunk[:-1]
    return chunk[:-2] if chunk[-2:] in ("'s", "’s") else chunk


def _shows_names(chunks: Sequence[str]) -> bool:
    words = [chunk for chunk in chunks if chunk[:1].isalpha()]
    return sum(chunk[0].isupper() for chunk in words) < _CAPITALS * len(words)


def _names(
    asked: Asked, tree: Node | None, sample: Sequence[Article], own: set[str], articles: int, every: int
) -> list[DistinctiveWord]:
    """The names of several words.

    Args:
        tree: what all matches fulfil; None if no article contains every word of the query.
    """
    spellings: dict[tuple[str, ...], Counter[str]] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    for article in sample:
        here = {}
        for text in (article.title, article.excerpt, article.body):
            for name in _runs(text[:_READ]):
                here[tuple(analysis.terms(name))] = name
        for key, name in here.items():
            counts[key] += 1
            spellings.setdefault(key, Counter())[name] += 1
    frequent = sorted((key for key in counts if counts[key] >= MENTIONS), key=lambda key: (-counts[key], key))
    found = []
    for key in frequent[:NAMES]:
        if len(key) < 2 or own.issuperset(key):
            continue
        name = min(spellings[key], key=lambda form: (-spellings[key][form], form))
        phrase = Phrase(" ".join(key))
        total = asked.counts(phrase).complete
        if tree is None:
            here_too = round(counts[key] * articles / len(sample))
        else:
            children = tree.children if isinstance(tree, All) else (tree,)
            here_too = asked.counts(All((*children, phrase))).complete
        found.append(FormCount(name, min(here_too, total), total))
    return _separate(_sorted(_scored(found, articles, every)))


def _runs(text: str) -> Iterator[str]:
    """The runs of capitalised words within the sentences of a text."""
    chunks = text.split()
    if not _shows_names(chunks):
        return
    run: list[str] = []
    begins = True
    for chunk in [*chunks, ""]:
        bare = _bare(chunk)
        opens = chunk[:1].isalnum() or not chunk
        is_name = bare[:1].isupper() and not (begins and bare.lower() in FUNCTION_WORDS)
        if run and (not opens or not (is_name or bare in _LINKS) or len(run) == _LONGEST):
            yield from _name_of(run)
            run = []
        if is_name or (run and bare in _LINKS):
            run.append(bare)
        begins = chunk.endswith((".", "!", "?", ":", "…"))
        if run and chunk and not chunk[-1].isalnum():
            yield from _name_of(run)
            run = []


def _name_of(run: list[str]) -> Iterator[str]:
    while run and run[-1] in _LINKS:
        run = run[:-1]
    while run and run[0].lower() in FUNCTION_WORDS:
        run = run[1:]
    if len(run) > 1:
        yield " ".join(run)


def _separate(names: list[DistinctiveWord]) -> list[DistinctiveWord]:
    """Names without those that are part of a more distinctive one, or contain one."""
    kept: list[DistinctiveWord] = []
    for name in names:
        text = f" {name.text} "
        if not any(text in f" {other.text} " or f" {other.text} " in text for other in kept):
            kept.append(name)
    return kept


def _apart(words: list[DistinctiveWord], names: list[DistinctiveWord]) -> list[DistinctiveWord]:
    """Words without those that mostly occur within one of the names."""
    within: Counter[str] = Counter()
    for name in names:
        for term in set(analysis.terms(name.text)):
            within[term] = max(within[term], name.articles)
    return [word for word in words if within[word.text] < _WITHIN * word.articles]
