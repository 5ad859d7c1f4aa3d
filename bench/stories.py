"""The command `python -m bench.stories`: how well copies and stories are told, and what it costs, beside baselines.

Quality is measured on labelled data (see its README) that stays outside of the project: made copies and look-alikes,
pairs of articles labelled by hand, headlines with their stories. The baselines are equal titles, MinHash of word
3-shingles (datasketch, 128 permutations, Jaccard .5), and a single pass over tf-idf vectors.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

import newsearch
from bench.grouping import costs, groups, joined
from bench.measure import PROJECT
from bench.report import Table, text_table
from newsearch.stories import copies, pairing, signatures
from newsearch.stories.clusters import Report, stories
from newsearch.stories.front import front_page
from newsearch.stories.wording import Wording, brand, wording_of
from newsearch.text import analysis
from newsearch.text.clean import clean_text

DATA: Final = PROJECT.parent / "shared" / "data" / "stories"
SHINGLE: Final = 3
FRONT_PAGE: Final = 7200
HITS: Final = 200
DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Item:
    """An article of a bed: its address, its words for copies and its stems for stories."""

    url: str
    time: float
    words: Wording
    report: Report


Grouping = Callable[[Sequence[Item]], Sequence[int]]


def read(path: Path) -> list[Item]:
    stemming = analysis.Stemming("en")
    stem = cache(stemming.stem)
    found = []
    for line in _lines(path):
        raw = json.loads(line)
        when = dt.datetime.fromisoformat(raw["publishedDateTime"].replace("Z", "+00:00")).timestamp()
        outlet = brand(raw["provider"].get("domain") or raw["provider"].get("name", ""))
        title, text = clean_text(raw["title"]), clean_text(raw.get("excerpt", ""))
        words = wording_of(title, text, outlet, when)
        report = Report(
            raw["webUrl"], when, outlet, [stem(t) for t in words.title], [stem(t) for t in words.text]
        )
        found.append(Item(raw["webUrl"], when, words, report))
    return found


def _lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


def own_copies(items: Sequence[Item]) -> list[int]:
    words = [item.words for item in items]
    found = signatures.signatures((w.title, w.text) for w in words)
    pairs = pairing.candidates(found, [item.time for item in items], copies.WINDOW)
    return copies.groups(words, [item.url for item in items], [(int(i), int(j)) for i, j in pairs])


def own_stories(items: Sequence[Item]) -> list[int]:
    return stories([item.report for item in items], copies=own_copies(items))


def exact_titles(items: Sequence[Item]) -> list[int]:
    first: dict[tuple[str, ...], int] = {}
    return [first.setdefault(item.words.title, i) for i, item in enumerate(items)]


def minhash(items: Sequence[Item]) -> list[int]:
    import datasketch

    lsh = datasketch.MinHashLSH(threshold=0.5, num_perm=128)
    root = list(range(len(items)))

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    sketches: list[Any] = []
    for i, item in enumerate(items):
        terms = (*item.words.title, *item.words.text)
        sketch = datasketch.MinHash(num_perm=128, seed=1)
        sketch.update_batch(
            {" ".join(terms[j : j + SHINGLE]).encode() for j in range(max(1, len(terms) - SHINGLE + 1))}
        )
        for j in lsh.query(sketch):
            if sketch.jaccard(sketches[j]) >= 0.5:
                root[find(i)] = find(j)
        lsh.insert(i, sketch)
        sketches.append(sketch)
    return [find(i) for i in range(len(items))]


def single_pass(threshold: float) -> Grouping:
    """Each article joins the nearest centroid of the last three days, if its cosine is `threshold` or more."""

    def group(items: Sequence[Item]) -> list[int]:
        vectors = _vectors(items)
        label = [0] * len(items)
        newest: list[float] = []
        norms: list[float] = []
        postings: dict[str, dict[int, float]] = defaultdict(dict)
        for i in sorted(range(len(items)), key=lambda i: items[i].time):
            dots: dict[int, float] = defaultdict(float)
            for term, weight in vectors[i].items():
                entries = postings[term]
                for gone in [g for g in entries if items[i].time - newest[g] > 3 * DAY]:
                    del entries[gone]
                for g, other in entries.items():
                    dots[g] += weight * other
            best = max(dots, key=lambda g: dots[g] / math.sqrt(norms[g]), default=-1)
            if best < 0 or dots[best] / math.sqrt(norms[best]) < threshold:
                best = len(newest)
                newest.append(items[i].time)
                norms.append(1.0)
            else:
                norms[best] += 2 * dots[best] + 1
                newest[best] = items[i].time
            for term, weight in vectors[i].items():
                postings[term][best] = postings[term].get(best, 0.0) + weight
            label[i] = best
        return label

    return group


def _vectors(items: Sequence[Item]) -> list[dict[str, float]]:
    counts = [Counter((*item.words.title, *item.words.text)) for item in items]
    frequency = Counter(term for count in counts for term in count)
    found = []
    for count in counts:
        vector = {
            term: (1 + math.log(n)) * math.log(len(items) / frequency[term])
            for term, n in count.items()
            if frequency[term] <= 0.05 * len(items)
        }
        vector = dict(sorted(vector.items(), key=lambda pair: (-pair[1], pair[0]))[:16])
        length = math.sqrt(sum(weight * weight for weight in vector.values())) or 1.0
        found.append({term: weight / length for term, weight in vector.items()})
    return found


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def bcubed(predicted: Sequence[Any], true: Sequence[Any]) -> float:
    """F1 of BCubed precision and recall (Bagga and Baldwin, ACL 1998)."""
    both, found, right = Counter(zip(predicted, true, strict=True)), Counter(predicted), Counter(true)
    precision = sum(n * n / found[p] for (p, _), n in both.items()) / len(true)
    recall = sum(n * n / right[t] for (_, t), n in both.items()) / len(true)
    return f1(precision, recall)


def score_groups(path: Path, items: Sequence[Item], labels: Sequence[int]) -> dict[str, float]:
    return _score(path, {item.url: str(label) for item, label in zip(items, labels, strict=True)})


def _score(path: Path, group: Mapping[str, str]) -> dict[str, float]:
    rows = [line.split("\t") for line in _lines(path)]
    head, rows = rows[0], rows[1:]
    got = [group[row[0]] for row in rows]
    found = {"BCubed F1": bcubed(got, [row[1] for row in rows])}
    if "kind" in head:
        alike = [
            group[row[0]] == group[row[3]] for row in rows if row[2] in {"number", "name", "place", "sense"}
        ]
        found["look-alikes merged"] = sum(alike) / len(alike)
    return found


def score_pairs(
    path: Path, items: Sequence[Item], labels: Sequence[int], right: set[str]
) -> dict[str, float]:
    group = {item.url: label for item, label in zip(items, labels, strict=True)}
    rows = [json.loads(line) for line in _lines(path)]
    joined = [row["label"] in right for row in rows if group[row["a"]] == group[row["b"]]]
    precision = sum(joined) / max(1, len(joined))
    recall = sum(joined) / sum(row["label"] in right for row in rows)
    return {"precision": precision, "recall": recall, "F1": f1(precision, recall)}


def cost(items: Sequence[Item]) -> list[list[str]]:
    """What each step takes, in the unit that its goal is set in."""
    words = [item.words for item in items]
    rows = []

    def timed(name: str, unit: str, per: float, run: Callable[[], Any]) -> Any:
        start = time.process_time()
        value = run()
        rows.append([name, f"{(time.process_time() - start) * per:,.1f}", unit])
        return value

    each = 1e6 / len(items)
    found = timed(
        "signatures", "us an article", each, lambda: signatures.signatures((w.title, w.text) for w in words)
    )
    when = [item.time for item in items]
    pairs = timed("candidates", "us an article", each, lambda: pairing.candidates(found, when, copies.WINDOW))
    some = [(int(i), int(j)) for i, j in pairs[:: max(1, len(pairs) // 20000)]]
    timed(
        "comparing a pair",
        "us",
        1e6 / len(some),
        lambda: [copies.relation(words[i], words[j]) for i, j in some],
    )
    newest = sorted(items, key=lambda item: item.time)[-FRONT_PAGE:]
    timed(f"copies among {HITS}", "ms", 1e3, lambda: own_copies(newest[:HITS]))
    page = [item.report for item in newest]
    labels = timed(f"stories among {len(page):,}", "ms", 1e3, lambda: stories(page))
    timed(f"stories among {HITS}", "ms", 1e3, lambda: stories(page[:HITS]))
    timed("front page of them", "ms", 1e3, lambda: front_page(page, labels))
    return rows


def asking(collection: Path) -> list[list[str]]:
    """What a user waits for, in an index of a collection: CPU time, the best and the median of several runs."""
    with TemporaryDirectory() as place:
        newsearch.build(collection, index=place)
        with newsearch.open(place) as index:
            hits = index.search("", sort="newest", limit=2 * FRONT_PAGE)
            middle, oldest = (hits[i].article.date for i in (FRONT_PAGE // 2, FRONT_PAGE + FRONT_PAGE // 2))
            ids = [hit.id for hit in hits[:: len(hits) // 200]]
            rows = []

            def timed(name: str, runs: Sequence[Callable[[], object]]) -> None:
                took = []
                for run in runs:
                    start = time.process_time()
                    run()
                    took.append(1e3 * (time.process_time() - start))
                rows.append([name, f"{min(took):,.3f}", f"{median(took):,.3f}"])

            def front() -> object:
                return index.stories(after=oldest, before=middle)

            timed("a query of three words", [lambda: index.search("trump vaccine china")] * 50)
            again = [newsearch.open(place) for _ in range(3)]
            timed(
                f"front page of {FRONT_PAGE:,} articles, index just opened",
                [partial(one.stories, after=oldest, before=middle) for one in again],
            )
            timed("the same again", [front] * 20)
            matches = index.search("vaccine", limit=0).total
            pages = [partial(one.search, "vaccine", collapse="stories") for one in again]
            timed(f"a page of the stories of {matches:,} matches", pages)
            timed("another page of them", [partial(page, offset=10) for page in pages])
            runs = [partial(index.related, id) for id in ids]
            timed(f"related to {len(ids)} articles, each for the first time", runs)
            timed(f"related to {len(ids)} articles, asked before", runs)
            timed("coverage of vaccine by day", [lambda: index.coverage("vaccine", by="day")] * 3)
            timed("words of vaccine", [lambda: index.words("vaccine")] * 3)
            for one in again:
                one.close()
    return rows


@click.command(help=__doc__)
@click.option(
    "--data", type=click.Path(path_type=Path, exists=True, file_okay=False), default=DATA, show_default=True
)
@click.option(
    "--pairs", is_flag=True, help="The pairs too, and what asking costs, over 120,000 articles: minutes."
)
@click.option("--own", is_flag=True, help="Without the baselines.")
@click.option(
    "--index", "in_index", is_flag=True, help="Copies in indexes, and what they cost there: minutes."
)
def main(data: Path, pairs: bool, own: bool, in_index: bool) -> None:
    passes = {"single pass .5": single_pass(0.5)}, {"single pass .1": single_pass(0.1)}
    beds: dict[str, tuple[str, dict[str, Grouping]]] = {
        "made copies": ("copies-dev", {"newsearch": own_copies, "MinHash": minhash, **passes[0]}),
        "headlines": ("uci-dev", {"newsearch": own_stories, "MinHash": minhash, **passes[1]}),
    }
    for bed, (name, methods) in beds.items():
        items = read(data / f"{name}.jsonl.gz")
        chosen = {"newsearch": methods["newsearch"]} if own else {**methods, "exact titles": exact_titles}
        results = {
            m: score_groups(data / f"{name}.tsv.gz", items, group(items)) for m, group in chosen.items()
        }
        _show((f"{bed}: {len(items):,} articles", ["", *results["newsearch"]], _cells(results)))
        if bed == "made copies":
            _show(("Cost, one process, CPU time", ["", "", ""], cost(items)))
    if in_index:
        with tempfile.TemporaryDirectory() as directory:
            show_index(data, Path(directory))
    if pairs:
        collection = data.parent / "scale" / "news-120k.jsonl.gz"
        _show(("Asking an index, CPU time", ["", "best ms", "median ms"], asking(collection)))
        items = read(collection)
        path = data / "pairs-dev.jsonl.gz"
        labels = own_copies(items)
        results = {"copies": score_pairs(path, items, labels, {"copy"})}
        grouped = stories([item.report for item in items], copies=labels)
        results["stories"] = score_pairs(path, items, grouped, {"copy", "story"})
        _show(
            (f"labelled pairs of {len(items):,} articles", ["", "precision", "recall", "F1"], _cells(results))
        )


def show_index(data: Path, work: Path) -> None:
    """Show what copies in indexes cost, and how well they are told there."""
    _show(costs(data.parent / "scale" / "news-120k.jsonl.gz", work))
    path = data / "pairs-dev.jsonl.gz"
    rows = [json.loads(line) for line in _lines(path)]
    told = joined(work / "index", [(row["a"], row["b"]) for row in rows])
    right = [row["label"] == "copy" for row, is_joined in zip(rows, told, strict=True) if is_joined]
    precision, recall = sum(right) / len(right), sum(right) / sum(row["label"] == "copy" for row in rows)
    found = {"copies": {"precision": precision, "recall": recall, "F1": f1(precision, recall)}}
    _show(("labelled pairs in an index", ["", *found["copies"]], _cells(found)))
    labels = groups(data / "copies-dev.jsonl.gz", work)
    made = {"newsearch": _score(data / "copies-dev.tsv.gz", labels)}
    _show(("made copies in an index", ["", *made["newsearch"]], _cells(made)))


def _cells(results: dict[str, dict[str, float]]) -> list[list[str]]:
    return [[name, *(f"{value:.3f}" for value in found.values())] for name, found in results.items()]


def _show(table: Table) -> None:
    click.echo(text_table(table))
    click.echo()


if __name__ == "__main__":
    main()
