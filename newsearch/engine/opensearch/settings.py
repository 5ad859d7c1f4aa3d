"""The address of an index in a cluster, and how to connect to it.

    opensearch+https://user@first:9200,second:9200/alias?ca=/etc/ca.pem&timeout=60

The address names everything but the password, because addresses end up in logs and in the history of a shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from newsearch.errors import EngineError

_ALIAS = re.compile(r"(?![-_+.])[^\\/*?\"<>|\s,#:A-Z]{1,200}")
_MAX_PASSWORD = 4096
_DEFAULT_PORT = 9200


@dataclass(frozen=True, slots=True)
class Settings:
    """How to connect to a cluster, and how to create an index in it. The names are those of the address's options.

    Attributes:
        scheme: "https" or "http".
        hosts: host and port of each node to ask. If one does not answer, the next one is asked.
        prefix: the path before the alias, for clusters behind a proxy; "" or as in "/search".
        alias: the name of the index. newsearch's own indexes are called alias--1, alias--meta and so on.
        user, password: for HTTP basic authentication; empty for none.
        ca: a file of certificates of authorities to trust, in PEM; empty for those of the system.
        cert, key: files of the client's own certificate and its key, in PEM; empty for none.
        verify: whether the certificate of a node must be valid.
        timeout: seconds for one request, to the last byte of its answer.
        retries: how often a failed request is repeated on the next node.
        shards, replicas: of a new index.
        codec: how a new index compresses articles: "best_compression" or "default".
        batch: bytes of articles in one bulk request, at most.
        flights: the number of bulk requests at a time, at most.
        lease: seconds after which a writer that gave no sign of life is taken for dead.
        aws: the AWS region whose requests are signed (SigV4), or empty.
        service: what SigV4 signs for: "es", or "aoss" for the serverless service.
    """

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    alias: str
    prefix: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    cert: str = ""
    key: str = ""
    verify: bool = True
    timeout: float = 60.0
    retries: int = 3
    shards: int = 1
    replicas: int = 1
    codec: str = "best_compression"
    batch: int = 4 << 20
    flights: int = 3
    lease: float = 60.0
    aws: str = ""
    service: str = "es"

    @property
    def place(self) -> str:
        """The address as shown in messages: without a password and without options."""
        user = f"{self.user}@" if self.user else ""
        hosts = ",".join(_shown_host(host, port) for host, port in self.hosts)
        return f"opensearch+{self.scheme}://{user}{hosts}{self.prefix}/{self.alias}"


def _shown_host(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_place(place: str, password: str = "") -> Settings:
    """The settings in an address.

    Args:
        password: of the user; replaces the one in `password_file`. Without a user it is not sent.

    Raises:
        EngineError: the address, or a file that it names, cannot be used. The message shows no password.
    """
    scheme, _, rest = str(place).partition("://")
    rest, _, query = rest.partition("?")
    netloc, _, path = rest.partition("/")
    user, at, hosts = netloc.rpartition("@")
    try:
        if ":" in user:
            raise ValueError(
                "an address must not contain a password; set NEWSEARCH_OPENSEARCH_PASSWORD, or name a file:"
                " ?password_file=FILE"
            )
        prefix, alias = _prefix_and_alias(path, f"{scheme}://{hosts or 'host:9200'}")
        if at and not user:
            raise ValueError("the user before @ is missing")
        options = _options_in(query)
        password = _password(user, options.pop("password_file", ""), password)
        settings = Settings(
            scheme=scheme.removeprefix("opensearch+"),
            hosts=tuple(map(_host, hosts.split(","))),
            prefix=prefix,
            alias=alias,
            user=unquote(user),
            password=password,
            **options,
        )
        _check_certificates(settings)
    except ValueError as error:
        raise EngineError(_clean(f"{scheme}://{hosts}/{path}: {error}")) from error
    return settings


def _prefix_and_alias(path: str, before: str) -> tuple[str, str]:
    """The prefix and the name of the index in the path of an address, which begins with `before`."""
    prefix, _, alias = path.rstrip("/").rpartition("/")
    if not alias:
        raise ValueError(f"the name of the index is missing: {before}/NAME")
    if not _ALIAS.fullmatch(alias) or "--" in alias:
        raise ValueError("not a name for an index; use lower-case letters, digits, dots and single hyphens")
    return f"/{prefix}" if prefix else "", alias


def _options_in(query: str) -> dict[str, Any]:
    """The values of the options behind the question mark of an address."""
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _OPTIONS:
            raise ValueError(f"unknown option {name!r:.40}; there are {', '.join(_OPTIONS)}")
        try:
            options[name] = _OPTIONS[name](value)
        except ValueError as error:
            raise ValueError(f"option {name}: {error}") from error
    return options


def _check_certificates(settings: Settings) -> None:
    if settings.scheme == "http" and (settings.ca or settings.cert or not settings.verify):
        raise ValueError("certificates need TLS; begin the address with opensearch+https://")
    if settings.key and not settings.cert:
        raise ValueError("option key: it needs the certificate too: cert=FILE")


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _host(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]@/]+))(?::(\d{1,5}))?", text)
    if not match:
        raise ValueError(f"{text!r:.80} is not a host; give hosts as in first:9200,second:9200")
    port = int(match[3] or _DEFAULT_PORT)
    if not 0 < port < 65536:
        raise ValueError(f"{port} is not a port")
    return match[1] or match[2], port


def _password(user: str, file: str, password: str) -> str:
    """The password of a user: the one that was given, or else the one in a file, if one is named."""
    if file and not user:
        raise ValueError(
            "there is a password but no user; give it as in opensearch+https://user@host:9200/news"
        )
    if file and not password:
        password = _password_in(file)
    return password if user else ""


def _password_in(file: str) -> str:
    try:
        with Path(file).open(encoding="utf-8") as opened:
            text = opened.read(_MAX_PASSWORD + 1)
    except OSError as error:
        raise EngineError(f"{file}: the password cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EngineError(f"{file}: the password is not UTF-8") from error
    line = text.split("\n")[0].rstrip("\r")
    if not line or len(text) > _MAX_PASSWORD:
        raise EngineError(f"{file}: the first line must be the password")
    return line


def _flag(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r:.40} is neither yes nor no")
    return text == "yes"


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r:.40} is not a whole number from {low:,} to {high:,}")
        return int(text)

    return read


def _one_of(*names: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"{text!r:.40} is none of {', '.join(names)}")
        return text

    return read


def _text(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    return text


_OPTIONS: dict[str, Callable[[str], Any]] = {
    "ca": _text,
    "cert": _text,
    "key": _text,
    "verify": _flag,
    "password_file": _text,
    "timeout": _number(1, 3600),
    "retries": _number(0, 20),
    "shards": _number(1, 1024),
    "replicas": _number(0, 20),
    "codec": _one_of("best_compression", "default"),
    "batch": _number(64 << 10, 90 << 20),
    "flights": _number(1, 32),
    "lease": _number(5, 3600),
    "aws": _text,
    "service": _one_of("es", "aoss"),
}
"""The options of an address, and how each is read."""

assert _OPTIONS.keys() <= {f.name for f in fields(Settings)} | {"password_file"}
