"""newsearch eval: how good the ranking is, on judged queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click

from newsearch.cli.formats import print_json
from newsearch.cli.judged import collection_argument, judged, question_options
from newsearch.cli.options import expand_option, format_option
from newsearch.cli.values import FileName, Profile
from newsearch.evaluation import MEASURES, Comparison, Evaluation, Queries, compare, evaluate, write_run
from newsearch.evaluation.measures import DEPTH
from newsearch.outputs.words import counted
from newsearch.ranking import DEFAULT_BOOSTS, Boosts
from newsearch.text.clean import one_line

_SHOWN = 10
"""Queries that are named on each side of a comparison; JSON has them all."""


class _Rival(NamedTuple):
    """The other weights, what they give, and how that compares."""

    boosts: Boosts
    evaluation: Evaluation
    comparison: Comparison


@click.command(
    epilog="""\b
    Examples:
      newsearch eval scifact
      newsearch eval tests/relevance --index index --per-query
      newsearch eval judged --profile heat=0,quality=0 --compare profile.json
      newsearch eval scifact --run newsearch.run --format json

    docs/relevance.md describes how to judge a collection of your own.""",
)
@collection_argument
@question_options
@click.option(
    "--profile",
    type=Profile(),
    metavar="FILE",
    help="Rank with these weights: a profile, or heat=1,quality=0,half-life=30d.",
)
@click.option(
    "--compare",
    "other",
    type=Profile(),
    metavar="FILE",
    help="Also rank with these weights, and compare.",
)
@expand_option
@click.option("--per-query", is_flag=True, help="Also show the measures of each query.")
@click.option(
    "--run",
    "run_file",
    type=FileName(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the results as a TREC run.",
)
@format_option("text", "json")
def eval(
    collection: str,
    directory: str | None,
    syntax: bool,
    skip_own: bool,
    profile: Boosts | None,
    other: Boosts | None,
    expand: bool | None,
    per_query: bool,
    run_file: Path | None,
    format_name: str,
) -> int:
    """Measure the ranking on a collection of judged queries: nDCG@10, MAP, R@100, MRR.

    COLLECTION is a directory in the layout of BEIR: queries.jsonl, qrels.tsv and, unless --index names an index of the
    articles, corpus.jsonl.
    """
    boosts = profile or DEFAULT_BOOSTS
    with judged(collection, directory) as (index, read):

        def ask(weights: Boosts) -> Evaluation:
            return evaluate(
                index,
                read.queries,
                read.judgements,
                boosts=weights,
                syntax=syntax,
                skip_own=skip_own,
                expand=expand,
            )

        measured = ask(boosts)
        rival = None
        if other:
            answered = ask(other)
            rival = _Rival(other, answered, compare(measured, answered))
        articles = index.stats().articles
    if run_file:
        write_run(run_file, measured.run)
    if format_name == "json":
        document: dict[str, Any] = {
            "articles": articles,
            "queries": len(read.queries),
            "boosts": asdict(boosts),
            "expand": expand,
            "syntax": syntax,
            "skip_own": skip_own,
            "depth": DEPTH,
            "measures": _rounded(measured.means),
        }
        if rival:
            document["comparison"] = _document(rival)
        if per_query:
            document["per_query"] = {id: _rounded(values) for id, values in measured.queries.items()}
        print_json(document)
        return 0
    print(f"{len(read.queries):,} queries over {counted(articles, 'article')}")
    lines = _compared(measured, rival, read.queries) if rival else _means(measured)
    for line in [*lines, *(_each(measured, read.queries) if per_query else ())]:
        print(line)
    return 0


def _means(evaluation: Evaluation) -> Iterator[str]:
    for name, value in evaluation.means.items():
        yield f"{name:<8}  {value:.4f}"


def _compared(measured: Evaluation, rival: _Rival, queries: Queries) -> Iterator[str]:
    a, b, comparison = measured.means, rival.evaluation.means, rival.comparison
    yield f"{'':<8}  {'A':>6}  {'B':>6}  {'B - A':>7}  {'95 % interval':^18}  {'p':>6}"
    for name, change in comparison.differences.items():
        interval = f"{change.low:+.4f} to {change.high:+.4f}"
        yield f"{name:<8}  {a[name]:.4f}  {b[name]:.4f}  {change.mean:+.4f}  {interval}  {change.p:.4f}"
    wins, losses = comparison.wins, comparison.losses
    yield f"B is better in {len(wins):,}, worse in {len(losses):,} and alike in {comparison.ties:,} (nDCG@10)"
    for said, changes in (("better", wins), ("worse", losses)):
        for id, moved in list(changes.items())[:_SHOWN]:
            yield f"{said:<8}  {moved:+.4f}  {one_line(id)}  {one_line(queries[id])}"
        if len(changes) > _SHOWN:
            yield f"and {len(changes) - _SHOWN:,} more that are {said}"


def _each(evaluation: Evaluation, queries: Queries) -> Iterator[str]:
    yield "  ".join(f"{name:<7}" for name in MEASURES) + "  query"
    for id, values in evaluation.queries.items():
        cells = "  ".join(f"{values[name]:<7.4f}" for name in MEASURES)
        yield f"{cells}  {one_line(id)}  {one_line(queries[id])}"


def _document(rival: _Rival) -> dict[str, Any]:
    comparison = rival.comparison
    return {
        "boosts": asdict(rival.boosts),
        "measures": _rounded(rival.evaluation.means),
        "differences": {name: _rounded(asdict(change)) for name, change in comparison.differences.items()},
        "wins": _rounded(comparison.wins),
        "losses": _rounded(comparison.losses),
        "ties": comparison.ties,
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in values.items()}
