"""newsearch stories: what is big in a window of time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, tzinfo

import click

from newsearch.cli.formats import print_json
from newsearch.cli.naming import named_article
from newsearch.cli.options import color_option, format_option, limit_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, DIM, Terminal, complain, wrap
from newsearch.cli.windows import Window, window_options
from newsearch.outputs.words import counted, delay
from newsearch.search.fronts import Stories, Story
from newsearch.text.clean import one_line

_OUTLETS = 5


@click.command(
    epilog="""\b
    Examples:
      newsearch stories
      newsearch stories --after 3d
      newsearch stories portland --after 2020-09-08 --before 2020-09-15
      newsearch stories topic:Health --format json
      newsearch stories --id local/2020-09-12-smoke""",
)
@click.argument("text", nargs=-1)
@limit_option("Maximum number of stories.")
@click.option("--id", metavar="ID", help="Only the story that this article reports, with all its reports.")
@window_options
@format_option("text", "json")
@color_option
@index_option
def stories(
    text: Sequence[str],
    limit: int,
    id: str | None,
    window: Window,
    format_name: str,
    color: str,
    directory: str | None,
) -> int:
    """Show the stories that most outlets report in a window of time.

    Without --after and --before, the window is the three days before the newest article found. With --id, it may be the
    three days before and after that article. ID is the id of an article, a unique prefix of it, or the article's URL.
    """
    query, tz = " ".join(text), window.tz
    terminal = Terminal.of(sys.stdout, color)
    with open_for_search(directory) as index:
        article = None if id is None else named_article(index, id)
        if id is not None and article is None:
            return 1
        found = index.stories(query, id=article.id if article else None, limit=limit, **window.dates)
        notes = window.notes(index, query)
    if format_name == "json":
        from newsearch.outputs.json_page import stories_mapping

        print_json(stories_mapping(query, found))
    else:
        for line in _lines(found, tz, terminal, is_whole=article is not None):
            print(line)
    sys.stdout.flush()
    complain(*notes)
    if article is not None and not found:
        complain(f"{article.id} is in no story of this window")
        return 1
    if not found.exact:
        complain(f"the window has more articles; the newest {found.articles:,} were grouped")
    if not found.articles:
        complain("nothing found")
    return 0 if found.articles else 1


def _lines(found: Stories, tz: tzinfo, terminal: Terminal, *, is_whole: bool) -> Iterator[str]:
    """The text of stories.

    Args:
        is_whole: whether to list all reports of each.
    """
    for rank, story in enumerate(found, 1):
        label = "" if is_whole else f"{rank}. "
        indent = " " * len(label)
        width = terminal.width and terminal.width - len(label)
        for number, (line, _) in enumerate(wrap(one_line(story.title) or one_line(story.id), (), width)):
            yield (indent if number else label) + terminal.style(line, BOLD)
        for said in (_facts(story, tz), _outlets(story), f"id {one_line(story.id)}"):
            for line, _ in wrap(said, (), width):
                yield indent + terminal.style(line, DIM)
        yield ""
        for report in story.publications if is_whole else ():
            copy = report.copy
            facts = [_moment(copy.date, tz), one_line(copy.outlet), one_line(copy.title) or one_line(copy.id)]
            for line, _ in wrap("  ".join(fact for fact in facts if fact), (), terminal.width):
                yield line
    if is_whole:
        return
    if terminal.interactive and found.articles:
        stories = f"{found.total:,} stor{'y' if found.total == 1 else 'ies'}"
        yield terminal.style(f"{len(found)} of {stories}, {counted(found.articles, 'article')}", DIM)


def _facts(story: Story, tz: tzinfo) -> str:
    facts = [counted(len(story.articles), "article"), f"first {_first(story, tz)}"]
    last = story.publications[-1]
    if not last.is_first:
        facts.append(
            f"last {_moment(last.copy.date, tz)}" + (f", {delay(last.after)} later" if last.after else "")
        )
    return " · ".join([*facts, story.trend])


def _first(story: Story, tz: tzinfo) -> str:
    """When the story was first reported, by whom, and what is not known of it."""
    first = [one for one in story.publications if one.is_first]
    told = _moment(first[0].copy.date, tz)
    if not isinstance(first[0].copy.date, datetime):
        told += ", time not known"
    names = dict.fromkeys(
        one_line(one.copy.outlet) + (f" ({one.wire})" if one.wire else "") for one in first if one.copy.outlet
    )
    return told + (f" by {' and '.join(names)}" if names else "")


def _outlets(story: Story) -> str:
    if not story.outlets:
        return "no outlet is named"
    names = [one_line(name) for name in story.outlets[:_OUTLETS]]
    more = len(story.outlets) - len(names)
    named = ", ".join(names) + (f" and {more:,} more" if more else "")
    return f"{counted(len(story.outlets), 'outlet')}: {named}"


def _moment(moment: date | datetime | None, tz: tzinfo) -> str:
    if isinstance(moment, datetime):
        return f"{moment.astimezone(tz):%Y-%m-%d %H:%M}"
    return str(moment or "")
