"""Sources -> index, in batches: the work of `newsearch index`, `reindex` and `forget`."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Unpack

from newsearch._arguments import check_flag, check_path
from newsearch.engine import open_engine
from newsearch.engine.base import Engine
from newsearch.errors import IndexCorrupt, IndexIncompatible, SourceError, without_secrets
from newsearch.indexing.options import RunArguments, RunOptions, with_run_options
from newsearch.indexing.reports import Report
from newsearch.indexing.running import IndexingRun
from newsearch.sources.base import Source
from newsearch.sources.registry import locate
from newsearch.text.wordlists import protected_words


@with_run_options
def build(
    *sources: str | os.PathLike[str] | Source,
    index: str | os.PathLike[str],
    protected: str | os.PathLike[str] | None = None,
    **options: Unpack[RunArguments],
) -> Report:
    """Index sources: add new articles, replace changed ones, delete those that the sources no longer have.

    Files with the same size, times and inode as at the last reading are not read again. Articles with unchanged
    content are not touched. If nothing changed, nothing is written.

    A broken article is counted and reported, and the rest is indexed. Its indexed version, if its id can be
    determined, stays until the article can be read again or is gone. A source that breaks off or yields no articles
    deletes nothing: the file may be truncated, or a disk may not be mounted. Searches see no change until everything
    is published at once. After an error the index is unchanged. A run that is killed leaves its finished segments;
    the next run of the same sources that starts from the same generation continues from them.

    If several sources have articles with the same canonical URL, searches find the one from the source that the
    index has known longest. The others are kept, and one of them is found when that article is deleted.

    Args:
        sources: paths of directories and files, addresses of feeds, lists of feeds (see docs/formats.md), or source
            objects.
        index: directory of the index; created if missing.
        protected: a file of words, one per line, that are matched only in their exact form. The index stores them;
            by default the stored words are used.
        workers: number of processes that parse Markdown files.
        wait: seconds to wait for another writer.
        memory: bytes that read articles may take before a segment is written, at least 16 MiB. Merging segments takes
            about as much again, regardless of their number. Parsing processes need additional memory.
        progress: called every 512 articles, and when all articles are read.
        dry_run: determine the changes without writing anything.
        gate: checks that the result must pass before it is published; with `dry_run`, checks that it would have to
            pass.
        resume: continue an interrupted run of the same sources; otherwise its finished work is deleted.
        format: the format of files that neither their names nor their first bytes identify (see `format_names`). The
            index remembers this, `day_first`, `keep` and `window` for each source, until they are given again.
        day_first: whether `03/04/2020` is the 3rd of April; by default the language of each article decides.
        trust_env: take proxies for web feeds from the environment.
        keep: delete and skip articles of windows that are older than this; by default all are kept.
        window: whether files show only a part of a collection, so that articles they no longer have are kept. By
            default this is true of feeds alone: RSS, Atom and JSON Feed. Web feeds are always windows.
        defaults: discard what the index remembers of the sources.
        keep_history: keep earlier versions of titles and excerpts (see `Index.history`), or stop keeping them. The
            index remembers this; by default it stays as it is, and a new index keeps none.

    Raises:
        ValueError: an argument has the wrong type or is out of range; the message names it.
        SourceError: a source cannot be read, or has no articles now although the index has some of it; or no
            source was given.
        WordListError: the word file cannot be used, or the index was made with other words and needs a reindex.
        IndexLocked: another process is writing to the index.
        IndexCorrupt, IndexIncompatible: the existing index cannot be read.
        GateFailed: the result does not pass the gate; nothing was changed.
        EngineError: the index cannot be written.
    """
    if not sources:
        raise SourceError("build", "no source was given")
    words = _protected(protected)
    return IndexingRun(_engine(index), RunOptions(**options), whole=False, protected=words).first(sources)


@with_run_options
def reindex(
    index: str | os.PathLike[str],
    *,
    protected: str | os.PathLike[str] | None = None,
    full: bool = False,
    **options: Unpack[RunArguments],
) -> Report:
    """Update an index from the sources that it remembers, as `build` does.

    If the index is damaged or was made by another version, it is rebuilt from them. The old index serves searches
    until the new one is published.

    Args:
        protected: a file of words that are matched only in their exact form (see `build`); an empty file protects
            none.
        full: always rebuild the index.
        index, workers, wait, memory, progress, dry_run, gate, resume, format, day_first, trust_env, keep,
            keep_history, window, defaults: see `build`. They apply to all sources.

    Raises:
        ValueError: see `build`.
        WordListError: the word file cannot be used.
        IndexMissing: there is no index to take the sources from.
        IndexCorrupt, IndexIncompatible: its sources cannot be read.
        SourceError: a source is missing, has no articles, or cannot be read to the end; nothing was changed.
        IndexLocked, GateFailed, EngineError: see `build`.
    """
    check_flag("full", full)
    engine = _engine(index)
    given = _protected(protected)
    checked = RunOptions(**options)
    recipe = engine.recipe()
    words = recipe.protected if given is None else given
    anew = "other words are protected now" if words != recipe.protected else _fault(engine)
    run = IndexingRun(engine, checked, whole=True, protected=given)
    return run.again(full or bool(anew), "" if full else anew)


def forget(
    *sources: str | os.PathLike[str], index: str | os.PathLike[str], workers: int = 1, wait: float = 0.0
) -> Report:
    """Delete all articles of these sources from an index, and the sources themselves. Their paths need not exist.

    An index that cannot be read is rebuilt from the remaining sources.

    A source can also be named as messages and `newsearch stats` show it: with "***" for a password or a token.

    Raises:
        ValueError: see `build`.
        IndexMissing: there is no index.
        SourceError: the index has no such source, or shows several in this way; or no source was given.
        IndexLocked, EngineError: see `build`.
    """
    started = time.monotonic()
    if not sources:
        raise SourceError("forget", "no source was given")
    for source in sources:
        check_path("sources", source)
    engine = _engine(index)
    options = RunOptions(workers=workers, wait=wait)
    recipe = engine.recipe()
    known = recipe.sources
    forgotten = {_known(source, known) for source in sources}
    try:
        with engine.writer(wait=wait) as writer:
            for location in forgotten:
                writer.forget_source(location)
            changes = writer.commit()
    except (IndexCorrupt, IndexIncompatible):
        return IndexingRun(engine, options, whole=True, protected=None).again(True, but=forgotten)
    return Report(0, 0, 0, changes.deleted, changes.articles, (), 0, time.monotonic() - started)


def _known(source: str | os.PathLike[str], known: Sequence[str]) -> str:
    """The location of a source, which may be named as it is displayed: escaped, and without its secrets.

    Raises:
        SourceError: it is none of those that the index has, or it may be several.
    """
    location = str(source) if source in known else locate(source)
    if location in known:
        return location
    shown = [without_secrets(each) for each in known]
    if location not in shown:
        raise SourceError(location, f"not a source of this index; its sources: {', '.join(shown) or 'none'}")
    if (count := shown.count(location)) > 1:
        raise SourceError(
            location, f"{count} sources of this index are shown so; give the whole address of one"
        )
    return known[shown.index(location)]


def _engine(index: str | os.PathLike[str]) -> Engine:
    check_path("index", index)
    return open_engine(index)


def _protected(path: str | os.PathLike[str] | None) -> frozenset[str] | None:
    if path is None:
        return None
    check_path("protected", path)
    return protected_words(path)


def _fault(engine: Engine) -> str:
    """Why an index cannot be read or is damaged; empty if it is sound."""
    try:
        engine.reader().check()
    except IndexCorrupt as error:
        return f"{error.path}: {error.reason}"
    except IndexIncompatible:
        return "it was made by another version of newsearch"
    return ""
