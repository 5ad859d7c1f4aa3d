"""Other spellings of the formats than those of the samples: what specifications allow, and what programs write."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import newsearch
from newsearch.articles.article import Article
from newsearch.errors import SourceError
from newsearch.sources.base import ReadingOptions
from newsearch.sources.explaining import explained
from newsearch.sources.registry import open_source

pytest.importorskip("feedparser", reason="needs newsearch[feeds]")
pytest.importorskip("selectolax", reason="needs newsearch[pages]")
pytest.importorskip("warcio", reason="needs newsearch[web-archives]")


def read(directory: Path, name: str, content: object) -> list[Article | SourceError]:
    """What a file gives; the error of a file that cannot be read at all comes last."""
    path = directory / name
    path.write_bytes(
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    results: list[Article | SourceError] = []
    try:
        results += open_source(path).articles()
    except SourceError as error:
        results.append(error)
    return results


def values(article: Article | SourceError, names: dict[str, Any]) -> dict[str, Any]:
    """The values of an article under some names, with dates as text and the outlet's name."""
    assert isinstance(article, Article), article
    found = {name: getattr(article, name) for name in names}
    for name in ("date", "modified"):
        if found.get(name):
            found[name] = found[name].isoformat().replace("+00:00", "Z")
    if found.get("provider"):
        found["provider"] = found["provider"].name or found["provider"].domain
    if "images" in found:
        found["images"] = [image.url for image in found["images"]]
    return found


