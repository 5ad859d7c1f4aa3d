"""A small server in front of a node, or in its place: with TLS, a password, or answers of its own."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

Answer = tuple[int, Any]
"""A status of HTTP, and what is sent as JSON, or bytes that are sent as they are."""

AnswerTo = Callable[[str, str, bytes], Answer | None]
"""The answer to a method, a path and a body; None to ask the node."""


class Certificate(NamedTuple):
    """Files in PEM: a certificate that signs itself, and its key."""

    certificate: Path
    key: Path


def make_certificate(directory: Path, host: str = "127.0.0.1", days: int = 2) -> Certificate:
    """A certificate for an address, made by the command openssl. Raises FileNotFoundError without that command."""
    made = Certificate(directory / f"{host}.pem", directory / f"{host}.key")
    kind = "IP" if host.replace(".", "").isdecimal() else "DNS"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-subj", f"/CN={host}", "-addext", f"subjectAltName={kind}:{host}", "-days", str(days)]
    command += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return made


class Proxy:
    """Serves until the context ends.

    Attributes:
        host: where it listens.
        seen: method and path of each request.
        credentials: the header Authorization of each request; empty without one.

    Args:
        node: the URL of a node that is asked in turn.
        user, password: what HTTP basic authentication must send; no user, no check.
        certificate: for TLS.
        answer: decides what is answered without the node.
    """

    def __init__(
        self,
        node: str = "",
        user: str = "",
        password: str = "",
        certificate: Certificate | None = None,
        answer: AnswerTo = lambda method, path, body: None,
    ) -> None:
        self.seen: list[tuple[str, str]] = []
        self.credentials: list[str] = []
        wanted = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""
        seen, credentials = self.seen, self.credentials

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                seen.append((self.command, self.path))
                credentials.append(self.headers.get("Authorization") or "")
                if wanted and self.headers.get("Authorization") != wanted:
                    self._send(401, b"Unauthorized", "text/plain")
                    return
                given = answer(self.command, self.path, body)
                if given is not None:
                    status, content = given
                    data = content if isinstance(content, bytes) else json.dumps(content).encode()
                    self._send(status, data, "application/json; charset=UTF-8")
                    return
                connection = http.client.HTTPConnection(node.removeprefix("http://"), timeout=60)
                kind = self.headers.get("Content-Type") or "application/json"
                connection.request(self.command, self.path, body, {"Content-Type": kind})
                reply = connection.getresponse()
                self._send(reply.status, reply.read(), reply.headers.get("Content-Type") or "")
                connection.close()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _do  # named so by the library

            def _send(self, status: int, data: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """A client that does not trust the certificate hangs up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def error(status: int, kind: str, reason: str = "as the test wants it") -> Answer:
    """An error as OpenSearch describes it."""
    cause = {"type": kind, "reason": reason}
    return status, {"error": {"root_cause": [cause], **cause}, "status": status}
