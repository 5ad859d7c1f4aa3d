"""A timeline as a picture. Needs matplotlib, the extra `newsearch[plot]`."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

from newsearch.errors import QueryError
from newsearch.search.timelines import Timeline
from newsearch.text.clean import one_line

FORMATS = ("svg", "png")

_LABELS = 12
"""The maximum number of periods that are named below the picture."""
_LONGEST = 60
"""Characters of a query in the key."""


def plotted(timeline: Timeline, format: str) -> bytes:
    """A picture of a timeline: the number of articles in each period and, below, their share of all articles.

    Args:
        timeline: with at least one period.
        format: one of FORMATS.

    Returns:
        The file. The same timeline gives the same bytes, with the same version of matplotlib.

    Raises:
        QueryError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise QueryError("a plot needs matplotlib: pip install 'newsearch[plot]'") from error

    with rc_context({"svg.hashsalt": "newsearch", "svg.fonttype": "none"}), warnings.catch_warnings():
        # A font may lack the characters of a query.
        warnings.filterwarnings("ignore", category=UserWarning, module="matplotlib")
        figure = Figure(figsize=(9, 5), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        lines = []
        for one in timeline.series:
            marker = "o" if len(timeline.periods) <= 40 else ""
            lines += above.plot(one.counts, marker=marker, markersize=3)
            below.plot([100 * share for share in timeline.shares(one)], marker=marker, markersize=3)
        for axes, name in (
            (above, f"articles a {timeline.by}"),
            (below, f"% of all articles a {timeline.by}"),
        ):
            axes.set_ylabel(name)
            axes.set_ylim(bottom=0)
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
        step = -(-len(timeline.periods) // _LABELS)
        places = range(0, len(timeline.periods), step)
        below.set_xticks(list(places), [timeline.periods[at] for at in places], rotation=30, ha="right")
        _key(above, lines, [one.query for one in timeline.series])
        file = BytesIO()
        metadata = {"Date": None} if format == "svg" else {"Software": None}
        figure.savefig(file, format=format, dpi=144, metadata=metadata)
    return file.getvalue()


def _key(axes: Any, lines: list[Any], queries: list[str]) -> None:
    """The key of the curves. Queries are shown as they are: matplotlib gives `$` and a leading `_` a meaning."""
    key = axes.legend(lines, [str(number) for number in range(len(lines))], frameon=False)
    for text, query in zip(key.get_texts(), queries, strict=True):
        shown = one_line(query) or "all articles"
        text.set_parse_math(False)
        text.set_text(shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…")
