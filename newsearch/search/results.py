"""What a search gives: hits, counts, facets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, overload

from newsearch._arguments import check_number
from newsearch.articles.article import Article
from newsearch.engine.base import FACETS, Answer, Counts, Explanation, Summary
from newsearch.errors import QueryError
from newsearch.query import Note, Parsed
from newsearch.search.help import FEW, Clause, diagnose, respell
from newsearch.search.request import Asked, Request
from newsearch.text.analysis import Stemming

if TYPE_CHECKING:
    from newsearch.search.folding import Copy, Folding


class Hit:
    """One article that a search found.

    Attributes:
        score: the text score times the boost; comparable within one search only.
        complete: whether the article holds every word asked for.
        id, title: the article's.
        url: where to read the article.
        copies: of a search with `collapse`, the articles that this hit stands for, the earliest first; else none.
    """

    __slots__ = ("_answer", "_article", "_number", "complete", "copies", "id", "score", "title", "url")

    def __init__(
        self,
        answer: Answer,
        number: int,
        named: Summary,
        score: float,
        complete: bool,
        copies: tuple[Copy, ...] = (),
    ) -> None:
        self._answer = answer
        self._number = number
        self._article: Article | None = None
        self.score = score
        self.complete = complete
        self.copies = copies
        self.id = named.id
        self.title = named.title
        self.url = named.url or None

    def __repr__(self) -> str:
        return f"<Hit {self.score:.3f} {self.id!r}>"

    @property
    def matched(self) -> bool:
        """Whether the article holds any word asked for. Of an expanded search, hits may not; these are not counted."""
        return self._answer.matched(self._number)

    @property
    def article(self) -> Article:
        """The article, whole. It is read from the index when it is first asked for.

        Raises:
            IndexCorrupt: what the index keeps of it is damaged.
        """
        if self._article is None:
            self._article = self._answer.article(self._number)
        return self._article

    @property
    def stemming(self) -> Stemming:
        """How the article's words were stemmed: in which language, and which of them not; for `marks`."""
        return self._answer.stemming(self._number)

    @property
    def explanation(self) -> Explanation:
        """Why the score is what it is; its parts multiply to the score."""
        return self._answer.explain(self._number)


class Results(Sequence[Hit]):
    """One page of hits, the best first, and what is known of all the matches.

    Attributes:
        request: what was asked for.
        query: the query as it was understood.
        now: the moment that relative dates and ages count from.
        tz: the zone in which days begin.
        folding: of a search with `collapse` or `per_outlet`, how many hits were read, into how many groups they fall,
            and whether these are all that match; else None.
    """

    def __init__(self, asked: Asked, answer: Answer, folding: Folding | None = None) -> None:
        self.request: Request = asked.request
        self.query: Parsed = asked.query
        self.now: datetime = asked.now
        self.tz: tzinfo = asked.tz
        self._asked = asked
        self._answer = answer
        self.folding = folding
        if folding is None:
            self._hits = _hits(answer)
        else:
            found = answer.hits()
            self._hits = [Hit(answer, number, *found[number], copies) for number, copies in folding.page]

    def __repr__(self) -> str:
        return f"<Results {len(self)} of query {self.query.text!r}>"

    def __len__(self) -> int:
        return len(self._hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Hit]: ...

    def __getitem__(self, index: int | slice) -> Hit | Sequence[Hit]:
        return self._hits[index]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What in the query was perhaps meant otherwise."""
        return self.query.notes

    @cached_property
    def counts(self) -> Counts:
        """How many articles match: complete ones, which hold every word, and partial ones; counted when asked for."""
        return self._answer.counts()

    @property
    def total(self) -> int:
        """How many articles match, on all pages."""
        return self.counts.complete + self.counts.partial

    @property
    def reaches_end(self) -> bool:
        """Whether the last match is on this page."""
        found = self.request.offset + len(self)
        if self.folding is None:
            return found == self.total
        return self.folding.exact and found == self.folding.groups

    @cached_property
    def did_you_mean(self) -> str | None:
        """The query with likely misspellings replaced, where few articles hold every word and it would match more.

        Computed when asked for: words that hardly any article holds, and the words of the collection that are like
        them.
        """
        return respell(self._asked, self.counts)

    @cached_property
    def related(self) -> tuple[Hit, ...]:
        """What else may be of interest, where fewer than ten articles are found by relevance: as many as make ten.

        They pass the filters of the search, and hold words that the found ones share, but none of the query's own. They
        are no matches: neither on the page, nor counted. Computed when asked for, by a second search.
        """
        options = self._asked.options
        if self.request.expand is not None or options.sort != "relevance" or not 0 < self.total < FEW:
            return ()
        from newsearch.search.expansion import likely_words  # most searches find more

        reader, tree = self._asked.reader, self._asked.tree()
        found = {
            named.id for named, _, _ in reader.search(tree, replace(options, offset=0, limit=FEW)).hits()
        }
        also = likely_words(reader, tree, options)
        if not also:
            return ()
        expanded = reader.search(tree, replace(options, offset=0, limit=2 * FEW, also=also))
        return tuple(hit for hit in _hits(expanded) if hit.id not in found)[: FEW - len(found)]

    def diagnose(self) -> tuple[Clause, ...]:
        """Why a search found nothing: what each part of it matches alone, and what the search matches without it.

        Each part, of the first 16, costs two searches. Where unpublished articles would match, the last part is
        `is:published`, which goes without saying.
        """
        return diagnose(self._asked)

    def facet(self, name: str, limit: int | None = 10) -> list[tuple[str, int]]:
        """The commonest values of a facet among the matches: (value, articles), the commonest first.

        Counted are the articles that hold every word, or, where there are none, those that hold some. Years, months,
        weeks and days are those of the zone of the search, and come in the order of time, the latest `limit` of them.

        Args:
            name: topic, provider, author, category, type, language, year, month, week or day.
            limit: at most so many values; None is all.

        Raises:
            QueryError: there is no facet of this name, or no such limit.
        """
        if name not in FACETS:
            raise QueryError(f"unknown facet {name!r}: one of {', '.join(FACETS)}")
        if limit is not None:
            check_number("limit", limit, 0, whole=True, error=QueryError)
        return self._answer.facet(name, limit)


def _hits(answer: Answer) -> list[Hit]:
    return [Hit(answer, number, *found) for number, found in enumerate(answer.hits())]
