"""Which article does a command mean? By its id, the beginning of it, or its URL."""

from __future__ import annotations

import re

from newsearch.articles.article import Article, canonical_url
from newsearch.cli.terminal import complain
from newsearch.errors import QueryError
from newsearch.search.index import Index

_SUGGESTED = 3
_LISTED = 5


def named_article(index: Index, id: str) -> Article | None:
    """The article of an id, of as much of its beginning as no other id shares, or of a URL; or None, and say so.

    Raises:
        QueryError: several ids begin so.
    """
    article = index.get(id) or _at_url(index, id.strip()) or _begun(index, id)
    if article is None:
        near = _near(index, id)
        complain(f"no article {id}" + (f"; perhaps {', or '.join(near)}" if near else ""))
    return article


def _at_url(index: Index, url: str) -> Article | None:
    """The best article at this URL, which may lack what an address bar leaves out."""
    address = url if re.match("https?://", url, re.IGNORECASE) else f"https://{url}"
    if not re.fullmatch(r"\w+://[^\s/?#]\S*", address):
        return None
    hits = index.search(address, limit=_SUGGESTED, unpublished=True)
    very = (hit for hit in hits if canonical_url(hit.url or "") == canonical_url(address))
    hit = next(very, hits[0] if hits else None)
    return hit.article if hit else None


def _begun(index: Index, prefix: str) -> Article | None:
    """The article whose id alone begins so.

    Raises:
        QueryError: several do.
    """
    ids = index.ids(prefix)
    if len(ids) > 1:
        more = f" and {len(ids) - _LISTED:,} more" if len(ids) > _LISTED else ""
        raise QueryError(f"{len(ids):,} ids begin with {prefix!r}: {', '.join(ids[:_LISTED])}{more}")
    return index.get(ids[0]) if ids else None


def _near(index: Index, id: str) -> list[str]:
    """Ids of articles that hold the words of this one; ids are mostly made of titles."""
    words = re.sub(r"\.\w+$|[^\w]|\d{4,}|_", " ", id)
    return (
        [hit.id for hit in index.search(words, limit=_SUGGESTED, unpublished=True)] if words.strip() else []
    )
