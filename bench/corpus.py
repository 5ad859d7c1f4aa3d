"""The articles that every peer is given, at any size.

Up to the size of the real collection they are its first articles. Beyond it they are recombined: the first
half of one article's title and excerpt, and the second half of another's of the same topic. Words, phrases
and their frequencies stay natural, as does the spread of dates, providers and signals. The vocabulary either
stops growing, or grows as that of the real collection does (see bench.vocabulary).
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
from typing import Any, Literal, TypeAlias, get_args

from bench.vocabulary import Growth, Variant

Record: TypeAlias = dict[str, Any]
"""One article as the format has it, parsed from its line."""

Vocabulary: TypeAlias = Literal["fixed", "growing"]
VOCABULARIES: tuple[Vocabulary, ...] = get_args(Vocabulary)

SEED = 2020


@dataclass(frozen=True, slots=True)
class Corpus:
    """A JSONL file of `size` articles, with the medians of their signals, which are the boosts' pivots."""

    path: Path
    size: int
    heat: float
    quality: float
    vocabulary: Vocabulary = "fixed"

    @property
    def name(self) -> str:
        """What its files and the indexes of its articles are named after."""
        return _name(self.size, self.vocabulary)

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


def prepare(source: Path, size: int, work: Path, vocabulary: Vocabulary = "fixed") -> Corpus:
    """Write `size` articles made from `source` under `work`, unless they are there from an earlier run."""
    path = work / f"corpus-{_name(size, vocabulary)}.jsonl.gz"
    about = path.with_suffix(".json")
    if not (path.exists() and about.exists()):
        part = path.with_suffix(".part")
        columns: tuple[list[float], list[float]] = ([], [])
        written = 0
        with gzip.open(part, "wt", encoding="utf-8", compresslevel=1) as out:
            for record in islice(_endless(source, size, vocabulary), size):
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
                written += 1
                for column, signal in zip(columns, ("heat", "quality"), strict=True):
                    if (value := record.get(signal)) is not None:
                        column.append(value)
        heat, quality = map(statistics.median, columns)
        about.write_text(json.dumps({"size": written, "heat": heat, "quality": quality}))
        os.replace(part, path)
    return Corpus(path, vocabulary=vocabulary, **json.loads(about.read_text()))


def _name(size: int, vocabulary: Vocabulary) -> str:
    return f"{size}" if vocabulary == "fixed" else f"{size}-{vocabulary}"


def _endless(source: Path, size: int, vocabulary: Vocabulary) -> Iterator[Record]:
    originals = list(islice(read(source), size))
    yield from originals
    if len(originals) >= size:
        return
    growth = Growth(map(_text, originals), SEED) if vocabulary == "growing" else None
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(originals):
        by_topic[_topic(record)].append(number)
    for variant in count(1):
        rng = random.Random(SEED + variant)
        partners = {topic: rng.sample(numbers, len(numbers)) for topic, numbers in by_topic.items()}
        written = growth.variant(variant) if growth else None
        for number, record in enumerate(originals):
            same = partners[_topic(record)]
            yield _recombined(record, originals[same[number % len(same)]], variant, written)


def _text(record: Record) -> str:
    return f"{record['title']} {record['excerpt']}"


def _topic(record: Record) -> str:
    return record["topics"][0] if record["topics"] else ""


def _recombined(first: Record, second: Record, variant: int, written: Variant | None) -> Record:
    made = dict(first)
    for name in ("title", "excerpt"):
        words = _half(first[name], 0) + _half(second[name], 1)
        made[name] = " ".join(words if written is None else map(written.__getitem__, words))
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
