"""newsearch stats: what an index holds."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from newsearch import ranking
from newsearch.cli.formats import print_json
from newsearch.cli.options import format_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.engine.figures import NO_SETTINGS, SourceSettings, Stats
from newsearch.errors import without_secrets
from newsearch.outputs.words import counted
from newsearch.search.index import open as open_index
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch stats
      newsearch stats --fields
      newsearch stats --index /var/lib/news --format json""",
)
@format_option("text", "json")
@click.option("--fields", is_flag=True, help="Also count the words of each field, which takes longer.")
@index_option
def stats(format_name: str, fields: bool, directory: str | None) -> int:
    """Show what the index holds: its articles, their dates and sources, and its size."""
    with open_index(directory or DEFAULT_INDEX) as index:
        held = index.stats()
        counts = index.fields() if fields else ()
    if format_name == "json":
        from newsearch.outputs.json_page import stats_mapping

        document = stats_mapping(held)
        if fields:
            document["fields"] = [count._asdict() for count in counts]
        print_json(document)
        return 0
    for name, said in _rows(held):
        print(f"{name:<12}{one_line(said)}")
    for count in counts:
        if count.words is None:
            said = counted(count.terms, "value")
        else:
            said = f"{counted(count.terms, 'exact form')} in {counted(count.words, 'word')}"
        print(f"{'field':<12}{count.name}: {said}")
    return 0


def _rows(held: Stats) -> list[tuple[str, str]]:
    settings_of_all = held.sources_settings or (NO_SETTINGS,) * len(held.sources)
    return [
        ("articles", f"{held.articles:,} ({held.unpublished:,} unpublished)"),
        (
            "dates",
            f"{held.oldest:%Y-%m-%d} to {held.newest:%Y-%m-%d}" if held.oldest and held.newest else "none",
        ),
        ("heat", _median(held.median_heat)),
        ("quality", _median(held.median_quality)),
        ("words", counted(held.terms, "exact form")),
        (
            "size",
            f"{held.size / 1e6:,.1f} MB in {counted(held.segments, 'segment')} and {counted(held.files, 'file')}",
        ),
        ("deleted", f"{counted(held.deleted, 'article')} still taking space"),
        *(
            [("hidden", f"{counted(held.hidden, 'article')} found in an earlier source")]
            if held.hidden
            else []
        ),
        ("generation", f"{held.generation:,}, made {held.created:%Y-%m-%d %H:%M} UTC, format {held.format}"),
        *([("history", "earlier versions of articles are kept")] if held.keep_history else []),
        *(
            ("source", without_secrets(source) + _reading(read, broken, settings))
            for source, read, broken, settings in zip(
                held.sources, held.sources_read, held.sources_broken, settings_of_all, strict=True
            )
        ),
    ]


def _median(median: float | None) -> str:
    return "unknown" if median is None else f"median {ranking.readable(median)}"


def _reading(read: datetime | None, broken: int, settings: SourceSettings) -> str:
    """What is known of the last time that files of a source were read, and how they are read."""
    facts = [f"read {read:%Y-%m-%d %H:%M} UTC"] if read else []
    facts += [f"{broken:,} broken"] if broken else []
    facts += [f"as {settings.format}"] if settings.format else []
    if settings.day_first is not None:
        facts.append("day first" if settings.day_first else "month first")
    if settings.window is not None:
        facts.append("a window" if settings.window else "no window")
    if settings.keep:
        facts.append(f"keeps {timedelta(seconds=settings.keep)!s}".removesuffix(", 0:00:00"))
    return f" ({'; '.join(facts)})" if facts else ""
