"""Vocabularies: how do records of other formats express our title, excerpt, date, ...?

Each vocabulary is one pure module that reads a record into `Keys`: our keys, and the use of the source's own keys.
Vocabularies know nothing of files. They share only `base` and `xml_text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from newsearch.articles.vocabularies import gdelt, guardian, json_feed, news_please, newsapi, ninjs, nyt
from newsearch.articles.vocabularies.base import Keys, Vocabulary

__all__ = ["OF_RECORDS", "SIGNS", "Keys", "Vocabulary", "recognised"]

OF_RECORDS: Final = {
    vocabulary.name: vocabulary
    for vocabulary in (
        Vocabulary("json-feed", json_feed.tells, json_feed.read),
        Vocabulary("newsapi", newsapi.tells, newsapi.read),
        Vocabulary("news-please", news_please.tells, news_please.read),
        Vocabulary("guardian", guardian.tells, guardian.read),
        Vocabulary("nyt", nyt.tells, nyt.read),
        Vocabulary("gdelt", gdelt.tells, gdelt.read),
        Vocabulary("ninjs", ninjs.tells, ninjs.read),
    )
}
"""The vocabularies of JSON records, in the order in which they are tried."""

SIGNS: Final = frozenset(
    """content_html content_text date_published publishedAt maintext date_publish webTitle web_url pub_date seendate
    versioncreated versionCreated pubstatus pubStatus bodies headlines body_xhtml headline""".split()
)
"""Keys that may indicate a vocabulary other than ours."""


def recognised(record: Mapping[str, Any]) -> Vocabulary | None:
    """The vocabulary of a JSON record; None if it is our own, possibly with other names for some keys."""
    if "publishedDateTime" in record:
        return None
    return next((vocabulary for vocabulary in OF_RECORDS.values() if vocabulary.tells(record)), None)
