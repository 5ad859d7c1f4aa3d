"""Which article does a command refer to? By its id, a prefix of it, or its URL."""

from __future__ import annotations

import re

from newsearch.articles.article import Article
from newsearch.cli.terminal import complain
from newsearch.errors import QueryError
from newsearch.search.index import Index
from newsearch.text.addresses import canonical_url, like_addresses

_SUGGESTED = 3
_LISTED = 5


def named_article(index: Index, id: str) -> Article | None:
    """The article with an id, a unique prefix of one, or a URL; or None, with a message.

    Raises:
        QueryError: several ids have this prefix.
    """
    article = index.get(id) or _at_url(index, id.strip()) or _begun(index, id)
    if article is None:
        near = _near(index, id)
        complain(f"no article {id}" + (f"; perhaps {', or '.join(near)}" if near else ""))
    return article


def _at_url(index: Index, url: str) -> Article | None:
    """The article at this URL, in which parts that an address bar hides may be missing."""
    address = url if re.match("https?://", url, re.IGNORECASE) else f"https://{url}"
    if not re.fullmatch(r"\w+://[^\s/?#]\S*", address):
        return None
    # The address of a site, or one that texts mention, finds articles too. None of them is the one that was named.
    hits = [(canonical_url(hit.url or ""), hit) for hit in index.search(address, limit=10, unpublished=True)]
    named = (hit.article for form in like_addresses(address) for url, hit in hits if url == form)
    return next(named, None)


def _begun(index: Index, prefix: str) -> Article | None:
    """The only article whose id has this prefix.

    Raises:
        QueryError: several ids have it.
    """
    ids = index.ids(prefix)
    if len(ids) > 1:
        more = f" and {len(ids) - _LISTED:,} more" if len(ids) > _LISTED else ""
        raise QueryError(f"{len(ids):,} ids begin with {prefix!r}: {', '.join(ids[:_LISTED])}{more}")
    return index.get(ids[0]) if ids else None


def _near(index: Index, id: str) -> list[str]:
    """Ids of articles that contain the words of this one; most ids are derived from titles."""
    words = re.sub(r"\.\w+$|[^\w]|\d{4,}|_", " ", id)
    return (
        [hit.id for hit in index.search(words, limit=_SUGGESTED, unpublished=True)] if words.strip() else []
    )
