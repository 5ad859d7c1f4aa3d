"""A small collection, and what a run of the command comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

ARTICLES = [
    {
        "path": "tech/ban.md",
        "title": "City council votes for a facial recognition ban",
        "excerpt": "The ban covers shops, too; it is the widest in the country.",
        "publishedDateTime": "2020-09-09T21:05:00Z",
        "webUrl": "https://ledger.example/2020/09/ban",
        "provider": {"name": "The Ledger", "domain": "ledger.example"},
        "topics": ["Facial Recognition", "Privacy"],
        "category": "news",
        "heat": 90,
        "quality": 80,
        "body": "Members voted late at night.\n\nThe rule begins in January.",
    },
    {
        "path": "tech/cameras.md",
        "title": "Facial recognition cameras stay at the airport",
        "excerpt": "Airlines say that boarding is faster.",
        "publishedDateTime": "2020-08-01",
        "originalUrl": "https://planes.example/cameras",
        "provider": {"name": "Planes & People", "domain": "planes.example"},
        "topics": ["Facial Recognition", "Airports"],
        "category": "news",
        "type": "video",
        "heat": 30,
        "quality": 60,
    },
    {
        "path": "world/plastic.md",
        "title": "=SUM(1) is how one shop counts after the plastic ban",
        "excerpt": "Bags are gone, spreadsheets stay.",
        "publishedDateTime": "2019-05-10T04:00:00Z",
        "webUrl": "https://ledger.example/2019/05/plastic",
        "provider": {"name": "The Ledger", "domain": "ledger.example"},
        "topics": ["Waste"],
        "category": "world",
        "heat": -1,
        "quality": 42,
    },
    {
        "path": "world/vaccin.md",
        "title": "Vaccin contre la COVID-19 : São Paulo commence",
        "publishedDateTime": "2021-01-18T10:00:00Z",
        "provider": "Quai",
        "topics": ["COVID-19"],
        "locale": "fr-FR",
        "category": "world",
    },
    {
        "path": "drafts/recognition.md",
        "title": "A draft on recognition that nobody published",
        "publishedDateTime": "2020-10-01T00:00:00Z",
        "published": False,
        "heat": 10,
    },
]


class CommandRun(NamedTuple):
    """What a run of the command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., CommandRun]
