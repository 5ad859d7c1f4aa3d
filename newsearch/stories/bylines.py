"""Which wire service does an article come from? Detected from its byline, its dateline or its last words."""

from __future__ import annotations

import re
from typing import Final

from newsearch._patterns import pattern
from newsearch.articles.article import Article

WIRES: Final = {
    "associated press": "AP",
    "the associated press": "AP",
    "ap": "AP",
    "reuters": "Reuters",
    "thomson reuters": "Reuters",
    "afp": "AFP",
    "agence france-presse": "AFP",
    "upi": "UPI",
    "united press international": "UPI",
    "dpa": "dpa",
    "ansa": "ANSA",
    "efe": "EFE",
    "ani": "ANI",
    "ians": "IANS",
    "pti": "PTI",
    "press trust of india": "PTI",
    "xinhua": "Xinhua",
    "tass": "TASS",
    "kyodo": "Kyodo",
    "kyodo news": "Kyodo",
    "pa media": "PA",
    "canadian press": "CP",
    "the canadian press": "CP",
    "aap": "AAP",
    "bloomberg": "Bloomberg",
}
"""The names that wire services sign with, in lower case, and our name for each."""

_LEAD: Final = 120
"""Characters at the start of a text that are searched for a dateline."""

_NAMES: Final = "|".join(re.escape(name) for name in sorted(WIRES, key=len, reverse=True))
# "LONDON (Reuters) -", "New Delhi, April 18 (IANS):", "(AP) —"
_BRACKETED = pattern(rf"\(({_NAMES})\)\s*[-–—:]", re.IGNORECASE)
# "Reuters - ", only at the start
_LEADING = pattern(rf"({_NAMES})\s+[-–—]\s", re.IGNORECASE)
# "By The Associated Press", "Jane Doe, Associated Press", "REUTERS/Jane Doe"
_SEPARATOR = pattern(r"\s*[,/|;]\s*|\s+(?:of|for|and)\s+")


def wire(article: Article) -> str:
    """The wire service that an article names as its author or in its dateline; empty if it names none."""
    for author in article.authors:
        bare = author.strip().removeprefix("By ").removeprefix("by ")
        for part in _SEPARATOR.split(bare):
            if (name := part.strip().casefold()) in WIRES:
                return WIRES[name]
    for text in (article.excerpt, article.body):
        lead = text[:_LEAD]
        found = _BRACKETED.search(lead) or _LEADING.match(lead.lstrip())
        if found:
            return WIRES[found[1].casefold()]
    return ""
