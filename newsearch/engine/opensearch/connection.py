"""Requests to a cluster. The client's errors become newsearch's own here; only `exchange` knows the client too."""

from __future__ import annotations

import base64
import random
import re
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from newsearch.engine.opensearch.settings import Settings
from newsearch.engine.opensearch.shape import damaged_field, has_form
from newsearch.errors import EngineError, IndexCorrupt, IndexMissing, NewsearchError

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
"""Seconds between two attempts, when a cluster that has answered before does not."""

_MAX_REASON = 300

BUSY = 429
"""The status of a request, or of one item of it, that the cluster cannot take now."""


class Refused(EngineError):
    """The cluster refused a request.

    Attributes:
        status: of HTTP.
        kind: the type of the error, in the words of OpenSearch; may be empty.
        reason: its explanation.
    """

    def __init__(self, message: str, status: int = 0, kind: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.reason = reason

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed a little later, if the cluster is asked for less at a time."""
        return self.status == 413 or is_passing(self.status, self.kind, self.reason)


def is_passing(status: int, kind: str, reason: str) -> bool:
    """Whether a refusal is about the load of the moment. A disk that is full stays full."""
    if kind == "cluster_block_exception":
        return False
    if kind == "circuit_breaking_exception":
        return True
    return status in (BUSY, 503)


class Cluster:
    """One alias in a cluster. Threads can share it.

    Attributes:
        settings: how it is connected.
        place: the address, for messages.
        alias: the name of the index.

    Raises:
        EngineError: the client is not installed, or a setting cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.place = settings.place
        self.alias = settings.alias
        self._has_answered = False
        self._transport = self._connect()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        *,
        missing: bool = False,
        timeout: float | None = None,
        again: bool = True,
    ) -> Any:
        """Send a request and return the JSON of its answer.

        Args:
            body: what is sent as JSON; or bytes of JSON lines, for `_bulk` and `_msearch`.
            missing: return None if what the path names does not exist, instead of raising IndexMissing.
            timeout: seconds until the whole answer is here, instead of those of the settings.
            again: whether the request may be sent once more after one that failed, and may have had its effect.

        Raises:
            IndexMissing: there is no such index, alias or document.
            Refused: the cluster answered with another error.
            EngineError: no node answered.
        """
        import opensearchpy.exceptions as errors

        pause = _FIRST_PAUSE
        seconds = timeout or self.settings.timeout
        attempts = 1 + self.settings.retries if again else 1
        while True:
            attempts -= 1
            try:
                answer = self._send(method, path, body, params, seconds)
            except errors.TransportError as error:
                if missing and error.status_code == 404:
                    self._has_answered = True
                    return None
                # Another node is asked at once. Only a cluster that has answered before is given time to recover.
                has_others = self._has_answered or len(self.settings.hosts) > 1
                if attempts <= 0 or not has_others or not _may_pass(error, body):
                    raise self._translated(error, seconds) from error
            else:
                self._has_answered = True
                if isinstance(answer, bytes) and answer:
                    raise self._no_cluster("answered with something that is not JSON")
                if not has_form(method, path, body, answer):
                    raise self.unexpected()
                if attempts <= 0 or not _has_lost(answer):
                    return answer
            if self._has_answered:
                time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _send(
        self, method: str, path: str, body: Any, params: Mapping[str, str] | None, seconds: float
    ) -> Any:
        """Send a request once.

        Raises:
            opensearchpy.exceptions.TransportError: the cluster refused it, or did not answer. Another attempt may help.
            EngineError: anything else failed, and would fail again.
        """
        import opensearchpy.exceptions as errors

        from newsearch.engine.opensearch.exchange import MAX_ANSWER, TooLarge

        try:
            return self._transport.perform_request(
                method=method,
                url=path,
                params=dict(params or {}),
                body=body,
                timeout=seconds,
                headers={"content-type": "application/x-ndjson"} if isinstance(body, bytes) else None,
            )
        except errors.SerializationError as error:
            raise self._no_cluster("answered with something that is not JSON") from error
        except TooLarge as error:
            raise self._no_cluster(f"answered with more than {MAX_ANSWER >> 20} MB") from error
        except (errors.ImproperlyConfigured, OSError, ValueError) as error:
            raise EngineError(f"{self.place}: the request cannot be sent: {_clean(error)}") from error

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _connect(self) -> Any:
        try:
            import opensearchpy
        except ImportError as error:
            raise EngineError(
                f"{self.place}: a cluster needs the extra newsearch[opensearch]: pip install 'newsearch[opensearch]'"
            ) from error
        from newsearch.engine.opensearch.exchange import Json, Node

        # The client warns of every node that does not answer. Our errors say what matters of it.
        logger = opensearchpy.connection.base.logger
        if not logger.level:
            logger.setLevel("ERROR")
        settings = self.settings
        host = {"url_prefix": settings.prefix} if settings.prefix else {}
        options: dict[str, Any] = {
            "hosts": [{"host": name, "port": port, **host} for name, port in settings.hosts],
            "connection_class": Node,
            "timeout": settings.timeout,
            "max_retries": 0,
            "retry_on_timeout": True,  # so that the pool sets a node aside that does not answer
        }
        if settings.user:
            # In UTF-8, as OpenSearch reads it; the client would take Latin-1.
            told = base64.b64encode(f"{settings.user}:{settings.password}".encode()).decode()
            options["headers"] = {"authorization": f"Basic {told}"}
        if settings.aws:
            options["sign"] = self._signer()
        if settings.scheme == "https":
            options["context"] = self._tls()
        if not settings.verify:
            import urllib3

            urllib3.disable_warnings(
                urllib3.exceptions.InsecureRequestWarning
            )  # it is what the address asks for
        client = opensearchpy.OpenSearch(**options)
        client.transport.serializer = client.transport.deserializer.serializers["application/json"] = Json()
        return client.transport

    def _tls(self) -> ssl.SSLContext:
        settings = self.settings
        named = settings.ca
        try:
            context = ssl.create_default_context(cafile=settings.ca or None)
            if settings.cert:
                named = settings.cert
                context.load_cert_chain(settings.cert, settings.key or None)
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            reason = "not certificates in PEM"
            if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
                reason = f"the certificates cannot be read: {error.strerror or _clean(error)}"
            raise EngineError(f"{named}: {reason}") from error
        if not settings.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _signer(self) -> Any:
        import opensearchpy

        try:
            import boto3
        except ImportError as error:
            raise EngineError(f"{self.place}: signing for AWS needs boto3: pip install boto3") from error
        credentials = boto3.Session().get_credentials()
        if credentials is None:
            raise EngineError(f"{self.place}: AWS has no credentials here; see `aws configure`")
        return opensearchpy.Urllib3AWSV4SignerAuth(credentials, self.settings.aws, self.settings.service)

    # Documents

    def sound(
        self, hits: Sequence[Mapping[str, Any]], fields: Sequence[str] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Hits or documents of an answer, if what is read of each is there.

        Args:
            fields: what is read; by default all of an article.

        Raises:
            IndexCorrupt: one of them is damaged.
        """
        for hit in hits:
            if field := damaged_field(hit, fields):
                raise self.damaged(hit, field)
        return hits

    def damaged(self, hit: Mapping[str, Any], field: str) -> IndexCorrupt:
        """The error for a document of an answer that is damaged.

        Args:
            field: what of it is missing, or cannot be read.
        """
        source = hit.get("_source")
        id = source.get("id") if isinstance(source, Mapping) else None
        name = f"article {id!r:.200}" if isinstance(id, str) else f"document {hit.get('_id')!r:.200}"
        reason = f"the {name} is damaged (its field {field})"
        return IndexCorrupt(self.place, reason, "run `newsearch reindex --full`")

    # Errors

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Raises the error for an unexpected answer if a part of it is not there, or has another type."""
        try:
            yield
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise self.unexpected() from error

    def unexpected(self) -> EngineError:
        """The error for an answer that a cluster would not give."""
        return self._no_cluster("answered in another form than a cluster does")

    def _no_cluster(self, reason: str) -> EngineError:
        return EngineError(f"{self.place}: {reason}; is this the address of an OpenSearch cluster?")

    def _translated(self, error: Any, seconds: float) -> NewsearchError:
        status = error.status_code
        if not isinstance(status, int):
            return EngineError(f"{self.place}: {self._unanswered(error, seconds)}")
        kind, reason = _cause(error.info)
        return self.refused(status, kind, reason)

    def refused_with(self, answer: Mapping[str, Any]) -> NewsearchError:
        """The error for the answer to one of several requests."""
        status = answer.get("status")
        return self.refused(status if isinstance(status, int) else 0, *_cause(answer))

    def refused(self, status: int, kind: str, reason: str) -> NewsearchError:
        """The error for an answer, or an item of one, with such a status."""
        if kind == "index_not_found_exception" or (status == 404 and not kind):
            return IndexMissing(f"{self.place}: no index here; run `newsearch index SOURCE --index ...`")
        return Refused(f"{self.place}: {self._refusal(status, kind, reason)}", status, kind, reason)

    def _refusal(self, status: int, kind: str, reason: str) -> str:
        if status == 401:
            if not self.settings.user:
                return "it asks for a user and a password; give the user as in opensearch+https://user@host:9200/news"
            if not self.settings.password:
                return f"it asks for the password of {self.settings.user}; set NEWSEARCH_OPENSEARCH_PASSWORD"
            return f"it refuses the user {self.settings.user} or the password; check both"
        if kind == "cluster_block_exception":
            return _block(reason)
        if status == 403:
            who = f"the user {self.settings.user}" if self.settings.user else "this account"
            return f"{who} may not do this; grant the rights that docs/cluster.md lists"
        if kind == "circuit_breaking_exception":
            return "a node has too little memory for this request; ask for less at a time, or give it a larger heap"
        if kind in ("too_many_nested_clauses", "too_many_clauses"):
            return (
                "the query has too many words or phrases for a cluster; shorten it, or raise the setting"
                " indices.query.bool.max_clause_count of its nodes"
            )
        if status == 413:
            return "the request is larger than it accepts; use a smaller ?batch="
        if status == BUSY:
            return "it is overloaded and refused the request; try again later, or use fewer ?flights="
        if kind == "master_not_discovered_exception" or kind == "cluster_manager_not_discovered_exception":
            return "its nodes have not elected a leader; check the nodes and try again"
        if status == 503:
            return "part of the index is on no node that runs (a red cluster); check the nodes and try again"
        if status in (502, 504):
            return "a proxy got no answer from it; check the nodes and try again"
        if not kind:  # an error of a proxy, or of a node that knows no such path
            told = f" ({reason})" if reason else ""
            return f"answered with status {status}{told}; is this the address of an OpenSearch cluster?"
        return f"{status} {kind}: {reason}"

    def _unanswered(self, error: Any, seconds: float) -> str:
        import opensearchpy.exceptions as errors

        from newsearch.engine.opensearch.exchange import BrokenOff

        causes = list(_causes(error))
        names = {type(cause).__name__ for cause in causes}
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return _bad_certificate(cause)
        if isinstance(error, errors.ConnectionTimeout):
            return f"no answer within {seconds:g} seconds; try again, or with a longer ?timeout="
        if isinstance(error, errors.SSLError) or any(isinstance(cause, ssl.SSLError) for cause in causes):
            return "no TLS connection can be made; if it speaks plain HTTP, begin the address with opensearch+http://"
        if isinstance(error, BrokenOff):
            return "its answer broke off; try again, and check the network and the proxies before it"
        if "gaierror" in names:
            return "there is no such host; check the address"
        if "ConnectionRefusedError" in names:
            return "nobody listens at this address; check the host and the port, and whether the cluster runs"
        if self.settings.scheme == "http" and not self._has_answered and names & _CUT:
            return "closed the connection; if it expects TLS, begin the address with opensearch+https://"
        return "the connection failed; check the address and the network"


_CUT = {"RemoteDisconnected", "BadStatusLine", "ConnectionResetError", "ProtocolError", "BrokenPipeError"}


LOST = frozenset(
    f"{kind}_exception"
    for kind in (
        "node_disconnected",
        "node_not_connected",
        "node_closed",
        "connect_transport",
        "receive_timeout_transport",
        "send_request_transport",
        "search_context_missing",
        "no_shard_available_action",
        "search_phase_execution",
    )
)
"""Errors of a search during which a node was lost. Their status depends on the phase of the search. The last one stands
for what happened in a shard (see `_cause`) unless no shard was there to say it."""


def _may_pass(error: Any, body: Any) -> bool:
    """Whether another node, or the same one a little later, may answer the same request."""
    import opensearchpy.exceptions as errors

    if isinstance(error, errors.SSLError):
        return False
    if not isinstance(error.status_code, int):
        return True
    # A point in time that is lost does not come back.
    if error.status_code == 404 and isinstance(body, Mapping) and "pit" in body:
        return False
    return error.status_code in (502, 503, 504) or _cause(error.info)[0] in LOST


def _has_lost(answer: Any) -> bool:
    """Whether one of several searches in a request found a node lost."""
    responses = answer.get("responses") if isinstance(answer, Mapping) else None
    return any(
        isinstance(found, Mapping)
        and "error" in found
        and (found.get("status") in (502, 503, 504) or _cause(found)[0] in LOST)
        for found in responses or ()
    )


def _causes(error: Any) -> Iterator[BaseException]:
    """An exception and all that are behind it."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, *current.args, getattr(current, "reason", None)]


def _bad_certificate(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
        return "its certificate is for another host; use the host's name in the certificate"
    if error.verify_code == 10:  # X509_V_ERR_CERT_HAS_EXPIRED
        return "its certificate has expired; renew it"
    return (
        "its certificate is signed by nobody that is trusted here; give the authority's certificate: ?ca=FILE"
    )


def _block(reason: str) -> str:
    """What a block of an index is about. The numbers are those of OpenSearch's blocks."""
    if re.search(r"/12/", reason):
        return (
            "a disk of the cluster is full, so the index is read-only; free space or add a node, and remove the block"
            " index.blocks.read_only_allow_delete if it stays"
        )
    if re.search(r"SERVICE_UNAVAILABLE", reason):
        return "the cluster is starting or has no leader; check the nodes and try again"
    return f"the index is blocked: {reason}; remove the block index.blocks.* in its settings"


def _cause(info: Any) -> tuple[str, str]:
    """The type and the reason of an error as the cluster describes it; empty where it does not."""
    error = info.get("error") if isinstance(info, Mapping) else None
    if isinstance(error, str):
        return "", _clean(error)
    if not isinstance(error, Mapping):
        return "", ""
    kind, reason = error.get("type"), error.get("reason")
    if kind == "search_phase_execution_exception":
        # What happened in a shard says more.
        root = error.get("root_cause")
        if isinstance(root, list) and root and isinstance(root[0], Mapping) and root[0].get("type"):
            kind, reason = root[0]["type"], root[0].get("reason")
    return _clean(kind or ""), _clean(reason or "")


def _clean(text: Any) -> str:
    """Text of others in one line of bounded length, without control characters."""
    shown = "".join(c if c.isprintable() else " " for c in str(text))
    return shown if len(shown) <= _MAX_REASON else shown[: _MAX_REASON - 3] + "..."
