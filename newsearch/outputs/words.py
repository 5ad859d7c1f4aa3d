"""Sentences about a search: the number of results, and advice if there are none."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from newsearch.engine.base import Counts
from newsearch.search.help import Clause
from newsearch.search.results import Results


def counted(number: int, noun: str) -> str:
    """`1 article`, `1,200 articles`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted_matches(counts: Counts) -> str:
    """`1 article`, `16 articles (3 with every word)`."""
    said = counted(_sum(counts), "article")
    return f"{said} ({counts.complete:,} with every word)" if counts.partial else said


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
        helpful = [clause for clause in clauses if _sum(clause.without)]
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


def _sum(counts: Counts) -> int:
    return counts.complete + counts.partial