FILES: dict[str, tuple[object, list[dict[str, Any]]]] = {
    "ninjs1.json": (
        {
            "uri": "http://tag.wire.example/1",
            "type": "text",
            "mimetype": "text/html",
            "versioncreated": "2024-03-01T08:00:00+01:00",
            "firstcreated": "2024-03-01T07:00:00+01:00",
            "pubstatus": "usable",
            "headline": "Bridge reopens",
            "byline": "Ann Lee, Wire",
            "description_text": "Traffic flows.",
            "body_xhtml": "<div><p>One.</p><p>Two.</p></div>",
            "language": "en-GB",
            "subject": [{"code": "medtop:20000184", "name": "bridge"}],
            "located": "Rome",
        },
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Traffic flows.",
                "body": "One.\n\nTwo.",
                "date": "2024-03-01T06:00:00Z",
                "modified": "2024-03-01T07:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("bridge",),
                "language": "en-gb",
                "published": True,
            }
        ],
    ),
    "ninjs2.json": (
        {
            "uri": "urn:newsml:wire.example:2",
            "standard": {"name": "ninjs", "version": "2.0"},
            "type": "text",
            "versioncreated": "2024-03-01T08:00:00Z",
            "pubstatus": "withheld",
            "headlines": [{"role": "short", "value": "Bridge"}, {"role": "main", "value": "Bridge reopens"}],
            "descriptions": [{"role": "summary", "value": "Traffic flows."}],
            "bodies": [
                {"contenttype": "text/plain", "value": "One. Two."},
                {"contenttype": "text/html", "value": "<p>One.</p><p>Two.</p>"},
            ],
            "by": "Ann Lee",
            "subjects": [{"uri": "x", "name": "bridge"}],
            "language": "en",
            "infosources": [{"name": "Wire", "role": "provider"}],
            "people": [{"name": "X"}],
        },
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Traffic flows.",
                "body": "One.\n\nTwo.",
                "authors": ("Ann Lee",),
                "provider": "Wire",
                "published": False,
            }
        ],
    ),
    "ninjs3.json": (
        {
            "uri": "urn:3",
            "standard": {"name": "ninjs", "version": "3.0", "schema": "https://x"},
            "type": "composite",
            "versionCreated": "2024-03-01T08:00:00Z",
            "firstCreated": "2024-03-01T07:00:00Z",
            "pubStatus": "usable",
            "headlines": [{"value": "Bridge reopens"}],
            "bodies": [{"role": "main", "contentType": "text/html", "value": "<p>One.</p>"}],
            "bylines": [{"value": "By Ann Lee and Bob Ray"}],
            "by": "By Ann Lee and Bob Ray",
            "subjects": [{"name": "bridge", "literal": "b"}],
            "altIds": [{"role": "web", "value": "https://wire.example/3"}],
            "language": "en",
            "copyrightHolder": "Wire Ltd",
        },
        [
            {
                "title": "Bridge reopens",
                "authors": ("Ann Lee", "Bob Ray"),
                "url": "https://wire.example/3",
                "provider": "Wire Ltd",
                "extra": {},
            }
        ],
    ),
    "ninjs_list.json": (
        [
            {
                "uri": "urn:a",
                "headline": "A",
                "pubstatus": "usable",
                "versioncreated": "2024-03-01T08:00:00Z",
                "body_text": "x",
            },
            {
                "uri": "urn:b",
                "headline": "B",
                "pubstatus": "canceled",
                "versioncreated": "2024-03-01T08:00:00Z",
                "body_text": "y",
            },
        ],
        [{"title": "A", "published": True}, {"title": "B", "published": False}],
    ),
    "g2.xml": (
        """<?xml version="1.0" encoding="UTF-8"?><newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/">
<header><sent>2024-03-01T08:00:00Z</sent></header><itemSet>
<packageItem guid="urn:p" version="1"><itemMeta><itemClass qcode="ninat:composite"/></itemMeta>
<groupSet root="g"><group id="g" role="group:main"><itemRef residref="urn:1"/><itemRef residref="urn:2"/>
</group></groupSet></packageItem>
<newsItem guid="urn:1" version="2" standard="NewsML-G2" xml:lang="en"><itemMeta>
<itemClass qcode="ninat:text"/><provider qcode="nprov:WIRE"><name>Wire</name></provider>
<versionCreated>2024-03-01T08:00:00Z</versionCreated><firstCreated>2024-03-01T07:00:00Z</firstCreated>
<pubStatus qcode="stat:usable"/></itemMeta><contentMeta><contentCreated>2024-03-01T07:00:00Z</contentCreated>
<by>By Ann Lee</by><headline>Bridge reopens</headline><subject type="cpnat:abstract" qcode="medtop:1">
<name xml:lang="en">bridge</name></subject><description role="drol:summary">Flows.</description></contentMeta>
<contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head>
<title>x</title></head><body><p>One.</p><p>Two.</p></body></html></inlineXML></contentSet></newsItem>
<newsItem guid="urn:2" version="1"><itemMeta><itemClass qcode="ninat:picture"/>
<pubStatus qcode="stat:usable"/></itemMeta><contentMeta><headline>Photo</headline></contentMeta></newsItem>
<newsItem guid="urn:3" version="1"><itemMeta><itemClass qcode="ninat:text"/>
<versionCreated>2024-03-01T08:00:00Z</versionCreated><pubStatus qcode="stat:canceled"/><title>Third</title>
</itemMeta><contentMeta><creator qcode="x"><name>Bob Ray</name></creator></contentMeta><contentSet>
<inlineData contenttype="text/plain">Plain text.</inlineData></contentSet></newsItem></itemSet>
</newsMessage>""",
        [
            {
                "id": "urn:1",
                "title": "Bridge reopens",
                "excerpt": "Flows.",
                "body": "One.\n\nTwo.",
                "date": "2024-03-01T07:00:00Z",
                "modified": "2024-03-01T08:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("bridge",),
                "provider": "Wire",
            },
            {
                "id": "urn:3",
                "title": "Third",
                "body": "Plain text.",
                "authors": ("Bob Ray",),
                "published": False,
            },
        ],
    ),
    "nar.xml": (
        """<nar:newsItem xmlns:nar="http://iptc.org/std/nar/2006-10-01/" guid="urn:9"><nar:itemMeta>
<nar:itemClass qcode="ninat:text"/><nar:versionCreated>2024-03-01T08:00:00Z</nar:versionCreated>
</nar:itemMeta><nar:contentMeta><nar:headline>Prefixed</nar:headline></nar:contentMeta><nar:contentSet>
<nar:inlineXML><nitf><body><body.content><p>N1.</p></body.content></body></nitf></nar:inlineXML>
</nar:contentSet></nar:newsItem>""",
        [{"title": "Prefixed", "body": "N1.", "date": "2024-03-01T08:00:00Z"}],
    ),
    "nitf.xml": (
        """<?xml version="1.0"?><!DOCTYPE nitf SYSTEM "nitf-3-4.dtd"><nitf><head><title>Head title</title>
<tobject><tobject.subject tobject.subject.type="Economy" tobject.subject.matter="bridges"/></tobject>
<docdata management-status="usable"><doc-id regsrc="WIRE" id-string="w1"/>
<date.issue norm="20240301T070000+0100"/><key-list><keyword key="bridge"/></key-list></docdata>
<pubdata date.publication="20240301"/></head><body><body.head><hedline><hl1>Bridge <em>reopens</em></hl1>
<hl2>At last</hl2></hedline><byline><person>Ann Lee</person>, <byttl>Staff</byttl></byline><dateline>
<location>ROME</location><story.date norm="20240301">March 1</story.date></dateline><abstract><p>In short.</p>
</abstract></body.head><body.content><block><p>One.</p><p lede="true">Two.</p></block><media>
<media-caption>cap</media-caption></media></body.content></body></nitf>""",
        [
            {
                "title": "Bridge reopens",
                "excerpt": "In short.",
                "body": "One.\n\nTwo.",
                "date": "2024-03-01T06:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("Economy", "bridges"),
                "provider": "WIRE",
            }
        ],
    ),
    "atom.xml": (
        """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title
type="text">Gazette</title><id>urn:f</id><updated>2024-03-01T08:00:00Z</updated><author><name>Ann Lee</name>
</author><entry><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Bridge <b>reopens</b>
</div></title><id>urn:uuid:1</id><link href="https://g.example/1"/><link rel="enclosure" type="image/jpeg"
href="https://g.example/i.jpg"/><published>2024-03-01T07:00:00+01:00</published>
<updated>2024-03-01T08:00:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">
<p>One.</p><p>Two.</p></div></content><category term="t" label="traffic"/></entry><entry><title
type="html">A &amp;amp; B</title><id>urn:uuid:2</id><updated>2024-03-02T08:00:00Z</updated><summary
type="html">&lt;p&gt;S&lt;/p&gt;</summary><author><name>Bob Ray</name><email>b@g.example</email></author>
<author><name>Cy Day</name></author></entry></feed>""",
        [
            {
                "id": "urn:uuid:1",
                "title": "Bridge reopens",
                "body": "One.\n\nTwo.",
                "date": "2024-03-01T06:00:00Z",
                "modified": "2024-03-01T08:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("traffic",),
                "language": "fr",
                "url": "https://g.example/1",
                "images": ["https://g.example/i.jpg"],
            },
            {
                "title": "A & B",
                "excerpt": "S",
                "date": "2024-03-02T08:00:00Z",
                "authors": ("Bob Ray", "Cy Day"),
            },
        ],
    ),
    "rss10.rdf": (
        """<?xml version="1.0"?><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://g.example/rss"><title>Gazette</title>
<link>https://g.example</link><description>d</description><items><rdf:Seq>
<rdf:li resource="https://g.example/1"/></rdf:Seq></items></channel><item rdf:about="https://g.example/1">
<title>Bridge reopens</title><link>https://g.example/1</link><description>Short</description>
<dc:date>2024-03-01T07:00:00+01:00</dc:date><dc:creator>Ann Lee</dc:creator><dc:subject>traffic</dc:subject>
</item></rdf:RDF>""",
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Short",
                "date": "2024-03-01T06:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("traffic",),
                "url": "https://g.example/1",
                "provider": "Gazette",
            }
        ],
    ),
    "rss091.xml": (
        """<rss version="0.91"><channel><title>Gazette</title><link>https://g.example</link>
<language>en-us</language><item><title>Old</title><link>https://g.example/o</link><description>d</description>
</item></channel></rss>""",
        [{"title": "Old", "excerpt": "d", "language": "en-us", "url": "https://g.example/o"}],
    ),
    "rss20.xml": (
        """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Gazette</title>
<link>https://g.example</link><item><title><![CDATA[<b>Bold</b> &amp; more]]></title>
<link>javascript:alert(1)</link><guid isPermaLink="false">77</guid>
<pubDate>Fri, 1 Mar 2024 07:00 EST</pubDate><author>b@g.example (Bob Ray)</author>
<media:content url="https://g.example/i.jpg" medium="image"/>
<description>no &lt;script&gt;alert(1)&lt;/script&gt; here</description></item></channel></rss>""",
        [
            {
                "id": "g.example#77",
                "title": "Bold & more",
                "excerpt": "no here",
                "date": "2024-03-01T12:00:00Z",
                "authors": ("Bob Ray",),
                "url": None,
                "images": ["https://g.example/i.jpg"],
                "extra": {"unusable": {"webUrl": "javascript:alert(1)"}},
            }
        ],
    ),
    "jf.json": (
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Gazette",
            "home_page_url": "https://g.example/",
            "language": "de",
            "authors": [{"name": "Ann Lee"}],
            "items": [
                {
                    "id": 2,
                    "title": "A",
                    "content_text": "x",
                    "date_published": "2024-03-01T07:00:00-05:00",
                    "tags": ["t"],
                    "external_url": "https://o.example/x",
                    "url": "https://g.example/2",
                },
                {
                    "id": "https://g.example/3",
                    "content_html": "<p>Micro post without title</p>",
                    "authors": [{"name": "Bob Ray"}],
                    "date_modified": "2024-03-02T00:00:00Z",
                },
                {
                    "id": "4",
                    "title": "C",
                    "url": "/news/4",
                    "image": "/4.jpg",
                    "external_url": "//o.example/y",
                },
            ],
        },
        [
            {
                "title": "A",
                "body": "x",
                "date": "2024-03-01T12:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("t",),
                "language": "de",
                "url": "https://g.example/2",
                "original_url": "https://o.example/x",
            },
            {
                "id": "https://g.example/3",
                "title": "Micro post without title",
                "authors": ("Bob Ray",),
                "modified": "2024-03-02T00:00:00Z",
            },
            {
                "title": "C",
                "authors": ("Ann Lee",),
                "url": "https://g.example/news/4",
                "original_url": "https://o.example/y",
                "images": ["https://g.example/4.jpg"],
            },
        ],
    ),
    "jf2.json": (
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Gazette",
            "home_page_url": "/",
            "feed_url": "https://g.example/feed.json",
            "items": [{"id": "1", "title": "A", "url": "/1", "content_text": "x"}],
        },
        [{"title": "A", "provider": "Gazette", "url": "https://g.example/1"}],
    ),
    "page1.html": (
        """<html lang=en><head><script type="application/ld+json">{"@context":"https://schema.org",
"@graph":[{"@type":"WebSite","name":"Gazette","@id":"#s"},{"@type":"Person","@id":"#a",
"name":"Ann Lee"},{"@type":["NewsArticle","Article"],"headline":"Bridge reopens",
"datePublished":"2024-03-01T07:00:00Z","dateModified":"2024-03-02T07:00:00Z","author":{"@id":"#a"},
"publisher":{"@type":"Organization","name":"Gazette"},"mainEntityOfPage":{"@id":"https://g.example/1"},
"keywords":["a","b"],"image":["https://g.example/i.jpg"]}]}</script></head><body>
<p>Text of the article which is long enough to count.</p></body></html>""",
        [
            {
                "title": "Bridge reopens",
                "date": "2024-03-01T07:00:00Z",
                "modified": "2024-03-02T07:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("a", "b"),
                "provider": "Gazette",
                "url": "https://g.example/1",
                "language": "en",
                "images": ["https://g.example/i.jpg"],
            }
        ],
    ),
    "page2.html": (
        """<html><head><script type='application/ld+json'>[{"@type":"BreadcrumbList"},
{"@type":"ReportageNewsArticle","headline":"Bridge reopens","author":"Ann Lee","datePublished":"2024-03-01"}]
</script></head><body><div class=content><p>Text of the article which is long enough to count.</p></div>
</body></html>""",
        [{"title": "Bridge reopens", "date": "2024-03-01", "authors": ("Ann Lee",)}],
    ),
    "page3.html": (
        """<html><head><meta property="og:title" content="Bridge reopens"><meta property="og:type"
content="article"><meta property="og:url" content="https://g.example/1"><meta property="og:description"
content="Short."><meta property="og:site_name" content="Gazette"><meta property="article:published_time"
content="2024-03-01T07:00:00Z"><meta property="article:author" content="Ann Lee"><meta property="article:tag"
content="a"><meta property="article:tag" content="b"><meta property="og:locale" content="en_GB">
<meta property="og:image" content="https://g.example/i.jpg"></head><body>
<p>Text of the article which is long enough to count.</p></body></html>""",
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Short.",
                "date": "2024-03-01T07:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("a", "b"),
                "provider": "Gazette",
                "url": "https://g.example/1",
                "language": "en-gb",
            }
        ],
    ),
    "page4.html": (
        """<html><head><script type="application/ld+json">{"@type":"NewsArticle","headline":"X",
"author":[{"@type":"Person","name":"Ann Lee"},{"@type":"Person","name":["Bob Ray"]},"Cy Day"],
"publisher":"Gazette","datePublished":"2024-03-01T07:00:00+0100","articleBody":"Body from data.",
"description":"D"}</script></head><body></body></html>""",
        [
            {
                "title": "X",
                "excerpt": "D",
                "body": "Body from data.",
                "date": "2024-03-01T06:00:00Z",
                "authors": ("Ann Lee", "Bob Ray", "Cy Day"),
                "provider": "Gazette",
            }
        ],
    ),
    "page5.html": (
        """<html><head><title>Micro</title></head><body>
<article itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">Micro data</h1>
<span itemprop="author" itemscope><span itemprop="name">Ann Lee</span></span>
<time itemprop="datePublished" datetime="2024-03-01T07:00:00Z">x</time><div itemprop="articleBody">
<p>One two three four five six seven eight.</p></div></article></body></html>""",
        [
            {
                "title": "Micro data",
                "date": "2024-03-01T07:00:00Z",
                "authors": ("Ann Lee",),
                "body": "One two three four five six seven eight.",
            }
        ],
    ),
    "hugo.md": (
        """+++
title = "Bridge reopens"
date = 2024-03-01T07:00:00+01:00
lastmod = 2024-03-02
draft = false
tags = ["a", "b"]
categories = ["city"]
description = "Short."
[params]
author = "Ann Lee"
[params.nested]
x = 1
+++
Text.
""",
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Short.",
                "body": "Text.",
                "date": "2024-03-01T06:00:00Z",
                "modified": "2024-03-02",
                "authors": ("Ann Lee",),
                "topics": ("a", "b"),
                "category": "city",
                "published": True,
            }
        ],
    ),
    "hugo2.md": (
        """---
title: Bridge reopens
date: 2024-03-01 07:00:00 +0100
params:
  author: Ann Lee
  subtitle: Sub
authors: [Ann Lee, Bob Ray]
draft: true
---
Text.
""",
        [
            {
                "title": "Bridge reopens",
                "date": "2024-03-01T06:00:00Z",
                "authors": ("Ann Lee", "Bob Ray"),
                "published": False,
            }
        ],
    ),
    "hugo4.md": (
        """{
  "title": "JSON front matter",
  "date": "2024-03-01T07:00:00Z",
  "tags": ["a"]
}

Text of it.
""",
        [
            {
                "title": "JSON front matter",
                "body": "Text of it.",
                "date": "2024-03-01T07:00:00Z",
                "topics": ("a",),
            }
        ],
    ),
    "2024-03-01-bridge-reopens.md": (
        """---
layout: post
categories: city news
tags: a b
author: Ann Lee
---
Text.
""",
        [
            {
                "title": "Bridge Reopens",
                "date": "2024-03-01",
                "authors": ("Ann Lee",),
                "topics": ("a", "b"),
                "category": "city",
            }
        ],
    ),
    "2024-03-02-dated.markdown": (
        """---
layout: post
title:  "Dated"
date:   2024-03-02 07:00:00 -0500
categories: [city, news]
---
Text.
""",
        [{"title": "Dated", "date": "2024-03-02T12:00:00Z", "category": "city"}],
    ),
    "clip.md": (
        """---
title: "Bridge reopens - Gazette"
source: "https://g.example/1"
author:
  - "[[Ann Lee]]"
  - "[[People/Bob Ray|Bob]]"
published: 2024-03-01
created: 2024-03-05
description: "Short."
tags:
  - "clippings"
---
Text.
""",
        [
            {
                "title": "Bridge reopens - Gazette",
                "excerpt": "Short.",
                "url": "https://g.example/1",
                "authors": ("Ann Lee", "Bob"),
                "date": "2024-03-01",
                "topics": ("clippings",),
            }
        ],
    ),
    "guardian.json": (
        {
            "response": {
                "status": "ok",
                "total": 1,
                "results": [
                    {
                        "id": "uk/1",
                        "type": "article",
                        "sectionName": "UK news",
                        "webPublicationDate": "2024-03-01T07:00:00Z",
                        "webTitle": "Bridge reopens",
                        "webUrl": "https://www.theguardian.com/uk/1",
                        "apiUrl": "https://content.guardianapis.com/uk/1",
                        "fields": {
                            "headline": "Bridge reopens",
                            "standfirst": "<p>Stand</p>",
                            "trailText": "Trail",
                            "byline": "Ann Lee and Bob Ray in London",
                            "body": "<p>One.</p>",
                            "lastModified": "2024-03-02T07:00:00Z",
                            "wordcount": "3",
                            "thumbnail": "https://m.example/i.jpg",
                            "lang": "en",
                        },
                        "tags": [
                            {"type": "keyword", "webTitle": "Bridges"},
                            {"type": "contributor", "webTitle": "Ann Lee"},
                        ],
                    }
                ],
            }
        },
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Trail",
                "body": "One.",
                "date": "2024-03-01T07:00:00Z",
                "modified": "2024-03-02T07:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("Bridges",),
                "category": "UK news",
                "provider": "The Guardian",
                "language": "en",
            }
        ],
    ),
    "guardian1.json": (
        {
            "response": {
                "status": "ok",
                "content": {
                    "id": "uk/1",
                    "webTitle": "Single",
                    "webUrl": "https://www.theguardian.com/uk/1",
                    "webPublicationDate": "2024-03-01T07:00:00Z",
                    "blocks": {"body": [{"bodyHtml": "<p>B</p>"}]},
                },
            }
        },
        [{"title": "Single", "body": "B"}],
    ),
    "nyt.json": (
        {
            "status": "OK",
            "copyright": "c",
            "response": {
                "docs": [
                    {
                        "abstract": "Abs",
                        "web_url": "https://www.nytimes.com/1",
                        "snippet": "Snip",
                        "lead_paragraph": "Lead para.",
                        "source": "The New York Times",
                        "multimedia": [{"url": "images/i.jpg", "width": 600}],
                        "headline": {"main": "Bridge reopens", "kicker": None},
                        "keywords": [{"name": "subject", "value": "Bridges", "rank": 1}],
                        "pub_date": "2024-03-01T07:00:00+0000",
                        "document_type": "article",
                        "news_desk": "Metro",
                        "section_name": "New York",
                        "byline": {"original": "By Ann Lee and Bob Ray", "person": []},
                        "type_of_material": "News",
                        "_id": "nyt://article/1",
                        "word_count": 3,
                        "uri": "nyt://article/1",
                    }
                ],
                "meta": {"hits": 1},
            },
        },
        [
            {
                "id": "nyt://article/1",
                "title": "Bridge reopens",
                "excerpt": "Abs",
                "body": "Lead para.",
                "authors": ("Ann Lee", "Bob Ray"),
                "topics": ("Bridges",),
                "category": "New York",
                "provider": "The New York Times",
                "images": ["https://static01.nyt.com/images/i.jpg"],
            }
        ],
    ),
    "nyttop.json": (
        {
            "status": "OK",
            "section": "home",
            "num_results": 1,
            "results": [
                {
                    "section": "us",
                    "title": "Top",
                    "abstract": "Abs",
                    "url": "https://www.nytimes.com/2",
                    "uri": "nyt://article/2",
                    "byline": "By Ann Lee",
                    "item_type": "Article",
                    "updated_date": "2024-03-02T07:00:00-05:00",
                    "published_date": "2024-03-01T07:00:00-05:00",
                    "des_facet": ["Bridges"],
                    "multimedia": None,
                }
            ],
        },
        [
            {
                "title": "Top",
                "date": "2024-03-01T12:00:00Z",
                "modified": "2024-03-02T12:00:00Z",
                "authors": ("Ann Lee",),
                "topics": ("Bridges",),
                "category": "us",
            }
        ],
    ),
    "gdelt.json": (
        {
            "articles": [
                {
                    "url": "https://g.example/1",
                    "url_mobile": "",
                    "title": "Bridge reopens",
                    "seendate": "20240301T070000Z",
                    "socialimage": "https://g.example/i.jpg",
                    "domain": "g.example",
                    "language": "English",
                    "sourcecountry": "United Kingdom",
                }
            ]
        },
        [
            {
                "title": "Bridge reopens",
                "date": "2024-03-01T07:00:00Z",
                "language": "en",
                "provider": "g.example",
                "images": ["https://g.example/i.jpg"],
            }
        ],
    ),
    "np.json": (
        {
            "authors": ["Ann Lee", "By Bob Ray"],
            "date_download": "2024-03-05 00:00:00",
            "date_modify": None,
            "date_publish": "2024-03-01 07:00:00",
            "description": "Short",
            "filename": "x.json",
            "image_url": "https://g.example/i.jpg",
            "language": "en",
            "localpath": None,
            "maintext": "One.\nTwo.",
            "source_domain": "g.example",
            "title": "Bridge reopens",
            "title_page": None,
            "url": "https://g.example/1",
        },
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Short",
                "body": "One.\nTwo.",
                "date": "2024-03-01T07:00:00Z",
                "modified": None,
                "authors": ("Ann Lee", "Bob Ray"),
                "provider": "g.example",
            }
        ],
    ),
    "newsapi.json": (
        {
            "status": "ok",
            "totalResults": 1,
            "articles": [
                {
                    "source": {"id": None, "name": "Gazette"},
                    "author": "Ann Lee, Bob Ray",
                    "title": "Bridge reopens - Gazette",
                    "description": "Short… [+12 chars]",
                    "url": "https://g.example/1",
                    "urlToImage": None,
                    "publishedAt": "2024-03-01T07:00:00Z",
                    "content": "Text… [+120 chars]",
                }
            ],
        },
        [
            {
                "title": "Bridge reopens",
                "excerpt": "Short",
                "body": "Text…",
                "authors": ("Ann Lee", "Bob Ray"),
                "provider": "Gazette",
                "published": True,
            }
        ],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_says_is_read(tmp_path: Path, name: str) -> None:
    content, wanted = FILES[name]
    results = read(tmp_path, name, content)
    assert [values(result, names) for result, names in zip(results, wanted, strict=True)] == wanted


REMOVED = {
    "source": {"id": None, "name": "[Removed]"},
    "author": None,
    "title": "[Removed]",
    "description": "[Removed]",
    "url": "https://removed.com",
    "urlToImage": None,
    "publishedAt": "1970-01-01T00:00:00Z",
    "content": "[Removed]",
}
KEPT = {"title": "Bridge reopens", "url": "https://g.example/1", "publishedAt": "2024-03-01T07:00:00Z"}


@pytest.mark.parametrize(
    "other", [{}, {"title": " [Removed] "}, {"url": None}, {"title": "Removed by its site"}]
)
@pytest.mark.parametrize("name", ["news.json", "news.jsonl"])
def test_what_is_left_of_a_removed_article_of_newsapi_is_no_article(
    tmp_path: Path, name: str, other: dict[str, Any]
) -> None:
    records = [KEPT, REMOVED | other, KEPT | {"url": "https://g.example/2"}]
    path, index = tmp_path / name, tmp_path / "index"
    lines = "\n".join(map(json.dumps, records))
    path.write_text(lines if name == "news.jsonl" else json.dumps({"status": "ok", "articles": records}))
    report = newsearch.build(path, index=index)
    assert (report.articles, report.broken) == (2, 1)
    place = f"{path}{':' if name == 'news.jsonl' else '#'}2"
    assert str(report.errors[0]).startswith(f"{place}: what the service gives in place of an article")
    with newsearch.open(index) as opened:
        assert (opened.stats().articles, opened.stats().unpublished) == (2, 0)
    [_, outcome, _] = [record.outcome for record in explained(path, ReadingOptions(), 3)]
    assert outcome.reason == report.errors[0].reason


PAGE = b"""<html><head><title>Bridge reopens</title></head><body><article>
<p>The text of a page that is long enough to be read by all.</p></article></body></html>"""


def record(url: str, http: bytes) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-03-01T07:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def response(body: bytes, *headers: str) -> bytes:
    lines = ("HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def chunked(body: bytes) -> bytes:
    pieces = (body[at : at + 40] for at in range(0, len(body), 40))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


CHUNKED, PACKED = "Transfer-Encoding: chunked", "Content-Encoding: gzip"
RESPONSES = {
    "plain": response(PAGE),
    "chunked": response(chunked(PAGE), CHUNKED),
    "packed": response(gzip.compress(PAGE), PACKED),
    "both": response(chunked(gzip.compress(PAGE)), CHUNKED, PACKED),
    "neither, whatever it says": response(PAGE, CHUNKED, PACKED),
}


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
@pytest.mark.parametrize("kind", RESPONSES)
def test_the_pages_of_a_crawl_are_unpacked(tmp_path: Path, name: str, kind: str) -> None:
    data = record("https://g.example/1", RESPONSES[kind])
    [article] = read(tmp_path, name, gzip.compress(data) if name.endswith(".gz") else data)
    assert values(article, {"title": "", "url": "", "body": ""}) == {
        "title": "Bridge reopens",
        "url": "https://g.example/1",
        "body": "The text of a page that is long enough to be read by all.",
    }


def test_a_page_packed_in_a_way_nobody_unpacks_is_one_clear_error(tmp_path: Path) -> None:
    pages = [response(b"\x0b\x02\x80hello\x03", "Content-Encoding: zstd"), response(PAGE)]
    [error, article] = read(
        tmp_path, "a.warc", b"".join(record(f"https://g.example/{n}", p) for n, p in enumerate(pages))
    )
    assert isinstance(error, SourceError)
    assert error.reason == "a page packed with zstd, which cannot be unpacked"
    assert isinstance(article, Article)


RSS = (
    '<rss version="2.0"><channel><title>G</title><link>https://g.example/</link>'
    "<item><title>%s</title>%s</item></channel></rss>"
)


ODD: list[tuple[str, object, str]] = [
        ("a.xml", (RSS % ("Ünïcode", "")).encode("utf-16"), "Ünïcode"),
        ("a.xml", '<?xml version="1.0" encoding="iso-8859-1"?>' + RSS % ("Ünïcode", ""), "Ünïcode"),
        ("a.xml", ('<?xml version="1.0" encoding="utf-8"?>' + RSS % ("Ünïcode", "")).encode("latin-1"), "Ünïcode"),
        ("a.xml", RSS % ("Nu\0l", ""), "Nul"),
        ("a.xml", RSS % ("AT&T & co &nbsp;&eacute;", ""), "AT&T & co é"),
        ("a.xml", RSS % ("<![CDATA[R&D &amp; more]]>", ""), "R&D & more"),
        ("a.json", '{"title": "Nu\\u0000l"}', "Nul"),
        ("a.json", b'\xef\xbb\xbf{"title": "Mark"}', "Mark"),
        ("a.json", '{"title": "Sixteen"}'.encode("utf-16"), "Sixteen"),
        ("a.html", '<meta charset="utf-8"><title>Café</title><p>x</p>'.encode("latin-1"), "Café"),
        ("a.html", "<title>Café</title><p>x</p>".encode("utf-16"), "Café"),
        ("a.html", '<meta charset="shift_jis"><title>日本</title><p>橋</p>'.encode("shift_jis"), "日本"),
        ("a.json", '{"title": "<b>Bold</b> <script>alert(1)</script>"}', "Bold"),
        ("a.nitf", '<!DOCTYPE nitf SYSTEM "file:///etc/passwd"><nitf><body><body.head><hedline>'
         "<hl1>Own</hl1></hedline>"
         "</body.head></body></nitf>", "Own"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(ODD)))
def test_wrong_encodings_and_signs_are_seen_through(tmp_path: Path, number: int) -> None:
    name, content, title = ODD[number]
    [article] = read(tmp_path, name, content)
    assert values(article, {"title": ""}) == {"title": title}


def test_a_link_within_the_site_of_a_feed_is_whole(tmp_path: Path) -> None:
    [article] = read(tmp_path, "a.xml", RSS % ("x", "<link>/2024/bridge</link>"))
    assert values(article, {"url": ""}) == {"url": "https://g.example/2024/bridge"}


UNUSABLE: list[tuple[str, object]] = [
    ("bomb.xml", '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + RSS % ("&b;", "")),
    ("outside.xml", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + RSS % ("&x;", "")),
    (
        "wire.xml",
        '<!DOCTYPE nitf [<!ENTITY x SYSTEM "file:///etc/passwd">]><nitf><body>&x;</body></nitf>',
    ),
    ("page.rss", "<html><body>503</body></html>"),
    ("page.json", "<!DOCTYPE html><html><body>503</body></html>"),
    ("deep.json", "[" * 100_000),
    ("torn.json.gz", gzip.compress(b'[{"title": "x"},' * 2000)[:-30]),
    ("noise.warc", bytes(range(256)) * 12),
    ("noise.html", bytes(range(256)) * 12),
    ("noise.xml", bytes(range(256)) * 12),
    ("nul.json", '{"title": "Nu\0l"}'),
]


@pytest.mark.parametrize("number", range(len(UNUSABLE)))
def test_what_cannot_be_read_is_one_line_that_names_the_file(tmp_path: Path, number: int) -> None:
    name, content = UNUSABLE[number]
    [error] = read(tmp_path, name, content)
    assert isinstance(error, SourceError)
    assert error.location.startswith(str(tmp_path / name))
    assert error.reason
    assert "\n" not in str(error)
    assert "root:" not in str(error)


@pytest.mark.parametrize("key", ["webUrl", "url", "link", "Permalink", "article_url"])
def test_spaces_in_an_address_are_encoded_whatever_its_key(tmp_path: Path, key: str) -> None:
    (article,) = read(tmp_path, "one.json", {"title": "Bridge reopens", key: " https://g.example/a b.html "})
    assert isinstance(article, Article), article
    assert article.web_url == "https://g.example/a%20b.html"
    assert dict(article.extra) == {}


def test_a_source_with_spaces_around_its_address_is_an_address(tmp_path: Path) -> None:
    (article,) = read(tmp_path, "one.json", {"title": "Bridge reopens", "source": " https://g.example/1 "})
    assert isinstance(article, Article), article
    assert (article.web_url, article.provider) == ("https://g.example/1", None)


def test_spaces_in_the_addresses_of_a_page_are_encoded(tmp_path: Path) -> None:
    head = '<meta property="og:title" content="Bridge"><meta property="og:image" content="https://g.example/i j.jpg">'
    link = '<link rel="canonical" href="https://g.example/a b">'
    (article,) = read(
        tmp_path, "one.html", f"<html><head>{head}{link}</head><body><p>Text.</p></body></html>"
    )
    assert isinstance(article, Article), article
    assert article.web_url == "https://g.example/a%20b"
    assert [image.url for image in article.images] == ["https://g.example/i%20j.jpg"]
