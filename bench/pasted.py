"""The command `python -m bench.pasted`: how many titles and excerpts find their own article when they are pasted.

A text that is pasted holds signs that are syntax in a query. For every kind of sign, titles and excerpts that have it
are asked for as they stand. Found is an article that is among the first ten, or whose twin is, with the same text.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click

import newsearch
from bench.corpus import SEED, Record, read
from bench.measure import PROJECT
from bench.report import Table, text_table
from newsearch import Index

DATA: Final = PROJECT.parent / "shared" / "data" / "scale" / "news-120k.jsonl.gz"
FIELDS: Final = ("title", "excerpt")
TOP: Final = 10
WORDS: Final = 3
"""A text of fewer words names no article."""

KINDS: Final = {
    "any": "",
    "#hashtag": r"(?:^|\s)#[^\W\d]\w+",
    "NOT": r"\bNOT\b",
    "AND, OR": r"\s(?:AND|OR)\s",
    " -word": r"\s-\w",
    "double quotes": r'["“”„«»]',
    "single quotes": r"(?:^|\s)['‘][^'’]+['’]",
    "colon": r"\w+: ",
    "parentheses": r"[()]",
    "star": r"\*",
    "question mark": r"\?",
    "exclamation mark": r"!",
    "tilde, caret": r"[~^]",
    "bar": r"\|",
    "ampersand": r"&",
    "address": r"https?://|www\.|\w\.com\b",
}
"""What a text has to hold, as a regular expression."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many texts of one field with one kind of sign were asked for, and how many found their own article."""

    kind: str
    field: str
    asked: int
    found: int
    missed: tuple[str, ...]
    """Ids of articles that were not found."""


def sample(records: Iterable[Record], most: int) -> dict[tuple[str, str], list[Record]]:
    """Kind and field -> at most so many records whose text is of this kind, the same ones at every run."""
    patterns = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}
    found: dict[tuple[str, str], list[Record]] = {(kind, name): [] for kind in KINDS for name in FIELDS}
    for record in records:
        for name in FIELDS:
            text = record.get(name) or ""
            if len(text.split()) < WORDS:
                continue
            for kind, pattern in patterns.items():
                if pattern.search(text):
                    found[kind, name].append(record)
    generator = random.Random(SEED)
    return {key: generator.sample(held, min(most, len(held))) for key, held in found.items()}


def measure(index: Index, sampled: dict[tuple[str, str], list[Record]]) -> list[Share]:
    """Ask for every text as it stands."""
    shares = []
    for (kind, name), records in sampled.items():
        missed = tuple(record["webUrl"] for record in records if not _finds_itself(index, record, name))
        if records:
            shares.append(Share(kind, name, len(records), len(records) - len(missed), missed))
    return shares


def _finds_itself(index: Index, record: Record, name: str) -> bool:
    text = _alike(record[name])
    for hit in index.search(record[name], limit=TOP):
        article = hit.article
        # A text has twins, which are as good, and dashes and spaces are cleaned.
        if article.web_url == record["webUrl"] or _alike(getattr(article, name)) == text:
            return True
    return False


def _alike(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=DATA, help="JSON Lines of articles.")
@click.option("--index", type=click.Path(path_type=Path), help="An index of them; by default, one is made.")
@click.option("--most", default=150, show_default=True, help="Texts of each kind.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(data: Path, index: Path | None, most: int, json_path: Path | None) -> None:
    """Measure how many titles and excerpts of real news find their own article when they are pasted."""
    with tempfile.TemporaryDirectory() as directory:
        if index is None:
            index = Path(directory)
            newsearch.build(data, index=index)
        with newsearch.open(index) as opened:
            shares = measure(opened, sample(read(data), most))
    rows = [
        [share.kind, share.field, str(share.asked), str(share.found), f"{share.found / share.asked:.1%}"]
        for share in shares
    ]
    table: Table = ("Pasted texts", ["kind", "field", "texts", "found", "share"], rows)
    click.echo(text_table(table))
    if json_path:
        json_path.write_text(json.dumps([asdict(share) for share in shares], indent=2))


if __name__ == "__main__":
    main()
