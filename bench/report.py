"""A run as tables: for the terminal and for docs/performance.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from bench.measure import BenchRun, PeerFigures
from bench.queries import GROUPS

GOAL = "newsearch"
TO_BEAT = {"tantivy": ("tantivy", "tantivy-boosted"), "pisa": ("pisa",)}
"""What newsearch's ratios are to: the fastest of these."""
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]

INDEX_ROWS: tuple[tuple[str, Callable[[PeerFigures], float | None]], ...] = (
    ("articles indexed/s", lambda figures: figures.articles_per_second),
    ("memory to index, MB", lambda figures: figures.build_mb),
    ("bytes/article on disk", lambda figures: figures.bytes_per_article),
    ("open, ms", lambda figures: figures.open_ms),
    ("memory to query, MB", lambda figures: figures.query_mb),
    ("queries/s, 1 thread", lambda figures: figures.queries_per_second_1),
    ("queries/s, 2 threads", lambda figures: figures.queries_per_second_2),
)


def tables(run: BenchRun) -> list[Table]:
    """Titles, headings and rows, every cell as text; a dash is what a peer cannot do or was not asked."""
    return [_index(run), *_latency(run), *_first(run), _agreement(run), *_alone(run)]


def _index(run: BenchRun) -> Table:
    rows = [[label, *(_number(value(run.peers[name])) for name in run.peers)] for label, value in INDEX_ROWS]
    return f"Index of {run.size:,} articles, one process", ["", *run.peers], rows


def _latency(run: BenchRun) -> list[Table]:
    found = {(latency.peer, latency.group, latency.count): latency for latency in run.latencies}
    made: list[Table] = []
    for count, title in (
        (False, "Top 10, microseconds: median (p95)"),
        (True, "Top 10 and the number of matches"),
    ):
        rows = []
        for group in GROUPS:
            cells = [found.get((name, group, count)) for name in run.peers]
            if any(cells):
                texts = [f"{cell.median_us:,.0f} ({cell.p95_us:,.0f})" if cell else "-" for cell in cells]
                own = found.get((GOAL, group, count))
                all_ways = [one for one in run.latencies if one.group == group]
                medians = [(one.peer, one.median_us) for one in all_ways]
                means = [(one.peer, one.mean_us) for one in all_ways]
                ratios = _ratios(run, own.median_us if own else None, medians)
                rows.append([group, *texts, *ratios, *_ratios(run, own.mean_us if own else None, means)])
        if rows:
            compared = _compared(run)
            made.append((title, ["", *run.peers, *compared, *(f"{name}, mean" for name in compared)], rows))
    return made


def _first(run: BenchRun) -> list[Table]:
    found = {(first.peer, first.group): first.us for first in run.firsts}
    rows = []
    for group in GROUPS:
        times = [(name, found[name, group]) for name in run.peers if (name, group) in found]
        if times:
            texts = [f"{found[name, group]:,.0f}" if (name, group) in found else "-" for name in run.peers]
            rows.append([group, *texts, *_ratios(run, found.get((GOAL, group)), times)])
    title = "The first query of a class, first in its process, microseconds of processor time"
    return [(title, ["", *run.peers, *_compared(run)], rows)] if rows else []


def _compared(run: BenchRun) -> list[str]:
    return [f"{GOAL}/{name}" for name in TO_BEAT if name in run.peers]


def _ratios(run: BenchRun, own: float | None, times: list[tuple[str, float]]) -> list[str]:
    """newsearch's time over the fastest of each of those it is compared with, which need not count for that."""
    ratios = []
    for name, ways in TO_BEAT.items():
        if name in run.peers:
            theirs = [taken for peer, taken in times if peer in ways]
            ratios.append(f"{own / min(theirs):.2f}" if own is not None and theirs else "-")
    return ratios


def _agreement(run: BenchRun) -> Table:
    pairs = sorted({(overlap.peer, overlap.other) for overlap in run.overlaps})
    groups = [group for group in GROUPS if any(overlap.group == group for overlap in run.overlaps)]
    found = {(overlap.peer, overlap.other, overlap.group): overlap.share for overlap in run.overlaps}
    rows = []
    for one, other in pairs:
        shares = [found.get((one, other, group)) for group in groups]
        known = [share for share in shares if share is not None]
        texts = ["-" if share is None else f"{share:.2f}" for share in shares]
        rows.append([f"{one}, {other}", *texts, f"{mean(known):.2f}"])
    return "Top 10 in common", ["", *groups, "all"], rows


def _alone(run: BenchRun) -> list[Table]:
    made: list[Table] = []
    if run.markdown:
        title = f"{run.markdown['files']:,.0f} Markdown files, {run.markdown['workers']:.0f} processes"
        files = [["indexed/s", _number(run.markdown["indexed_per_second"])]]
        files.append(["only parsed/s", _number(run.markdown["parsed_per_second"])])
        made.append((title, ["", "files"], files))
    if run.command:
        command = [["newsearch query", _number(run.command["query_ms"])]]
        command.append(["import click, numpy", _number(run.command["imports_ms"])])
        made.append(("A cold command", ["", "ms"], command))
    return made


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def as_text(run: BenchRun) -> str:
    return "\n\n".join((_about(run), *map(text_table, tables(run)), *_notes(run)))


def text_table(table: Table) -> str:
    title, headings, rows = table
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (headings, *rows)
    ]
    return "\n".join((title, *lines))


def as_markdown(run: BenchRun) -> str:
    return "\n\n".join((_about(run), *map(markdown_table, tables(run)), *_notes(run)))


def markdown_table(table: Table) -> str:
    title, headings, rows = table
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return f"### {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _about(run: BenchRun) -> str:
    versions = ", ".join(f"{name} {figures.version}" for name, figures in run.peers.items())
    machine = f"Python {run.machine['python']}, {run.machine['system']}, {run.machine['cores']} cores"
    grows = ", a growing vocabulary" if run.vocabulary == "growing" else ""
    return f"{run.size:,} articles{grows}, {run.rounds} rounds, one run. {machine}. {versions}."


def _notes(run: BenchRun) -> list[str]:
    notes = [f"{name}: {figures.note}." for name, figures in run.peers.items()]
    return notes + [f"{name} was not measured: {reason}." for name, reason in run.missing.items()]


def update_docs(page: Path, run: BenchRun) -> None:
    """Replace what stands between the markers of this size and vocabulary in the page.

    Raises:
        ValueError: the page has no markers for them.
    """
    name = f"bench {run.size}" + ("" if run.vocabulary == "fixed" else f" {run.vocabulary}")
    rewrite(page, name, as_markdown(run))


def rewrite(page: Path, name: str, text: str) -> None:
    """Replace what stands between two markers in a page.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    before, found_begin, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{page} has no lines {begin} and {end} to write between")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
