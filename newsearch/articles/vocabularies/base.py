"""What the vocabularies share: the mapping of keys, and values with the same form in most formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from newsearch.articles.vocabularies.names import address, is_address, name_of, names_of, plain, split_names

__all__ = [
    "Keys",
    "Vocabulary",
    "address",
    "beginning",
    "domain_of",
    "first",
    "is_address",
    "is_empty",
    "name_of",
    "names_of",
    "plain",
    "provider",
    "split_names",
    "texts_of",
    "unique",
]


@dataclass(slots=True)
class Keys:
    """A record of another format that tracks the use of each of its keys.

    Attributes:
        source: the original record.
        record: the values taken until now, under our keys.
        fates: for each key that was looked up and found, our key, or "" if it is deliberately left out.
        spelt: the source's spelling of keys that `source` spells differently.
        refusal: why it is no article; empty if it may be one.
    """

    source: Mapping[str, Any]
    record: dict[str, Any] = field(default_factory=dict)
    fates: dict[str, str] = field(default_factory=dict)
    spelt: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""

    def take(self, ours: str, *names: str, read: Callable[[Any], Any] | None = None) -> Any:
        """Store the first value among these keys that is not empty, and return it.

        All of the keys count as used, because they are synonyms.

        Args:
            ours: the key it is stored under. An existing value is kept.
            read: converts the value; an empty result is skipped.
        """
        found = None
        for name in names:
            value = self.source.get(name)
            if is_empty(value):
                continue
            self.fates.setdefault(name, ours)
            if found is None:
                made = read(value) if read else value
                found = None if is_empty(made) else made
        if found is not None:
            self.record.setdefault(ours, found)
        return found

    def add(self, ours: str, *names: str, read: Callable[[Any], list[Any]]) -> None:
        """Append the result of `read` for each of these keys to a list."""
        for name in names:
            value = self.source.get(name)
            if is_empty(value):
                continue
            self.fates.setdefault(name, ours)
            known = self.record.setdefault(ours, [])
            known += [item for item in read(value) if item not in known]

    def leave(self, *names: str) -> None:
        """Mark keys as known but useless for search: sizes, counters, addresses of the interface."""
        for name in names:
            if name in self.source:
                self.fates.setdefault(name, "")

    def done(self) -> dict[str, Any]:
        """Return the record under our keys, with unused values under their own."""
        for name, value in self.source.items():
            # In a record with our own keys under other names, empty values are kept.
            is_nothing = value is None if self.spelt else is_empty(value)
            if name not in self.fates and not is_nothing:
                self.record.setdefault(_free(self.spelt.get(name, name), self.record), value)
        return self.record


def _free(name: str, record: Mapping[str, Any]) -> str:
    """A name for an unused key that differs from all our keys, and cannot be mistaken for one."""
    return f"_{name}" if name in OURS or name in record else name


OURS: Final = frozenset(
    """path id _id guid category categories title excerpt publishedDateTime modified originalUrl webUrl ampWebUrl
    cdnAmpWebUrl type quality heat published provider topics tags body content text locale lang language images
    related secured authors""".split()
)
"""The keys of an article's own record."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A way to describe an article.

    Attributes:
        name: as `--as` takes it.
        tells: returns whether a record uses this vocabulary.
        read: converts a record, with the values of the document around it, to our keys.
    """

    name: str
    tells: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any], Mapping[str, Any]], Keys]


def is_empty(value: object) -> bool:
    """Whether a value is empty; 0 and False are not."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {}, ())


def texts_of(value: object) -> list[str]:
    """The names in a list of texts or of objects with a name; one text with commas is split."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        return []
    return [name for name in map(name_of, value) if name]


def domain_of(url: object) -> str:
    """The host of an address, without `www.` and port; empty if it is not an address."""
    if not isinstance(url, str) or not is_address(url):
        return ""
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def absolute(link: str, home: str) -> str:
    """A link that begins with a slash, as an address on the site with this one; any other link as it is."""
    try:
        return urljoin(home, link) if link[:1] == "/" and address(home) else link
    except ValueError:
        return link


def provider(name: str, url: object = "") -> dict[str, str]:
    """The outlet for a name and an address; missing parts are left out."""
    parts = {"name": name, "domain": domain_of(url)}
    return {key: part for key, part in parts.items() if part}


def first(*values: Any) -> Any:
    """The first value that is not empty."""
    return next((value for value in values if not is_empty(value)), None)


def unique(values: Iterable[str]) -> list[str]:
    """The values without duplicates, in their order."""
    return list(dict.fromkeys(value for value in values if value))


_TITLE_LENGTH: Final = 80


def beginning(text: str) -> str:
    """The first words of a text, as the title of an article without one."""
    from newsearch.text.clean import clean_text
    from newsearch.text.places import end_of_word

    text = clean_text(text)
    return text if len(text) <= _TITLE_LENGTH else f"{text[: end_of_word(text, _TITLE_LENGTH)]}…"
