"""Sentences about a search: the number of results, and advice if there are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from shlex import quote

from newsearch.articles.article import outlet_name
from newsearch.engine.base import Counts
from newsearch.search.help import Clause
from newsearch.search.results import Hit, Results


def counted(number: int, noun: str) -> str:
    """`1 article`, `1,200 articles`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted_matches(counts: Counts) -> str:
    """`1 article`, `16 articles (3 with every word)`."""
    said = counted(counts.total, "article")
    return f"{said} ({counts.complete:,} with every word)" if counts.partial else said


def counted_copies(hit: Hit, collapse: str | None) -> str:
    """The articles that a hit represents: `+14 outlets`, `+2 copies`; of a story `+9 articles, 5 other outlets`."""
    others = len(other_outlets(hit))
    if collapse == "stories":
        said = "+" + counted(len(hit.copies), "article")
        return f"{said}, {counted(others, 'other outlet')}" if others else said
    if others:
        return "+" + counted(others, "outlet")
    return f"+{len(hit.copies):,} cop{'y' if len(hit.copies) == 1 else 'ies'}"


def other_outlets(hit: Hit) -> list[str]:
    """The outlets of the articles that a hit represents, without its own."""
    others = dict.fromkeys(copy.outlet for copy in hit.copies if copy.outlet)
    others.pop(outlet_name(hit.article), None)
    return list(others)


def delay(span: timedelta) -> str:
    """`35 min`, `2 h 5 min`, `3 days`."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def advice(results: Results) -> Iterator[str]:
    """Advice on a search with no results, or hardly any, one line at a time."""
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
            yield f"no article matches {typed(clause)}{near}"
    if len(clauses) > 1:
        helpful = [clause for clause in clauses if clause.without.total]
        for clause in helpful:
            yield f"without {typed(clause)}: {counted_matches(clause.without)}"
        if not helpful:
            yield "removing any one part of the search finds nothing either"


def typed(clause: Clause) -> str:
    """A clause as typed: a part of the query, or an option of the command."""
    if clause.option is None:
        return clause.text
    flag = _FLAGS.get(clause.option, f"--{clause.option.replace('_', '-')}")
    return f"{flag} {quote(clause.text)}"


_IMPLIED = "is:published"
_FLAGS = {
    "topics": "--topic",
    "providers": "--provider",
    "authors": "--author",
    "categories": "--category",
    "types": "--type",
    "languages": "--language",
}
