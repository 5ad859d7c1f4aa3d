"""A Markdown file: front matter, followed by the text of an article."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from newsearch.articles.article import Article
from newsearch.articles.reading import article_from_mapping
from newsearch.articles.vocabularies import site
from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions, Record
from newsearch.sources.files import GZIP_MAGIC, MAX_ARTICLE_SIZE, printable, read_bytes


def read_article(path: str | os.PathLike[str], *, id: str, day_first: bool | None = None) -> Article:
    """Read one Markdown file with front matter in YAML, TOML or JSON.

    Raises:
        SourceError: the file cannot be read, is not UTF-8, is too large, or is not a usable article.
    """
    location = printable(path)
    mapping, body = _parts(path, location)
    return article_from_mapping(mapping, id=id, body=body, location=location, day_first=day_first)


def records(path: Path, name: str, options: ReadingOptions) -> Iterator[Record | SourceError]:
    """Read a file, with the use of its keys.

    Raises:
        SourceError: it cannot be read.
    """
    mapping, body = _parts(path, printable(path))
    keys = site.read(mapping, {"name": name})
    if body.strip():
        keys.record["body"] = body
    yield Record("front-matter", keys, id=name)


def _parts(path: str | os.PathLike[str], location: str) -> tuple[dict[str, Any], str]:
    from newsearch.sources import front_matter  # imports yaml, which is only needed for Markdown

    data = read_bytes(path, MAX_ARTICLE_SIZE)
    try:
        return front_matter.parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        for encoding, marks in _MARKS:
            if data.startswith(marks):
                problem = f"{encoding}, not UTF-8; convert it: iconv -f {encoding} -t UTF-8"
                raise SourceError(location, problem) from error
        if data.startswith(GZIP_MAGIC):
            raise SourceError(
                location, "compressed, as Markdown must not be; decompress it: gunzip"
            ) from error
        raise SourceError(location, f"not UTF-8: byte {error.start}") from error
    except front_matter.FrontMatterError as error:
        raise SourceError(location, str(error)) from error


# The mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    ("UTF-32", (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)),
    ("UTF-16", (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)),
)
