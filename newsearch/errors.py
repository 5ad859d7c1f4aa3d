"""Every error that newsearch raises on purpose.

    NewsearchError
    ├── QueryError           a query or a search option that cannot be used
    ├── SourceError          a source, or one article in it, that cannot be read
    ├── SavedSearchError     one saved search that cannot be used, or what was delivered for it
    ├── WordListError        a file of synonyms or of protected words that cannot be used
    ├── IndexMissing         there is no index at this place
    ├── IndexLocked          another process is writing to this index
    ├── IndexIncompatible    the index was made by another version of newsearch
    ├── IndexCorrupt         a file of the index is damaged or is not ours
    ├── NotReady             what the search needs is still being computed: ask again later
    ├── StaleBuild           a compiled part of newsearch is not of this version
    ├── GateFailed           a new generation does not pass the checks that guard the index
    └── EngineError          the engine, or one of its dependencies, failed
        └── StorageError     the disk refused: it is full, read-only, or failing

A message is one line: what is wrong, with the file, field or position, and what to do next. Whatever cannot be printed,
such as a line end or an odd byte in the name of a file, is escaped: the advice must not name another file. Passwords
and tokens in the address of a source are masked.
"""

from __future__ import annotations

import errno
import os

_Path = str | os.PathLike[str]


class NewsearchError(Exception):
    """The root of the tree: catch this one to catch them all."""

    def __str__(self) -> str:
        return _printable(super().__str__())


class QueryError(NewsearchError):
    """A query or a search option that cannot be used as it stands."""


class SourceError(NewsearchError):
    """A source that cannot be read, or one broken article in it.

    Attributes:
        location: the file, with the line or record number where there is one; an address without its secrets.
        reason: what is wrong, without the location.
        hides_articles: the source has, or may have, more articles, which could not be read because of this.
        id: the id of the broken article; empty if it is unknown.
    """

    def __init__(self, location: str, reason: str, hides_articles: bool = False, id: str = "") -> None:
        location = without_secrets(location)
        super().__init__(location, reason, hides_articles, id)
        self.location = location
        self.reason = reason
        self.hides_articles = hides_articles
        self.id = id

    def __str__(self) -> str:
        return _printable(f"{self.location}: {self.reason}")


class SavedSearchError(NewsearchError):
    """One saved search that cannot be used, or what was delivered for it; the others in the file can.

    Attributes:
        path: the file.
        name: of the search; empty if it has none that can be used.
        number: of the search in the file, from 1; 0 if it is unknown.
        reason: what is wrong, without the file and the search.
    """

    def __init__(self, path: _Path, name: str, reason: str, number: int = 0) -> None:
        super().__init__(path, name, reason, number)
        self.path = path
        self.name = name
        self.number = number
        self.reason = reason

    def __str__(self) -> str:
        number = f" {self.number}" if self.number else ""
        name = f" ({self.name})" if self.name else ""
        return _printable(f"{self.path}: search{number}{name}: {self.reason}")


class WordListError(NewsearchError):
    """A file of synonyms or of protected words that cannot be used; the message names the file and the line."""


class IndexMissing(NewsearchError):
    """There is no index at this place."""


class IndexLocked(NewsearchError):
    """Another process is writing to this index.

    Attributes:
        pid: the number of that process, on its own host; None where it did not say.
        host: the name of its host, or "".
        since: when it began, as ISO 8601 in UTC, or "".
    """

    def __init__(self, message: str, pid: int | None = None, host: str = "", since: str = "") -> None:
        super().__init__(message)
        self.pid = pid
        self.host = host
        self.since = since


class IndexIncompatible(NewsearchError):
    """The index was made by another version of newsearch, and has to be built again.

    Attributes:
        path: the file that says so.
        found: its version, as it stands there; of the format, or of the analysis.
        supported: the version that this newsearch reads and writes.
    """

    def __init__(
        self,
        path: _Path,
        found: object,
        supported: int,
        what: str = "format",
        advice: str = "run `newsearch reindex`",
    ) -> None:
        super().__init__(path, found, supported, what, advice)
        self.path = path
        self.found = found
        self.supported = supported
        self._what = what
        self._advice = advice

    def __str__(self) -> str:
        newer = isinstance(self.found, int) and self.found > self.supported
        return _printable(
            f"{self.path}: made by {'a newer' if newer else 'another'} newsearch ({self._what} {self.found!r:.20}, this"
            f" one has {self.supported}); {'update newsearch, or ' if newer else ''}{self._advice}"
        )


