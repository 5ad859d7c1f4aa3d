"""newsearch words: the words and names that distinguish the matches of a query from the rest."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from newsearch.cli.charts import bar, padded
from newsearch.cli.formats import print_csv, print_json
from newsearch.cli.options import color_option, format_option, limit_option
from newsearch.cli.places import index_option, open_for_search
from newsearch.cli.terminal import BOLD, DIM, Terminal, cells, complain
from newsearch.cli.windows import Window, window_options
from newsearch.outputs.words import counted
from newsearch.search.distinctive import DistinctiveWords
from newsearch.text.clean import one_line

_BAR = 20
_WORD = 40
"""The maximum width of a word, in columns."""


@click.command(
    epilog="""\b
    Examples:
      newsearch words vaccine
      newsearch words provider:northernwire.example --limit 50
      newsearch words --after 3d
      newsearch words wildfire --format json""",
)
@click.argument("text", nargs=-1)
@limit_option("Maximum number of words.", default=20, least=1, most=1_000)
@window_options
@format_option("text", "json", "csv")
@color_option
@index_option
def words(
    text: Sequence[str],
    limit: int,
    window: Window,
    format_name: str,
    color: str,
    directory: str | None,
) -> int:
    """List the words and names that are most distinctive for the matches of a query, compared with all articles.

    Without TEXT, give a window of time. Its words are compared with those of the whole collection.
    """
    terminal = Terminal.of(sys.stdout, color)
    with open_for_search(directory) as index:
        found = index.words(" ".join(text), limit=limit, **window.dates)
        notes = window.notes(index, " ".join(text))
    if format_name == "json":
        from newsearch.outputs.json_page import words_mapping

        print_json(words_mapping(found))
    elif format_name == "csv":
        rows = ((one.text, one.articles, one.total, round(one.score, 3)) for one in found.words)
        print_csv(("word", "articles", "total", "score"), rows)
    else:
        for line in _lines(found, terminal):
            print(line)
    sys.stdout.flush()
    complain(*notes)
    if not found.words:
        if not found.articles:
            complain("nothing found")
        elif not text and window.after is None and window.before is None:
            complain(
                "all articles were compared with themselves; give a query, or a window such as --after 3d"
            )
        else:
            complain("no word is distinctive for the articles found")
    return 0 if found.words else 1


def _lines(found: DistinctiveWords, terminal: Terminal) -> Iterator[str]:
    texts = [one_line(one.text) for one in found.words]
    width = min(_WORD, max(map(cells, texts), default=0))
    digits = max((len(f"{one.articles:,}") for one in found.words), default=0)
    totals = max((len(f"{one.total:,}") for one in found.words), default=0)
    most = max((one.score for one in found.words), default=0.0)
    for text, one in zip(texts, found.words, strict=True):
        numbers = f"{one.articles:>{digits},} of {one.total:>{totals},}"
        line = f"{terminal.style(padded(text, width), BOLD)}  {terminal.style(numbers, DIM)}"
        yield f"{line}  {bar(one.score, most, _BAR, terminal.utf8)}"
    if terminal.interactive and found.words:
        said = (
            f"how many of the articles with the word are among the {counted(found.articles, 'article')} found"
        )
        yield terminal.style(said, DIM)
