"""HTML -> a page's metadata, and the text of its article without menus, teasers and footers.

The text is found as in browsers' reader views: the block with most text in paragraphs outside of links, without the
parts that do not belong to an article.
"""

from __future__ import annotations

import re
from typing import Any, Final

from newsearch.sources.html_bounds import bounded
from newsearch.sources.xml_tree import decoded

_SEEN_DEPTH: Final = 400
"""Levels of nesting from which text is read; no real page needs fifty."""

_MAX_EFFORT: Final = 100_000_000
"""Characters that are examined to find the text and to separate it from clutter; everything beyond counts as text."""

_OF_PIECE: Final = 30
"""As many characters take as long as one more piece of text."""

_OF_ELEMENT: Final = 100
"""As many characters take as long as one more element."""


def page_of(data: bytes, address: str = "") -> dict[str, Any]:
    """Parse a page, and return the input of `vocabularies.web_page`.

    Args:
        data: the file.
        address: the URL it was fetched from.

    Raises:
        ImportError: selectolax is not installed.
        TooIntricate: it would take far too long.
    """
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(bounded(decoded(data)))
    root = tree.root
    page: dict[str, Any] = {"address": address, "meta": [], "json_ld": [], "microdata": {}}
    texts = _Texts()
    if root is None:
        return page
    html = tree.css_first("html")
    page["lang"] = (
        (html.attributes.get("lang") or html.attributes.get("xml:lang") or "").strip() if html else ""
    )
    for node in tree.css("meta"):
        attributes: dict[str, Any] = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("http-equiv") or ""
        if name and attributes.get("content"):
            page["meta"].append((name, attributes["content"]))
        if attributes.get("itemprop") and attributes.get("content"):
            page["microdata"].setdefault(attributes["itemprop"], []).append(attributes["content"])
    for node in tree.css('script[type="application/ld+json"]'):
        page["json_ld"].append(node.text(deep=True) or "")
    page["has_article"] = tree.css_first("article") is not None
    if link := tree.css_first('link[rel="canonical"]'):
        page["canonical"] = link.attributes.get("href") or ""
    if title := tree.css_first("head title, title"):
        page["title"] = title.text()
    for node in tree.css("[itemprop]"):
        name = node.attributes.get("itemprop") or ""
        if node.tag != "meta" and name in _PROPERTIES:
            inner = node.css_first('[itemprop~="name"]') if name in ("author", "publisher") else None
            inner = inner if inner is not None else node
            value = inner.attributes.get("datetime") or inner.attributes.get("content") or texts.line(inner)
            page["microdata"].setdefault(name, []).append(value)
    page["times"] = [
        node.attributes.get("datetime") or ""
        for node in tree.css(
            "time[pubdate], article header time[datetime], article time[datetime], main time[datetime]"
        )
    ][:1]
    page["authors"] = [
        texts.line(node)
        for node in tree.css('a[rel~="author"], [class~="author-name"], [class~="byline-author"]')[:3]
    ]
    if not page["authors"]:
        page["authors"] = [
            texts.line(node) for node in tree.css('[class~="byline"], [class~="author"], [id="author"]')[:1]
        ]
    page["authors"] = [name for name in page["authors"] if 2 < len(name) < 60 and "@" not in name]
    body = tree.body
    if body is not None:
        # All queries on the whole page are done. From here on, it is cut down to its text.
        for node in tree.css(_NO_TEXT):
            node.decompose()
        main = _main(body, texts)
        page["headings"] = [texts.line(node)[:_LONGEST_HEADING] for node in tree.css("h1")[:_MAX_HEADINGS]]
        page["text"] = _text(main, texts)
    return page


_PROPERTIES: Final = frozenset(
    "headline datePublished dateModified author publisher description keywords".split()
)
_NO_TEXT: Final = """script, style, noscript, template, svg, iframe, form, nav, footer, aside, button, select, input,
    figure figcaption, dialog, [hidden], [aria-hidden="true"], [role="navigation"], [role="complementary"],
    [role="contentinfo"], [role="banner"]"""
_UNLIKELY: Final = re.compile(
    r"(?<![a-z])(?:comments?|commentlist|disqus|footer|sidebar|side-bar|related|recommend\w*|newsletter|subscribe\w*|signup"
    r"|social|share|sharing|promo\w*|sponsor\w*|advert\w*|ads?|banner|cookie\w*|consent|breadcrumbs?|menu|nav|navigation"
    r"|popup|modal|paywall|teaser\w*"
    r"|read-?more|more-stories|outbrain|taboola|widget|tags|byline|metadata|meta|author-?bio|toolbar|pagination|login"
    r"|legal|copyright|disclaimer|next-?(?:post|story|article)[\w-]*|most-(?:read|popular)|trending"
    r"|hide-print|no-?print|d-print-none|print-hidden|sr-only|visually-?hidden|screen-reader-text)(?![a-z])",
    re.IGNORECASE,
)
_LIKELY: Final = re.compile(
    r"article|body|content|entry|main|(?<!next-)post|story(?!\w)|text|layout|wrapper|container|with-|has-",
    re.IGNORECASE,
)
_BODY: Final = re.compile(r"(?:article|entry|post|story|page)[-_]*(?:body|content|text)", re.IGNORECASE)
_PARAGRAPHS: Final = frozenset("p pre blockquote li dd td".split())
_BLOCKS: Final = frozenset(
    """p div section article main h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre table tr td th figure figcaption br
    hr header address center""".split()
)
_INLINE: Final = frozenset("b em i strong span font small q abbr cite code".split())
_MIN_PARAGRAPH: Final = 25
_MIN_OWN: Final = 140


