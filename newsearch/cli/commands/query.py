"""newsearch query: find articles."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

import click
from click.core import ParameterSource

from newsearch.cli.formats import EXPLAINING, FACETED, FORMATS
from newsearch.cli.options import cache_option, color_option, format_option, synonyms_option
from newsearch.cli.places import (
    DEFAULT_INDEX,
    delivered_option,
    delivered_to,
    index_option,
    open_for_search,
    saved_option,
)
from newsearch.cli.requests import request_options
from newsearch.cli.terminal import COMPARING, Terminal, complain, explained_if_slow
from newsearch.cli.values import Whole
from newsearch.engine.base import FACETS
from newsearch.errors import NewsearchError, QueryError
from newsearch.outputs.page import Page
from newsearch.outputs.words import advice, counted
from newsearch.query import describe
from newsearch.search.index import Index
from newsearch.search.index import open as open_index
from newsearch.search.request import Request


def _completions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """What the shell offers for a word of the query: of completions, those that are one word to the shell, too."""
    from shlex import quote  # not for every query

    before = " ".join([*(ctx.params.get("text") or ()), ""])
    try:
        with open_index(ctx.params.get("directory") or DEFAULT_INDEX) as index:
            found = index.complete(before + incomplete)
    except NewsearchError:
        return []
    words = [completion.text[len(before) :] for completion in found]
    return [word for word in words if word == quote(word)]


@click.command(
    epilog="""\b
    Examples:
      newsearch query facial recognition ban
      newsearch query '"mail-in ballots"' --sort newest --limit 5
      newsearch query vaccine --after 2020-09 --provider northernwire.example
      newsearch query wildfire --topic Climate --facet month --limit 0
      newsearch query vaccine --half-life 30d --explain
      newsearch query jab side effects --expand
      newsearch query portland --collapse stories --show first
      newsearch query portland --facet provider --count texts
      newsearch query facial recognition ban --save "Face bans"
      newsearch query --format jsonl -- -amazon facial recognition

    Words need no quotes. Quote a phrase as in '"mail-in ballots"', since the shell removes one pair of quotes. Write --
    before a query that begins with -. docs/query-syntax.md describes the whole syntax.""",
)
@click.argument("text", nargs=-1, shell_complete=_completions)
@request_options
@synonyms_option
@click.option(
    "--facet",
    "facets",
    multiple=True,
    type=click.Choice(FACETS),
    help="Also count the values of this; repeatable.",
)
@click.option(
    "--facet-limit",
    metavar="NUMBER",
    type=Whole(min=0),
    help="Values of each facet, 0 for all.  [default: 10; all years and months, 52 weeks, 31 days]",
)
@click.option("--explain", is_flag=True, help="Show how each score was computed.")
@format_option(*FORMATS)
@color_option
@click.option(
    "--parse", "only_parse", is_flag=True, help="Show how the query is understood, without searching."
)
@click.option("--save", metavar="NAME", help="Save this search under a name, for `newsearch alerts`.")
@saved_option
@delivered_option
@cache_option("256M")
@index_option
def query(
    request: Request,
    synonyms: str | None,
    facets: Sequence[str],
    facet_limit: int | None,
    explain: bool,
    format_name: str,
    color: str,
    only_parse: bool,
    save: str | None,
    saved: str,
    delivered: str | None,
    cache: int,
    directory: str | None,
) -> int:
    """Find articles, the best first. Articles that contain every word come before those that contain only some.

    Without TEXT, all articles are found.
    """
    if explain and format_name not in EXPLAINING:
        *others, last = EXPLAINING
        raise QueryError(f"--explain needs --format {', '.join(others)} or {last}, not {format_name}")
    if facets and format_name not in FACETED:
        raise QueryError(f"--facet needs --format {' or '.join(FACETED)}, not {format_name}")
    if only_parse and save is not None:
        raise QueryError("--parse does not search, and --save keeps a search: give one of them")
    terminal = Terminal.of(sys.stdout, color)
    asked = click.get_current_context().get_parameter_source("collapse")
    if asked == ParameterSource.DEFAULT and terminal.interactive and format_name == "text":
        request = replace(request, collapse="copies")
    if only_parse:
        return _show_parsed(request, synonyms)
    with open_for_search(directory, synonyms, cache) as index:
        with explained_if_slow(COMPARING) if request.collapse else nullcontext():
            results = index.run(request)
        if save is not None:
            # Before the output, whose reader may not wait for its end.
            given = request if asked == ParameterSource.COMMANDLINE else replace(request, collapse="copies")
            _save(index, save, given, saved, delivered)
        for line in FORMATS[format_name](Page(results, facets, explain, facet_limit), terminal):
            print(line)
        # After the results, where they are read: what was not understood must not scroll away.
        sys.stdout.flush()
        complain(*(note.message for note in results.notes))
        complain(*_without_effect(request, facets, facet_limit))
        if not len(results) and (total := results.total) and (request.limit or not facets):
            said = f"{counted(total, 'article')} match{'es' if total == 1 else ''}"
            complain(f"{said}, none at this offset" if request.limit else said)
        if format_name != "json":  # which has it all
            if not results.total:
                complain("nothing found")
            complain(*advice(results))
        if save is not None:
            complain(_saved(save, saved, synonyms))
        return 0 if results.total or len(results) else 1


def _save(index: Index, name: str, request: Request, saved: str, delivered: str | None) -> None:
    """Save a search. What it finds by now is not new later."""
    from newsearch.alerts.deliveries import Deliveries  # few searches are saved
    from newsearch.alerts.saved import SavedSearch, check_name, save_search

    check_name(name)
    search = SavedSearch(name, request)
    # If the deliveries cannot be used, nothing is saved, and the same command can be given again.
    with Deliveries(delivered_to(saved, delivered)) as deliveries, deliveries.locked():
        save_search(saved, search)
        deliveries.skip(index, search)


def _saved(name: str, saved: str, synonyms: str | None) -> str:
    from shlex import quote

    without, again = (
        ("", "") if synonyms is None else (" without the synonyms", f" --synonyms {quote(synonyms)}")
    )
    return f"saved {name} in {saved}{without}; `newsearch alerts{again}` shows what is new from now on"


def _without_effect(request: Request, facets: Sequence[str], facet_limit: int | None) -> Iterator[str]:
    """Notes on options that change nothing in this search."""
    if request.expand and request.sort != "relevance":
        yield f"--expand has no effect with --sort {request.sort}; it works with --sort relevance only"
    if request.show != "best" and not request.collapse:
        yield f"--show {request.show} changes nothing without --collapse"
    if facet_limit is not None and not facets:
        yield f"--facet-limit {facet_limit} changes nothing without --facet"
    if request.count != "articles" and not facets:
        yield f"--count {request.count} changes nothing without --facet"


def _show_parsed(request: Request, synonyms: str | None) -> int:
    read = None
    if synonyms:
        from newsearch.query.synonyms import read_synonyms  # few have such a file

        read = read_synonyms(synonyms)
    parsed = request.parsed(read)
    complain(*(note.message for note in parsed.notes))
    print(describe(parsed.tree))
    return 0
