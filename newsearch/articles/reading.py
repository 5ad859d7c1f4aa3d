"""Records -> articles: the one place that normalises what sources supply.

If `_reading.c` was compiled, it makes the articles of ordinary records, in a tenth of the time. All other articles
are made here. Both give the same result.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from math import isfinite
from typing import Any, Final

from newsearch._compiled import compiled
from newsearch.articles.article import Article, Draft
from newsearch.articles.dates import is_day_first
from newsearch.articles.extra import AMBIGUOUS, extra
from newsearch.articles.history import versions
from newsearch.articles.parts import (
    KNOWN_PROVIDERS,
    KNOWN_TOPICS,
    first_of,
    images_of,
    is_collection,
    is_something,
    line_of,
    name_of,
    provider_of,
    topics_of,
    usual_provider_of,
)
from newsearch.articles.values import (
    LARGEST_SIGNAL,
    NEWEST_YEAR,
    OLDEST_YEAR,
    Unusable,
    as_list,
    as_text,
    authors,
    certain_moment,
    date_in_name,
    language,
    published,
    signal,
)
from newsearch.articles.vocabularies import SIGNS, Keys, Vocabulary, recognised, site
from newsearch.articles.vocabularies.names import is_endless
from newsearch.errors import SourceError
from newsearch.text.addresses import MAX_URL_LENGTH, canonical_url, clean_url
from newsearch.text.clean import clean_body, clean_text


def article_from_mapping(
    mapping: Mapping[str, Any],
    *,
    id: str,
    body: str = "",
    location: str = "",
    day_first: bool | None = None,
) -> Article:
    """Make an Article from a record of the format: YAML front matter, JSON, the feed's form or BEIR's.

    All text is cleaned: entities decoded, tags and invisible characters removed, NFC, whitespace folded.
    A null is the same as an absent value. Values with a clear meaning are converted: numbers and booleans to text and
    the reverse, one topic without a list, a provider that is only a name, an image that is only a URL.

    An unusable value in one of these fields is an error, because they decide what an article is and where it ranks:
    title (also if absent or empty, except for a record with its body under `text`, as in BEIR), published, heat and
    quality. An unusable value elsewhere goes to `extra`, under `unusable` and its key: a date that cannot be read,
    a URL that is not http or https, an image without a URL, a related article without a title, a list instead of
    a text. Two levels of related articles are kept. A width or height that is not a positive number is unknown.

    Dates without a zone are UTC. `03/04/2020` is the 3rd of April if the record's language or `day_first` says that
    the day comes first; otherwise it is the 4th of March, and `extra` names its key under `ambiguous`. If there is no
    date, one under `published` or at the start of the id's last part is used. The body is `body`, or else the
    record's value under body, content or text. The first of `categories` is the category. `tags` are topics, and so
    are the parts of one text with commas. Other common names of keys are read: see `vocabularies.site`. `secured` is
    never kept. Other keys go to `extra`, limited to 6 levels of depth and 64 Ki characters.

    Args:
        mapping: the record.
        id: the article's id; a `path` or `id` in the record is ignored.
        body: the text under the front matter.
        location: file and line for error messages, by default the id.
        day_first: whether `03/04/2020` is the 3rd of April; None to decide by the language of the article.

    Raises:
        SourceError: the record is not a usable article; the reason names the field.
    """
    try:
        is_draft = "_drafts/" in id
        if not is_draft and (article := _read(mapping, id, body)):
            return article
        if isinstance(mapping, Mapping) and (
            is_draft
            or not mapping.get("title")
            or not mapping.get("publishedDateTime")
            or not site.FOREIGN.isdisjoint(mapping)
        ):
            mapping = site.read(mapping, {"name": id, "body": body}).done()
        return _article(mapping, id, body, depth=0, day_first=day_first)
    except Unusable as problem:
        raise SourceError(location or id, str(problem)) from None


def article_from_record(
    record: object,
    location: str,
    name: str,
    number: int,
    *,
    document: Mapping[str, Any] | None = None,
    vocabulary: Vocabulary | None = None,
    day_first: bool | None = None,
) -> Article:
    """Make an Article from one JSON record of a file, with the record's id.

    The id is the record's path, id or _id, else its canonical URL, else `name#` and a hash of its content.

    Args:
        location: of the file, for error messages, with the sign that precedes the number.
        name: of the file.
        number: of the record in it.
        document: the object around the record.
        vocabulary: of the record; detected by default.

    Raises:
        SourceError: the record is not a usable article.
    """
    try:
        if not vocabulary and (article := _read(record, None, "")):
            return article
        if not isinstance(record, Mapping):
            raise Unusable(f"an article is a JSON object, not {_JSON_NAMES.get(type(record), 'a value')}")
        record = in_our_keys(record, document or {}, vocabulary)
        return _article(record, _record_id(record, name), "", depth=0, name=name, day_first=day_first)
    except Unusable as problem:
        id = _record_id(record, name) if isinstance(record, Mapping) else ""
        raise SourceError(f"{location}{number}", str(problem), id=id) from None


def article_from_keys(
    keys: Keys, location: str, name: str, *, id: str = "", day_first: bool | None = None
) -> Article:
    """Make an Article from what a vocabulary has read.

    Args:
        location: file and position, for error messages.
        name: of the file.
        id: of the article; by default that of the record.

    Raises:
        SourceError: the record is not a usable article.
    """
    try:
        record = _done(keys)
        id = id or _record_id(record, name)
        return _article(record, id, "", depth=0, name=name, day_first=day_first)
    except Unusable as problem:
        raise SourceError(location, str(problem), id=id) from None


def in_our_keys(
    record: Mapping[str, Any], document: Mapping[str, Any], vocabulary: Vocabulary | None = None
) -> Mapping[str, Any]:
    """Convert a record of any vocabulary to our keys.

    Raises:
        Unusable: it is no article.
    """
    vocabulary = vocabulary or recognised(record)
    if vocabulary:
        return _done(vocabulary.read(record, document))
    return record if site.FOREIGN.isdisjoint(record) else site.read(record, document).done()


def _done(keys: Keys) -> dict[str, Any]:
    """The record that a vocabulary has read. Raises Unusable if it is no article."""
    if keys.refusal:
        raise Unusable(keys.refusal)
    return keys.done()


def articles_of_plain_records(
    lines: Sequence[object], parse: Callable[[bytes], object]
) -> Sequence[Article | None]:
    """Make articles from lines of JSON in the fast way: for each line its article, or None if that is not possible."""
    return _reader.read_lines(lines, parse) if _reader else [None] * len(lines)


_JSON_NAMES: Final = {
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _record_id(record: Mapping[str, Any], source: str) -> str:
    """The record's own id: a name, the guid of a feed, or the canonical form of its address; otherwise ""."""
    get = record.get
    for name in (get("path"), get("id"), get("_id")):
        if isinstance(name, float) and isfinite(name):  # tables write 7 as 7.0 if another row has no number
            return str(int(name) if name.is_integer() else name)
        if name != "" and name is not False and isinstance(name, str | int) and not is_endless(name):
            return _clean_id(str(name))  # a number may be 0
    url = clean_url(get("webUrl")) or clean_url(get("originalUrl")) or clean_url(get("ampWebUrl"))
    guid = get("guid")
    if isinstance(guid, str) and guid.strip():
        if address := clean_url(guid):
            place, sign, part = address.partition("#")  # some feeds link to parts of one page
            return canonical_url(place) + sign + part
        # A number or a short name is unique only within its feed.
        provider = get("provider")
        domain = provider.get("domain") if isinstance(provider, Mapping) else ""
        return _clean_id(guid if ":" in guid else f"{domain or source}#{guid.strip()}")
    return canonical_url(url) if url else ""


