"""What the commands for judged queries share: the collection, and the matching index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import click

from newsearch.cli.places import checked_place
from newsearch.cli.terminal import complain
from newsearch.errors import SourceError
from newsearch.evaluation import Collection, read_collection
from newsearch.evaluation.measures import library
from newsearch.indexing.runs import build
from newsearch.outputs.words import counted
from newsearch.search.index import Index
from newsearch.search.index import open as open_index

Command = TypeVar("Command", bound=Callable[..., Any])

collection_argument = click.argument("collection", metavar="COLLECTION")


def question_options(command: Command) -> Command:
    """Add the options for the collection and the index to a command."""
    for option in (
        click.option(
            "--skip-own",
            is_flag=True,
            help="Skip the article with the id of the query, if articles serve as queries.",
        ),
        click.option(
            "--syntax",
            is_flag=True,
            help="Read the queries as query language; by default they are plain words.",
        ),
        # Not from the environment, which names an index of other articles.
        click.option(
            "--index",
            "directory",
            metavar="DIR",
            callback=checked_place,
            help="Search this index.  [default: a temporary one, built from corpus.jsonl]",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def judged(path: str, directory: str | None) -> Iterator[tuple[Index, Collection]]:
    """Read a collection, and open the named index, or a temporary one made from its corpus.

    Raises:
        SourceError: the collection cannot be used, or the index has none of its articles.
        EngineError: the extra `eval` is not installed; this is checked before a corpus is indexed.
    """
    library()
    collection = read_collection(path)
    with ExitStack() as stack:
        if directory is None:
            if collection.corpus is None:
                raise SourceError(path, "has no corpus.jsonl; name an index of its articles with --index")
            directory = stack.enter_context(TemporaryDirectory(prefix="newsearch-"))
            report = build(collection.corpus, index=directory)
            if report.broken:
                complain(f"{counted(report.broken, 'article')} skipped as broken: {report.errors[0]}")
        index = stack.enter_context(open_index(directory))
        _warn(path, collection, index)
        yield index, collection


def _warn(path: str, collection: Collection, index: Index) -> None:
    relevant, missing = collection.relevant(), collection.missing(index)
    if len(missing) == len(relevant):
        reason = f"the index has none of its articles, such as {missing[0]!r:.200}; the ids must match"
        raise SourceError(path, reason)
    if missing:
        of = counted(len(relevant), "relevant article")
        complain(f"{len(missing):,} of {of} not in the index, such as {missing[0]!r:.200}")
