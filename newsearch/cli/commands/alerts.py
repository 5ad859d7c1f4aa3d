"""newsearch alerts: what is new for saved searches."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice

import click

from newsearch.alerts.deliveries import MAX_HITS, Alert, Deliveries
from newsearch.alerts.saved import SavedSearch, read_saved
from newsearch.cli.formats import print_json
from newsearch.cli.options import cache_option, color_option, format_option, limit_option, synonyms_option
from newsearch.cli.places import delivered_option, delivered_to, index_option, open_for_search, saved_option
from newsearch.cli.terminal import BOLD, COMPARING, Terminal, complain, explained_if_slow
from newsearch.cli.text import hit_lines
from newsearch.errors import QueryError, SavedSearchError
from newsearch.outputs.json_page import hit_mappings, to_json
from newsearch.outputs.page import Page
from newsearch.outputs.table import url_lines
from newsearch.outputs.words import counted
from newsearch.search.index import Index

_NAMED = 10
"""Names of searches that a message lists."""

_BROKEN_SHOWN = 20
"""Unusable searches that are reported one by one."""


@click.command(
    epilog="""\b
    Examples:
      newsearch query "facial recognition ban" --save "Face bans"
      newsearch reindex; newsearch alerts
      newsearch alerts "Face bans" --limit 100 --format json
      newsearch alerts --peek
      newsearch alerts --skip

    docs/alerts.md describes the file of saved searches and what counts as new.""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@saved_option
@delivered_option
@limit_option(
    "Maximum number of hits for each search; the others stay new.", default=20, least=1, most=MAX_HITS
)
@click.option("--peek", is_flag=True, help="Show what is new, and leave it new.")
@click.option("--skip", is_flag=True, help="Count all articles as delivered, and show none.")
@synonyms_option
@format_option("text", "json", "jsonl", "urls")
@color_option
@cache_option("256M")
@index_option
def alerts(
    names: Sequence[str],
    saved: str,
    delivered: str | None,
    limit: int,
    peek: bool,
    skip: bool,
    synonyms: str | None,
    format_name: str,
    color: str,
    cache: int,
    directory: str | None,
) -> int:
    """Show what is new for saved searches: for all of them, or for those with these names.

    Each article is delivered once for each search. A search begins with its first alert, or when --save keeps it; what
    it finds by then is not new. The exit code is 0 if anything is new, 1 if not, and 2 if one of the searches
    cannot be used; the others are shown.
    """
    if peek and skip:
        raise QueryError("--peek leaves articles new, and --skip does not: give one of them")
    searches, broken = _chosen(saved, names)
    asked = len(searches) + len(broken)
    terminal = Terminal.of(sys.stdout, color)
    is_any_new = False
    objects: list[dict[str, object]] = []
    pending: dict[int, Alert] = {}
    with (
        Deliveries(delivered_to(saved, delivered)) as deliveries,
        open_for_search(directory, synonyms, cache) as index,
    ):
        if skip:
            for search in searches:
                with _apart(broken, search, saved):
                    new = counted(deliveries.skip(index, search), "new article")
                    complain(f"{search.name}: skipped {new}")
            _report(broken, asked)
            return 2 if broken else 0
        for search in searches:
            with _apart(broken, search, saved):
                alert = _asked(search, deliveries, index, limit, peek)
                if format_name == "json":
                    objects.append(_mapping(alert))
                if format_name == "json" and len(alert.results):
                    pending[len(objects) - 1] = alert
                    continue
                if len(alert.results):
                    with _delivering([alert], deliveries, index, limit, peek) as (alert,):
                        _print(alert, format_name, terminal)
                    is_any_new |= len(alert.results) > 0
                _remark(alert, peek, format_name)
        if format_name == "json":
            with _delivering(pending.values(), deliveries, index, limit, peek) as told:
                for place, alert in zip(pending, told, strict=True):
                    objects[place] = _mapping(alert)
                print_json({"alerts": objects, "errors": [str(error) for error in broken]})
            is_any_new = any(len(alert.results) for alert in told)
            for alert in told:
                _remark(alert, peek, format_name)
    _report(broken, asked)
    # cron mails whatever is said, and most runs have nothing to tell.
    if not is_any_new and not broken and Terminal.of(sys.stderr).interactive:
        complain("nothing new")
    return 2 if broken else 0 if is_any_new else 1


