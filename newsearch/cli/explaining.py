"""newsearch index --explain: the detected format of a file, and the use of each key."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from newsearch.articles.article import Article, article_to_mapping
from newsearch.cli.formats import print_json
from newsearch.cli.work import Work
from newsearch.errors import SourceError
from newsearch.sources.base import STREAM, ReadingOptions, is_remote
from newsearch.sources.explaining import Explained, explained
from newsearch.text.clean import one_line

MAX_RECORDS = 3
_MAX_VALUE = 60


def explain_files(paths: Sequence[str], work: Work) -> int:
    """Show how the first records of files are read.

    Returns:
        The exit code: 1 if no file has an article.

    Raises:
        SourceError: a file cannot be read.
    """
    options = ReadingOptions(work.format or "", work.day_first)
    found = 0
    documents: list[dict[str, Any]] = []
    for path in paths:
        if path == STREAM or is_remote(path) or os.path.isdir(path):
            raise SourceError(path, "only a file can be explained; name one")
        for number, record in enumerate(explained(Path(os.path.abspath(path)), options, MAX_RECORDS)):
            found += isinstance(record.outcome, Article)
            if work.format_name == "json":
                documents.append({"file": path, **_mapping(record)})
            else:
                _show(path, record, first=number == 0)
    if work.format_name == "json":
        print_json({"records": documents})
    return 0 if found else 1


def _show(path: str, record: Explained, first: bool) -> None:
    if first:
        print(f"{one_line(path)}: {record.format}")
    what = record.vocabulary or ("broken" if isinstance(record.outcome, SourceError) else "not recognised")
    print(f"\n{record.place or 'the file'}: {what}")
    if record.keys:
        width = min(max(len(key) for key, _, _ in record.keys), 30)
        for key, ours, value in record.keys:
            print(f"  {one_line(key):<{width}}  {_described(ours, record):<22}  {_shown(value)}")
    if record.doubt:
        print(f"  in a directory it is passed over: {record.doubt}")
    if isinstance(record.outcome, SourceError):
        print(f"  broken: {one_line(record.outcome.reason)}")
    else:
        print(f"  id: {one_line(record.outcome.id)}")


def _described(ours: str | None, record: Explained) -> str:
    fate = _fate(ours, record)
    return {"set aside": f"set aside: {ours}", "used": f"-> {ours}", "kept": "kept, not searched"}.get(
        fate, fate
    )


def _fate(ours: str | None, record: Explained) -> str:
    if ours in record.unusable:
        return "set aside"
    return "left out" if ours is None else "used" if ours else "kept"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = one_line(" ".join(text[: 4 * _MAX_VALUE].split()))
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"


def _mapping(record: Explained) -> dict[str, Any]:
    keys = [{"key": key, "fate": _fate(ours, record), "as": ours or None} for key, ours, _ in record.keys]
    outcome = record.outcome
    article = article_to_mapping(outcome) if isinstance(outcome, Article) else None
    reason = outcome.reason if isinstance(outcome, SourceError) else None
    return {
        "format": record.format,
        "vocabulary": record.vocabulary,
        "place": record.place,
        "keys": keys,
        "article": article,
        "broken": reason,
        "passed_over": record.doubt or None,
    }