def _content_id(name: str, draft: Any) -> str:
    """The id of an article without any; articles with the same content get the same id."""
    date = draft.date.isoformat() if draft.date else ""
    content = "\0".join((draft.title, date, draft.excerpt, draft.body)).encode("utf-8", "surrogatepass")
    return f"{name}#{blake2b(content, digest_size=8).hexdigest()}"


OTHER_NAMES: Final = {
    "id": "path",
    "_id": "path",
    "content": "body",
    "text": "body",
    "tags": "topics",
    "categories": "category",
    "lang": "locale",
    "language": "locale",
}
"""Keys that the records of articles may have beside our own, and our keys for them."""

_KNOWN: Final = frozenset(
    [
        *OTHER_NAMES,
        "path",
        "category",
        "title",
        "excerpt",
        "publishedDateTime",
        "originalUrl",
        "webUrl",
        "type",
        "quality",
        "heat",
        "published",
        "provider",
        "topics",
        "body",
        "ampWebUrl",
        "cdnAmpWebUrl",
        "locale",
        "images",
        "related",
        "secured",
        "authors",
        "modified",
        "guid",
    ]
)
_MAX_RELATED_DEPTH: Final = 2


def _article(
    mapping: Mapping[str, Any],
    id: str,
    body: str,
    depth: int,
    name: str = "",
    day_first: bool | None = None,
) -> Article:
    if not isinstance(mapping, dict) and not isinstance(mapping, Mapping):  # the latter is slow
        raise Unusable("not a mapping of keys to values")
    get = mapping.get
    body = body or as_text(get("body") or get("content") or get("text"))
    original_url, web_url = get("originalUrl"), get("webUrl")
    is_visible, since = published(get("published"))
    draft: Any = Draft()
    draft.id = id
    draft.body = body = clean_body(body) if body else ""
    draft.title = _title(get("title"), may_be_empty=body != "" and "text" in mapping)
    draft.excerpt = line_of(get("excerpt"))
    draft.topics = topics_of(get("topics"), get("tags"))
    draft.original_url = clean = clean_url(original_url)
    draft.web_url = clean if web_url == original_url else clean_url(web_url)
    draft.category = line_of(get("category")) or first_of(get("categories"))
    draft.type = line_of(get("type")) or "article"
    draft.quality = signal(get("quality"), "quality")
    draft.heat = signal(get("heat"), "heat")
    draft.published = is_visible
    draft.provider, bad_provider = provider_of(get("provider"))
    unusable = {key: get(key) for key in _TEXTS if is_collection(get(key))}
    if day_first is None:
        day_first = is_day_first(language(get("locale") or get("lang") or get("language")))
    ambiguous: list[str] = []
    stated = _date("publishedDateTime", get("publishedDateTime"), day_first, unusable, ambiguous)
    draft.date = stated or since or date_in_name(id or name)
    if name and not id:
        draft.id = _content_id(name, draft)
    for key, url in (("originalUrl", draft.original_url), ("webUrl", draft.web_url)):
        if url is None and is_something(get(key)):
            unusable[key] = get(key)
    for key in ("topics", "tags"):
        if nameless := [topic for topic in as_list(get(key)) if is_collection(topic) and not name_of(topic)]:
            unusable[key] = nameless
    if bad_provider is not None:
        unusable["provider"] = bad_provider
    _add_rare(draft, mapping, depth, unusable, ambiguous, day_first)
    draft.__class__ = Article
    article: Article = draft
    return article


