"""The articles that every peer is given, at any size.

Up to the size of the real collection they are its first articles. Beyond it they are recombined: the first
half of one article's title and excerpt, and the second half of another's of the same topic. Words, phrases
and their frequencies stay natural, as does the spread of dates, providers and signals; the vocabulary
stops growing, which a real collection's would not.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
"""One article as the format has it, parsed from its line."""

SEED = 2020


@dataclass(frozen=True, slots=True)
class Corpus:
    """A JSONL file of `size` articles, with the medians of their signals, which are the boosts' pivots."""

    path: Path
    size: int
    heat: float
    quality: float

    def boost(self, record: Record) -> float:
        """What an article's text score is multiplied by, in (0.5, 2); 1 for the middle article."""
        exponent = _shift(record.get("heat"), self.heat) + _shift(record.get("quality"), self.quality)
        return float(2 ** (0.5 * exponent))


def _shift(signal: float | None, pivot: float) -> float:
    return 0.0 if signal is None or signal < 0 else (signal - pivot) / (signal + pivot)


def read(path: Path) -> Iterator[Record]:
    """The articles of a JSONL file, gzip-compressed or not."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        for line in lines:
            yield json.loads(line)


def published(record: Record) -> datetime:
    return datetime.fromisoformat(record["publishedDateTime"])


def month(record: Record) -> int:
    """The article's month as a number, 202005: a column that every peer can count by."""
    text = record["publishedDateTime"]
    return int(text[:4]) * 100 + int(text[5:7])


def prepare(source: Path, size: int, work: Path) -> Corpus:
    """Write `size` articles made from `source` under `work`, unless they are there from an earlier run."""
    path = work / f"corpus-{size}.jsonl.gz"
    if not path.exists():
        part = path.with_suffix(".part")
        with gzip.open(part, "wt", encoding="utf-8", compresslevel=1) as out:
            for record in islice(_endless(source, size), size):
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
        os.replace(part, path)
    signals = [(record.get("heat"), record.get("quality")) for record in read(path)]
    heat, quality = (
        statistics.median(v for v in column if v is not None) for column in zip(*signals, strict=True)
    )
    return Corpus(path, len(signals), heat, quality)


def _endless(source: Path, size: int) -> Iterator[Record]:
    originals = list(islice(read(source), size))
    yield from originals
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(originals):
        by_topic[_topic(record)].append(number)
    for variant in count(1):
        rng = random.Random(SEED + variant)
        partners = {topic: rng.sample(numbers, len(numbers)) for topic, numbers in by_topic.items()}
        for number, record in enumerate(originals):
            same = partners[_topic(record)]
            yield _recombined(record, originals[same[number % len(same)]], variant)


def _topic(record: Record) -> str:
    return record["topics"][0] if record["topics"] else ""


def _recombined(first: Record, second: Record, variant: int) -> Record:
    made = dict(first)
    for name in ("title", "excerpt"):
        made[name] = " ".join(_half(first[name], 0) + _half(second[name], 1))
    for name in ("webUrl", "originalUrl"):
        made[name] = f"{first[name]}?variant={variant}"
    made["heat"], made["quality"] = second["heat"], second["quality"]
    return made


def _half(text: str, which: int) -> list[str]:
    words = text.split()
    middle = (len(words) + 1) // 2
    return words[middle:] if which else words[:middle]


def write_markdown(records: Iterable[Record], directory: Path) -> int:
    """Write one Markdown file with YAML front matter for each record, and return how many."""
    import yaml

    directory.mkdir(parents=True, exist_ok=True)
    number = 0
    for number, record in enumerate(records, 1):
        front = yaml.dump(record, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
        (directory / f"{number:06}.md").write_text(f"---\n{front}---\n", encoding="utf-8")
    return number
