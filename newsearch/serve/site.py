"""What a server's handlers share: the index, the settings, and the conversion of results to responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from newsearch import Article, Request
from newsearch.errors import QueryError
from newsearch.query.plan import asks_for_unpublished
from newsearch.search.saved import SavedSearch
from newsearch.serve.answers import Made, encoded, known_tags, not_modified, respond, wants_gzip
from newsearch.serve.kept import Kept, Sent
from newsearch.serve.live import Live, Snapshot
from newsearch.serve.metrics import Metrics
from newsearch.serve.parameters import View, read_request, read_view, split
from newsearch.serve.settings import Settings
from newsearch.serve.shelf import Shelf


class Site(NamedTuple):
    """A server's index, settings, counts and saved searches."""

    live: Live
    settings: Settings
    metrics: Metrics
    kept: Kept
    shelf: Shelf

    def url(self, path: str) -> str:
        """A path of this server as seen by its clients."""
        return self.settings.base_path + path

    def absolute(self, http: HttpRequest, path: str) -> str:
        """The absolute URL of a path, with the host name that the client uses for this server."""
        return f"{http.url.scheme}://{http.headers.get('host', '')}{self.url(path)}"

    def asked(self, http: HttpRequest) -> tuple[Request, View]:
        """The request and view in the parameters of an address.

        Raises:
            QueryError: a parameter is unusable.
        """
        pairs, view = split(pair for pair in http.query_params.multi_items() if pair[0] != "token")
        return self.within(read_request(pairs)), read_view(view)

    def within(self, request: Request) -> Request:
        """See `within`."""
        return within(request, self.settings)

    def saved(self) -> list[SavedSearch]:
        """The saved searches that may be shown here."""
        found = []
        for search in self.shelf.searches():
            try:
                found.append(search._replace(request=self.within(search.request)))
            except QueryError:
                continue
        return found

    def readable(self, snapshot: Snapshot, id: str) -> Article:
        """The article with an id.

        Raises:
            HTTPException: there is none that the server may show.
        """
        article = visible(snapshot, id, self.settings)
        if article is None:
            raise HTTPException(404, f"there is no article {id!r:.200}")
        return article

    async def answer(
        self, http: HttpRequest, media_type: str, make: Callable[[Snapshot], Made], *, is_quick: bool = False
    ) -> Response:
        """Run `make` on the newest generation, in a thread, and respond; 304 if the client has the result.

        Args:
            is_quick: whether `make` itself takes no time worth a thread, apart from the body. An answer that is known
                or kept is then sent at once, even if all threads are busy.

        Raises:
            Busy: too many searches are waiting.
            NewsearchError: raised by `make`, or the index cannot be read.
        """
        known, gzip = known_tags(http), wants_gzip(http)

        def ready(tag: str) -> Response | None:
            if tag in known or "*" in known:
                return not_modified(tag)
            sent = self.kept.get((tag, gzip))
            return sent and respond(
                sent.data, media_type, tag=tag, gzipped=sent.is_gzipped, headers=sent.headers
            )

        def job(snapshot: Snapshot) -> Response:
            made = make(snapshot)
            tag = snapshot.tag(media_type, made.key)
            if response := ready(tag):
                return response
            body = made.body()
            data, is_gzipped = encoded(body.text, gzip)
            if made.may_keep:
                self.kept.put((tag, gzip), Sent(data, is_gzipped, body.headers))
            return respond(data, media_type, tag=tag, gzipped=is_gzipped, headers=body.headers)

        if is_quick and (snapshot := self.live.fresh):
            made = make(snapshot)
            if response := ready(snapshot.tag(media_type, made.key)):
                return response
        return await self.live.run(job)


def visible(snapshot: Snapshot, id: str, settings: Settings) -> Article | None:
    """The article with an id, or None if there is none that the server may show."""
    article = snapshot.index.get(id)
    return article if article and (article.published or settings.unpublished) else None


def within(request: Request, settings: Settings) -> Request:
    """Restrict a request to what the server may show. Raises QueryError if it asks for more, or for a longer page."""
    if request.limit > settings.max_limit:
        raise QueryError(f"limit: {request.limit:,} is too many here: at most {settings.max_limit:,}")
    if not settings.unpublished:
        if request.unpublished:
            raise QueryError("unpublished: this server shows published articles alone")
        # Parsed only if the query may ask for unpublished articles.
        if "unpublished" in request.query.casefold() and asks_for_unpublished(request.parsed().tree):
            raise QueryError("query: this server shows published articles alone")
    return request
