"""Topics, outlets and images of a record, whatever form they have there."""

from __future__ import annotations

from typing import Any, Final

from newsearch.articles.article import Image, Provider
from newsearch.articles.values import Unusable, as_list, as_text, signal
from newsearch.text.addresses import HOST_NAME, clean_url
from newsearch.text.clean import clean_text


def topics_of(topics: object, tags: object) -> tuple[str, ...]:
    """The topics under both keys, without duplicates."""
    if isinstance(topics, str) or isinstance(tags, str):
        topics, tags = _parted(topics), _parted(tags)
    values = topics if tags is None and isinstance(topics, list) else [*as_list(topics), *as_list(tags)]
    key = tuple(values)
    try:
        return KNOWN_TOPICS[key]
    except (KeyError, TypeError):
        names = tuple(dict.fromkeys(filter(None, map(name_of, values))))
        if all(isinstance(value, str) for value in key):
            _remember(KNOWN_TOPICS, key, names)
        return names


def _parted(value: object) -> object:
    """Split one text with commas into several topics."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) and "," in value else value


def provider_of(given: object) -> tuple[Provider | None, Any]:
    """The outlet, and its unusable parts; None if there are none."""
    value = given
    if value is None:
        return None, None
    if not isinstance(value, dict):
        value = {"name": next(iter(as_list(value)), None)}
    name, domain, images = value.get("name"), value.get("domain"), value.get("images")
    key = (name, domain)
    try:
        if not images:
            return KNOWN_PROVIDERS[key], None
    except (KeyError, TypeError):
        pass
    logos, bad_logos = images_of(images)
    title = line_of(name)
    provider = Provider(title, _domain(domain) or _named_domain(title), logos)
    if not (provider.name or provider.domain):
        is_empty = not any(map(is_something, as_list(given) if given is not value else value.values()))
        return None, None if is_empty else given
    if not images and isinstance(name, str) and isinstance(domain, str):
        _remember(KNOWN_PROVIDERS, key, provider)
    bad: dict[str, Any] = {"images": bad_logos} if bad_logos else {}
    bad |= {part: text for part, text in (("name", name), ("domain", domain)) if is_collection(text)}
    return provider, bad or None


def usual_provider_of(value: object) -> Any:
    """The outlet, or NotImplemented if some of it is unusable."""
    provider, bad = provider_of(value)
    return provider if bad is None else NotImplemented


# A collection has few providers and few sets of topics, and each occurs in very many articles.
KNOWN_TOPICS: Final[dict[tuple[Any, ...], tuple[str, ...]]] = {}
KNOWN_PROVIDERS: Final[dict[tuple[Any, ...], Provider]] = {}
_MAX_REMEMBERED: Final = 16384


def _remember(memory: dict[Any, Any], key: tuple[Any, ...], value: object) -> None:
    if sum(map(len, key)) < 200:
        if len(memory) >= _MAX_REMEMBERED:
            memory.clear()
        memory[key] = value


def line_of(value: object) -> str:
    """A text on one line, cleaned."""
    return clean_text(value if isinstance(value, str) else as_text(value))


def name_of(value: object) -> str:
    """A name, given alone or as an object with a `name`."""
    return line_of(value.get("name") if isinstance(value, dict) else value)


def first_of(categories: object) -> str:
    """The first name in a list, or ""."""
    return next(filter(None, map(name_of, as_list(categories))), "")


def _domain(value: object) -> str:
    domain = as_text(value).lower()
    host = domain.partition("//")[2] or domain  # some records have a whole URL here
    return clean_text(host.partition("/")[0])


_MAX_HOST: Final = 253


def _named_domain(name: str) -> str:
    """The domain that the name of an outlet is, as in `CNN.com`; empty for other names."""
    return name.lower().removeprefix("www.") if len(name) <= _MAX_HOST and HOST_NAME.fullmatch(name) else ""


def images_of(value: object) -> tuple[tuple[Image, ...], list[Any]]:
    """The images, and the values without a web URL."""
    if value is None:
        return (), []
    images, bad = [], []
    for item in as_list(value):
        fields = item if isinstance(item, dict) else {"url": item}
        if url := clean_url(fields.get("url")):
            is_cached = as_text(fields.get("isCached")).lower() == "true"
            images.append(Image(url, _pixels(fields.get("width")), _pixels(fields.get("height")), is_cached))
        elif is_something(item):
            bad.append(item)
    return tuple(images), bad


def _pixels(value: object) -> int | None:
    try:
        pixels = signal(value, "pixels")
    except Unusable:
        return None
    return int(pixels) if pixels and pixels >= 1 else None


def is_collection(value: object) -> bool:
    """Whether a value is a list or an object."""
    return isinstance(value, dict | list) and bool(value)


def is_something(value: object) -> bool:
    """Whether a value holds anything that would be lost."""
    return is_collection(value) or as_text(value).strip() != ""
