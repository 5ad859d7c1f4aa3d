"""A small collection with something of everything, some of it hostile."""

from __future__ import annotations

from typing import Any

SCRIPT = "<script>alert('x')</script>"

ARTICLES: list[dict[str, Any]] = [
    {
        "id": "tech/ban.md",
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
        "id": "tech/cameras.md",
        "title": "Facial recognition cameras stay at the airport",
        "excerpt": "Airlines say that boarding is faster.",
        "publishedDateTime": "2020-08-01",
        "webUrl": "https://planes.example/cameras",
        "provider": {"name": "Planes & People", "domain": "planes.example"},
        "topics": ["Facial Recognition", "Airports"],
        "type": "video",
        "heat": 30,
        "quality": 60,
    },
    {
        "id": "world/vaccin.md",
        "title": "Vaccin contre la COVID-19 : São Paulo commence",
        "publishedDateTime": "2021-01-18T10:00:00Z",
        "provider": "Quai",
        "topics": ["COVID-19"],
        "locale": "fr-FR",
    },
    {"id": "drafts/recognition.md", "title": "A draft on recognition", "published": False, "body": "Draft."},
    {
        "id": f"odd/?a=b&c=d#{SCRIPT}/../../etc",
        "title": f"Hostile {SCRIPT} &amp; \"quoted\" 'title'",
        "excerpt": f"An excerpt {SCRIPT}",
        "body": f"A body {SCRIPT} &lt;img src=x onerror=alert(1)&gt; \u202e hostile",
        "webUrl": "https://hostile.example/?a=<script>&b=\"'",
        "originalUrl": "javascript:alert(1)",
        "provider": {"name": f"Outlet {SCRIPT}\"'", "domain": "hostile.example"},
        "topics": [f"Topic {SCRIPT}\"'"],
        "category": SCRIPT,
        "type": SCRIPT,
        "heat": 1e6,
        "quality": -5,
        "publishedDateTime": "2020-10-01T00:00:00Z",
    },
    {"id": "nothing.md", "title": "Nothing but a title"},
]
