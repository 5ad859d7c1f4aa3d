"""newsearch show: one article."""

from __future__ import annotations

import sys

import click

from newsearch.articles.article import article_to_mapping, history_mapping
from newsearch.cli.formats import print_json
from newsearch.cli.naming import named_article
from newsearch.cli.options import color_option, format_option, tz_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.terminal import Terminal
from newsearch.cli.zones import zone
from newsearch.search.index import open as open_index


@click.command(
    epilog="""\b
    Examples:
      newsearch show technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md
      newsearch show https://www.technote.example/2020/09/what-portlands-face-recognition-rules-cover/
      newsearch show world/2020-03-11 --format json
      newsearch show world/2020-03-11 --history""",
)
@click.argument("id")
@click.option("--history", is_flag=True, help="Show how its title and excerpt have changed, and when.")
@format_option("text", "json")
@color_option
@tz_option("dates")
@index_option
def show(
    id: str, history: bool, format_name: str, color: str, zone_name: str | None, directory: str | None
) -> int:
    """Print one article: all of its fields, and its body.

    ID is the id of an article, a unique prefix of it, or the article's URL, with or without https:// and www.

    --history needs an index made with --keep-history. Words that were removed are shown as [-old-], and added ones as
    {+new+}, or in colour on a terminal.
    """
    tz = zone(zone_name)
    terminal = Terminal.of(sys.stdout, color)
    with open_index(directory or DEFAULT_INDEX) as index:
        article = named_article(index, id)
    if article is None:
        return 1
    if history and format_name == "json":
        print_json(history_mapping(article))
        return 0
    if format_name == "json":
        print_json({"article": article_to_mapping(article)})
        return 0
    if history:
        from newsearch.cli.history import history_lines

        for line in history_lines(article, tz, terminal):
            print(line)
        return 0
    from newsearch.cli.text import article_lines

    for line in article_lines(article, tz, terminal):
        print(line)
    return 0
