"""The command `python -m bench.relevance`: how good rankings are, newsearch's and others', on judged queries."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click

import newsearch
from bench.measure import PROJECT
from bench.rankers import RANKERS
from bench.report import Table, markdown_table, rewrite, text_table
from newsearch import Article, Boosts, Index
from newsearch.evaluation import (
    MEASURES,
    Collection,
    Difference,
    Evaluation,
    difference,
    evaluate,
    measure,
    read_collection,
)
from newsearch.sources.registry import open_source

SCHEMA_VERSION: Final = 1
DATA = PROJECT.parent / "shared" / "data" / "relevance"
PAGE = PROJECT / "docs" / "relevance.md"
MARKER: Final = "relevance"
OWN: Final = "newsearch"
EXPANDED: Final = f"{OWN}, expanded"
UNEXPANDED: Final = f"{OWN}, not expanded"
TEXT_ALONE: Final = Boosts(heat=0, quality=0)

BOTH_WEIGHTS: Final = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
SINGLE_WEIGHTS: Final = (0.25, 0.5, 1.0, 2.0)
HALF_LIVES: Final = (7.0, 30.0, 365.0)


@dataclass(frozen=True, slots=True)
class Bed:
    """A collection that everybody is measured on.

    Attributes:
        name: what the tables call it.
        source: its articles.
        skip_own: its queries are articles too, which would find themselves first.
    """

    name: str
    source: Path
    collection: Collection
    skip_own: bool = False


@dataclass(slots=True)
class Figures:
    """What a run measured: bed -> system -> its evaluation, and the curve of the weights on the seeds."""

    beds: dict[str, Bed] = field(default_factory=dict)
    systems: dict[str, dict[str, Evaluation]] = field(default_factory=dict)
    curve: list[tuple[Boosts, Evaluation]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def beds(data: Path) -> Iterator[Bed]:
    """The collections at hand: the seeds, which always are, and those under `data`."""
    yield Bed("seeds", PROJECT / "seeds", read_collection(PROJECT / "tests" / "relevance"))
    for name, skip_own in (("time", False), ("lee2005", True)):
        if (data / name).is_dir():
            collection = read_collection(data / name)
            assert collection.corpus
            yield Bed(name, collection.corpus, collection, skip_own)


def run(found: Sequence[Bed], say: Callable[[str], None]) -> Figures:
    """Measure newsearch and the others on each bed, and the weights of the boosts on the seeds."""
    figures = Figures()
    for bed in found:
        figures.beds[bed.name] = bed
        measured = figures.systems[bed.name] = {}
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            newsearch.build(bed.source, index=directory)
            with newsearch.open(directory) as index:
                say(f"{bed.name}: {OWN}")
                measured[OWN] = _ask(index, bed)
                measured[UNEXPANDED] = _ask(index, bed, expand=False)
                measured[EXPANDED] = _ask(index, bed, expand=True)
                if bed.name == "seeds":
                    measured[f"{OWN}, text alone"] = _ask(index, bed, TEXT_ALONE)
                    figures.curve = [(boosts, _ask(index, bed, boosts)) for boosts in _weights()]
        for name in RANKERS:
            say(f"{bed.name}: {name}")
            try:
                measured[name] = _rank(name, bed)
            except ImportError as error:
                figures.missing[name] = str(error)
    return figures


def _ask(index: Index, bed: Bed, boosts: Boosts | None = None, *, expand: bool | None = None) -> Evaluation:
    collection = bed.collection
    return evaluate(
        index, collection.queries, collection.judgements, boosts=boosts, skip_own=bed.skip_own, expand=expand
    )


def _rank(name: str, bed: Bed) -> Evaluation:
    articles = [
        article
        for article in open_source(bed.source).articles()
        if isinstance(article, Article) and article.published
    ]
    found = RANKERS[name](articles, bed.collection.queries)
    if bed.skip_own:
        found = {query: [id for id in ids if id != query] for query, ids in found.items()}
    return measure(found, bed.collection.judgements)


def _weights() -> Iterator[Boosts]:
    yield from (Boosts(weight, weight) for weight in BOTH_WEIGHTS)
    yield from (Boosts(weight, 0) for weight in SINGLE_WEIGHTS)
    yield from (Boosts(0, weight) for weight in SINGLE_WEIGHTS)
    yield from (replace(Boosts(), recency=0.5, half_life=days) for days in HALF_LIVES)


def tables(figures: Figures) -> list[Table]:
    """Titles, headings and rows, every cell as text."""
    made = [_systems(figures, name) for name in figures.beds]
    return [*made, _curve(figures)] if figures.curve else made


def _systems(figures: Figures, bed: str) -> Table:
    own = figures.systems[bed][OWN]
    rows = []
    for name, evaluation in figures.systems[bed].items():
        means = [f"{evaluation.means[measure]:.3f}" for measure in MEASURES]
        rows.append([name, *means, "" if name == OWN else _change(_against(own, evaluation))])
    asked = len(figures.beds[bed].collection.queries)
    return f"{bed}: {asked} queries", ["", *MEASURES, "nDCG@10 to newsearch's (p)"], rows


def _curve(figures: Figures) -> Table:
    text = figures.curve[0][1]
    rows = []
    for boosts, evaluation in figures.curve:
        weights = [f"{boosts.heat:g}", f"{boosts.quality:g}"]
        weights.append("" if boosts.half_life is None else f"{boosts.recency:g}, {boosts.half_life:g} d")
        values = [f"{evaluation.means[name]:.3f}" for name in ("nDCG@10", "MAP", "MRR")]
        rows.append([*weights, *values, _change(_against(text, evaluation))])
    headings = [
        "heat",
        "quality",
        "recency, half-life",
        "nDCG@10",
        "MAP",
        "MRR",
        "nDCG@10 to text alone's (p)",
    ]
    return "seeds: the weights of the boosts", headings, rows


def _against(one: Evaluation, other: Evaluation) -> Difference:
    return difference(one.of("nDCG@10"), other.of("nDCG@10"))


def _change(change: Difference) -> str:
    return f"{change.mean:+.3f} ({f'{change.p:.3f}' if change.p >= 0.001 else '<0.001'})"


def as_dict(figures: Figures) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "versions": _versions(figures),
        "beds": {
            bed: {name: evaluation.means for name, evaluation in systems.items()}
            for bed, systems in figures.systems.items()
        },
        "curve": [
            {
                "heat": boosts.heat,
                "quality": boosts.quality,
                "recency": boosts.recency,
                "half_life": boosts.half_life,
                "measures": evaluation.means,
            }
            for boosts, evaluation in figures.curve
        ],
        "missing": figures.missing,
    }


def _versions(figures: Figures) -> dict[str, str]:
    distributions = {"tantivy": "tantivy", "bm25s": "bm25s", "whoosh": "whoosh3"}
    versions = {name: version(distributions[name]) for name in distributions if name not in figures.missing}
    return {OWN: newsearch.__version__, **versions, "fts5": sqlite3.sqlite_version}


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    help="Where time/ and lee2005/ are [default: among the shared data beside the project].",
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON."
)
@click.option("--docs", is_flag=True, help="Rewrite the tables in docs/relevance.md.")
def main(data: Path, json_file: Path | None, docs: bool) -> None:
    """Measure how well newsearch and other search libraries rank, on every judged collection at hand.

    All are asked the same words, and rank articles that hold any of them. Nobody has boosts, but for newsearch, whose
    signals only the seeds know.
    """
    found = list(beds(data))
    for name in ("time", "lee2005"):
        if name not in {bed.name for bed in found}:
            click.echo(f"{name} is not at hand in {data}", err=True)
    figures = run(found, lambda text: click.echo(text, err=True))
    made = tables(figures)
    click.echo("\n\n".join(map(text_table, made)))
    if json_file:
        json_file.write_text(json.dumps(as_dict(figures), indent=2) + "\n", encoding="utf-8")
    if docs:
        versions = ", ".join(f"{name} {number}" for name, number in _versions(figures).items())
        rewrite(PAGE, MARKER, "\n\n".join((f"Measured with {versions}.", *map(markdown_table, made))))


if __name__ == "__main__":
    main()
