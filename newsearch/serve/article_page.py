"""The page of an article."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request as HttpRequest

from newsearch import Article, Index, Request
from newsearch.articles.article import outlet_name
from newsearch.outputs.differences import changes, differences
from newsearch.search.folding import copy_of
from newsearch.serve.answers import Answer, Body, Made
from newsearch.serve.live import Snapshot
from newsearch.serve.parameters import address
from newsearch.serve.rendering import HTML, drawn_by, render
from newsearch.serve.site import Site
from newsearch.serve.values import REPORTS, facts_of, moment_of, report_of, web_address
from newsearch.text.clean import one_line
from newsearch.text.places import end_of_word

_BODY = 1_500
"""Maximum characters of an article's text on its page; the rest is read at the publisher's."""

_LIKE = 6
"""Maximum number of articles on the same subject."""


async def answer_article(site: Site, http: HttpRequest) -> Answer:
    """Answer with the page of an article."""
    id, given = http.query_params.get("id", ""), http.query_params.multi_items()
    asked = [pair for pair in given if pair[0] not in ("id", "token")]

    def make(snapshot: Snapshot) -> Made:
        article = site.readable(snapshot, id)

        def body() -> Body:
            return Body(_article_page(site, snapshot.index, article, asked, with_copies))

        with_copies = not snapshot.index.are_copies_pending
        return Made(("article page", id, asked, with_copies, drawn_by()), body)

    return await site.answer(http, HTML, make)


def _article_page(
    site: Site, index: Index, article: Article, asked: list[tuple[str, str]], with_copies: bool
) -> str:
    """The page.

    Args:
        asked: the parameters of the search that led here, to which it leads back.
    """
    root = site.url("/")
    tz = Request().zone()
    paragraphs, room = [], _BODY
    for paragraph in article.body.split("\n"):
        line = one_line(paragraph)
        if line and room > 0:
            paragraphs.append(line if len(line) <= room else f"{line[: end_of_word(line, room)]}…")
            room -= len(line)
    chosen: dict[str, Any] = {
        "topics": article.topics,
        "categories": [article.category],
        "types": [article.type],
    }
    return render(
        site,
        "article.html",
        typed=dict(asked).get("query", ""),
        heading=one_line(article.title) or one_line(article.id),
        excerpt=one_line(article.excerpt),
        paragraphs=paragraphs,
        is_whole=room > 0,
        link=web_address(article.url),
        back=f"{root}?{urlencode(asked)}" if asked else root,
        **facts_of(article, tz),
        outlet_url=(address(root, Request(providers=(outlet_name(article),))) if article.provider else None),
        authors=[
            {"text": one_line(name), "url": _narrowed(root, "authors", name)} for name in article.authors
        ],
        tags=[
            {"text": one_line(value), "url": _narrowed(root, name, value)}
            for name, values in chosen.items()
            for value in values
            if value
        ],
        copies=_copies(site, index, article, tz) if with_copies else [],
        related=_related(site, index, article, tz),
        history=list(_history(article, tz)),
        id=article.id,
        json_url=f"{site.url('/api/v1/article')}?{urlencode([('id', article.id)])}",
    )


def _copies(site: Site, index: Index, article: Article, tz: tzinfo) -> list[dict[str, Any]]:
    """The publications of an article's text, if there are several."""
    found = index.copies(article.id)
    if len(found) < 2:
        return []
    begun = found[0].copy.date
    return [
        {
            **report_of(site, one.copy, begun, tz),
            "wire": one_line(one.wire),
            "is_first": one.is_first,
            "is_this": one.copy.id == article.id,
        }
        for one in found[:REPORTS]
    ]


def _related(site: Site, index: Index, article: Article, tz: tzinfo) -> list[dict[str, Any]]:
    """Articles on the same subject, and those that the article names and the index does not have."""
    found = [
        {**report_of(site, copy_of(one), None, tz), "language": one.language}
        for one in index.related(article.id, _LIKE)
    ]
    known = {one["link"] for one in found} | {one["title"] for one in found}
    for named in article.related:
        title, link = one_line(named.title) or one_line(named.url or named.id), web_address(named.url)
        if title not in known and (link is None or link not in known):
            found.append({"title": title, "page": None, "link": link, "outlet": "", "date": None})
    return found


def _history(article: Article, tz: tzinfo) -> Iterator[dict[str, Any]]:
    """What changed of title and excerpt, the latest change first."""
    for version, changed in changes(article):
        yield {
            "replaced": moment_of(version.replaced, tz),
            "changes": [(name, list(differences(before, after))) for name, before, after in changed],
        }


def _narrowed(root: str, name: str, value: str) -> str:
    """The address of the search for all articles with a value."""
    return address(root, Request.from_mapping({name: value}))
