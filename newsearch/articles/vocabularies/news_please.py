"""news-please: an article as JSON. https://github.com/fhamborg/news-please"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsearch.articles.vocabularies.base import Keys, address, names_of, plain


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record was written by news-please."""
    return not record.keys().isdisjoint(("maintext", "date_publish"))


def read(article: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read an article; the day of the download is not used as its date."""
    keys = Keys({key: None if value == "None" else value for key, value in article.items()})
    keys.take("title", "title", "title_page", "title_rss")
    keys.take("excerpt", "description")
    keys.take("body", "maintext", "text")
    keys.take("webUrl", "url", read=address)
    keys.take("publishedDateTime", "date_publish")
    keys.take("modified", "date_modify")
    keys.take("authors", "authors", read=names_of)
    keys.take("locale", "language")
    keys.take("images", "image_url", read=address)
    if domain := keys.take("provider", "source_domain", read=plain):
        keys.record["provider"] = {"domain": domain}
    keys.leave("date_download", "filename", "localpath")
    return keys
