"""The command `python -m bench`."""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from bench import report
from bench.corpus import VOCABULARIES, Vocabulary
from bench.measure import PROJECT, run
from bench.peers import NAMES
from bench.queries import GROUPS

CORPUS = PROJECT.parent / "shared" / "data" / "scale" / "news-120k.jsonl.gz"
PAGE = PROJECT / "docs" / "performance.md"


def _names(allowed: tuple[str, ...]) -> click.ParamType[tuple[str, ...]]:
    class Names(click.ParamType):  # type: ignore[type-arg]  # click before 8.4 has no arguments there
        name = ",".join(allowed)

        def convert(
            self, value: object, param: click.Parameter | None, context: click.Context | None
        ) -> tuple[str, ...]:
            names = tuple(value) if isinstance(value, tuple) else tuple(str(value).split(","))
            if unknown := [name for name in names if name not in allowed]:
                self.fail(f"{', '.join(unknown)}: not among {', '.join(allowed)}", param, context)
            return names

    return Names()


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.option(
    "--corpus",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=CORPUS,
    help="JSONL articles, gzip-compressed or not [default: the shared collection beside the project].",
)
@click.option(
    "--size",
    type=click.IntRange(min=1),
    default=120_000,
    show_default=True,
    help="Articles to index; more than the corpus has are recombined from it.",
)
@click.option(
    "--vocabulary",
    type=click.Choice(VOCABULARIES),
    default=VOCABULARIES[0],
    show_default=True,
    help="Whether recombined articles bring new words, as many as Heaps' law has for the real ones.",
)
@click.option(
    "--only", type=_names(NAMES), metavar="PEER,...", default=NAMES, help=f"Among {', '.join(NAMES)}."
)
@click.option(
    "--queries",
    "groups",
    type=_names(GROUPS),
    metavar="CLASS,...",
    default=GROUPS,
    help=f"Among {', '.join(GROUPS)}.",
)
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    help="Times each query is timed, warm.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where articles and indexes are kept [default: a temporary directory, removed].",
)
@click.option("--reuse", is_flag=True, help="Take indexes that an earlier run left in --work.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON."
)
@click.option(
    "--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a PNG or SVG."
)
@click.option("--docs", is_flag=True, help="Rewrite the tables of this size in docs/performance.md.")
def main(
    corpus: Path,
    size: int,
    vocabulary: Vocabulary,
    only: tuple[str, ...],
    groups: tuple[str, ...],
    rounds: int,
    work: Path | None,
    reuse: bool,
    json_file: Path | None,
    plot_file: Path | None,
    docs: bool,
) -> None:
    """Measure newsearch and other search libraries on the same articles and queries, in one run.

    Every library indexes the same fields and is asked the same queries in turn; each answer is ten hits with
    their titles and addresses. Indexing and memory are measured in processes of their own. Figures from
    different runs are not comparable: the machine differs from minute to minute.
    """
    with ExitStack() as stack:
        if work is None:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        work.mkdir(parents=True, exist_ok=True)
        result = run(
            source=corpus,
            size=size,
            vocabulary=vocabulary,
            names=only,
            groups=groups,
            rounds=rounds,
            work=work.resolve(),
            reuse=reuse,
            say=_say,
        )
    click.echo(report.as_text(result))
    if json_file:
        json_file.write_text(json.dumps(result.as_dict(), indent=2) + "\n", encoding="utf-8")
    if plot_file:
        from bench.plot import draw

        draw(result, plot_file)
    if docs:
        report.update_docs(PAGE, result)


if __name__ == "__main__":
    main()
