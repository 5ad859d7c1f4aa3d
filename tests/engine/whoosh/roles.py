"""What one process of the trial of writers does: `python roles.py ROLE INDEX SOURCE ROUNDS`. SOURCE is a directory."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from whoosh.query import Every, Term
from whoosh.writing import AsyncWriter, BufferedWriter

import newsearch
from newsearch.whoosh import open_dir

WAIT = 600.0
"""Seconds to wait for another writer, which are enough on any machine."""

Role = Callable[[Path, Path, int], None]
ROLES: dict[str, Role] = {}


def role(function: Role) -> Role:
    ROLES[function.__name__] = function
    return function


@role
def plain(index: Path, source: Path, number: int) -> None:
    with open_dir(index).writer(timeout=WAIT) as writer:
        writer.add_document(id=f"plain/{number}", title=f"Zebra {number}")
        writer.add_document(id=f"gone/{number}", title="Okapi")
    with open_dir(index).writer(timeout=WAIT) as writer:
        assert writer.delete_by_term("id", f"gone/{number}") == 1
        writer.update_document(id=f"plain/{number}", title=f"Zebra {number}", excerpt="updated")


@role
def asynchronous(index: Path, source: Path, number: int) -> None:
    writers = [AsyncWriter(open_dir(index), delay=0.01) for _ in range(2)]
    for part, writer in enumerate(writers):
        writer.add_document(id=f"async/{number}-{part}", title=f"Zebra {number}")
        writer.commit()
    for writer in writers:
        if writer.running:
            writer.join()


@role
def buffered(index: Path, source: Path, number: int) -> None:
    with BufferedWriter(open_dir(index), period=None, limit=2, writerargs={"timeout": WAIT}) as writer:
        for part in range(3):
            writer.add_document(id=f"buffered/{number}-{part}", title="Quagga")
            writer.update_document(id=f"buffered/{number}-{part}", title=f"Zebra {number}")


@role
def indexing(index: Path, source: Path, number: int) -> None:
    (source / f"{number}.md").write_text(f"---\ntitle: Zebra {number}\n---\n")
    newsearch.build(source, index=index, wait=WAIT)
    (source / "changing.md").write_text(f"---\ntitle: Zebra\n---\n{number}\n")
    newsearch.reindex(index, wait=WAIT)


@role
def forgetting(index: Path, source: Path, number: int) -> None:
    other = source.parent / "other"
    other.mkdir(exist_ok=True)
    (other / "okapi.md").write_text(f"---\ntitle: Okapi {number}\n---\n")
    newsearch.build(other, index=index, wait=WAIT)
    newsearch.forget(other, index=index, wait=WAIT)
    newsearch.compact(index, wait=WAIT)


@role
def copying(index: Path, source: Path, number: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        newsearch.export(index, Path(name) / "all.jsonl")
        newsearch.build(Path(name) / "all.jsonl", index=Path(name) / "again")
        newsearch.backup(index, Path(name) / "index.tar")
        newsearch.restore(Path(name) / "index.tar", Path(name) / "restored")
        assert newsearch.verify(Path(name) / "restored").ok
        for copy in ("again", "restored"):
            assert _seeds(Path(name) / copy) == 12


@role
def reading(index: Path, source: Path, number: int) -> None:
    searcher = open_dir(index).searcher()
    seen: set[str] = set()
    for _ in range(10):
        searcher = searcher.refresh()
        found = {hit["id"] for hit in searcher.search(Term("title", "zebra"), limit=None)}
        # What is added stays, and an update takes nothing away.
        assert seen <= found, sorted(seen - found)
        seen = found
        assert len(searcher.search(Every(), limit=None)) == searcher.doc_count()
    searcher.close()
    assert _seeds(index) == 12


def _seeds(index: Path) -> int:
    with open_dir(index).searcher() as searcher:
        return sum(hit["id"].startswith("seed-") for hit in searcher.search(Every(), limit=None))


if __name__ == "__main__":
    name, index, source, rounds = sys.argv[1:]
    for number in range(int(rounds)):
        ROLES[name](Path(index), Path(source), number)
