"""A run as a picture: each class a row, each peer a dot, time on a logarithmic axis."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from bench.measure import BenchRun
from bench.queries import GROUPS


def draw(run: BenchRun, path: Path) -> None:
    """Write the latencies of the top 10 (with the count only where a class has no other) as PNG or SVG."""
    best: dict[tuple[str, str], tuple[float, float]] = {}
    for latency in sorted(run.latencies, key=lambda latency: latency.count):
        best.setdefault((latency.peer, latency.group), (latency.median_us, latency.p95_us))
    groups = [group for group in reversed(GROUPS) if any(key[1] == group for key in best)]
    figure = Figure(figsize=(9, 1.5 + 0.5 * len(groups)), layout="constrained")
    axes = figure.subplots()
    for number, name in enumerate(run.peers):
        rows = [row for row, group in enumerate(groups) if (name, group) in best]
        heights = [row + 0.3 - 0.6 * number / max(1, len(run.peers) - 1) for row in rows]
        medians, p95s = zip(*(best[name, groups[row]] for row in rows), strict=True)
        axes.hlines(heights, medians, p95s, color=f"C{number}", alpha=0.4)
        axes.plot(medians, heights, "o", color=f"C{number}", label=name)
    axes.set_xscale("log")
    axes.set_yticks(range(len(groups)), groups)
    axes.set_xlabel("microseconds to the top 10: median, and a line to p95")
    axes.set_title(f"{run.size:,} articles")
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=6)
    figure.savefig(path)
