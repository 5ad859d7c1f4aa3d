"""Judged collections: articles, queries, and relevance grades of articles for queries, in the layout of BEIR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from newsearch._durable import save_text
from newsearch.errors import SourceError
from newsearch.search.index import Index
from newsearch.sources.files import open_content, printable
from newsearch.sources.json_lines import numbered_lines, parse_json
from newsearch.sources.registry import locate
from newsearch.text.clean import clean_text

Queries: TypeAlias = Mapping[str, str]
"""Query id -> its text, as typed."""

Judgements: TypeAlias = Mapping[str, Mapping[str, int]]
"""Query id -> article id -> grade: above 0 is relevant, the higher the better; what is not listed is 0."""

CORPUS: Final = ("corpus.jsonl", "corpus.jsonl.gz")
QUERIES: Final = ("queries.jsonl", "queries.jsonl.gz")
QRELS: Final = (
    "qrels.tsv",
    "qrels.tsv.gz",
    "qrels.txt",
    "qrels.txt.gz",
    "qrels/test.tsv",
    "qrels/test.tsv.gz",
)
"""Where a collection keeps its parts; the first that exists is taken."""

MAX_GRADE: Final = 1000


@dataclass(frozen=True, slots=True)
class Collection:
    """The contents of a directory of judged queries.

    Attributes:
        queries: the queries with at least one relevant article; the others measure nothing.
        judgements: the grades of articles for these queries.
        corpus: the articles, as a source that can be indexed; None if the directory has none.
    """

    queries: Queries
    judgements: Judgements
    corpus: Path | None

    def relevant(self) -> list[str]:
        """The articles that are relevant to any query."""
        graded = (item for grades in self.judgements.values() for item in grades.items())
        return list(dict.fromkeys(article for article, grade in graded if grade > 0))

    def missing(self, index: Index) -> list[str]:
        """The relevant articles missing from an index, which no search can find."""
        return [article for article in self.relevant() if index.get(article) is None]


def read_collection(path: Path | str) -> Collection:
    """Read a directory with `queries.jsonl` and `qrels.tsv`, or `qrels/test.tsv`, and perhaps `corpus.jsonl`.

    A query is a JSON object with `_id` and `text`. A judgement is a line of query id, article id and grade separated by
    tabs, or a TREC line: query id, an ignored column, article id and grade separated by white space. A first line with
    column names is skipped. Judgements of unknown queries are skipped too, unless all of them are. Any of the files may
    be compressed with gzip.

    Raises:
        SourceError: a file is missing or broken (it names the line), or no query has a relevant article.
    """
    directory = Path(path)
    if not directory.is_dir():
        raise SourceError(locate(path), "not a directory; a judged collection is one")
    queries = dict(_queries(_part(directory, QUERIES)))
    qrels = _part(directory, QRELS)
    judgements = _judgements(qrels, queries)
    if not judgements:
        raise SourceError(printable(qrels), "no query has a relevant article, so there is nothing to measure")
    corpus = next((directory / name for name in CORPUS if (directory / name).exists()), None)
    return Collection({id: queries[id] for id in judgements}, judgements, corpus)


def write_run(path: Path, rankings: Mapping[str, Sequence[str]], tag: str = "newsearch") -> None:
    """Write rankings as a TREC run: query id, Q0, article id, rank, score, tag.

    The score counts down to 1. Tools sort by the score, and scores of newsearch are comparable only among the articles
    that contain every word, or only among the others.

    Raises:
        SourceError: the file cannot be written, or white space in an id would break its lines.
    """
    lines = []
    for query, ids in rankings.items():
        for rank, id in enumerate(ids, 1):
            if len(f"{query} {id}".split()) != 2:
                raise SourceError(
                    printable(path), f"a TREC run cannot hold the id {id!r:.200} of query {query!r:.200}"
                )
            lines.append(f"{query} Q0 {id} {rank} {len(ids) - rank + 1} {tag}\n")
    try:
        save_text(path, "".join(lines))
    except OSError as error:
        raise SourceError(printable(path), f"cannot be written: {error.strerror}") from error


def _part(directory: Path, names: Sequence[str]) -> Path:
    for name in names:
        if (directory / name).exists():
            return directory / name
    plain = (name for name in names if not name.endswith(".gz"))
    raise SourceError(printable(directory), f"has no {' or '.join(plain)}")


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """The lines of a file that are not empty, each with its position."""
    with open_content(path) as file:
        for number, line in numbered_lines(file, printable(path)):
            if isinstance(line, SourceError):
                raise line
            if line.strip():
                yield f"{printable(path)}:{number}", line


def _queries(path: Path) -> Iterator[tuple[str, str]]:
    seen = set()
    for location, line in _lines(path):
        record = parse_json(line, location)
        if not isinstance(record, dict):
            raise SourceError(location, "a query is a JSON object with `_id` and `text`")
        id, text = record.get("_id", record.get("id")), record.get("text")
        if isinstance(id, bool) or not isinstance(id, str | int) or not clean_text(str(id)):
            raise SourceError(location, "_id: a query needs one")
        if not isinstance(text, str) or not text.strip():
            raise SourceError(location, "text: a query needs one")
        name = clean_text(str(id))
        if name in seen:
            raise SourceError(location, f"_id: {name!r:.200} occurs twice")
        seen.add(name)
        yield name, text


def _judgements(path: Path, queries: Queries) -> dict[str, dict[str, int]]:
    """The grades of each query that has a relevant article, in the order of the queries."""
    found: dict[str, dict[str, int]] = {id: {} for id in queries}
    unknown: SourceError | None = None
    for number, (location, line) in enumerate(_lines(path)):
        try:
            text = line.decode("utf-8-sig").strip("\r\n")
        except UnicodeDecodeError as error:
            raise SourceError(location, f"not UTF-8: byte {error.start}") from error
        columns = text.split("\t")
        if len(columns) != 3:
            columns = text.split()
            if len(columns) != 4:
                reason = "neither query, article and grade with tabs between them, nor the 4 columns of TREC"
                raise SourceError(location, reason)
            del columns[1]
        query, article, grade = map(clean_text, columns)
        try:
            value = _grade(grade)
        except ValueError:
            if number == 0 and query not in found:
                continue  # the names of the columns
            raise SourceError(location, f"{grade!r:.80} is not a grade; a grade is a whole number") from None
        if abs(value) > MAX_GRADE:
            raise SourceError(location, f"the grade {grade:.80} exceeds {MAX_GRADE}")
        if query not in found:
            unknown = unknown or SourceError(location, f"there is no query {query!r:.200}")
            continue
        if found[query].setdefault(article, value) != value:
            raise SourceError(
                location,
                f"{article!r:.200} already has the grade {found[query][article]} for query {query!r:.200}",
            )
    if unknown and not any(found.values()):
        raise unknown
    return {id: grades for id, grades in found.items() if any(grade > 0 for grade in grades.values())}


def _grade(text: str) -> int:
    """A whole number, which may be written as 1.0. Raises ValueError."""
    number = float(text)
    if not number.is_integer():
        raise ValueError
    return int(number)
