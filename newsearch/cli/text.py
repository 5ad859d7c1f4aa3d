"""Search results and articles as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo

from newsearch import ranking
from newsearch.articles.article import Article, date_of, outlet_name
from newsearch.cli.terminal import BOLD, DIM, Terminal, wrap
from newsearch.cli.zones import shown_moment
from newsearch.engine.base import Explanation
from newsearch.outputs.extract import extract, title
from newsearch.outputs.page import Page
from newsearch.outputs.words import counted, counted_copies, counted_matches, other_outlets
from newsearch.search.results import Hit
from newsearch.text.clean import one_line

_RELATED = "Related, without any of the words:"

_LONGEST = 2_000
"""Characters of a title on a terminal; no headline is half as long."""


def page_lines(page: Page, terminal: Terminal) -> Iterator[str]:
    """The hits, with a line before those that lack a word, then the facets and the number of matches."""
    hits = list(page.ranked())
    # A long text is not ranked by the number of its words in an article. If complete hits are mixed in, omit the line.
    parted = max((i for i, (_, hit) in enumerate(hits, 1) if hit.complete), default=0)
    related = max((i for i, (_, hit) in enumerate(hits, 1) if hit.matched), default=0)
    for i, (rank, hit) in enumerate(hits):
        if i == related:
            yield terminal.style(_RELATED, DIM)
            yield ""
        elif i == parted:
            yield terminal.style("Not all words:", DIM)
            yield ""
        yield from _hit_lines(rank, hit, page, terminal, is_aside=i < related and not hit.matched)
        yield ""
    # Output to a file contains only the hits.
    for number, (rank, hit) in enumerate(page.related() if terminal.interactive else ()):
        if not number:
            yield terminal.style(_RELATED, DIM)
            yield ""
        yield from _hit_lines(rank, hit, page, terminal)
        yield ""
    for name in page.facets:
        yield terminal.style(name.capitalize(), BOLD)
        values, left_out = page.facet(name)
        width = max((len(f"{count:,}") for _, count in values), default=0)
        for value, count in values:
            yield f"   {count:>{width},}  {_shortened(one_line(value), terminal)}"
        if left_out:
            yield terminal.style(f"   and {left_out:,} more", DIM)
        yield ""
    if terminal.interactive and page.results.total:
        yield terminal.style(_footer(page), DIM)


def hit_lines(page: Page, terminal: Terminal) -> Iterator[str]:
    """The hits alone."""
    for rank, hit in page.ranked():
        yield from _hit_lines(rank, hit, page, terminal)
        yield ""


def article_lines(article: Article, tz: tzinfo, terminal: Terminal) -> Iterator[str]:
    """The complete article."""
    heading = one_line(article.title) or one_line(article.id)
    for line, _ in wrap(heading, (), terminal.width):
        yield terminal.style(line, BOLD)
    yield ""
    fields: list[tuple[str, object]] = [
        ("id", article.id),
        ("provider", article.provider and f"{article.provider.name} {article.provider.domain}".strip()),
        ("authors", ", ".join(article.authors)),
        ("date", article.date and shown_moment(article.date, tz)),
        ("modified", article.modified and shown_moment(article.modified, tz)),
        ("topics", ", ".join(article.topics)),
        ("category", article.category),
        ("type", article.type),
        ("language", article.language),
        ("heat", article.heat),
        ("quality", article.quality),
        ("published", "no" if not article.published else ""),
        ("url", article.url),
        ("original url", article.original_url if article.original_url != article.url else ""),
        ("amp url", article.amp_web_url if article.amp_web_url != article.url else ""),
        ("cached amp url", article.cdn_amp_web_url),
        *(("image", image.url) for image in article.images),
        *(("related", f"{related.title} {related.url or related.id}".strip()) for related in article.related),
        *((name, value) for name, value in article.extra.items()),
    ]
    shown = [(one_line(name), one_line(str(value))) for name, value in fields if value not in (None, "")]
    width = min(max(len(name) for name, _ in shown), 20)
    for name, value in shown:
        linked = terminal.link(value, value)
        yield f"{terminal.style(f'{name:<{width}}', DIM)}  {linked}"
    for text in (article.excerpt, *article.body.split("\n")):
        if text:
            yield ""
            for line, _ in wrap(one_line(text), (), terminal.width):
                yield line


def _hit_lines(
    rank: int, hit: Hit, page: Page, terminal: Terminal, *, is_aside: bool = False
) -> Iterator[str]:
    """One hit; `is_aside` if it is related and appears among matches."""
    article, tree = hit.article, page.results.query.tree
    label = f"{rank}. "
    indent = " " * len(label)
    width = terminal.width and terminal.width - len(label)
    text, spans = title(hit, tree)
    shown = _shortened(text, terminal)
    kept = [(start, min(end, len(shown))) for start, end in spans if start < len(shown)]
    for number, (line, spans) in enumerate(wrap(shown, kept, width)):
        before = indent if number else label
        yield before + terminal.link(terminal.mark(line, spans, BOLD), article.url)
    for line, _ in wrap(" · ".join([*_facts(hit, page, terminal), *["related"] * is_aside]), (), width):
        yield indent + terminal.style(line, DIM)
    body, words = extract(hit, tree)
    for line, spans in wrap(body, words, width) if body else ():
        yield indent + terminal.mark(line, spans)
    if hit.copies:
        for line, _ in wrap(_copies(hit, page, terminal), (), width):
            yield indent + terminal.style(line, DIM)
    place = one_line(article.url) if article.url else f"id {_shortened(one_line(article.id), terminal)}"
    yield indent + terminal.link(terminal.style(place, DIM), article.url)
    if page.explain:
        for line in _explanation_lines(hit.explanation):
            yield indent + line


def _shortened(text: str, terminal: Terminal) -> str:
    """Shorten a text for a list on a terminal; in a file it stays whole."""
    return f"{text[:_LONGEST]}…" if terminal.interactive and len(text) > _LONGEST else text


def _facts(hit: Hit, page: Page, terminal: Terminal) -> Iterator[str]:
    article = hit.article
    if article.provider:
        yield _shortened(one_line(outlet_name(article)), terminal)
    if article.date:
        day = date_of(article.date, page.results.tz)
        # The content of a file must not depend on when it was written.
        age = _age(day, page.results.now.astimezone(page.results.tz).date()) if terminal.interactive else ""
        yield f"{day}, {age}" if age else str(day)
    if not article.published:
        yield "unpublished"
    for name, value in (("heat", article.heat), ("quality", article.quality)):
        if value is not None and value >= 0:  # a negative one is unknown
            yield f"{name} {ranking.readable(value)}"
    yield f"score {hit.score:.2f}"


_OUTLETS = 3
"""Maximum number of outlets that are named among those with copies."""


def _copies(hit: Hit, page: Page, terminal: Terminal) -> str:
    """The copies that a hit represents: `+14 outlets: The Ledger, Quai, Planes & People and 11 more`."""
    said, others = counted_copies(hit, page.results.request.collapse), other_outlets(hit)
    if not others:
        return said
    names = [_shortened(one_line(name), terminal) for name in others[:_OUTLETS]]
    more = len(others) - len(names)
    return f"{said}: {', '.join(names)}" + (f" and {more:,} more" if more else "")


def _explanation_lines(explanation: Explanation) -> list[str]:
    rows = list(_rows(explanation, 0))
    width = max(len(value) for value, _ in rows)
    return [f"{value:>{width}}  {said}" for value, said in rows]


def _rows(explanation: Explanation, depth: int) -> Iterator[tuple[str, str]]:
    join = _JOINS.get(explanation.description, ", the sum of") if explanation.details else ""
    yield f"{explanation.value:.6f}", "  " * depth + one_line(explanation.description) + join
    for detail in explanation.details:
        yield from _rows(detail, depth + 1)


_JOINS = {"score": ", the product of", "boost": ", the product of", "best of a group": ", the highest of"}


def _footer(page: Page) -> str:
    folding, collapse = page.results.folding, page.results.request.collapse
    if folding is None or collapse is None or not any(hit.copies for hit in page.results):
        return _place(page)
    groups = folding.groups
    if collapse == "copies":
        total = counted(groups, "text") if folding.exact else ""
    else:
        among = "" if folding.exact else f" among the best {folding.candidates:,} articles"
        total = f"{groups:,} stor{'y' if groups == 1 else 'ies'}{among}"
    return f"{_place(page)}, {collapse} as one hit" + (f" ({total})" if total else "")


def _place(page: Page) -> str:
    results = page.results
    place = f"{page.offset + 1}-{page.offset + len(results)}" if page.offset and len(results) else ""
    related = sum(not hit.matched for hit in results)
    if not related:
        return f"{place or len(results)} of {counted_matches(results.counts)}"
    # Related hits are not counted.
    shown = f"{len(results) - related} of {counted_matches(results.counts)}, and {related} related"
    return f"{place}: {shown}" if place else shown


def _age(day: date, today: date) -> str:
    days = (today - day).days
    if days < 2:
        return {0: "today", 1: "yesterday"}.get(days, "")
    for unit, length in (("year", 365.25), ("month", 30.44), ("day", 1)):
        if count := int(days // length):
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return ""