def _date(
    key: str, value: object, day_first: bool | None, unusable: dict[str, Any], ambiguous: list[str]
) -> dt.datetime | dt.date | None:
    """A date, or None if it is unusable; problems are recorded."""
    try:
        when, is_ambiguous = certain_moment(value, key, day_first)
    except Unusable:
        unusable[key] = value
        return None
    if is_ambiguous:
        ambiguous.append(key)
    return when


def _usual_moment(value: object, key: str) -> dt.datetime | dt.date | None:
    """A date without any problem to report, or None."""
    try:
        when, is_ambiguous = certain_moment(value, key)
    except Unusable:
        return None
    return None if is_ambiguous else when


_TEXTS: Final = ("category", "excerpt", "type", "body", "content", "text")


def _add_rare(
    draft: Any,
    mapping: Mapping[str, Any],
    depth: int = 0,
    unusable: Mapping[str, Any] | None = None,
    ambiguous: Sequence[str] = (),
    day_first: bool | None = None,
) -> None:
    """Fill in the rare fields, and add their unusable values to those already found."""
    get, bad = mapping.get, dict(unusable or {})
    draft.amp_web_url = clean_url(get("ampWebUrl"))
    draft.cdn_amp_web_url = clean_url(get("cdnAmpWebUrl"))
    for key, url in (("ampWebUrl", draft.amp_web_url), ("cdnAmpWebUrl", draft.cdn_amp_web_url)):
        if url is None and is_something(get(key)):
            bad[key] = get(key)
    tag = get("locale") or get("lang") or get("language")
    draft.language = language(tag)
    if draft.language is None and is_something(tag):
        bad["locale"] = tag
    draft.images, bad_images = images_of(get("images"))
    draft.related, bad_related = _related(get("related"), depth)
    draft.authors = authors(get("authors"))
    if not draft.authors and is_something(get("authors")):
        bad["authors"] = get("authors")
    unclear = list(ambiguous)
    day_first = is_day_first(draft.language) if day_first is None else day_first
    draft.modified = _date("modified", get("modified"), day_first, bad, unclear)
    if bad_images:
        bad["images"] = bad_images
    if bad_related:
        bad["related"] = bad_related
    draft.history = ()
    if "history" in mapping and (history := versions(mapping["history"])):
        draft.history = history
        mapping = {key: value for key, value in mapping.items() if key != "history"}
    draft.extra = {} if not bad and _KNOWN.issuperset(mapping) else extra(mapping, _KNOWN, bad)
    if unclear:
        draft.extra[AMBIGUOUS] = unclear


