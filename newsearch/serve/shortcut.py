"""Answers short searches on the loop itself: handing one to a thread and back would take longer than most of them."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, thread_time
from typing import TypeAlias

from starlette.types import Scope

from newsearch import Index, NewsearchError, Request, Results
from newsearch.serve.answers import JSON, Accepted, Answer
from newsearch.serve.live import Snapshot
from newsearch.serve.parameters import PLAIN, read_plain
from newsearch.serve.searches import SEARCH, page_of, plain_key
from newsearch.serve.site import Site

_MOST_HITS = 50
_MOST_WORDS = 6
"""Of more, a search may look for words that go with them."""

_MOST_CHARACTERS = 200
"""Of a query. Writing without spaces has many words without any."""

_FEW = 10
"""With fewer matches than this, a page may need searches of other words. For three typed words or more, these may be
too many for the loop."""

_FEW_WORDS = 2
"""Up to this many typed words, searches of other words take less time than a thread would wait for the loop."""

_MOST_PACKED = 64 << 10
"""The maximum number of bytes that are compressed on the loop: a millisecond or two."""

_SLOW = 0.01
_WARY = 1.0
_PENALTY = 5
"""After two searches within _WARY seconds that took longer than _SLOW seconds each, none runs on the loop for this many
times as long as the second one took."""

_FOUND = "newsearch.found"

Found: TypeAlias = tuple[Snapshot, Results]


class Shortcut:
    """The short way to the answer of a search by `GET /api/v1/search`, which leads past routing and threads.

    A search may take it if it is short as far as can be told beforehand: few words without options, in an index on
    this machine in which what all searches share is prepared. It holds up all other requests, so those that take long
    after all shut the way for a while; a single one may have been held up itself. Its time is that of the processor:
    what is read from a disk is read with the interpreter's lock held, and stops all threads anyway.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._prepared: Index | None = None
        self._opens = self._wary = 0.0

    def prepare(self, index: Index) -> None:
        """Compute what the first search of an index would take long for. Only then is the way open to others."""
        if self._prepared is not index:
            index.prepare()
            index.run(Request(_UNKNOWN)).did_you_mean  # noqa: B018 - compares words with all of the index
            self._prepared = index

    def __call__(self, scope: Scope) -> Answer | None:
        """The answer; None for a request that has to take the long way."""
        if scope["path"] != SEARCH or scope["method"] not in ("GET", "HEAD"):
            return None
        snapshot = self._site.live.fresh()
        if snapshot is None:
            return None
        try:
            if request := read_plain(scope["query_string"]):
                return self._answer(scope, snapshot, self._site.within(request))
        except NewsearchError:
            pass  # the long way tells what is wrong
        return None

    def _answer(self, scope: Scope, snapshot: Snapshot, request: Request) -> Answer | None:
        accepted = Accepted.of(scope)
        tag = snapshot.tag(JSON, plain_key(request, linked=True))
        if answer := self._site.known(tag, JSON, accepted):
            return answer
        if not self._is_short(snapshot.index, request):
            return None
        started = thread_time()
        results = snapshot.index.run(request)
        may_finish = request.query.count(" ") < _FEW_WORDS or results.total >= _FEW
        body = page_of(self._site, results, PLAIN, linked=True) if may_finish else None
        if (took := thread_time() - started) > _SLOW:
            now = monotonic()
            if now < self._wary:
                self._opens = now + _PENALTY * took
            self._wary = now + _WARY
        if body is None or (accepted.gzip and len(body.text) > _MOST_PACKED):
            scope[_FOUND] = snapshot, results
            return None
        return self._site.made(tag, JSON, accepted, body, keep=True)

    def _is_short(self, index: Index, request: Request) -> bool:
        return (
            self._prepared is index
            and isinstance(index.path, Path)
            and request.limit <= _MOST_HITS
            and len(request.query) <= _MOST_CHARACTERS
            and request.query.count(" ") < _MOST_WORDS
            and monotonic() >= self._opens
        )


def found_already(scope: Scope, snapshot: Snapshot) -> Results | None:
    """The results that the short way had found before it ended."""
    found: Found | None = scope.get(_FOUND)
    return found[1] if found and found[0] is snapshot else None


_UNKNOWN = "qzxwvkjq"
"""A word that no article has."""
