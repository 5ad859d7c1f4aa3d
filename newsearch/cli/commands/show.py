"""newsearch show: one article."""

from __future__ import annotations

import re
import sys

import click

from newsearch.articles.article import Article, article_to_mapping, canonical_url
from newsearch.cli.formats import print_json
from newsearch.cli.options import color_option, format_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.terminal import Terminal, complain
from newsearch.cli.zones import zone
from newsearch.errors import QueryError
from newsearch.search.index import Index
from newsearch.search.index import open as open_index

_SUGGESTED = 3
_LISTED = 5


@click.command(
    epilog="""\b
    Examples:
      newsearch show technology/2020-09-09-amazon-lobbied-against-portland-facial-recognition-ban.md
      newsearch show https://www.technote.example/2020/09/what-portlands-face-recognition-rules-cover/
      newsearch show world/2020-03-11 --format json""",
)
@click.argument("id")
@format_option("text", "json")
@color_option
@click.option(
    "--tz",
    "zone_name",
    metavar="ZONE",
    help="Time zone of dates, such as Europe/Paris.  [default: the system's]",
)
@index_option
def show(id: str, format_name: str, color: str, zone_name: str | None, directory: str | None) -> int:
    """Print one article: all of its fields, and its body.

    ID is the id of an article, a unique prefix of it, or the article's URL, with or without https:// and www.
    """
    tz = zone(zone_name)
    terminal = Terminal.of(sys.stdout, color)
    with open_index(directory or DEFAULT_INDEX) as index:
        article = index.get(id) or _at_url(index, id.strip()) or _begun(index, id)
        if article is None:
            near = _near(index, id)
            complain(f"no article {id}" + (f"; perhaps {', or '.join(near)}" if near else ""))
            return 1
    if format_name == "json":
        print_json({"article": article_to_mapping(article)})
        return 0
    from newsearch.cli.text import article_lines

    for line in article_lines(article, tz, terminal):
        print(line)
    return 0


def _at_url(index: Index, url: str) -> Article | None:
    """The best article at this URL, which may lack what an address bar leaves out."""
    address = url if re.match("https?://", url, re.IGNORECASE) else f"https://{url}"
    if not re.fullmatch(r"\w+://[^\s/?#]\S*", address):
        return None
    hits = index.search(address, limit=_SUGGESTED, unpublished=True)
    very = (hit for hit in hits if canonical_url(hit.url or "") == canonical_url(address))
    hit = next(very, hits[0] if hits else None)
    return hit.article if hit else None


def _begun(index: Index, prefix: str) -> Article | None:
    """The article whose id alone begins so.

    Raises:
        QueryError: several do.
    """
    ids = index.ids(prefix)
    if len(ids) > 1:
        more = f" and {len(ids) - _LISTED:,} more" if len(ids) > _LISTED else ""
        raise QueryError(f"{len(ids):,} ids begin with {prefix!r}: {', '.join(ids[:_LISTED])}{more}")
    return index.get(ids[0]) if ids else None


def _near(index: Index, id: str) -> list[str]:
    """Ids of articles that hold the words of this one; ids are mostly made of titles."""
    words = re.sub(r"\.\w+$|[^\w]|\d{4,}|_", " ", id)
    return (
        [hit.id for hit in index.search(words, limit=_SUGGESTED, unpublished=True)] if words.strip() else []
    )
