"""What does an index of OpenSearch hold for an article? Its mapping and its settings.

The byte codes of ranking are indexed as term frequencies, and a scripted similarity returns them as scores. The words
are analysed by the client. Terms, stems and languages are therefore those of every engine.

    exact               the exact forms, each with its code over all fields: `ban|115 portland|98`
    stem                the stems with the language of the article: `en:ban|120`, the code of all forms together; and
                        `en<ban|115`, the best code of a single form, where that differs
    x_title ... x_body  the exact forms of each text field, in order
    s_title ... s_body  their stems, in order
    length_title ...    the number of words in each text field
    keys                what filters look up: `topic:ai`, `domain:cnn.com`, `has:image`
    article             the whole article as JSON text, which the server only stores

The other fields are what sorts, facets and boosts read, and what a writer keeps for itself. Every field is listed: a
document with any other one is refused.
"""

from __future__ import annotations

from typing import Any

from newsearch.ranking import TEXT_FIELDS

VERSION = 2
"""The version of the fields. An index of another one must be built again."""

SIMILARITY = "return query.boost * doc.freq;"
"""The score of a term in an article: the boost of the query times the code that was indexed as its frequency."""

MAX_VALUE = 8000
"""Characters of a value in a field of values. OpenSearch refuses terms of more than 32,766 bytes."""

_CODED = {
    "type": "text",
    "analyzer": "coded",
    "search_analyzer": "keyword",
    "index_options": "freqs",
    "norms": False,
    "similarity": "code",
}
_WORDS = {"type": "text", "analyzer": "words", "norms": False, "similarity": "code"}
_LOOKED_UP = {"type": "keyword", "doc_values": False}
_COUNTED = {"type": "keyword", "index": False}
_NUMBER = {"type": "long"}
_SCANNED = {"type": "long", "index": False}
_SIGNAL = {"type": "double"}

FIELDS: dict[str, dict[str, Any]] = {
    # The aggregation that finds the forms with a prefix needs the forms of each article in memory.
    "exact": _CODED | {"fielddata": True},
    "stem": _CODED,
    **{f"x_{name}": _WORDS | {"fielddata": True} for name in TEXT_FIELDS},
    **{f"s_{name}": _WORDS for name in TEXT_FIELDS},
    **{f"length_{name}": {"type": "integer", "index": False} for name in TEXT_FIELDS},
    "keys": _LOOKED_UP,
    "provider_words": _WORDS,
    "author_words": _WORDS,
    "urls": _LOOKED_UP,
    "id": _COUNTED,
    "topic": _COUNTED,
    "author": _COUNTED,
    "provider": _COUNTED,
    "outlet": _COUNTED,
    "brand": _COUNTED,
    "category": _COUNTED,
    "type": _COUNTED,
    "tag": _COUNTED,
    "language": {"type": "keyword"},
    "date": _NUMBER,
    "day": {"type": "integer"},
    "modified": _NUMBER,
    "modified_day": {"type": "integer"},
    "heat": _SIGNAL,
    "quality": _SIGNAL,
    "published": {"type": "boolean"},
    "article": {"type": "keyword", "index": False, "doc_values": False},
    "signature_1": _SCANNED,
    "signature_2": _SCANNED,
    # Filled by the writer.
    "key": _NUMBER,
    "content": _SCANNED,
    "source": {"type": "keyword"},
    "url": _NUMBER,
    "born": _NUMBER,
    "died": _NUMBER,
    "hidden": {"type": "boolean"},
}
"""All fields of a document.

`date` and `modified` are seconds since 1970, in UTC. `day` and `modified_day` are days since 1970, and only set if the
source gives no time. `outlet` is what the facet of providers shows, `provider` the name alone, `brand` what tells
outlets apart when articles are compared. `signature_1` and `signature_2` find copies (see stories.signatures). `tag` is
the language by which an article is found, `language` the one by which it is stemmed. `heat` and `quality` are missing
where unknown.
"""

WORDS_GAP = 100
"""Positions between two authors: no phrase of a name reaches from one to the next."""


def index_body(shards: int = 1, replicas: int = 1, codec: str = "best_compression") -> dict[str, Any]:
    """The body of the request that creates an index."""
    return {
        "settings": {
            "index": {
                "number_of_shards": shards,
                "number_of_replicas": replicas,
                "codec": codec,
                # A writer refreshes before it publishes. Until then nobody looks.
                "refresh_interval": "-1",
                # Of the expressions for what is like a short word.
                "max_regex_length": 10_000,
                "analysis": {
                    "filter": {"code": {"type": "delimited_term_freq", "delimiter": "|"}},
                    "analyzer": {
                        "coded": {"tokenizer": "whitespace", "filter": ["code"]},
                        "words": {"tokenizer": "whitespace"},
                    },
                },
                "similarity": {"code": {"type": "scripted", "script": {"source": SIMILARITY}}},
            }
        },
        "mappings": {"dynamic": "strict", "properties": mapping()},
    }


def mapping() -> dict[str, dict[str, Any]]:
    """The properties of the mapping."""
    found = {name: dict(field) for name, field in FIELDS.items()}
    for name in ("provider_words", "author_words"):
        found[name]["position_increment_gap"] = WORDS_GAP
    return found
