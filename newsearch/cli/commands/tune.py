"""newsearch tune: weights that suit judged queries."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from newsearch.cli.formats import print_json
from newsearch.cli.judged import collection_argument, judged, question_options
from newsearch.cli.options import format_option
from newsearch.cli.progress import overwrite
from newsearch.cli.terminal import Terminal, complain
from newsearch.cli.values import FileName, Whole
from newsearch.evaluation import Tuning
from newsearch.evaluation import tune as fit
from newsearch.ranking import Boosts


@click.command(
    epilog="""\b
    Examples:
      newsearch tune judged --index index --out profile.json
      newsearch query vaccine --profile profile.json

    docs/relevance.md describes how to judge a collection of your own.""",
)
@collection_argument
@question_options
@click.option(
    "--folds",
    type=Whole(min=2),
    default=5,
    show_default=True,
    metavar="NUMBER",
    help="Number of parts of the queries; each is held out once.",
)
@click.option(
    "--out",
    type=FileName(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the weights as a profile, if they are better than the defaults.",
)
@format_option("text", "json")
def tune(
    collection: str,
    directory: str | None,
    syntax: bool,
    skip_own: bool,
    folds: int,
    out: Path | None,
    format_name: str,
) -> int:
    """Fit the weights of heat, quality and recency to judged queries, and measure the gain.

    COLLECTION is as for `newsearch eval`. The weights are tested on queries that they were not fitted to. If they are
    no better than the defaults there, nothing is recommended or written, and the exit code is 1.
    """
    interactive = Terminal.of(sys.stderr).interactive
    try:
        with judged(collection, directory) as (index, read):
            result = fit(
                index,
                read.queries,
                read.judgements,
                folds=folds,
                syntax=syntax,
                skip_own=skip_own,
                progress=_progress if interactive else None,
            )
    finally:
        if interactive:
            overwrite("")
    if format_name == "json":
        print_json(_document(result))
    else:
        gain = result.gain
        print(f"defaults  nDCG@10 {result.defaults:.4f}")
        print(
            f"held out  nDCG@10 {result.held_out:.4f}, {gain.mean:+.4f} "
            f"(95 % interval {gain.low:+.4f} to {gain.high:+.4f}, p {gain.p:.4f})"
        )
        for number, boosts in enumerate(result.folds, 1):
            print(f"{f'fold {number}':<8}  {_weights(boosts)}")
        print(f"{'all':<8}  {_weights(result.boosts)}")
    if not result.recommended:
        complain("keep the defaults: no other weights are better on queries that they were not fitted to")
        return 1
    if out:
        result.boosts.save(out)
    return 0


def _progress(tried: int) -> None:
    overwrite(f"{tried:,} sets of weights")


def _weights(boosts: Boosts) -> str:
    said = f"heat={boosts.heat:g},quality={boosts.quality:g}"
    if boosts.half_life is None:
        return said
    return f"{said},recency={boosts.recency:g},half-life={boosts.half_life:g}d"


def _document(result: Tuning) -> dict[str, object]:
    return {
        "recommended": result.recommended,
        "boosts": asdict(result.boosts),
        "folds": [asdict(boosts) for boosts in result.folds],
        "defaults": round(result.defaults, 6),
        "held_out": round(result.held_out, 6),
        "gain": {name: round(value, 6) for name, value in asdict(result.gain).items()},
    }