_MAX_HEADINGS: Final = 100
_LONGEST_HEADING: Final = 1000
"""Characters of a heading that may be the title."""


class _Texts:
    """The texts of elements, as long as finding them does not take too long; then they are empty.

    Attributes:
        left: the characters that may still be examined.
    """

    def __init__(self) -> None:
        self.left = _MAX_EFFORT
        self._lengths: dict[int, int] = {}

    def of(self, node: Any) -> str:
        """The text of an element as it is."""
        if self.left < 0:
            return ""
        pieces = node.text(deep=True, separator="\0") or ""  # which no page has: decoding leaves it out
        self.left -= len(pieces) + _OF_PIECE * pieces.count("\0") + _OF_ELEMENT
        return pieces.replace("\0", "")

    def line(self, node: Any) -> str:
        """The text of an element as one line."""
        return " ".join(self.of(node).split())

    def length(self, node: Any) -> int:
        """The length of the line of an element that is asked for again and again, and does not change meanwhile."""
        key = node.mem_id
        if key not in self._lengths:
            self._lengths[key] = len(self.line(node))
        return self._lengths[key]


def _names(node: Any) -> str:
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}"


def _main(body: Any, texts: _Texts) -> Any:
    """The element that contains the article."""
    for selector in ('[itemprop="articleBody"]', '[itemprop~="articleBody"]'):
        lengths = [(len(texts.line(node)), node) for node in body.css(selector)]
        length, node = max(lengths, key=lambda pair: pair[0], default=(0, None))
        if length > 200:
            return node
    scores: dict[int, float] = {}
    nodes: dict[int, Any] = {}
    much = 0.7 * len(texts.line(body))
    for paragraph in body.css("p, pre, blockquote, td, div, section, article"):
        if texts.left < 0:
            break
        is_block = paragraph.tag not in _PARAGRAPHS or paragraph.tag == "td"
        text = _own_text(paragraph, texts) if is_block else texts.line(paragraph)
        linked = 0 if is_block else sum(len(texts.line(link)) for link in paragraph.css("a"))
        weight = len(text) - 2 * linked
        if (
            len(text) < (_MIN_OWN if is_block else _MIN_PARAGRAPH)
            or weight <= 0
            or _is_aside(paragraph, much, texts)
        ):
            continue
        share, parent = 1.0, paragraph if is_block else paragraph.parent
        for _ in range(4):
            if parent is None or parent.tag in ("html", "-undef"):
                break
            key = parent.mem_id
            nodes[key] = parent
            scores[key] = scores.get(key, 0.0) + weight * share
            share, parent = share * 0.6, parent.parent
    if not scores:
        return body
    for key, node in nodes.items():
        names = _names(node)
        if _LIKELY.search(names) or node.tag in ("article", "main"):
            scores[key] *= 1.2
        if _UNLIKELY.search(names) and not _LIKELY.search(names):
            scores[key] *= 0.4
    return nodes[max(scores, key=scores.__getitem__)]


def _own_text(node: Any, texts: _Texts) -> str:
    """The text directly inside an element, for pages that separate paragraphs with line breaks."""
    pieces = []
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            pieces.append(child.text(deep=False) or "")
        elif child.tag in _INLINE:
            pieces.append(texts.of(child))
    return " ".join("".join(pieces).split())


def _is_aside(node: Any, much: float, texts: _Texts) -> bool:
    """Whether the name of an element, or of one around it, marks it as not part of an article.

    An element with much of the page's text is never an aside, whatever its name.
    """
    for _ in range(8):
        if node is None or node.tag in ("body", "html"):
            return False
        names = _names(node)
        if len(names) > 1 and _UNLIKELY.search(names) and not _LIKELY.search(names):
            return texts.length(node) < much and texts.left >= 0
        node = node.parent
    return False


def _text(main: Any, texts: _Texts) -> str:
    """The text of an element, one paragraph per line, without blocks that are asides or contain mostly links."""
    cutter = _Cutter(0.35 * len(texts.line(main)), texts)
    lines = (" ".join(line.split()) for line in "".join(cutter.pieces(main)).split("\n"))
    return "\n\n".join(line for line in lines if line)


class _Cutter:
    """Separates the text in an element from the clutter in it.

    Args:
        much: characters; an element with more is not clutter, whatever its name.
    """

    def __init__(self, much: float, texts: _Texts) -> None:
        self._much = much
        self._texts = texts

    def pieces(self, node: Any) -> list[str]:
        """The pieces of text in an element, with line feeds around blocks."""
        found: list[str] = []
        self._gather(node, found, 0)
        return found

    def _gather(self, node: Any, found: list[str], depth: int) -> None:
        if depth > _SEEN_DEPTH:
            return
        for child in node.iter(include_text=True):
            tag = child.tag
            if tag == "-text":
                found.append(" ".join(f"x{child.text(deep=False) or ''}x".split())[1:-1])
                continue
            if tag.startswith("-") or tag in ("script", "style"):
                continue
            is_block = tag in _BLOCKS
            if is_block and tag not in ("p", "br") and self._is_clutter(child):
                continue
            if is_block:
                found.append("\n")
            self._gather(child, found, depth + 1)
            if is_block:
                found.append("\n")

    def _is_clutter(self, node: Any) -> bool:
        line = self._texts.line
        names = _names(node)
        text = len(line(node))
        if self._texts.left < 0:
            return False
        if len(names) > 1 and text < self._much and _UNLIKELY.search(names) and not _BODY.search(names):
            return True
        if node.tag not in ("ul", "ol", "div", "section", "table"):
            return False
        linked = sum(len(line(link)) for link in node.css("a"))
        return bool(text) and linked > 0.7 * text and not any(len(line(p)) > 80 for p in node.css("p"))
