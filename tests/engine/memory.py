"""An engine for the tests alone: articles in dictionaries behind the protocols, and the oracle for the answers.

It shares with the engine of arrays nothing but what is above both of them. A place is memory://NAME; what is there goes
with the process. It keeps no files, so no run is resumed, and an index takes no bytes.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Unpack

from oracle import Found, Oracle, edits, seconds

from newsearch import ranking
from newsearch.articles.article import Article
from newsearch.engine.base import (
    CACHE,
    NO_SETTINGS,
    Counts,
    Explanation,
    FieldStats,
    LikeForm,
    Options,
    Reader,
    Recipe,
    SourceSettings,
)
from newsearch.engine.figures import Archive, Compaction, Stats, Verification
from newsearch.engine.writing import MAX_NAMES, Changes, Ledger, SourceDifference, SourceState, WriterOptions
from newsearch.errors import EngineError, IndexLocked, IndexMissing, WordListError
from newsearch.query.tree import All, Node, Word
from newsearch.text.analysis import Stemming
from newsearch.text.hashes import hash_key

Kept = dict[tuple[str, str], Article]
"""(source, id) -> article, in the order in which they were added."""

NOTHING = SourceState((), ())


@dataclass(frozen=True, slots=True)
class Generation:
    """What was published at once: the articles that are kept, and of each source the state and when it was noted."""

    number: int = 0
    kept: Kept = field(default_factory=dict)
    sources: dict[str, tuple[SourceState, datetime | None]] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    created: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    keep_history: bool = False
    settings: dict[str, SourceSettings] = field(default_factory=dict)

    def hidden(self) -> set[tuple[str, str]]:
        """The articles of which a source that was named earlier has another one of the same address."""
        ranks = {source: number for number, source in enumerate(self.sources)}
        first: dict[str, int] = {}
        for (source, _), article in self.kept.items():
            if url := article.canonical_url:
                first[url] = min(first.get(url, len(ranks)), ranks[source])
        return {
            (source, id)
            for (source, id), article in self.kept.items()
            if (url := article.canonical_url) and first[url] < ranks[source]
        }

    def live(self) -> list[Article]:
        """The articles that can be found, those of the first source first."""
        hidden, ranks = self.hidden(), list(self.sources)
        ordered = sorted(self.kept.items(), key=lambda item: ranks.index(item[0][0]))
        return [article for key, article in ordered if key not in hidden]


@dataclass(slots=True)
class Store:
    """What is at one place: the published generation, if any, and whether somebody writes the next one."""

    published: Generation | None = None
    is_written: bool = False


STORES: dict[str, Store] = {}


class MemoryEngine:
    """Fulfils `Engine`."""

    def __init__(self, place: str) -> None:
        self.place = place

    @property
    def store(self) -> Store:
        return STORES.setdefault(self.place, Store())

    def reader(self, *, memory: int = CACHE) -> MemoryReader:
        return MemoryReader(self, self._published())

    def _published(self) -> Generation:
        if self.store.published is None:
            raise IndexMissing(f"{self.place}: no index here")
        return self.store.published

    def writer(self, **options: Unpack[WriterOptions]) -> MemoryWriter:
        end = time.monotonic() + options.get("wait", 0.0)
        while self.store.is_written:
            if time.monotonic() >= end:
                raise IndexLocked(f"{self.place}: somebody is writing here")
            time.sleep(0.001)
        fresh = options.get("fresh", False)
        base = self._base(fresh, options.get("protected"))
        return MemoryWriter(self, base, fresh=fresh, rehearsal=options.get("rehearsal", False))

    def _base(self, fresh: bool, protected: frozenset[str] | None) -> Generation:
        published = self.store.published or Generation()
        base = Generation(published.number) if fresh else published
        if protected is None or protected == base.protected:
            return base
        if base.kept:
            raise WordListError(f"{self.place}: its articles were indexed with other protected words")
        return replace(base, protected=protected)

    def held(self, *, fresh: bool = False, protected: frozenset[str] | None = None) -> MemoryHeld:
        return MemoryHeld(self._base(fresh, protected))

    def recipe(self) -> Recipe:
        published = self._published()
        told = {name: how for name, how in published.settings.items() if how != NO_SETTINGS}
        return Recipe(tuple(published.sources), published.protected, published.keep_history, told)

    def verify(self) -> Verification:
        published = self._published()
        return Verification(published.number, 0, 0, len(published.live()), 0, (), ())

    def compact(self, wait: float = 0.0) -> Compaction:
        published = self._published()
        return Compaction(len(published.live()), 0, 1, 1, 0, 0, published.number)

    def backup(self, file: Path) -> Archive:
        raise EngineError(f"{self.place}: this engine makes no backups; export the articles")

    def restore(self, file: Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
        raise EngineError(f"{self.place}: this engine restores no backups")


# Searching


class Named(NamedTuple):
    """Fulfils `Summary`."""

    id: str
    title: str
    url: str


class MemoryReader:
    """Fulfils `Reader`."""

    def __init__(self, engine: MemoryEngine, generation: Generation) -> None:
        self._engine = engine
        self._generation = generation

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle(self._generation.live(), protected=self._generation.protected)

    @cached_property
    def _forms(self) -> list[set[str]]:
        """The exact forms in each article that a search finds; none in the others."""
        articles = zip(self.oracle.articles, self.oracle.texts, strict=True)
        return [
            {term for _, _, term in text.words} if article.published else set() for article, text in articles
        ]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(form for forms in self._forms for form in forms)

    def search(self, tree: Node, options: Options) -> MemoryAnswer:
        return MemoryAnswer(self.oracle, tree, options)

    def get(self, id: str) -> Article | None:
        return next((article for article in reversed(self.oracle.articles) if article.id == id), None)

    def articles(self) -> Iterator[Article]:
        return iter(self.oracle.articles)

    def exported(self) -> list[Article]:
        hidden = self._generation.hidden()
        keys = sorted(self._generation.kept.keys() - hidden, key=lambda key: (_hash(key[1]), key[0]))
        return [self._generation.kept[key] for key in keys]

    def kept(self, source: str) -> list[Article]:
        return [article for (name, _), article in self._generation.kept.items() if name == source]

    def ids(self, prefix: str) -> list[str]:
        return [article.id for article in self.oracle.articles if article.id.startswith(prefix)]

    def begun(self, prefix: str, limit: int, among: Node | None = None) -> list[tuple[str, int]]:
        counts = self._counts
        if among is not None and (found := self.oracle.scores(among)) is not None:
            together = Counter(form for number in found for form in self._forms[number])
            if any(form.startswith(prefix) for form in together):
                counts = together
        begun = [item for item in counts.items() if item[0].startswith(prefix)]
        return sorted(begun, key=lambda item: (-item[1], item[0]))[:limit]

    def held(self, form: str) -> int:
        return self._counts[form]

    def like(self, term: str, edits: int, least: int = 1) -> list[LikeForm]:
        frequent = (form for form in self._counts if form != term and self._counts[form] >= least)
        near = ((form, _edits(term, form)) for form in frequent)
        return [LikeForm(form, self._counts[form], distance) for form, distance in near if distance <= edits]

    def count(self, node: Node) -> int:
        return self.search(node, Options(limit=0)).complete()

    def bound(self, words: Sequence[str]) -> int:
        return self.count(All(tuple(map(Word, words))))

    def articles_with(self, form: str) -> int:
        return self._counts[form]

    def stats(self) -> Stats:
        articles, generation = self.oracle.articles, self._generation
        dates = [
            datetime.fromtimestamp(when, UTC) for a in articles if (when := seconds(a.date, UTC)) is not None
        ]
        known = {
            name: any((x := getattr(a, name)) is not None and x >= 0 for a in articles)
            for name in ("heat", "quality")
        }
        return Stats(
            articles=len(articles),
            unpublished=sum(not article.published for article in articles),
            deleted=0,
            hidden=len(generation.hidden()),
            segments=1,
            terms=len(self.oracle.forms),
            size=0,
            files=0,
            format=1,
            generation=generation.number,
            oldest=min(dates, default=None),
            newest=max(dates, default=None),
            median_heat=self.oracle.pivot["heat"] if known["heat"] else None,
            median_quality=self.oracle.pivot["quality"] if known["quality"] else None,
            sources=tuple(generation.sources),
            sources_read=tuple(read for _, read in generation.sources.values()),
            sources_broken=tuple(state.broken for state, _ in generation.sources.values()),
            created=generation.created,
            keep_history=generation.keep_history,
            sources_settings=tuple(generation.settings.get(name, NO_SETTINGS) for name in generation.sources),
        )

    def fields(self) -> list[FieldStats]:
        texts = []
        for name in ranking.TEXT_FIELDS:
            words = [term for text in self.oracle.texts for _, where, term in text.words if where == name]
            texts.append(FieldStats(name, len(set(words)), len(words)))
        values = {
            "source": list(self._generation.sources),
            "provider": [a.provider.name for a in self.oracle.articles if a.provider],
            "category": [a.category for a in self.oracle.articles],
            "type": [a.type for a in self.oracle.articles],
            "language": [a.language or "" for a in self.oracle.articles],
            "topic": [topic for a in self.oracle.articles for topic in a.topics],
        }
        return texts + [FieldStats(name, len(set(given) - {""}), None) for name, given in values.items()]

    def newer(self) -> MemoryReader | None:
        newest = self._engine.reader()
        return None if newest._generation is self._generation else newest

    def check(self) -> None:
        pass


class MemoryAnswer:
    """Fulfils `Answer`."""

    def __init__(self, oracle: Oracle, tree: Node, options: Options) -> None:
        self._oracle = oracle
        self._options = options
        self._own = oracle.search(tree, replace(options, also=()))  # only these are counted
        self._found = oracle.search(tree, options) if options.also else self._own
        self._page = self._found[options.offset :][: options.limit]

    def __len__(self) -> int:
        return len(self._page)

    def matched(self, number: int) -> bool:
        return any(found.number == self._page[number].number for found in self._own)

    def article(self, number: int) -> Article:
        return self._page[number].article

    def json(self, numbers: Sequence[int], rank: int, more: list[bytes]) -> Sequence[bytes | None]:
        return [None] * len(numbers)

    def stemming(self, number: int) -> Stemming:
        return self._oracle.stemmings[self._oracle.texts[self._page[number].number].language]

    def hits(self) -> list[tuple[Named, float, bool]]:
        return [
            (Named(f.article.id, f.article.title, f.article.url or ""), f.score, f.complete)
            for f in self._page
        ]

    def explain(self, number: int) -> Explanation:
        found = self._page[number]
        names = ["heat", "quality", "recency"][: 2 + (self._options.boosts.half_life is not None)]
        parts, factors = found.cause[: -len(names)], found.cause[-len(names) :]
        words = tuple(Explanation(part, f"part {i}") for i, part in enumerate(parts, 1) if part)
        boosts = tuple(
            Explanation(factor, f"{name} of the article") for name, factor in zip(names, factors, strict=True)
        )
        details = (Explanation(found.text, "text", words), Explanation(found.boost, "boost", boosts))
        return Explanation(found.score, "score", details)

    def counts(self) -> Counts:
        return Counts(self.complete(), len(self._own) - self.complete())

    def complete(self) -> int:
        return sum(found.complete for found in self._own)

    def keys(self, known: Sequence[int]) -> array[int]:
        keys = {hash_key(found.article.id) for found in self._own if found.complete}
        return array("Q", sorted(keys - {*known}))

    def among(self, keys: Collection[int], limit: int) -> MemoryAnswer:
        other = copy(self)
        other._page = [
            found for found in self._found if found.complete and hash_key(found.article.id) in keys
        ][:limit]
        return other

    def facet(self, name: str, limit: int | None) -> list[tuple[str, int]]:
        found: list[Found] = self._own
        most = len(self._oracle.articles) * 100 if limit is None else limit
        return self._oracle.facet(found, name, most, self._options.tz)


# Writing


class MemoryHeld:
    """Fulfils `Held`."""

    articles_ahead = 0

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def ledger(self, source: str) -> MemoryLedger:
        return MemoryLedger(
            {id: article for (name, id), article in self._generation.kept.items() if name == source}
        )

    def state(self, source: str) -> SourceState | None:
        state, _ = self._generation.sources.get(source, (NOTHING, None))
        return state if state.names else None

    def state_ahead(self, source: str) -> SourceState:
        return NOTHING

    def count(self, source: str) -> int:
        return sum(name == source for name, _ in self._generation.kept)


class MemoryLedger:
    """Fulfils `Ledger`.

    Args:
        committed: what is held of the source, by id.
    """

    def __init__(self, committed: dict[str, Article]) -> None:
        self._committed = committed
        self._contents = {id: _content(article) for id, article in committed.items()}
        self._read: list[str] = []
        self._passed: set[str] = set()
        self._latest: dict[str, Article] = {}
        self.dropped: set[str] = set()

    def differing(self, articles: list[Article]) -> list[Article]:
        chosen = []
        for article in articles:
            self._read.append(article.id)
            is_same = self._contents.get(article.id) == _content(article)
            if is_same and article.id not in self._latest:
                continue
            self._latest[article.id] = article
            chosen.append(article)
        return chosen

    def former(self, articles: Sequence[Article]) -> list[Article | None]:
        return [self._committed.get(article.id) for article in articles]

    def pass_over(self, ids: Iterable[str]) -> None:
        self._passed.update(ids)

    def drop(self, ids: Iterable[str]) -> None:
        self.dropped |= self._committed.keys() & set(ids)

    def drop_unseen(self) -> None:
        self.dropped |= self._committed.keys() - self._passed - set(self._read)

    def difference(self) -> SourceDifference:
        added = self._latest.keys() - self._committed.keys()
        replaced = {
            id
            for id in self._latest.keys() & self._committed.keys()
            if _content(self._latest[id]) != self._contents[id]
        }
        left, moved = set(self.dropped), []
        for new in sorted(added):
            old = next((id for id in left if self._contents[id] == _content(self._latest[new])), None)
            if old is not None:
                left.discard(old)
                moved.append((old, new))
        added -= {new for _, new in moved}
        return SourceDifference(
            added=len(added),
            replaced=len(replaced),
            deleted=len(left),
            moved=len(moved),
            unchanged=len(self._committed) - len(replaced) - len(left) - len(moved),
            repeated=len(self._read) - len(set(self._read)),
            added_ids=tuple(sorted(added)[:MAX_NAMES]),
            replaced_ids=tuple(sorted(replaced)[:MAX_NAMES]),
            deleted_ids=tuple(sorted(left)[:MAX_NAMES]),
            moved_ids=tuple(moved[:MAX_NAMES]),
        )


class MemoryWriter:
    """Fulfils `Writer`."""

    finished = 0

    def __init__(self, engine: MemoryEngine, base: Generation, *, fresh: bool, rehearsal: bool) -> None:
        self._engine = engine
        self._base = base
        self._fresh = fresh
        self._rehearsal = rehearsal
        self._left = dict(base.kept)
        self._added: Kept = {}
        self._dropped: set[str] = set()
        self._sources = dict(base.sources)
        self._keep_history = base.keep_history
        self._settings = dict(base.settings)
        self._is_open = engine.store.is_written = True
        self.held = MemoryHeld(base)

    def __enter__(self) -> MemoryWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.cancel()

    def add(self, article: Article, source: str) -> None:
        self.add_all([article], source)

    def add_all(
        self, articles: Sequence[Article], source: str, before: Callable[[], SourceState] | None = None
    ) -> None:
        self._sources.setdefault(source, (NOTHING, None))
        for article in articles:
            self._added.pop((source, article.id), None)
            self._added[source, article.id] = article

    def delete_dropped(self, source: str, ledger: Ledger) -> None:
        assert isinstance(ledger, MemoryLedger)
        for id in ledger.dropped:
            self._left.pop((source, id), None)

    def delete_source(self, source: str) -> None:
        self._dropped.add(source)

    def forget_source(self, source: str) -> None:
        self.delete_source(source)
        self._sources.pop(source, None)
        self._settings.pop(source, None)

    def remember(self, source: str, state: SourceState | None) -> None:
        now = datetime.now(UTC).replace(microsecond=0) if state and state.names else None
        self._sources[source] = state or NOTHING, now

    def configure(self, source: str, settings: SourceSettings) -> None:
        self._sources.setdefault(source, (NOTHING, None))
        self._settings[source] = settings

    def keep_history(self, keep: bool) -> None:
        self._keep_history = keep

    def commit(self, *, check: Callable[[Reader], None] | None = None) -> Changes:
        try:
            before, replaced, kept = len(self._base.kept), 0, dict(self._left)
            confirmed = set()
            for key, article in list(self._added.items()):
                if key in kept and _content(kept[key]) == _content(article):
                    del self._added[key]
                    confirmed.add(key)
                elif kept.pop(key, None):
                    replaced += 1
            kept = {key: a for key, a in kept.items() if key[0] not in self._dropped or key in confirmed}
            added, deleted = len(self._added) - replaced, before - len(kept) - replaced
            kept |= self._added
            is_same = (
                kept == self._base.kept
                and self._keep_history == self._base.keep_history
                and self._settings == self._base.settings
                and list(self._sources) == list(self._base.sources)
                and all(
                    bool(state.names) <= bool(self._base.sources[source][0].names)
                    for source, (state, _) in self._sources.items()
                )
            )
            same = is_same and self._base.number > 0 and not self._fresh
            number, created = self._base.number + 1, datetime.now(UTC).replace(microsecond=0)
            new = Generation(number, kept, self._sources, self._base.protected, created, self._keep_history)
            new = replace(new, settings=self._settings)
            if check:
                check(MemoryReader(self._engine, new))
            if same and not self._rehearsal:
                self._base.sources.update(self._sources)
            elif not self._rehearsal:
                self._engine.store.published = new
        finally:
            self.cancel()
        return Changes(added, replaced, deleted, len(new.live()))

    def cancel(self) -> None:
        if self._is_open:
            self._is_open = self._engine.store.is_written = False


def _content(article: Article) -> tuple[Article, bool]:
    """What has to be the same for an article to be as it was: all but its id, and which pictures it has."""
    return replace(_without_pictures(article), id=""), bool(article.images)


def _without_pictures(article: Article) -> Article:
    provider = article.provider and replace(article.provider, images=())
    related = tuple(map(_without_pictures, article.related))
    return replace(article, images=(), history=(), provider=provider, related=related)


def _edits(a: str, b: str) -> int:
    return edits(a, b) if abs(len(a) - len(b)) <= 2 else 3


def _hash(id: str) -> int:
    return int.from_bytes(blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
