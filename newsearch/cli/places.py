"""Where the index is, and what a search does if there is none."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from newsearch.cli.terminal import complain
from newsearch.cli.values import FileName
from newsearch.engine import ClusterPlace
from newsearch.engine.base import CACHE
from newsearch.errors import EngineError, IndexIncompatible, IndexMissing, QueryError, without_secrets
from newsearch.outputs.words import counted
from newsearch.search.index import Index
from newsearch.search.index import open as open_index

DEFAULT_INDEX = "index"
DEFAULT_SAVED = "saved.toml"
PASSWORD_VARIABLE = "NEWSEARCH_OPENSEARCH_PASSWORD"  # noqa: S105  # the name, not the password
"""The environment variable with the password of the user in the address of a cluster."""
_CLUSTER = "opensearch+"
SEEDS = "seeds"

_WAIT = 60.0  # seconds: another first search may be making the same index


def checked_place(ctx: click.Context, parameter: click.Parameter, directory: str | None) -> str | None:
    """Check the place of an index. The address of a cluster gets the password from the environment."""
    if directory == "":
        raise click.BadParameter("the name of a directory is empty", ctx, parameter)
    if directory and directory.startswith(_CLUSTER):
        return ClusterPlace(directory, os.environ.get(PASSWORD_VARIABLE, ""))
    return directory


index_option = click.option(
    "--index",
    "directory",
    metavar="DIR",
    envvar="NEWSEARCH_INDEX",
    show_envvar=True,
    callback=checked_place,
    help=f"Directory of the index.  [default: {DEFAULT_INDEX}]",
)
"""The option that names the index, as `directory`; None if it is not given."""

saved_option = click.option(
    "--saved",
    metavar="FILE",
    type=FileName(),
    envvar="NEWSEARCH_SAVED",
    show_envvar=True,
    default=DEFAULT_SAVED,
    show_default=True,
    help="File of saved searches (TOML).",
)

delivered_option = click.option(
    "--delivered",
    metavar="FILE",
    type=FileName(),
    help="File that remembers what was delivered.  [default: beside the saved searches, ending in .delivered]",
)
"""The option that names the file of deliveries; None if it is not given."""


def delivered_to(saved: str, delivered: str | None) -> Path:
    """The file that remembers what was delivered for the searches in a file.

    Raises:
        QueryError: it is the same file.
    """
    place = Path(saved).with_suffix(".delivered") if delivered is None else Path(delivered)
    if os.path.realpath(place) == os.path.realpath(saved):
        raise QueryError(f"{saved}: the searches are in this file; name another one with --delivered")
    return place


def open_for_search(directory: str | None, synonyms: str | None = None, memory: int = CACHE) -> Index:
    """Open the named index, or the default one, which is created first if possible.

    It is created from the collection in ./seeds, or else from the bundled one. If another version made it, it is
    rebuilt from its own sources. A named index is never created: a mistyped name should not find the seeds.
    Nothing is created that reads or writes outside the working directory, which may be a stranger's and refer to
    the user's files.

    Args:
        directory: of the named index.
        synonyms: a file of synonyms.
        memory: see `newsearch.open`.

    Raises:
        WordListError: the file of synonyms cannot be used.
        IndexMissing, IndexIncompatible, IndexCorrupt: the index is missing or cannot be read.
    """
    if directory is not None:
        return open_index(directory, synonyms=synonyms, memory=memory)
    try:
        return open_index(DEFAULT_INDEX, synonyms=synonyms, memory=memory)
    except IndexMissing:
        _build_default()
    except IndexIncompatible:
        _rebuild_default()
    return open_index(DEFAULT_INDEX, synonyms=synonyms, memory=memory)


# Modules that write an index are imported here, because searches hardly ever need them.


def _build_default() -> None:
    from newsearch.indexing.runs import build

    seeds = _seeds()
    if not _is_inside(DEFAULT_INDEX) or (seeds == Path(SEEDS) and not _is_inside(SEEDS)):
        raise IndexMissing(
            f"no index in {DEFAULT_INDEX}/, and none is built by itself: {DEFAULT_INDEX}/ or {SEEDS}/ leads out of this"
            " directory; run `newsearch index SOURCE`"
        )
    shown = f"{SEEDS}/" if seeds == Path(SEEDS) else "the articles that come with newsearch"
    with _announced(f"no index in {DEFAULT_INDEX}/, building it from {shown}") as outcome:
        report = build(seeds, index=DEFAULT_INDEX, workers=os.cpu_count() or 1, wait=_WAIT)
        outcome.append(counted(report.articles, "article"))


def _rebuild_default() -> None:
    from newsearch.indexing.runs import reindex
    from newsearch.sources.files import path_of

    for location in sorted(_remembered()):
        if not (_is_bundled(location) or _is_inside(path_of(location))):
            raise EngineError(
                f"the index in {DEFAULT_INDEX}/ was made by another version. It is not rebuilt by itself: its source"
                f" {without_secrets(location)} is not in this directory, or leads out of it; if you trust it, run"
                " `newsearch reindex`"
            )
    if not _is_inside(DEFAULT_INDEX):
        raise EngineError(
            f"the index in {DEFAULT_INDEX}/ was made by another version. It is not rebuilt by itself: it leads out of"
            " this directory; if you trust it, run `newsearch reindex`"
        )
    with _announced(f"the index in {DEFAULT_INDEX}/ was made by another version, rebuilding it") as outcome:
        report = reindex(DEFAULT_INDEX, workers=os.cpu_count() or 1, wait=_WAIT)
        outcome.append(counted(report.articles, "article"))


def _remembered() -> Sequence[str]:
    """The locations of the sources of the default index, which another version made."""
    from newsearch.engine import open_engine
    from newsearch.sources.base import ONCE

    return [location for location in open_engine(DEFAULT_INDEX).recipe().sources if location not in ONCE]


def _is_bundled(location: str) -> bool:
    from newsearch.sources.registry import locate

    return find_spec("newsearch.seeds") is not None and location == locate(_bundled())


def _is_inside(path: str) -> bool:
    """Whether a file, or a directory with its whole content, is under the working directory after following links."""
    here = os.path.realpath(".")

    def leads_out(place: str) -> bool:
        real = os.path.realpath(place)
        return real != here and not real.startswith(os.path.join(here, ""))

    if leads_out(path):
        return False
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            place = os.path.join(folder, name)
            if os.path.islink(place) and leads_out(place):
                return False
    return True


@contextmanager
def _announced(message: str) -> Iterator[list[str]]:
    """Report on stderr what is being done, and on the same line the result."""
    print(f"newsearch: {message}...", end="", file=sys.stderr, flush=True)
    outcome: list[str] = []
    try:
        yield outcome
    finally:
        print("", *outcome, file=sys.stderr)


def forget_bundled(kept: Sequence[str], wait: float) -> None:
    """Remove the bundled articles from the default index once it has others.

    Args:
        kept: sources that the user requested: if the bundled one is among them, it is kept.
        wait: seconds to wait for another writer.
    """
    from newsearch.indexing.runs import forget
    from newsearch.sources.registry import locate

    with open_index(DEFAULT_INDEX) as index:
        sources = index.stats().sources
    if len(sources) < 2 or find_spec("newsearch.seeds") is None:  # missing in a bare checkout
        return
    bundled = locate(_bundled())
    if bundled not in sources or bundled in map(locate, (SEEDS, *kept)):
        return
    report = forget(bundled, index=DEFAULT_INDEX, wait=wait)
    complain(
        f"removed the {counted(report.deleted, 'bundled article')} from the index, to keep yours separate"
    )


def _seeds() -> Path:
    """The collection in the working directory, or else the bundled one."""
    here = Path(SEEDS)
    return here if here.is_dir() else _bundled()


def _bundled() -> Path:
    return Path(import_module("newsearch.seeds").__file__ or SEEDS).parent