def _chosen(saved: str, names: Sequence[str]) -> tuple[Sequence[SavedSearch], list[SavedSearchError]]:
    """The searches with these names, or all; those that can be used, and those that cannot."""
    broken: list[SavedSearchError] = []
    searches = read_saved(saved, broken.append) if os.path.lexists(saved) else ()
    if not searches and not broken:
        raise QueryError(f"{saved}: no search is saved here; `newsearch query WORDS --save NAME` saves one")
    usable = {search.name: search for search in searches}
    known = dict.fromkeys([*usable, *(error.name for error in broken if error.name)])
    if not names or not known:
        return searches, broken
    for name in names:
        if name not in known:
            said = ", ".join(islice(known, _NAMED))
            more = f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else ""
            raise QueryError(f"{saved}: no search is named {name!r:.80}: there are {said}{more}")
    named = dict.fromkeys(names)
    return [usable[name] for name in named if name in usable], [e for e in broken if e.name in named]


@contextmanager
def _apart(broken: list[SavedSearchError], search: SavedSearch, saved: str) -> Iterator[None]:
    """Keep what is wrong with one search from stopping the others."""
    try:
        yield
    except SavedSearchError as error:
        broken.append(error)
    except QueryError as error:
        broken.append(SavedSearchError(saved, search.name, str(error)))


def _report(broken: Collection[SavedSearchError], asked: int) -> None:
    if not broken:
        return
    complain(*map(str, islice(broken, _BROKEN_SHOWN)))
    if len(broken) > _BROKEN_SHOWN:
        complain(f"and {len(broken) - _BROKEN_SHOWN:,} more that cannot be used")
    complain(f"left out {len(broken):,} of {asked:,} saved searches")


def _print(alert: Alert, format_name: str, terminal: Terminal) -> None:
    for line in _lines(alert, format_name, terminal):
        print(line)


def _lines(alert: Alert, format_name: str, terminal: Terminal) -> Iterator[str]:
    page = Page(alert.results)
    if format_name == "urls":
        yield from url_lines(page)
    elif format_name == "jsonl":
        for hit in hit_mappings(page):
            yield to_json({"search": alert.search.name, **hit}, ascii=not terminal.utf8)
    elif len(alert.results):
        heading = f"{alert.search.name}: {counted(alert.new - alert.copies, 'new article')}"
        yield terminal.style(heading, BOLD)
        yield ""
        yield from hit_lines(page, terminal)


def _asked(search: SavedSearch, deliveries: Deliveries, index: Index, limit: int, peek: bool) -> Alert:
    """What is new for a search.

    An alert without articles is noted at once: nothing has to be written first, and all that matches need not be kept.
    """
    while True:
        with explained_if_slow(COMPARING) if search.request.collapse else nullcontext():
            alert = deliveries.alert(index, search, limit=limit)
        if len(alert.results) or peek or deliveries.acknowledge(alert):
            return alert


@contextmanager
def _delivering(
    alerts: Collection[Alert], deliveries: Deliveries, index: Index, limit: int, peek: bool
) -> Iterator[list[Alert]]:
    """Note alerts as delivered when they are written. No other process delivers meanwhile.

    What was asked before may have been delivered since, and is then asked again.
    """
    if peek or not alerts:
        yield list(alerts)
        sys.stdout.flush()
        return
    with deliveries.locked():
        told = [
            alert if deliveries.is_current(alert) else deliveries.alert(index, alert.search, limit=limit)
            for alert in alerts
        ]
        yield told
        sys.stdout.flush()
        for alert in told:
            deliveries.acknowledge(alert)


def _remark(alert: Alert, peek: bool, format_name: str) -> None:
    """Report what the reader should know."""
    name = alert.search.name
    if alert.begins and peek:
        complain(f"{name}: has not begun; the first alert without --peek begins it")
    elif alert.begins:
        complain(f"{name}: begins now; what it finds already is not new")
    if alert.changed:
        complain(f"{name}: changed since the last time; what it already found is not new")
    if format_name == "urls" and (without := sum(not hit.url for hit in alert.results)):
        complain(f"{name}: left out {counted(without, 'article')} without a URL")
    if alert.copies:
        complain(
            f"{name}: left out {alert.copies:,} cop{'y' if alert.copies == 1 else 'ies'} of articles delivered before"
        )
    if alert.left:
        stay = "stays" if alert.left == 1 else "stay"
        complain(f"{name}: {alert.left:,} more {stay} new; run it again, or with a higher --limit or --skip")
    complain(*(f"{name}: {note.message}" for note in alert.results.notes))


def _mapping(alert: Alert) -> dict[str, object]:
    return {
        "name": alert.search.name,
        "request": alert.search.request.as_mapping(),
        "begins": alert.begins,
        "changed": alert.changed,
        "new": alert.new,
        "copies": alert.copies,
        "left": alert.left,
        "hits": list(hit_mappings(Page(alert.results))),
    }
