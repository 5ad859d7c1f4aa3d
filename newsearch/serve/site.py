"""What a server's handlers share: the index, the settings, and the conversion of results to responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest

from newsearch import Article, Request
from newsearch.alerts.saved import SavedSearch
from newsearch.serve.answers import Accepted, Answer, Body, Made, encoded, not_modified, respond
from newsearch.serve.kept import Kept, Sent
from newsearch.serve.live import Live, Snapshot
from newsearch.serve.metrics import Metrics
from newsearch.serve.parameters import View, read_request, read_view, split
from newsearch.serve.settings import Settings, within
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

    def saved(self) -> Sequence[SavedSearch]:
        """The saved searches that may be shown here."""
        return self.shelf.searches()

    def readable(self, snapshot: Snapshot, id: str) -> Article:
        """The article with an id.

        Raises:
            HTTPException: there is none that the server may show.
        """
        article = visible(snapshot, id, self.settings)
        if article is None:
            raise HTTPException(404, f"there is no article {id!r:.200}")
        return article

    def known(self, tag: str, media_type: str, accepted: Accepted) -> Answer | None:
        """The response with this ETag, if the client has it already or it is kept."""
        form = accepted.form(tag)
        if accepted.has(tag):
            return not_modified(form)
        sent = self.kept.get((tag, accepted.gzip))
        return sent and respond(
            sent.data, media_type, tag=form, gzipped=sent.is_gzipped, headers=sent.headers
        )

    def made(self, tag: str, media_type: str, accepted: Accepted, body: Body, *, keep: bool) -> Answer:
        """The response with this ETag and body, which may be kept."""
        data, is_gzipped = encoded(body.text, accepted.gzip)
        if keep:
            self.kept.put((tag, accepted.gzip), Sent(data, is_gzipped, body.headers))
        return respond(data, media_type, tag=accepted.form(tag), gzipped=is_gzipped, headers=body.headers)

    async def answer(
        self, http: HttpRequest, media_type: str, make: Callable[[Snapshot], Made], *, is_quick: bool = False
    ) -> Answer:
        """Run `make` on the newest generation, in a thread, and respond; 304 if the client has the result.

        Args:
            is_quick: whether `make` itself takes no time worth a thread, apart from the body. An answer that is known
                or kept is then sent at once, even if all threads are busy.

        Raises:
            Busy: too many searches are waiting.
            NewsearchError: raised by `make`, or the index cannot be read.
        """
        accepted = Accepted.of(http.scope)

        def job(snapshot: Snapshot) -> Answer:
            made = make(snapshot)
            tag = snapshot.tag(media_type, made.key)
            return self.known(tag, media_type, accepted) or self.made(
                tag, media_type, accepted, made.body(), keep=made.may_keep
            )

        if is_quick and (snapshot := self.live.fresh()):
            tag = snapshot.tag(media_type, make(snapshot).key)
            if response := self.known(tag, media_type, accepted):
                return response
        return await self.live.run(job)


def visible(snapshot: Snapshot, id: str, settings: Settings) -> Article | None:
    """The article with an id, or None if there is none that the server may show."""
    article = snapshot.index.get(id)
    return article if article and (article.published or settings.unpublished) else None
