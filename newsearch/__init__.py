"""newsearch finds news: an embedded full-text index for collections of news articles.

    import newsearch

    newsearch.build("seeds", index="index")
    index = newsearch.open("index")
    for hit in index.search("facial recognition ban", limit=5):
        print(hit.article.title, hit.score)

See docs/library.md for the user documentation.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from newsearch.alerts.deliveries import Alert as Alert
    from newsearch.alerts.deliveries import Deliveries as Deliveries
    from newsearch.alerts.saved import SavedSearch as SavedSearch
    from newsearch.alerts.saved import read_saved as read_saved
    from newsearch.alerts.saved import save_search as save_search
    from newsearch.articles.article import Article as Article
    from newsearch.articles.article import Image as Image
    from newsearch.articles.article import Provider as Provider
    from newsearch.articles.article import Version as Version
    from newsearch.engine import ClusterPlace as ClusterPlace
    from newsearch.engine.base import Explanation as Explanation
    from newsearch.engine.base import FieldStats as FieldStats
    from newsearch.engine.figures import Archive as Archive
    from newsearch.engine.figures import Compaction as Compaction
    from newsearch.engine.figures import Stats as Stats
    from newsearch.engine.figures import Verification as Verification
    from newsearch.errors import EngineError as EngineError
    from newsearch.errors import GateFailed as GateFailed
    from newsearch.errors import IndexCorrupt as IndexCorrupt
    from newsearch.errors import IndexIncompatible as IndexIncompatible
    from newsearch.errors import IndexLocked as IndexLocked
    from newsearch.errors import IndexMissing as IndexMissing
    from newsearch.errors import NewsearchError as NewsearchError
    from newsearch.errors import NotReady as NotReady
    from newsearch.errors import QueryError as QueryError
    from newsearch.errors import SavedSearchError as SavedSearchError
    from newsearch.errors import SourceError as SourceError
    from newsearch.errors import StaleBuild as StaleBuild
    from newsearch.errors import StorageError as StorageError
    from newsearch.errors import WordListError as WordListError
    from newsearch.indexing.gate import Gate as Gate
    from newsearch.indexing.gate import read_gate as read_gate
    from newsearch.indexing.reports import Progress as Progress
    from newsearch.indexing.reports import Report as Report
    from newsearch.indexing.runs import build as build
    from newsearch.indexing.runs import forget as forget
    from newsearch.indexing.runs import reindex as reindex
    from newsearch.ranking import Boosts as Boosts
    from newsearch.search.completion import Completion as Completion
    from newsearch.search.coverage import Coverage as Coverage
    from newsearch.search.coverage import Outlet as Outlet
    from newsearch.search.distinctive import DistinctiveWord as DistinctiveWord
    from newsearch.search.distinctive import DistinctiveWords as DistinctiveWords
    from newsearch.search.firsts import Publication as Publication
    from newsearch.search.folding import Copy as Copy
    from newsearch.search.fronts import Stories as Stories
    from newsearch.search.fronts import Story as Story
    from newsearch.search.help import Clause as Clause
    from newsearch.search.index import Index as Index
    from newsearch.search.index import open as open
    from newsearch.search.request import Request as Request
    from newsearch.search.results import Hit as Hit
    from newsearch.search.results import Results as Results
    from newsearch.search.timelines import Series as Series
    from newsearch.search.timelines import Timeline as Timeline
    from newsearch.upkeep.archives import backup as backup
    from newsearch.upkeep.archives import restore as restore
    from newsearch.upkeep.copying import copy_index as copy_index
    from newsearch.upkeep.health import compact as compact
    from newsearch.upkeep.health import export as export
    from newsearch.upkeep.health import verify as verify

_HOMES = {
    "newsearch.alerts.deliveries": ("Alert", "Deliveries"),
    "newsearch.alerts.saved": ("SavedSearch", "read_saved", "save_search"),
    "newsearch.upkeep.archives": ("backup", "restore"),
    "newsearch.articles.article": ("Article", "Image", "Provider", "Version"),
    "newsearch.search.completion": ("Completion",),
    "newsearch.engine": ("ClusterPlace",),
    "newsearch.engine.base": ("Explanation", "FieldStats"),
    "newsearch.engine.figures": ("Archive", "Compaction", "Stats", "Verification"),
    "newsearch.errors": (
        "EngineError",
        "GateFailed",
        "IndexCorrupt",
        "IndexIncompatible",
        "IndexLocked",
        "IndexMissing",
        "NewsearchError",
        "NotReady",
        "QueryError",
        "SavedSearchError",
        "SourceError",
        "StaleBuild",
        "StorageError",
        "WordListError",
    ),
    "newsearch.indexing.gate": ("Gate", "read_gate"),
    "newsearch.search.index": ("Index", "open"),
    "newsearch.ranking": ("Boosts",),
    "newsearch.indexing.runs": ("build", "forget", "reindex"),
    "newsearch.indexing.reports": ("Progress", "Report"),
    "newsearch.search.request": ("Request",),
    "newsearch.search.results": ("Hit", "Results"),
    "newsearch.search.coverage": ("Coverage", "Outlet"),
    "newsearch.search.distinctive": ("DistinctiveWord", "DistinctiveWords"),
    "newsearch.search.firsts": ("Publication",),
    "newsearch.search.folding": ("Copy",),
    "newsearch.search.fronts": ("Stories", "Story"),
    "newsearch.search.help": ("Clause",),
    "newsearch.search.timelines": ("Series", "Timeline"),
    "newsearch.upkeep.copying": ("copy_index",),
    "newsearch.upkeep.health": ("compact", "export", "verify"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    # This keeps the import cheap: numpy and the engine are loaded with the first name that needs them.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
