"""newsearch copies: where else a text was published."""

from __future__ import annotations

import sys
from datetime import datetime, tzinfo

import click

from newsearch.cli.formats import print_json
from newsearch.cli.naming import named_article
from newsearch.cli.options import color_option, format_option, tz_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, COMPARING, DIM, Terminal, complain, explained_if_slow
from newsearch.cli.zones import zone
from newsearch.outputs.words import delay
from newsearch.search.firsts import Publication
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch copies science/2020-11-09-vaccine-more-than-90-percent-effective-first-look.md
      newsearch copies local/2020-09-12-portland
      newsearch copies local/2020-09-12-portland --format json""",
)
@click.argument("id")
@tz_option("dates")
@format_option("text", "json")
@color_option
@index_option
def copies(id: str, zone_name: str | None, format_name: str, color: str, directory: str | None) -> int:
    """Show where else the text of an article was published, who published it first, and how much later the others did.

    ID is the id of an article, a unique prefix of it, or the article's URL, with or without https:// and www.
    """
    tz, terminal = zone(zone_name), Terminal.of(sys.stdout, color)
    with open_for_search(directory) as index:
        article = named_article(index, id)
        if article is None:
            return 1
        with explained_if_slow(COMPARING):
            found = index.copies(article.id)
    if format_name == "json":
        from newsearch.outputs.json_page import publication_mapping

        print_json({"id": article.id, "copies": [publication_mapping(one) for one in found]})
        return 0 if len(found) > 1 else 1
    for one in found:
        outlet = one_line(one.copy.outlet) or "no outlet is named"
        facts = [_date(one, tz), _place(one, found), f"by {one.wire}" if one.wire else ""]
        print(terminal.style(outlet, BOLD) + " · " + " · ".join(fact for fact in facts if fact))
        print(f"   {one_line(one.copy.title)}")
        print("   " + terminal.style(f"id {one_line(one.copy.id)}", DIM))
    sys.stdout.flush()
    if len(found) < 2:
        complain("no copies found")
    return 0 if len(found) > 1 else 1


def _date(one: Publication, tz: tzinfo) -> str:
    moment = one.copy.date
    if isinstance(moment, datetime):
        return f"{moment.astimezone(tz):%Y-%m-%d %H:%M}"
    return f"{moment}, time not known" if moment else "date not known"


def _place(one: Publication, found: list[Publication]) -> str:
    if one.is_first:
        return "first" if sum(other.is_first for other in found) == 1 else "first, with others"
    return f"{delay(one.after)} later" if one.after is not None else ""
