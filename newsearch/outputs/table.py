"""Results as lines for other programs: CSV, or URLs only."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from newsearch._patterns import pattern
from newsearch.articles.article import article_to_mapping, outlet_name
from newsearch.outputs.page import Page
from newsearch.text.clean import one_line

CSV_COLUMNS = (
    "rank", "score", "id", "title", "publishedDateTime", "provider", "heat", "quality", "url", "authors", "modified",
)  # fmt: skip


def csv_lines(page: Page) -> Iterator[str]:
    """CSV lines with a header of column names."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for rank, hit in page.ranked():
        article = hit.article
        mapping = article_to_mapping(article)
        texts = (hit.id, article.title, mapping.get("publishedDateTime", ""), outlet_name(article))
        last = (article.url or "", "; ".join(article.authors), mapping.get("modified", ""))
        numbers = (article.heat, article.quality)
        writer.writerow([rank, round(hit.score, 6), *map(cell, texts), *numbers, *map(cell, last)])
    yield from buffer.getvalue().splitlines()


def url_lines(page: Page) -> Iterator[str]:
    """One URL per line. Hits without a URL are left out."""
    return (one_line(hit.url) for hit in page.results if hit.url)


def cell(text: str) -> str:
    """Text that spreadsheets do not interpret as a formula."""
    return _FORMULA.sub(r"\1'", one_line(text))


# Some spreadsheets also start a cell after a semicolon, and treat full-width signs like the ASCII ones.
_FORMULA = pattern(r"(\A|;)(?=[=+\-@＝＋－＠])")