def _title(value: object, may_be_empty: bool) -> str:
    title = line_of(value)
    if not title and not may_be_empty:
        raise Unusable("title is not a text" if isinstance(value, dict | list) and value else "no title")
    return title


def _related(value: object, depth: int) -> tuple[tuple[Article, ...], list[Any]]:
    """The related articles, and the values that are not articles."""
    if value is None or depth == _MAX_RELATED_DEPTH:
        return (), []
    related, bad = [], []
    for item in as_list(value):
        try:
            path = as_text(item.get("path")) if isinstance(item, dict) else ""
            related.append(_article(item, clean_text(path), "", depth + 1))
        except Unusable:
            if is_something(item):
                bad.append(item)
    return tuple(related), bad


def _clean_id(name: str) -> str:
    # An id is not prose: an export has a file name here, which keeps its spelling.
    return name if name.isprintable() and not name.isspace() else clean_text(name)


def _read(record: object, id: str | None, body: str) -> Article | None:
    """`_article` of a record if the fast way is possible; without an id, the record's id is used.

    Raises:
        Unusable: as `_article` does.
    """
    return _reader.read(record, id, body) if _reader else None


_CONSTANTS: Final = {
    "LARGEST_SIGNAL": LARGEST_SIGNAL,
    "OLDEST_YEAR": OLDEST_YEAR,
    "NEWEST_YEAR": NEWEST_YEAR,
    "MAX_URL_LENGTH": MAX_URL_LENGTH,
}

_reader: Any = None
if _twin := compiled(f"{__package__}._reading", _CONSTANTS):
    _reader = _twin.Reader(
        Draft,
        Article,
        KNOWN_TOPICS,
        KNOWN_PROVIDERS,
        topics_of,
        usual_provider_of,
        _add_rare,
        _clean_id,
        clean_text,
        clean_body,
        clean_url,
        canonical_url,
        _usual_moment,
        dt.datetime.fromisoformat,
        site.FOREIGN | SIGNS,
    )
