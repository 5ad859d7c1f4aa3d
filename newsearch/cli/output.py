"""What a search found, in one of the formats: each is a function from a page and a terminal to lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from importlib import import_module
from shlex import quote
from typing import Any, NamedTuple, TypeAlias

from newsearch.articles.article import article_to_mapping
from newsearch.cli.terminal import Terminal, clean, counted
from newsearch.engine.base import Counts, Explanation
from newsearch.search.help import Clause
from newsearch.search.results import Hit, Results
from newsearch.text.clean import escape_unseen

SCHEMA = 1
"""The version of everything that is written as JSON: raised when a reader of the old form could go wrong."""

_FACET_LIMIT = 10


class Page(NamedTuple):
    """What a search found, and what of it is to be shown.

    Attributes:
        offset: hits before those of the page.
        facets: names of the facets to show.
        explain: whether scores are explained.
        now, tz: the moment that ages count from, and the zone that dates are shown in.
        facet_limit: values of each facet, 0 for all; None is all years and months, and 10 of the others.
        limit: hits that the page has room for.
    """

    results: Results
    offset: int
    facets: Sequence[str]
    explain: bool
    now: datetime
    tz: tzinfo
    facet_limit: int | None = None
    limit: int = 10

    def ranked(self) -> Iterator[tuple[int, Hit]]:
        """The hits with their ranks, from 1."""
        return enumerate(self.results, self.offset + 1)

    def related(self) -> Iterator[tuple[int, Hit]]:
        """What else may be of interest, after the last match, where the page has room for it; ranks go on."""
        found = self.offset + len(self.results)
        if len(self.results) and found == self.results.total:
            room = max(0, self.limit - len(self.results))
            yield from enumerate(self.results.related[:room], found + 1)

    def facet(self, name: str) -> tuple[list[tuple[str, int]], int]:
        """The values of a facet that are shown, and how many are left out."""
        limit = self.facet_limit
        if limit is None:
            limit = 0 if name in ("year", "month") else _FACET_LIMIT
        values = self.results.facet(name, limit=None)
        if not limit or len(values) <= limit:
            return values, 0
        return self.results.facet(name, limit), len(values) - limit


def advice(results: Results) -> Iterator[str]:
    """What is worth knowing about a search that found nothing, or hardly anything: one line each."""
    if results.did_you_mean:
        yield f"did you mean: {results.did_you_mean}"
    if results.total:
        return
    clauses = results.diagnose()
    if clauses and clauses[-1].text == _IMPLIED:
        yield f"with --unpublished: {counted_matches(clauses[-1].without)}"
        return
    for clause in clauses:
        if not clause.alone and (len(clauses) > 1 or clause.near):
            near = f"; perhaps {', or '.join(clause.near)}" if clause.near else ""
            yield f"no article matches {_typed(clause)}{near}"
    if len(clauses) > 1:
        helpful = [clause for clause in clauses if _sum(clause.without)]
        for clause in helpful:
            yield f"without {_typed(clause)}: {counted_matches(clause.without)}"
        if not helpful:
            yield "leaving out any one part of the search finds nothing either"


def counted_matches(counts: Counts) -> str:
    """`1 article`, `16 articles (3 with every word)`."""
    said = counted(_sum(counts), "article")
    return f"{said} ({counts.complete:,} with every word)" if counts.partial else said


def _sum(counts: Counts) -> int:
    return counts.complete + counts.partial


_IMPLIED = "is:published"
_FLAGS = {"topics": "--topic", "providers": "--provider", "categories": "--category", "types": "--type"}


def _typed(clause: Clause) -> str:
    """A clause as it was typed: a part of the query, or an option of the command."""
    if clause.option is None:
        return clause.text
    flag = _FLAGS.get(clause.option, f"--{clause.option.replace('_', '-')}")
    return f"{flag} {quote(clause.text)}"


Format: TypeAlias = Callable[[Page, Terminal], Iterator[str]]


def as_text(page: Page, terminal: Terminal) -> Iterator[str]:
    """For people, and for grep: a block of lines for each hit."""
    lines: Format = import_module("newsearch.cli.text").page_lines  # programs do not need what people do
    return lines(page, terminal)


def as_json(page: Page, terminal: Terminal) -> Iterator[str]:
    """One object with everything."""
    counts = page.results.counts
    document = {
        "schema": SCHEMA,
        "query": page.results.query.text,
        "total": {"complete": counts.complete, "partial": counts.partial},
        "hits": [_hit_mapping(rank, hit, page.explain) for rank, hit in page.ranked()],
        "related": [_hit_mapping(rank, hit, page.explain) for rank, hit in page.related()],
        "facets": {
            name: [{"value": value, "count": count} for value, count in page.facet(name)[0]]
            for name in page.facets
        },
        "notes": [
            {"message": note.message, "start": note.span[0], "end": note.span[1]}
            for note in page.results.notes
        ],
        "did_you_mean": page.results.did_you_mean,
        "clauses": [] if page.results.total else [*map(_clause_mapping, page.results.diagnose())],
    }
    yield to_json(document, terminal, indent=2)


def as_jsonl(page: Page, terminal: Terminal) -> Iterator[str]:
    """One object for each hit, a line each; a source that can be indexed, too."""
    for rank, hit in page.ranked():
        yield to_json(_hit_mapping(rank, hit, page.explain), terminal)


def as_csv(page: Page, terminal: Terminal) -> Iterator[str]:
    """A table with a line of column names."""
    import csv
    from io import StringIO

    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for rank, hit in page.ranked():
        article = hit.article
        mapping = article_to_mapping(article)
        provider = article.provider.name or article.provider.domain if article.provider else ""
        texts = (hit.id, article.title, mapping.get("publishedDateTime", ""), provider)
        url = _cell(article.url or "")
        writer.writerow([rank, round(hit.score, 6), *map(_cell, texts), article.heat, article.quality, url])
    yield from buffer.getvalue().splitlines()


CSV_COLUMNS = ("rank", "score", "id", "title", "publishedDateTime", "provider", "heat", "quality", "url")


def as_urls(page: Page, terminal: Terminal) -> Iterator[str]:
    """One URL a line; hits that have none are left out."""
    return (clean(hit.url) for hit in page.results if hit.url)


FORMATS: dict[str, Format] = {
    "text": as_text,
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
    "urls": as_urls,
}

EXPLAINING = ("text", "json", "jsonl")
"""Formats that have a place for explanations."""

FACETED = ("text", "json")
"""Formats that have a place for facets."""


def to_json(value: Any, terminal: Terminal, indent: int | None = None) -> str:
    """JSON that says the same to every reader, and nothing to a terminal."""
    return escape_unseen(json.dumps(value, ensure_ascii=not terminal.utf8, indent=indent, allow_nan=False))


_MAY_LACK = ("url", "explanation")
"""What not every hit has, and what then is not there."""


def _hit_mapping(rank: int, hit: Hit, explain: bool) -> dict[str, Any]:
    ours: dict[str, Any] = {
        "rank": rank,
        "score": round(hit.score, 6),
        "complete": hit.complete,
        "id": hit.id,
    }
    if hit.url:
        ours["url"] = hit.url
    if explain:
        ours["explanation"] = _explanation_mapping(hit.explanation)
    # An article may bring keys of its own by these names; ours are the ones that readers expect.
    theirs = {key: value for key, value in article_to_mapping(hit.article).items() if key not in _MAY_LACK}
    return {**ours, **theirs, **ours}


def _clause_mapping(clause: Clause) -> dict[str, Any]:
    without = {"complete": clause.without.complete, "partial": clause.without.partial}
    return {"clause": _typed(clause), "alone": clause.alone, "without": without, "near": clause.near}


def _explanation_mapping(explanation: Explanation) -> dict[str, Any]:
    mapping: dict[str, Any] = {"value": round(explanation.value, 6), "description": explanation.description}
    if explanation.details:
        mapping["details"] = [_explanation_mapping(detail) for detail in explanation.details]
    return mapping


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = clean(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
