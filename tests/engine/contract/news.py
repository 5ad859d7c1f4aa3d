"""The articles of the contract suite, and how they come to be a source."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BBC, CNN = {"name": "BBC News", "domain": "bbc.co.uk"}, {"name": "CNN", "domain": "cnn.com"}
RECORDS: list[dict[str, Any]] = [
    {
        "id": "1",
        "title": "Portland bans facial recognition",
        "body": "The city council voted for a ban on surveillance cameras.",
        "publishedDateTime": "2020-09-29T21:05:00Z",
        "heat": 90,
        "quality": 80,
        "topics": ["Privacy", "AI"],
        "provider": BBC,
        "category": "Tech",
        "webUrl": "https://bbc.co.uk/news/1",
    },
    {
        "id": "2",
        "title": "A ban on facial recognition",
        "publishedDateTime": "2020-09-30",
        "heat": 10,
        "quality": 20,
        "topics": ["AI"],
        "provider": CNN,
        "type": "video",
    },
    {
        "id": "3",
        "title": "Recognition of a state",
        "body": "A council of surveillance cameras in the city.",
        "publishedDateTime": "2020-10-01T00:00:00Z",
        "heat": 50,
        "provider": CNN,
        "category": "World",
    },
    {"id": "4", "title": "An unpublished zeppelin", "published": False, "heat": 1000},
    {"id": "5", "title": "Undated surveillance"},
]


def write(path: Path, records: list[dict[str, Any]] = RECORDS) -> Path:
    """A source with these articles."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def changed(id: str, **values: Any) -> list[dict[str, Any]]:
    """The articles, one of them with other values."""
    return [{**record, **values} if record["id"] == id else record for record in RECORDS]
