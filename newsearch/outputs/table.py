"""What was found, as lines for other programs: a table with commas, or addresses alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from newsearch._patterns import pattern
from newsearch.articles.article import article_to_mapping
from newsearch.outputs.page import Page
from newsearch.text.clean import one_line

CSV_COLUMNS = (
    "rank", "score", "id", "title", "publishedDateTime", "provider", "heat", "quality", "url", "authors", "modified",
)  # fmt: skip


def csv_lines(page: Page) -> Iterator[str]:
    """A table with a line of column names."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for rank, hit in page.ranked():
        article = hit.article
        mapping = article_to_mapping(article)
        provider = article.provider.name or article.provider.domain if article.provider else ""
        texts = (hit.id, article.title, mapping.get("publishedDateTime", ""), provider)
        last = (article.url or "", "; ".join(article.authors), mapping.get("modified", ""))
        numbers = (article.heat, article.quality)
        writer.writerow([rank, round(hit.score, 6), *map(_cell, texts), *numbers, *map(_cell, last)])
    yield from buffer.getvalue().splitlines()


def url_lines(page: Page) -> Iterator[str]:
    """One URL a line; hits that have none are left out."""
    return (one_line(hit.url) for hit in page.results if hit.url)


def _cell(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return _FORMULA.sub(r"\1'", one_line(text))


# Some spreadsheets begin a cell after a semicolon too, and take signs of full width for the others.
_FORMULA = pattern(r"(\A|;)(?=[=+\-@＝＋－＠])")
