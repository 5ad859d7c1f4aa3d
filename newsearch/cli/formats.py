"""How the commands print: `newsearch query` in one of its formats, all commands as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from newsearch.cli.terminal import Terminal
from newsearch.outputs.page import Page

Format: TypeAlias = Callable[[Page, Terminal], Iterator[str]]

# Each format is imported only when it is used: most searches print text, and need none of the others.


def as_text(page: Page, terminal: Terminal) -> Iterator[str]:
    """For people, and for grep: a block of lines for each hit."""
    from newsearch.cli.text import page_lines

    return page_lines(page, terminal)


def as_json(page: Page, terminal: Terminal) -> Iterator[str]:
    """One object with everything."""
    from newsearch.outputs.json_page import page_mapping, to_json

    yield to_json(page_mapping(page), ascii=not terminal.utf8, indent=2)


def as_jsonl(page: Page, terminal: Terminal) -> Iterator[str]:
    """One object per hit, one per line."""
    from newsearch.outputs.json_page import hit_mappings, to_json

    return (to_json(hit, ascii=not terminal.utf8) for hit in hit_mappings(page))


def as_csv(page: Page, terminal: Terminal) -> Iterator[str]:
    """A table with a line of column names."""
    from newsearch.outputs.table import csv_lines

    return csv_lines(page)


def as_urls(page: Page, terminal: Terminal) -> Iterator[str]:
    """One URL per line."""
    from newsearch.outputs.table import url_lines

    return url_lines(page)


FORMATS: dict[str, Format] = {
    "text": as_text,
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
    "urls": as_urls,
}

EXPLAINING = ("text", "json", "jsonl")
"""Formats that can contain explanations."""

FACETED = ("text", "json")
"""Formats that can contain facets."""


def print_csv(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table on stdout, with a line of column names. Spreadsheets interpret no text in it as a formula.

    Raises:
        OSError: stdout is closed.
    """
    import csv

    from newsearch.outputs.table import cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell(value) if isinstance(value, str) else value for value in row] for row in rows)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one object on stdout, starting with the version of the JSON output.

    Raises:
        OSError: stdout is closed.
    """
    from newsearch.outputs.json_page import SCHEMA, to_json

    print(to_json({"schema": SCHEMA, **document}, ascii=not Terminal.of(sys.stdout).utf8, indent=2))
