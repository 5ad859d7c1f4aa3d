"""What was published last? The generation that an alias shows, and the documents that describe it.

An index called `news` is

    news            an alias of one index, with a filter that shows one generation
    news--7         articles; the number is that of the first generation in this index
    news--meta      documents that describe generations, sources and writers

Publishing is one call that moves the alias, or its filter. An article's document never changes, except that it gets the
number of the generation in which it has died:

    born            the first generation in which the article can be found
    died            the first generation in which it cannot be found any more; absent while it lives
    hidden          whether another source, indexed earlier, has a copy

A reader adds the filter of its own generation to each of its requests. It finds the same articles until `compact`, or a
writer that is two generations ahead of it, removes those that have died.

`news--meta` has these documents:

    generation-7    the description of a generation (see Generation)
    state-7-0-0     a piece of the state of a source (see states.py)
    groups-0        a piece of what is known of copies (see known_groups.py)
    lock            who writes (see lease.py)
    journal         what an interrupted run has indexed (see journal.py)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from newsearch.engine.figures import NO_SETTINGS, SourceSettings
from newsearch.engine.opensearch import schema
from newsearch.engine.opensearch.connection import Cluster
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing
from newsearch.ranking import Pivots
from newsearch.text import analysis


class SourceEntry(NamedTuple):
    """A source of a generation.

    Attributes:
        location: where it is.
        state: the name of the documents with the state of its files; empty if unknown.
        read: when its files were read; None if unknown.
        broken: how many of its articles were broken.
        settings: how it is read.
    """

    location: str
    state: str = ""
    read: datetime | None = None
    broken: int = 0
    settings: SourceSettings = NO_SETTINGS

    def document(self) -> dict[str, Any]:
        """What `parsed_source` makes this source of."""
        read = self.read and self.read.isoformat()
        return {**self._asdict(), "read": read, "settings": self.settings._asdict()}


@dataclass(frozen=True, slots=True)
class Generation:
    """What was published at once.

    Attributes:
        number: 1 for the first.
        index: the index with its articles.
        articles: how many articles are live, including unpublished ones: the N of the ranking.
        hidden: how many articles are hidden, because an earlier source has a copy.
        deleted: how many documents of articles that have died wait to be removed.
        pivots: the medians of the signals.
        sources: in the order in which they were first indexed.
        protected: terms that share their stems with no other.
        created: when it was published.
        languages: of its articles' stems.
        keep_history: whether earlier versions of articles are kept.
    """

    number: int
    index: str
    articles: int = 0
    hidden: int = 0
    deleted: int = 0
    pivots: Pivots = Pivots()
    sources: tuple[SourceEntry, ...] = ()
    protected: frozenset[str] = frozenset()
    created: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    languages: tuple[str, ...] = ()
    keep_history: bool = False

    @property
    def locations(self) -> tuple[str, ...]:
        """The locations of the sources."""
        return tuple(source.location for source in self.sources)

    def kept(self) -> list[dict[str, Any]]:
        """Filters, all of which hold for the articles of this generation, hidden ones included."""
        dead = {"range": {"died": {"lte": self.number}}}
        return [{"range": {"born": {"lte": self.number}}}, {"bool": {"must_not": [dead]}}]

    def live(self) -> list[dict[str, Any]]:
        """Filters, all of which hold for the articles that can be found in this generation."""
        return [*self.kept(), {"term": {"hidden": False}}]

    def document(self) -> dict[str, Any]:
        """What `published` makes this generation of."""
        return {
            "format": schema.VERSION,
            "analysis": analysis.VERSION,
            "number": self.number,
            "index": self.index,
            "articles": self.articles,
            "hidden": self.hidden,
            "deleted": self.deleted,
            "pivots": self.pivots._asdict(),
            "sources": [entry.document() for entry in self.sources],
            "protected": sorted(self.protected),
            "created": self.created.isoformat(),
            "languages": list(self.languages),
            "keep_history": self.keep_history,
        }


def meta_index(alias: str) -> str:
    """The index with the documents that describe the one of this name."""
    return f"{alias}--meta"


def meta_document(cluster: Cluster, name: str) -> Mapping[str, Any] | None:
    """One of the documents that describe the index; None if it is missing or not an object."""
    answer = cluster.ask("GET", f"/{meta_index(cluster.alias)}/_doc/{name}", missing=True)
    document = answer.get("_source") if answer and answer.get("found") else None
    return document if isinstance(document, Mapping) else None


def alias_filter(generation: Generation) -> dict[str, Any]:
    """The filter of an alias that shows a generation."""
    return {"bool": {"filter": generation.live()}}


@dataclass(frozen=True, slots=True)
class Shown:
    """What an alias shows: an index, and the number of a generation."""

    index: str
    number: int


def shown(cluster: Cluster) -> Shown:
    """What the alias shows now.

    Raises:
        IndexMissing: there is no such alias.
        IndexCorrupt: newsearch did not make it.
    """
    answer = cluster.ask("GET", f"/_alias/{cluster.alias}", missing=True)
    if not answer:
        if cluster.ask("GET", f"/{cluster.alias}", missing=True):
            raise IndexCorrupt(
                cluster.place,
                "an index has this name, so no alias can have it",
                "use another name, or delete that index",
            )
        raise IndexMissing(
            f"{cluster.place}: no index here; run `newsearch index SOURCE --index {cluster.place}`"
        )
    try:
        ((index, described),) = answer.items()
        filters = described["aliases"][cluster.alias]["filter"]["bool"]["filter"]
        numbers = [f["range"]["born"]["lte"] for f in filters if "born" in f.get("range", ())]
        return Shown(index, int(numbers[0]))
    except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise IndexCorrupt(cluster.place, "not an alias that newsearch made", "use another name") from error


def published(cluster: Cluster) -> Generation:
    """The generation that the alias shows.

    Raises:
        IndexMissing, IndexIncompatible, IndexCorrupt: there is none, or it cannot be read.
    """
    document = published_document(cluster)
    for version, known, what in (
        ("format", schema.VERSION, "format"),
        ("analysis", analysis.VERSION, "analysis"),
    ):
        if document.get(version) != known:
            raise IndexIncompatible(cluster.place, document.get(version), known, what)
    return _parsed(cluster, document)


def published_document(cluster: Cluster) -> Mapping[str, Any]:
    """The description of the generation that the alias shows, of any version."""
    for _ in range(2):  # a writer may publish in between
        at = shown(cluster)
        document = meta_document(cluster, f"generation-{at.number}")
        if document is not None:
            if document.get("index") != at.index:
                raise lost(cluster, f"generation {at.number} describes another index")
            return document
    raise lost(cluster, f"the description of generation {at.number} is missing")


def lost(cluster: Cluster, reason: str) -> IndexCorrupt:
    """The error for an index whose sources are not known any more. It cannot be reindexed."""
    advice = f"delete the indexes {cluster.alias}--* of the cluster, and index again with `newsearch index`"
    return IndexCorrupt(cluster.place, reason, advice)


def _parsed(cluster: Cluster, document: Mapping[str, Any]) -> Generation:
    try:
        return Generation(
            number=int(document["number"]),
            index=str(document["index"]),
            articles=_parsed_count(document["articles"]),
            hidden=_parsed_count(document["hidden"]),
            deleted=int(document["deleted"]),
            pivots=Pivots(float(document["pivots"]["heat"]), float(document["pivots"]["quality"])),
            sources=tuple(map(parsed_source, document["sources"])),
            protected=frozenset(map(str, document["protected"])),
            created=datetime.fromisoformat(document["created"]),
            languages=tuple(map(_parsed_language, document["languages"])),
            keep_history=bool(document["keep_history"]),
        )
    except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise IndexCorrupt(cluster.place, "the description of its generation is damaged") from error


def _parsed_count(given: Any) -> int:
    if (count := int(given)) < 0:
        raise ValueError(given)
    return count


def _parsed_language(given: Any) -> str:
    if given not in analysis.LANGUAGES:
        raise ValueError(given)
    return str(given)


def parsed_source(given: Mapping[str, Any]) -> SourceEntry:
    """A source as a description of a generation names it. Raises ValueError, LookupError or TypeError."""
    read = given.get("read")
    return SourceEntry(
        str(given["location"]),
        str(given.get("state") or ""),
        datetime.fromisoformat(read) if read else None,
        int(given.get("broken") or 0),
        SourceSettings(**(given.get("settings") or {})),
    )


_META_BODY = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {"dynamic": False, "properties": {}},
}


def create_meta(cluster: Cluster) -> None:
    """Create the index of descriptions, unless it exists."""
    path = f"/{meta_index(cluster.alias)}"
    if cluster.ask("GET", path, missing=True):
        return
    try:
        cluster.ask("PUT", path, _META_BODY)
    except EngineError as error:
        if getattr(error, "kind", "") != "resource_already_exists_exception":
            raise


def publish(cluster: Cluster, generation: Generation, replaced: str = "") -> Generation:
    """Show a generation to readers. All of it appears at once.

    Args:
        replaced: the index that the alias shows now, if it is another one.

    Returns:
        The generation, with the time of its publication.
    """
    generation = replace(generation, created=datetime.now(UTC).replace(microsecond=0))
    describe(cluster, generation)
    actions: list[dict[str, Any]] = []
    if replaced and replaced != generation.index:
        actions.append({"remove": {"index": replaced, "alias": cluster.alias}})
    add = {"index": generation.index, "alias": cluster.alias, "filter": alias_filter(generation)}
    actions.append({"add": add})
    cluster.ask("POST", "/_aliases", {"actions": actions})
    return generation


def describe(cluster: Cluster, generation: Generation) -> None:
    """Write the description of a generation, or replace it."""
    path = f"/{meta_index(cluster.alias)}/_doc/generation-{generation.number}"
    cluster.ask("PUT", path, generation.document())
