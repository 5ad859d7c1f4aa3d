"""newsearch verify: is the index whole?"""

from __future__ import annotations

from dataclasses import asdict

import click

from newsearch.cli.formats import print_json
from newsearch.cli.options import format_option
from newsearch.cli.places import DEFAULT_INDEX, index_option
from newsearch.cli.terminal import complain
from newsearch.outputs.words import counted
from newsearch.upkeep.health import verify as verify_index


@click.command(
    epilog="""\b
    Examples:
      newsearch verify
      newsearch verify --index /var/lib/news --format json""",
)
@format_option("text", "json")
@index_option
def verify(format_name: str, directory: str | None) -> int:
    """Check the whole index.

    Every file is compared with its checksums, every array is checked, every article is read, and some are searched for.
    Nothing is changed. If there is a problem, the exit code is 2.
    """
    found = verify_index(directory or DEFAULT_INDEX)
    if format_name == "json":
        document = {"ok": found.ok, **asdict(found), "seconds": round(found.seconds, 3)}
        print_json(document)
    elif found.ok:
        print(
            f"all is well: {counted(found.articles, 'article')} in {counted(found.files, 'file')},"
            f" {found.size / 1e6:,.1f} MB, generation {found.generation:,}, in {found.seconds:.1f} s"
        )
    complain(*found.problems)
    if found.unused and format_name != "json":
        complain(
            f"{counted(len(found.unused), 'unused file')} of a writer that is at work, or was stopped;"
            " newsearch compact deletes what was left"
        )
    return 0 if found.ok else 2
