"""How fast are files read? Feeds beside their parser alone, and other files beside another tree of newsearch.

    python -m bench.formats
    python -m bench.formats --against ../newsearch-old/.venv/bin/python --articles 20000

The parser alone is `feedparser.parse(data)`, with the settings that it has by default. The ratio to the parser with the
settings that newsearch gives it, which leave out its own cleaning, is shown too. Processor time is compared, because it
varies least on a machine with other work, and the kinds of reading take turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import click

_TEXT = (
    "<p>The council approved the budget on <a href='https://gazette.example/budget'>Friday</a>. Work begins in May"
    " &amp; ends in June, said the mayor, who had opposed it until last week.</p>"
)
_READ = """
import sys, time
try:
    from newsearch.sources.registry import open_source
except ImportError:  # an older tree
    from newsearch.sources import open_source
start = time.process_time()
count = sum(1 for _ in open_source(sys.argv[1]).articles())
print(time.process_time() - start, count)
"""


@click.command()
@click.option("--articles", default=5000, show_default=True, help="Articles in each file.")
@click.option("--rounds", default=5, show_default=True, help="How often each is read; the fastest counts.")
@click.option("--against", metavar="PYTHON", help="The interpreter that another tree is installed for.")
def main(articles: int, rounds: int, against: str | None) -> None:
    """Compare the rates at which files are read."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        for name, text in (("rss", rss(articles // 5)), ("atom", atom(articles // 5))):
            path = folder / f"{name}.xml"
            path.write_text(text, encoding="utf-8")
            _print(name, articles // 5, _feed_seconds(path, rounds))
        if against:
            for path in (_lines(folder / "news.jsonl", articles), _posts(folder / "posts", articles)):
                _print(path.name, articles, _seconds_of_both(path, against, rounds))


def rss(articles: int) -> str:
    """A feed with as much text as that of a newspaper."""
    items = "".join(
        f"<item><title>Council approves the budget for bridge {n}</title>"
        f"<link>https://gazette.example/{n}?utm_source=rss</link><guid isPermaLink='false'>https://gazette.example/?p={n}</guid>"
        f"<pubDate>Fri, 01 Mar 2024 07:{n % 60:02}:00 +0000</pubDate><dc:creator>Jane Doe</dc:creator>"
        f"<category>traffic</category><category><![CDATA[City & harbour]]></category>"
        f"<description><![CDATA[<p>Traffic flows again over bridge {n}.</p>]]></description>"
        f"<content:encoded><![CDATA[{_TEXT * 12}]]></content:encoded></item>"
        for n in range(articles)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Gazette</title>'
        f"<link>https://gazette.example</link><language>en-gb</language>{items}</channel></rss>"
    )


def atom(articles: int) -> str:
    """The same as Atom."""
    escaped = _TEXT.replace("&", "&amp;").replace("<", "&lt;")
    entries = "".join(
        f"<entry><title>Council approves the budget for bridge {n}</title><id>tag:gazette.example,2024:{n}</id>"
        f'<link rel="alternate" href="https://gazette.example/{n}"/>'
        f"<published>2024-03-01T07:{n % 60:02}:00Z</published>"
        f"<updated>2024-03-01T08:{n % 60:02}:00+01:00</updated><author><name>Jane Doe</name></author>"
        f'<category term="traffic"/><summary>Traffic flows again over bridge {n}.</summary>'
        f'<content type="html">{escaped * 12}</content></entry>'
        for n in range(articles)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Gazette</title>'
        f'<id>tag:gazette.example,2024:feed</id><link href="https://gazette.example"/>{entries}</feed>'
    )


def _records(articles: int) -> Iterator[dict[str, Any]]:
    for n in range(articles):
        yield {
            "path": f"city/{n}.md",
            "title": f"Council approves the budget for bridge {n}",
            "excerpt": f"Traffic flows again over bridge {n}.",
            "publishedDateTime": f"2024-03-01T07:{n % 60:02}:00Z",
            "webUrl": f"https://gazette.example/{n}",
            "provider": {"name": "Gazette", "domain": "gazette.example"},
            "topics": ["traffic", "city"],
            "heat": n % 100,
            "quality": 50,
        }


def _lines(path: Path, articles: int) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in _records(articles)), encoding="utf-8")
    return path


def _posts(folder: Path, articles: int) -> Path:
    folder.mkdir()
    for n, record in enumerate(_records(articles)):
        del record["path"]
        front = "".join(f"{key}: {json.dumps(value)}\n" for key, value in record.items())
        (folder / f"{n}.md").write_text(f"---\n{front}---\n\nWork begins in May.\n", encoding="utf-8")
    return folder


def _feed_seconds(path: Path, rounds: int) -> dict[str, float]:
    import feedparser

    from newsearch.sources.registry import open_source

    data = path.read_bytes()
    ways: dict[str, Callable[[], object]] = {
        "newsearch": lambda: sum(1 for _ in open_source(path).articles()),
        "parser": lambda: feedparser.parse(BytesIO(data)),
        "parser without cleaning": lambda: feedparser.parse(
            BytesIO(data), resolve_relative_uris=False, sanitize_html=False
        ),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, read in ways.items():
            start = time.process_time()
            read()
            best[name] = min(best[name], time.process_time() - start)
    return best


def _seconds_of_both(path: Path, against: str, rounds: int) -> dict[str, float]:
    best = {"newsearch": float("inf"), "other tree": float("inf")}
    for _ in range(rounds):
        for name, python in (("newsearch", sys.executable), ("other tree", against)):
            done = subprocess.run(
                [python, "-c", _READ, str(path)], capture_output=True, text=True, check=True, cwd=path.parent
            )
            best[name] = min(best[name], float(done.stdout.split()[0]))
    return best


def _print(name: str, articles: int, seconds: dict[str, float]) -> None:
    own = seconds.pop("newsearch")
    rates = ", ".join(f"{other / own:.2f} x {what}" for what, other in seconds.items())
    click.echo(f"{name}: {articles / own:,.0f} articles/s, {rates}")


if __name__ == "__main__":
    main()
