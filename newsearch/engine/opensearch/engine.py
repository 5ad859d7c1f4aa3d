"""The entry point of the OpenSearch engine. It implements `Engine`, and imports each module only when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from newsearch._cached import cached_property
from newsearch.engine.base import CACHE, NO_SETTINGS, Engine, Recipe
from newsearch.engine.opensearch.settings import parse_place
from newsearch.engine.writing import Held, WriterOptions
from newsearch.errors import EngineError

if TYPE_CHECKING:
    from newsearch.engine.figures import Archive, Compaction, Verification
    from newsearch.engine.opensearch.connection import Cluster
    from newsearch.engine.opensearch.reader import OpenSearchReader
    from newsearch.engine.opensearch.writer import OpenSearchWriter


class OpenSearchEngine:
    """Implements `Engine`.

    Args:
        place: the address of an index in a cluster (see settings.py); its attribute `password`, if it has one, is the
            password of the user.

    Raises:
        EngineError: the address cannot be used.
    """

    def __init__(self, place: str) -> None:
        self._settings = parse_place(place, getattr(place, "password", ""))
        self.place = self._settings.place

    @cached_property
    def _cluster(self) -> Cluster:
        from newsearch.engine.opensearch.connection import Cluster

        return Cluster(self._settings)

    def reader(self, *, memory: int = CACHE) -> OpenSearchReader:
        from newsearch.engine.opensearch.generation import published
        from newsearch.engine.opensearch.reader import OpenSearchReader

        return OpenSearchReader(self._cluster, published(self._cluster))

    def writer(self, **options: Unpack[WriterOptions]) -> OpenSearchWriter:
        from newsearch.engine.opensearch.writer import OpenSearchWriter

        return OpenSearchWriter(self._cluster, **options)

    def held(self, *, fresh: bool = False, protected: frozenset[str] | None = None) -> Held:
        from newsearch.engine.opensearch.held import OpenSearchHeld
        from newsearch.engine.opensearch.start import base_generation

        return OpenSearchHeld(self._cluster, base_generation(self._cluster, fresh, protected))

    def recipe(self) -> Recipe:
        from newsearch.engine.opensearch.generation import lost, parsed_source, published_document

        document = published_document(self._cluster)
        try:
            entries = tuple(map(parsed_source, document["sources"]))
            return Recipe(
                tuple(entry.location for entry in entries),
                frozenset(map(str, document["protected"])),
                bool(document.get("keep_history")),
                {entry.location: entry.settings for entry in entries if entry.settings != NO_SETTINGS},
            )
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise lost(self._cluster, "the list of its sources is damaged") from error

    def verify(self) -> Verification:
        from newsearch.engine.opensearch.upkeep import verify

        return verify(self._cluster)

    def compact(self, wait: float = 0.0) -> Compaction:
        from newsearch.engine.opensearch.upkeep import compact

        return compact(self._cluster, wait)

    def backup(self, file: Path) -> Archive:
        raise EngineError(f"{self.place}: {_SNAPSHOTS}")

    def restore(self, file: Path, *, replace: bool = False, wait: float = 0.0) -> Archive:
        raise EngineError(f"{self.place}: {_SNAPSHOTS}")


_SNAPSHOTS = (
    "backups hold indexes in directories; copy this one to a directory first: newsearch copy INDEX DIR; or let the"
    " cluster take snapshots"
)


if TYPE_CHECKING:

    def _implements(engine: OpenSearchEngine) -> Engine:
        return engine
