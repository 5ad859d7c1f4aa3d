"""newsearch complete: what the last word of a query could become."""

from __future__ import annotations

from collections.abc import Sequence

import click

from newsearch.cli.formats import print_json
from newsearch.cli.options import format_option, limit_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.search.index import open as open_index
from newsearch.text.clean import one_line


@click.command(
    epilog="""\b
    Examples:
      newsearch complete fac
      newsearch complete facial rec --limit 3
      newsearch complete 'ban topic:fac' --format json""",
)
@click.argument("text", nargs=-1, required=True)
@limit_option("Maximum number of completions.", least=1)
@format_option("text", "json")
@index_option
def complete(text: Sequence[str], limit: int, format_name: str, directory: str | None) -> int:
    """Complete the last word of a query that is being typed: whole queries, the likeliest first."""
    typed = " ".join(text)
    with open_index(directory or DEFAULT_INDEX) as index:
        found = index.complete(typed, limit)
    if format_name == "json":
        completions = [{"text": completion.text, "articles": completion.articles} for completion in found]
        document = {"query": typed, "completions": completions}
        print_json(document)
    else:
        for completion in found:
            print(one_line(completion.text))
    return 0 if found else 1
