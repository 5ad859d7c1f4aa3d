"""How the pages show what an article has. HTML is escaped by the templates, or here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from math import log10
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from newsearch import Article, Explanation, ranking
from newsearch.articles.article import date_of, outlet_name
from newsearch.outputs.extract import Marked
from newsearch.outputs.words import delay
from newsearch.search.folding import Copy
from newsearch.serve.site import Site
from newsearch.text.clean import one_line

REPORTS = 500
"""The maximum number of reports on the page of a story, and of publications on the page of an article."""


def facts_of(article: Article, tz: tzinfo) -> dict[str, Any]:
    """The facts that are shown beside the title of an article."""
    return {
        "outlet": one_line(outlet_name(article)),
        "date": day_of(article.date, tz),
        "language": article.language,
        "published": article.published,
        "signals": [
            {"name": name, "value": ranking.readable(value), "width": _width(value)}
            for name, value in (("heat", article.heat), ("quality", article.quality))
            if value is not None and value >= 0
        ],
    }


def report_of(site: Site, report: Copy, begun: date | datetime | None, tz: tzinfo) -> dict[str, Any]:
    """An article of a story, or a copy of a text, in a list."""
    when = report.date
    is_timed = isinstance(when, datetime) and isinstance(begun, datetime)
    return {
        "title": one_line(report.title) or one_line(report.id),
        "page": f"{site.url('/article')}?{urlencode([('id', report.id)])}",
        "link": web_address(report.url),
        "outlet": one_line(report.outlet),
        "date": moment_of(when, tz),
        "delay": delay(when - begun) if is_timed and when != begun else "",  # type: ignore[operator]
        "is_first": when == begun and when is not None,
    }


def rows_of(explanation: Explanation, depth: int) -> Iterator[dict[str, Any]]:
    """The lines of an explanation, each with its depth."""
    yield {"depth": min(depth, 4), "value": f"{explanation.value:.3f}", "text": explanation.description}
    for detail in explanation.details:
        yield from rows_of(detail, depth + 1)


def html_of(marked: Marked) -> Markup:
    """A text with marked words as HTML."""
    text, spans = marked
    parts: list[Markup] = []
    at = 0
    for start, end in spans:
        parts += (escape(text[at:start]), _MARK, escape(text[start:end]), _END)
        at = end
    return Markup("").join([*parts, escape(text[at:])])


_MARK, _END = Markup("<mark>"), Markup("</mark>")


def web_address(url: str | None) -> str | None:
    """An address that a page may link to."""
    return url if url and _WEB.fullmatch(url) and url.isprintable() else None


def day_of(moment: date | datetime | None, tz: tzinfo) -> dict[str, str] | None:
    """A day, without the time of day."""
    if moment is None:
        return None
    day = date_of(moment, tz)
    return {"iso": moment.isoformat(), "text": f"{day.day} {day:%B} {day.year}"}


def moment_of(moment: date | datetime | None, tz: tzinfo) -> dict[str, str] | None:
    """A day, with the time of day if it is known."""
    shown = day_of(moment, tz)
    if shown and isinstance(moment, datetime):
        shown["text"] += f", {moment.astimezone(tz):%H:%M}"
    return shown


def _width(value: float) -> float:
    """Length of the bar of a signal, out of 100; values beyond 100 add less and less."""
    return round(value if value <= 90 else min(100.0, 90 + 5 * log10(value / 90)), 1)


_WEB = re.compile(r"https?://[^\s\\]+", re.IGNORECASE)
