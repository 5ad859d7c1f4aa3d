"""Whoosh's own queries, through Whoosh's codec and through ours: `python -m bench.whoosh`.

Both indexes hold the same articles under the same schema and in the same order, so that a ratio says what the codec
alone does. Each query is timed warm, the best of a few rounds, in each of which Whoosh's codec and ours take turns.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from math import inf
from pathlib import Path
from typing import Any

import click

import newsearch
from bench.__main__ import CORPUS
from bench.corpus import read


def asked(schema: Any) -> dict[str, Callable[[Any], Any]]:
    """For each class of queries, what runs one of each on a searcher."""
    from whoosh import query, sorting
    from whoosh.qparser import MultifieldParser, OrGroup, QueryParser

    every = QueryParser("text", schema)
    some = QueryParser("text", schema, group=OrGroup)
    fields = MultifieldParser(["title", "excerpt"], schema)

    def all_of(parser: Any, *texts: str, **options: Any) -> Callable[[Any], Any]:
        queries = [parser.parse(text) for text in texts]
        return lambda searcher: [searcher.search(one, **{"limit": 10} | options) for one in queries]

    published = query.Term("published", True)
    return {
        "word": all_of(every, "the", "trump", "coronavirus", "police"),
        "rare word": all_of(every, "mars", "facial", "portland", "zebra"),
        "two words": all_of(every, "white house", "coronavirus vaccine", "of the"),
        "either": all_of(some, "white house", "coronavirus vaccine", "of the"),
        "six words": all_of(some, "how to make the best bread", "will the virus come back again"),
        "two fields": all_of(fields, "coronavirus vaccine", "police chief"),
        "phrase": all_of(
            every, '"white house"', '"the white house"', '"facial recognition"', '"supreme court"'
        ),
        "prefix": all_of(every, "vacc*", "por*"),
        "wildcard": all_of(every, "v?ccine", "port*nd"),
        "fuzzy": lambda searcher: [
            searcher.search(query.FuzzyTerm("text", "vacine", prefixlength=2), limit=10)
        ],
        "not": all_of(every, "trump NOT house", "police NOT the"),
        "filter": all_of(every, "coronavirus", filter=published),
        "date": lambda searcher: [searcher.search(query.DateRange("date", None, None), limit=10)],
        "sorted": all_of(every, "trump", sortedby="heat", reverse=True),
        "sorted by two": all_of(
            every, "trump", sortedby=[sorting.FieldFacet("heat", reverse=True), sorting.FieldFacet("date")]
        ),
        "grouped": all_of(every, "trump", groupedby="provider"),
        "all of a word": all_of(every, "trump", limit=None),
        "counted": lambda searcher: len(searcher.search(every.parse("coronavirus vaccine"), limit=10)),
        "highlights": lambda searcher: [
            hit.highlights("excerpt") for hit in searcher.search(fields.parse("trump"), limit=10)
        ],
        "documents": lambda searcher: list(islice(searcher.documents(provider="cnn"), 100)),
    }


def plain_index(ours: Any, directory: Path) -> Any:
    """The articles of an index of newsearch in one of Whoosh's own, under the same schema and in the same order."""
    from whoosh import index

    schema = ours.schema.copy()
    schema.remove("stem")
    plain = index.create_in(str(directory), schema)
    writer = plain.writer(limitmb=512)
    for segment in ours._read_toc().segments:
        for number in range(segment.segment.articles):
            document = segment.stored_fields(number)
            texts = [document.get(name, "") for name in ("title", "topics", "excerpt", "body")]
            writer.add_document(**document, text=" ".join(texts))
    writer.commit()
    return plain


def timed(rounds: int, *runs: Callable[[], Any]) -> list[float]:
    """The shortest time of each in seconds of this process's CPU, which a busy machine changes least."""
    best = [inf] * len(runs)
    for _ in range(rounds):
        for number, run in enumerate(runs):
            start = time.process_time()
            run()
            best[number] = min(best[number], time.process_time() - start)
    return best


@click.command()
@click.option("--corpus", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=CORPUS)
@click.option("--size", type=click.IntRange(min=1), default=20_000, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--work", type=click.Path(file_okay=False, path_type=Path), help="Keep the indexes here.")
def main(corpus: Path, size: int, rounds: int, work: Path | None) -> None:
    """Time Whoosh's queries with Whoosh's codec and with newsearch's, in milliseconds, and their ratio."""
    from whoosh.index import open_dir

    with tempfile.TemporaryDirectory() as temporary:
        base = (work or Path(temporary)) / str(size)
        if not (base / "plain").exists():
            base.mkdir(parents=True, exist_ok=True)
            source = base / "articles.jsonl"
            import orjson

            with source.open("wb") as lines:
                lines.writelines(orjson.dumps(record) + b"\n" for record in islice(read(corpus), size))
            shutil.rmtree(base / "ours", ignore_errors=True)
            newsearch.build(source, index=base / "ours")
            (base / "part").mkdir()
            plain_index(open_dir(str(base / "ours")), base / "part")
            (base / "part").rename(base / "plain")
        ours, plain = open_dir(str(base / "ours")), open_dir(str(base / "plain"))
        mine, theirs = asked(ours.schema), asked(plain.schema)
        click.echo(f"{'class':16}{'Whoosh':>10}{'newsearch':>12}{'ratio':>8}")
        with ours.searcher() as fast, plain.searcher() as slow:
            ratios = []
            for name in mine:
                b, a = timed(rounds, partial(theirs[name], slow), partial(mine[name], fast))
                ratios.append(b / a)
                click.echo(f"{name:16}{b * 1000:10.2f}{a * 1000:12.2f}{b / a:8.2f}")
            click.echo(f"{'median':16}{statistics.median(ratios):30.2f}")


if __name__ == "__main__":
    main()
