"""The results of a search: hits, counts, facets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, overload

from newsearch._arguments import check_number
from newsearch._cached import cached_property
from newsearch.articles.article import Article
from newsearch.engine.base import FACETS, Answer, Counts, Explanation, Summary
from newsearch.errors import EngineError, QueryError
from newsearch.query import Note, Parsed
from newsearch.search.asked import Asked
from newsearch.search.help import Clause, diagnose
from newsearch.search.request import Request
from newsearch.search.respelling import FEW, respell
from newsearch.text.analysis import Stemming

if TYPE_CHECKING:
    from newsearch.engine.base import FoldedAnswer
    from newsearch.search.folding import Copy, Folding


class Hit:
    """One article found by a search.

    Attributes:
        score: the text score times the boost; comparable only within one search.
        complete: whether the article contains every word of the query.
        id, title: those of the article.
        url: the address of the article.
    """

    __slots__ = ("_answer", "_article", "_copies", "_number", "complete", "id", "score", "title", "url")

    def __init__(
        self,
        answer: Answer,
        number: int,
        named: Summary,
        score: float,
        complete: bool,
        copies: Callable[[], tuple[Copy, ...]] = tuple,
    ) -> None:
        self._answer = answer
        self._number = number
        self._article: Article | None = None
        self.score = score
        self.complete = complete
        self._copies: Callable[[], tuple[Copy, ...]] | tuple[Copy, ...] = copies
        self.id = named.id
        self.title = named.title
        self.url = named.url or None

    def __repr__(self) -> str:
        return f"<Hit {self.score:.3f} {self.id!r}>"

    @property
    def matched(self) -> bool:
        """Whether the article contains any word of the query. Hits of an expanded search may not; they do not count."""
        return self._answer.matched(self._number)

    @property
    def copies(self) -> tuple[Copy, ...]:
        """The articles that this hit represents in a search with `collapse`, the earliest first; otherwise empty.

        Raises:
            IndexCorrupt: a stored article is damaged.
        """
        if not isinstance(self._copies, tuple):
            self._copies = self._copies()
        return self._copies

    @property
    def article(self) -> Article:
        """The complete article, read from the index on first access.

        Raises:
            IndexCorrupt: the stored article is damaged.
        """
        if self._article is None:
            self._article = self._answer.article(self._number)
        return self._article

    @property
    def stemming(self) -> Stemming:
        """The stemming of the article: its language and the protected words. Needed by `marks`."""
        return self._answer.stemming(self._number)

    @property
    def explanation(self) -> Explanation:
        """The parts of the score, whose product is the score."""
        return self._answer.explain(self._number)


class Results(Sequence[Hit]):
    """One page of hits, the best first, and information on all matches.

    Attributes:
        request: the request.
        now: the reference moment for relative dates and ages.
        tz: the time zone in which days begin.
        folding: in a search with `collapse` or `per_outlet`, the number of hits that were grouped, the number of groups
            they form, and whether they are all matches; otherwise None.
    """

    def __init__(self, asked: Asked, answer: Answer, folding: Folding | None = None) -> None:
        self.request: Request = asked.request
        self.now: datetime = asked.now
        self.tz: tzinfo = asked.tz
        self._asked = asked
        self._answer = answer
        self.folding = folding
        self._numbers = range(len(answer)) if folding is None else [number for number, _ in folding.page]

    def __repr__(self) -> str:
        return f"<Results {len(self)} of query {self._asked.query.text!r}>"

    def __len__(self) -> int:
        return len(self._numbers)

    @cached_property
    def _hits(self) -> list[Hit]:
        if self.folding is None:
            return _hits(self._answer)
        found = self._answer.hits()
        return [Hit(self._answer, number, *found[number], copies) for number, copies in self.folding.page]

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Hit]: ...

    def __getitem__(self, index: int | slice) -> Hit | Sequence[Hit]:
        return self._hits[index]

    @cached_property
    def query(self) -> Parsed:
        """The query as it was searched: with synonyms, and with other spellings of its words."""
        query = self._asked.query
        return query._replace(tree=self._asked.spellings.expand(query.tree, query.text))

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes on parts of the query that may have been meant differently."""
        return self._asked.query.notes

    @cached_property
    def counts(self) -> Counts:
        """The number of complete matches, which contain every word, and of partial ones. Counted on first access."""
        return self._answer.counts()

    @property
    def total(self) -> int:
        """The number of matching articles on all pages."""
        return self.counts.total

    def json(self, more: list[bytes]) -> Sequence[bytes | None]:
        """The hits as JSON, one object on one line for each, without making an Article.

        Args:
            more: for each hit the members that follow its id and url, with a comma before each. Empty if there are
                none.

        Returns:
            For each hit its rank, score, complete, id and url, then `more`, and then what `article_to_mapping` makes of
            its article; invisible characters are escaped. None if that is made as fast from the article.

        Raises:
            IndexCorrupt: a stored article is damaged.
        """
        return self._answer.json(self._numbers, self.request.offset + 1, more)

    @property
    def reaches_end(self) -> bool:
        """Whether the last match is on this page."""
        found = self.request.offset + len(self)
        if self.folding is None:
            return found == self.total
        return self.folding.exact and found == self.folding.groups

    @cached_property
    def did_you_mean(self) -> str | None:
        """The query with likely misspellings replaced, if few articles contain every word and the new query has more.

        Computed on access: words that hardly any article contains are compared with similar words of the collection.
        """
        return respell(self._asked, self._answer.complete())

    @cached_property
    def related(self) -> tuple[Hit, ...]:
        """Related articles that fill up the results to ten, if a search by relevance finds fewer than ten.

        They pass the filters of the search. They contain words that the found articles share, but no word of the query.
        They are not matches: they are not on the page and do not count. Computed on access, by a second search.
        """
        options = self._asked.options
        if self.request.expand is not None or options.sort != "relevance" or not 0 < self.total < FEW:
            return ()
        # Not needed when a search finds more.
        from newsearch.search.expansion import ARTICLES, RELATED, shared_words

        reader, tree = self._asked.reader, self._asked.tree()
        best = self._answer
        if self.folding is not None or (options.offset, options.limit) != (0, ARTICLES):
            best = reader.search(tree, replace(options, offset=0, limit=ARTICLES))
        found = {named.id for named, _, _ in best.hits()}
        also = shared_words(tree, best, RELATED)
        if not also:
            return ()
        expanded = reader.search(tree, replace(options, offset=0, limit=2 * FEW, also=also))
        return tuple(hit for hit in _hits(expanded) if hit.id not in found)[: FEW - len(found)]

    def diagnose(self) -> tuple[Clause, ...]:
        """Explain an empty result: what each part of the search matches alone, and what the rest matches without it.

        Only the first 16 parts are examined, and each takes two searches. If unpublished articles would match, the last
        part is the implicit `is:published`.
        """
        return diagnose(self._asked)

    @cached_property
    def texts(self) -> Counts:
        """The number of matching texts: like `counts`, but all copies of a text count as one.

        Raises:
            EngineError: the engine of this index does not know which articles are copies.
        """
        return self._texts.groups()

    @cached_property
    def _texts(self) -> FoldedAnswer:
        from newsearch.engine.base import Fold  # few count texts
        from newsearch.engine.optional import FoldingReader

        reader = self._asked.reader
        if not isinstance(reader, FoldingReader):
            raise EngineError(
                "this index does not count texts: its engine does not know which articles are copies"
            )
        options = replace(self._asked.options, limit=0, offset=0)
        return reader.fold(self._asked.tree(), options, Fold(copies=True))

    def facet(self, name: str, limit: int | None = 10) -> list[tuple[str, int]]:
        """The most frequent values of a facet among the matches as (value, count), the most frequent first.

        Counts the articles that contain every word, or, if there are none, those that contain some. If the request
        counts texts, all copies of a text count once for each value. Years, months, weeks and days are in the time zone
        of the search. They come in chronological order, the latest `limit` of them.

        Args:
            name: topic, provider, author, category, type, language, year, month, week or day.
            limit: the maximum number of values; None means all.

        Raises:
            QueryError: there is no facet with this name, or the limit is invalid.
            EngineError: texts cannot be counted; see `texts`.
        """
        if not isinstance(name, str) or name not in FACETS:
            raise QueryError(f"unknown facet {name!r:.80}: one of {', '.join(FACETS)}")
        if limit is not None:
            check_number("limit", limit, 0, whole=True, error=QueryError)
        if self.request.count == "texts":
            return self._texts.facet_of_groups(name, limit)
        return self._answer.facet(name, limit)


def _hits(answer: Answer) -> list[Hit]:
    return [
        Hit(answer, number, named, score, complete)
        for number, (named, score, complete) in enumerate(answer.hits())
    ]
