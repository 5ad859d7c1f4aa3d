"""newsearch query: find articles."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click

from newsearch.cli.options import Profile, color_option, expand_option, format_option
from newsearch.cli.output import EXPLAINING, FACETED, FORMATS, Page, advice
from newsearch.cli.places import DEFAULT_INDEX, index_option, open_for_search
from newsearch.cli.terminal import Terminal, complain, counted
from newsearch.cli.zones import zone
from newsearch.engine.base import FACETS, SORTS
from newsearch.errors import NewsearchError, QueryError
from newsearch.query import Note, describe, parse, parse_duration, parse_moment
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.search.index import open as open_index


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
      newsearch query --format jsonl -- -amazon facial recognition

    Several words need no quotes, but the shell removes those that are not quoted themselves: a phrase is
    '"mail-in ballots"'. A query that begins with - stands after --. docs/query-syntax.md has it all.""",
)
@click.argument("text", nargs=-1, shell_complete=_completions)
@click.option(
    "-n",
    "--limit",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Hits to show.",
)
@click.option(
    "--offset",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Hits to pass over.",
)
@click.option(
    "--sort", type=click.Choice(SORTS), default="relevance", show_default=True, help="What comes first."
)
@click.option("--after", metavar="DATE", help="Only from then on: 2020-09-29, 2020-09, yesterday, 7d.")
@click.option("--before", metavar="DATE", help="Only before then.")
@click.option(
    "--topic", "topics", multiple=True, metavar="TOPIC", help="Only with this topic; repeatable: with all."
)
@click.option(
    "--provider",
    "providers",
    multiple=True,
    metavar="NAME",
    help="Only of this outlet, by name or domain; repeatable: of any.",
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar="NAME",
    help="Only of this category; repeatable: of any.",
)
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="NAME",
    help="Only of this type, such as video; repeatable: of any.",
)
@click.option("--min-heat", type=float, metavar="NUMBER", help="Only with at least this heat.")
@click.option("--min-quality", type=float, metavar="NUMBER", help="Only with at least this quality.")
@click.option(
    "--synonyms",
    "synonym_file",
    metavar="FILE",
    help="Ask for synonyms, too: a group a line, as in: vaccine, jab",
)
@click.option("--unpublished", is_flag=True, help="Find unpublished articles too.")
@click.option(
    "--heat-weight",
    type=float,
    metavar="NUMBER",
    help="How much heat counts, 0 to 10.  [default: 0.5]",
)
@click.option(
    "--quality-weight",
    type=float,
    metavar="NUMBER",
    help="How much quality counts, 0 to 10.  [default: 0.5]",
)
@click.option(
    "--half-life", metavar="TIME", help="Prefer what is new: recency halves in this time, such as 7d."
)
@click.option(
    "--profile",
    type=Profile(),
    metavar="FILE",
    help="Take the weights that `newsearch tune` wrote; the options above are stronger.",
)
@click.option(
    "--as-of",
    metavar="DATE",
    help="Search as if at the end of this day, or at this instant: what is dated later is not found.",
)
@click.option(
    "--tz",
    "zone_name",
    metavar="ZONE",
    help="The zone of days, such as Europe/Paris.  [default: the system's]",
)
@click.option(
    "--facet",
    "facets",
    multiple=True,
    type=click.Choice(FACETS),
    help="Count the values of this, too; repeatable.",
)
@click.option(
    "--facet-limit",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    help="Values of each facet, 0 for all.  [default: 10; of years and months, all]",
)
@expand_option
@click.option("--explain", is_flag=True, help="Show how each score came about.")
@format_option(*FORMATS)
@color_option
@click.option(
    "--parse", "only_parse", is_flag=True, help="Show how the query is understood, and search nothing."
)
@index_option
def query(
    text: Sequence[str],
    limit: int,
    offset: int,
    sort: str,
    after: str | None,
    before: str | None,
    topics: Sequence[str],
    providers: Sequence[str],
    categories: Sequence[str],
    types: Sequence[str],
    min_heat: float | None,
    min_quality: float | None,
    synonym_file: str | None,
    unpublished: bool,
    heat_weight: float | None,
    quality_weight: float | None,
    half_life: str | None,
    profile: Boosts | None,
    as_of: str | None,
    zone_name: str | None,
    facets: Sequence[str],
    facet_limit: int | None,
    expand: bool | None,
    explain: bool,
    format_name: str,
    color: str,
    only_parse: bool,
    directory: str | None,
) -> int:
    """Find articles, the best first; those that hold every word come before those that hold only some.

    Without TEXT, every article is found.
    """
    if explain and format_name not in EXPLAINING:
        raise QueryError(f"--explain needs --format {', '.join(EXPLAINING)}, not {format_name}")
    if facets and format_name not in FACETED:
        raise QueryError(f"--facet needs --format {' or '.join(FACETED)}, not {format_name}")
    terminal = Terminal.of(sys.stdout, color)
    tz = zone(zone_name)
    now = datetime.now(UTC)
    moment = parse_moment(as_of, now=now, tz=tz) if as_of is not None else None
    boosts = _boosts(profile or DEFAULT_BOOSTS, heat_weight, quality_weight, half_life)
    words = " ".join(text)
    if only_parse:
        parsed = parse(words, now=moment or now, tz=tz)
        _tell(parsed.notes)
        tree = parsed.tree
        if synonym_file:
            from newsearch.query.synonyms import read_synonyms  # few have such a file

            tree = read_synonyms(synonym_file).expand(tree)
        print(describe(tree))
        return 0
    with open_for_search(directory, synonym_file) as index:
        results = index.search(
            words,
            limit=limit,
            offset=offset,
            sort=sort,
            after=after,
            before=before,
            topics=topics,
            providers=providers,
            categories=categories,
            types=types,
            min_heat=min_heat,
            min_quality=min_quality,
            unpublished=unpublished,
            boosts=boosts,
            as_of=as_of,
            tz=tz,
            expand=expand,
        )
        page = Page(results, offset, facets, explain, moment or now, tz, facet_limit, limit)
        for line in FORMATS[format_name](page, terminal):
            print(line)
        # After the results, where they are read: what was not understood must not scroll away.
        sys.stdout.flush()
        _tell(results.notes)
        if expand and sort != "relevance":
            complain(f"--expand changes nothing under --sort {sort}: only relevance heeds what it adds")
        if not len(results) and (total := results.total) and (limit or not facets):
            said = f"{counted(total, 'article')} match{'es' if total == 1 else ''}"
            complain(f"{said}, none at this offset" if limit else said)
        if format_name != "json":  # which has it all
            if not results.total:
                complain("nothing found")
            for line in advice(results):
                complain(line)
        return 0 if results.total or len(results) else 1


def _tell(notes: Sequence[Note]) -> None:
    for note in notes:
        complain(note.message)


def _boosts(profile: Boosts, heat: float | None, quality: float | None, half_life: str | None) -> Boosts:
    days = parse_duration(half_life) / timedelta(days=1) if half_life else None
    given = {"heat": heat, "quality": quality, "half_life": days}
    try:
        return replace(profile, **{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise QueryError(str(error)) from error
