"""Cleaning and canonical forms of web addresses."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from newsearch._patterns import pattern

MAX_URL_LENGTH: Final = 4096
"""Characters; a longer URL is dropped."""


def clean_url(value: object) -> str | None:
    """Give an http or https URL without spaces or control characters, or None if `value` is not one.

    Inner spaces of any width are percent-encoded, and `&amp;` is read as `&`. The rest is unchanged: this URL is for
    following, and `canonical_url` for comparing.
    """
    if not isinstance(value, str):
        return None
    if (
        value.startswith("https://")
        and value.isprintable()
        and " " not in value
        and "&amp;" not in value
        and len(value) <= MAX_URL_LENGTH
        and value[8:9].isalnum()
    ):
        return value
    url = value.strip()
    if " " in url:
        url = url.replace(" ", "%20")
    if not url.isprintable():
        url = _WIDE_SPACE.sub(lambda space: "".join(f"%{byte:02X}" for byte in space[0].encode()), url)
    if "&amp;" in url:
        url = _AMPERSAND.sub("&", url)
    if len(url) > MAX_URL_LENGTH or not url.isprintable() or not _URL.match(url):
        return None
    return url


@lru_cache(maxsize=1024)
def canonical_url(url: str) -> str:
    """Give the canonical form of a URL. Articles with the same canonical URL are the same article.

    The scheme is https. The host is in lower case, without the default port of the scheme. The fragment, tracking
    parameters (`utm_*`, `fbclid`, ...) and a slash at the end of the path are removed. Percent-encoding follows RFC
    3986 (6.2.2): letters, digits and `-._~` are not encoded, non-ASCII characters are, and hexadecimal digits are in
    upper case. A text that is not an http or https URL is returned unchanged.
    """
    if _CANONICAL.fullmatch(url):
        return url
    parts = _PARTS.match(url)
    if parts is None:
        return url
    port = parts["port"] if parts["port"] not in (":", ":80", ":443") else ""
    wanted = [item for item in _encoded(parts["query"]).split("&") if item and not _TRACKING.match(item)]
    query = "?" + "&".join(wanted) if wanted else ""
    return f"https://{parts['host'].lower()}{port}{_encoded(parts['path']).rstrip('/')}{query}"


def _encoded(text: str) -> str:
    if "%" in text:
        text = _PERCENT.sub(_normal_percent, text)
    if not text.isascii():
        text = _NOT_ASCII.sub(_percent, text)
    return text


def _normal_percent(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    if character.isascii() and (character.isalnum() or character in "-._~"):
        return character
    return found[0].upper()


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


# Not after a stray percent sign, which the decoded character could complete.
_PERCENT: Final = pattern(r"(?<!%)(?<!%[0-9A-Fa-f])%([0-9A-Fa-f]{2})")
_NOT_ASCII: Final = pattern(r"[^\x00-\x7f]+")


def like_addresses(url: str) -> tuple[str, ...]:
    """Give the canonical forms that a typed URL may refer to: its own, and the form with or without `www.`.

    Nearly every site responds to both. The identity of articles depends on `canonical_url` alone.
    """
    canonical = canonical_url(url)
    if not canonical.startswith("https://"):
        return (canonical,)
    host = canonical.removeprefix("https://")
    other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    return canonical, f"https://{other}"


_URL: Final = pattern(r"https?://[^\s/?#]", re.IGNORECASE)


_PARTS: Final = pattern(
    r"https?://(?P<host>[^\s/?#:@\[\]]+?)\.*(?P<port>(?::[0-9]*)?)"
    r"(?P<path>(?:/[^\s?#]*)?)(?:\?|(?=#|\Z))(?P<query>[^\s#]*)(?:#\S*)?\Z",
    re.IGNORECASE,
)


# The characters of ASCII but %, ? and #
_CANONICAL: Final = pattern(r"""https://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[!"$&->@-~]*[!"$&-.0->@-~])?""")


_TRACKING: Final = pattern(
    r"(?:utm_\w*|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|mkt_tok|_g[al])(?:=|\Z)", re.IGNORECASE
)


_AMPERSAND: Final = pattern(r"&(?:amp;)+")
_WIDE_SPACE: Final = pattern("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def host_of(text: str) -> str:
    """The host of the first address in a text, without `www.`, in lower case; empty if there is none."""
    match = _HOST.search(text)
    return match[1].lower().rstrip(".") if match else ""


def typed_host(text: str) -> str:
    """The host of a domain or an address as people type it, without `www.`, case folded; empty if it has none."""
    from urllib.parse import urlsplit  # slow to import, and few queries need it

    text = text.strip().casefold()
    try:
        host = urlsplit(text).hostname if "//" in text else text.split("/")[0]
    except ValueError:
        # An invalid URL such as "http://[" has no host.
        return ""
    return (host or "").removeprefix("www.").strip(".")


HOST_NAME = pattern(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,18}", re.IGNORECASE)
"""A name with dots that can be a host, such as cnn.com."""

_HOST = pattern(r"https?://(?:[^/?#@\s]*@)?(?:www\.)?([^/?#:@\s]+)", re.IGNORECASE)
