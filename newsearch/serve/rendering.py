"""Which template makes a page, and which files go with it?"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from newsearch.outputs.words import counted
from newsearch.serve.site import Site
from newsearch.text.clean import one_line

HTML = "text/html; charset=utf-8"

_HERE = Path(__file__).parent

STATIC = {
    "style.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def error_page(site: Site, status: int, heading: str, detail: str) -> str:
    """The page of an error."""
    return render(site, "error.html", status=status, heading=heading, detail=detail)


def render(site: Site, template: str, **values: Any) -> str:
    """A page, made by a template."""

    def asset(name: str) -> str:
        return site.url(f"/static/{name}?v={version_of(name)}")

    has_saved = site.settings.saved is not None
    return (
        _environment().get_template(template).render(url=site.url, asset=asset, has_saved=has_saved, **values)
    )


@cache
def drawn_by() -> str:
    """A value that changes whenever templates or files do."""
    digest = blake2b(digest_size=8)
    for path in sorted([*(_HERE / "templates").iterdir(), *(_HERE / "static").iterdir()]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def text_of(name: str) -> str:
    """A file of STATIC."""
    return (_HERE / "static" / name).read_text(encoding="utf-8")


@cache
def version_of(name: str) -> str:
    """A value that changes whenever a file of STATIC does."""
    return blake2b(text_of(name).encode(), digest_size=6).hexdigest()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=select_autoescape(default=True),
        auto_reload=False,  # it would look at the file of each template for each page
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["counted"] = counted
    environment.filters["line"] = one_line
    return environment
