"""Vocabularies: how does a record of another format say what we call title, excerpt, date, ...?

One pure module a vocabulary, and each reads a record into `Keys`: our keys, and what became of the source's own. They
know nothing of files, and nothing of each other but what `base` and `xml_text` hold.
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
"""The vocabularies of JSON records, in the order in which they are asked whether one is theirs."""

SIGNS: Final = frozenset(
    """content_html content_text date_published publishedAt maintext date_publish webTitle web_url pub_date seendate
    versioncreated versionCreated pubstatus pubStatus bodies headlines body_xhtml headline""".split()
)
"""Keys by which a record may be seen to speak another vocabulary than ours."""


def recognised(record: Mapping[str, Any]) -> Vocabulary | None:
    """The vocabulary that a JSON record speaks; None where it is our own, with other names for some keys or not."""
    if "publishedDateTime" in record:
        return None
    return next((vocabulary for vocabulary in OF_RECORDS.values() if vocabulary.tells(record)), None)