class IndexCorrupt(NewsearchError):
    """A file of the index is damaged, or was not written by newsearch.

    Attributes:
        path: the file.
        reason: what is wrong with it.
    """

    def __init__(self, path: _Path, reason: str, advice: str = "run `newsearch reindex`") -> None:
        super().__init__(path, reason, advice)
        self.path = path
        self.reason = reason
        self._advice = advice

    def __str__(self) -> str:
        return _printable(f"{self.path}: {self.reason}; {self._advice}")


class StaleBuild(NewsearchError):
    """A compiled module of newsearch was built from other sources than those that stand here; install it again."""


class NotReady(NewsearchError):
    """What a search needs is still being computed by another thread; the same search can be answered later."""


class GateFailed(NewsearchError):
    """A new generation of an index does not pass its gate, or the gate cannot be read; the index is as it was."""


class EngineError(NewsearchError):
    """The engine, or one of its dependencies, failed."""


class StorageError(EngineError):
    """The disk, or its file system, refused to read or to write.

    Attributes:
        path: the file or directory.
        errno: the system's number of the error (see the module errno), or None.
    """

    def __init__(self, path: _Path, failed: str, error: OSError) -> None:
        super().__init__(path, failed, error)
        self.path = path
        self.errno = error.errno
        self._failed = failed
        self._reason = error.strerror or str(error)

    def __str__(self) -> str:
        advice = _ADVICE.get(self.errno or 0, "")
        message = f"{self.path}: {self._failed}: {self._reason}"
        return _printable(f"{message}; {advice}" if advice else message)


_FULL = "free some disk space and try again"
_CLOSED = "use an account with permission, or another directory"
_ADVICE = {
    errno.ENOSPC: _FULL,
    getattr(errno, "EDQUOT", errno.ENOSPC): _FULL,  # which Windows does not have
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
    errno.EIO: "the disk may be failing: keep a backup elsewhere",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or run `newsearch compact`",
}


def without_secrets(address: str) -> str:
    """A web address as it may be shown: its user and password are masked, and parameters that hold a secret.

    Other text, such as a path, is returned as it is.
    """
    scheme, sign, rest = address.partition("://")
    if not (sign and scheme.isalnum()):
        return address
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    host, tail = rest[:end], rest[end:]
    _, colon, port = host.rpartition(":")
    if "@" in host:
        host = f"{_MASK}@{host.rpartition('@')[2]}"
    elif "@" in tail and colon and port and not port.isdecimal() and not port.endswith("]"):
        # What looks like the host is the user, and the password has a "/", "?" or "#" that is not escaped.
        host, tail = f"{_MASK}@", tail.rpartition("@")[2]
    path, sign, query = tail.partition("?")
    return f"{scheme}://{host}{path}{sign}{'&'.join(map(_masked, query.split('&')))}"


_MASK = "***"
_SECRET_NAMES = ("auth", "authorization", "hmac", "jwt", "pass", "pwd", "sid", "sig")
_SECRET_ENDS = ("key", "token", "secret", "password", "passwd", "signature", "credential")
"""How the names of parameters with secrets end: key, apikey, api-key, access_token, X-Amz-Signature."""


def _masked(parameter: str) -> str:
    name, _, value = parameter.partition("=")
    plain = name.lower()
    if "%" in name:
        from urllib.parse import unquote  # rarely needed

        plain = unquote(name).lower()
    if not value or not (plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDS)):
        return parameter
    _, sign, fragment = value.partition("#")
    return f"{name}={_MASK}{sign}{fragment}"


def _printable(message: str) -> str:
    if message.isprintable():
        return message
    return "".join(c if c.isprintable() else _escaped(c) for c in message)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no character, as Python decodes it
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def json_problem(error: ValueError | RecursionError) -> str:
    """What is wrong with a text that `json.loads` refused, in the same words under every release of Python."""
    from json import JSONDecodeError

    if isinstance(error, JSONDecodeError):
        line = f"line {error.lineno} " if error.lineno > 1 else ""
        return f"not JSON at {line}column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"not {error.encoding.upper()}: byte {error.start}"
    if isinstance(error, RecursionError):
        return "not usable JSON: nested too deeply"
    return "not usable JSON: an integer of thousands of digits"
