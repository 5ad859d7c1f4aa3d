"""An index from another one, in a directory or a cluster: the work of `newsearch copy`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

from newsearch._arguments import check_flag, check_number, check_path
from newsearch.articles.article import Article
from newsearch.engine import open_engine
from newsearch.engine.base import NO_SETTINGS, Engine, Reader, Recipe
from newsearch.engine.writing import Held
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing

_Path = str | os.PathLike[str]

_BATCH = 512
"""Articles that are copied before progress is reported."""


def copy_index(
    source: _Path,
    target: _Path,
    *,
    replace: bool = False,
    wait: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Copy an index to another place, which can belong to another engine, and publish it there at once.

    The copy has the same articles under the same ids, the same sources with the states of their files, and the same
    protected words. Searches of both return the same articles in the same order. Articles are read and written in
    batches, so the size of the index does not matter. Writers of the source may work in the meantime.

    Args:
        source, target: the directories of the indexes; `scheme://...` names a location handled by another engine.
        replace: allow an existing index at the target to be replaced. Searches find the old one until then.
        wait: seconds to wait for another writer of the target; infinity to wait without limit.
        progress: called after each batch with the number of articles that are copied and the number of all articles.

    Returns:
        The number of articles that can be found in the copy.

    Raises:
        ValueError: an argument has the wrong type or is out of range.
        IndexMissing, IndexIncompatible, IndexCorrupt: the source is missing or cannot be read.
        IndexLocked: another process is writing to the target.
        EngineError: the target has an index and `replace` is not set, or cannot be written; it is unchanged.
    """
    check_path("source", source)
    check_path("target", target)
    check_flag("replace", replace)
    check_number("wait", wait, 0)
    from_engine, to_engine = open_engine(source), open_engine(target)
    if str(from_engine.place) == str(to_engine.place):
        raise EngineError(f"{target}: source and target are the same index; give another target")
    reader, recipe, held = _generation(from_engine)
    stats = reader.stats()
    if not replace and _exists(to_engine):
        raise EngineError(
            f"{to_engine.place}: there is already an index; give another target, or use --replace"
        )

    def check(copy: Reader) -> None:
        copied = copy.stats()
        if (copied.articles, copied.hidden) != (stats.articles, stats.hidden):
            raise EngineError(
                f"{to_engine.place}: {copied.articles:,} of {stats.articles:,} articles arrived, so nothing was"
                " published; was the source being compacted? Try again"
            )

    with to_engine.writer(fresh=True, wait=wait, protected=recipe.protected) as writer:
        writer.keep_history(recipe.keep_history)
        count, every = 0, stats.articles + stats.hidden
        for location in recipe.sources:
            writer.configure(location, recipe.settings.get(location, NO_SETTINGS))
            for batch in _batches(iter(reader.kept(location))):
                writer.add_all(batch, location)
                count += len(batch)
                if progress:
                    progress(count, every)
            writer.remember(location, held.state(location))
        return writer.commit(check=check).articles


def _generation(engine: Engine) -> tuple[Reader, Recipe, Held]:
    """One generation of an index. States of files that are newer than its articles would hide what has changed."""
    while True:
        generation = engine.reader(), engine.recipe(), engine.held()
        if generation[0].newer() is None:
            return generation


def _exists(engine: Engine) -> bool:
    """Whether there is an index, even one that cannot be read."""
    with suppress(IndexMissing):
        with suppress(IndexCorrupt, IndexIncompatible):
            engine.recipe()
        return True
    return False


def _batches(articles: Iterator[Article]) -> Iterator[list[Article]]:
    while batch := list(islice(articles, _BATCH)):
        yield batch
