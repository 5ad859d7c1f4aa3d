"""newsearch related: articles on the subject of another."""

from __future__ import annotations

import sys

import click

from newsearch.articles.article import article_to_mapping, outlet_name
from newsearch.cli.formats import print_json
from newsearch.cli.naming import named_article
from newsearch.cli.options import color_option, format_option, limit_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, DIM, Terminal, complain, wrap
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch related technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md
      newsearch related local/2020-09-09-portland --limit 3
      newsearch related world/2020-03-11 --format json""",
)
@click.argument("id")
@limit_option("Maximum number of articles.", least=1, most=1_000)
@format_option("text", "json")
@color_option
@index_option
def related(id: str, limit: int, format_name: str, color: str, directory: str | None) -> int:
    """Find articles on the subject of another, the best first. Those that it refers to come before the others.

    ID is the id of an article, a unique prefix of it, or the article's URL, with or without https:// and www.
    """
    terminal = Terminal.of(sys.stdout, color)
    with open_for_search(directory) as index:
        article = named_article(index, id)
        if article is None:
            return 1
        found = index.related(article.id, limit)
    if format_name == "json":
        print_json({"id": article.id, "related": [article_to_mapping(one) for one in found]})
        return 0 if found else 1
    for rank, one in enumerate(found, 1):
        label = f"{rank}. "
        indent = " " * len(label)
        width = terminal.width and terminal.width - len(label)
        for number, (line, _) in enumerate(wrap(one_line(one.title) or one_line(one.id), (), width)):
            text = terminal.link(terminal.style(line, BOLD), one.url)
            print((indent if number else label) + text)
        day = str(one.date)[:10] if one.date else ""
        for said in (
            " · ".join(one_line(fact) for fact in (outlet_name(one), day) if fact),
            f"id {one_line(one.id)}",
        ):
            if said:
                print(indent + terminal.style(said, DIM))
        print()
    if not found:
        sys.stdout.flush()
        complain("nothing found")
    return 0 if found else 1
