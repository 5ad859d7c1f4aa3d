"""The page of a story, and the stories of the front page."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest

from newsearch import Request
from newsearch.outputs.words import counted
from newsearch.search.fronts import Stories, Story
from newsearch.serve.answers import Answer, Body, Made
from newsearch.serve.live import Snapshot
from newsearch.serve.parameters import read_request
from newsearch.serve.rendering import HTML, drawn_by, render
from newsearch.serve.site import Site
from newsearch.serve.values import REPORTS, day_of, report_of
from newsearch.text.clean import one_line

_NAMED = 4
"""Maximum number of outlets that are named."""


async def answer_story(site: Site, http: HttpRequest) -> Answer:
    """Answer with the page of the story that an article reports."""
    id = http.path_params.get("id") or http.query_params.get("id", "")
    names = ("query", "after", "before")
    request = site.within(
        read_request([(name, http.query_params[name]) for name in names if http.query_params.get(name)])
    )

    def make(snapshot: Snapshot) -> Made:
        def body() -> Body:
            # The first report may have left the window, and another may have become the first.
            found = snapshot.index.stories(request.query, id=id, after=request.after, before=request.before)
            if not found:
                raise HTTPException(404, "There is no such story here.")
            return Body(_story_page(site, found[0]))

        return Made(("story", id, snapshot.index.fingerprint(request), request, drawn_by()), body)

    return await site.answer(http, HTML, make)


def shown_stories(site: Site, stories: Stories) -> list[dict[str, Any]]:
    """The top stories, if any has several reports."""
    tz = Request().zone()
    found = []
    for story in stories:
        if len(story.articles) > 1 and stories.first and stories.last:
            first, last = stories.first.astimezone(tz).date(), stories.last.astimezone(tz).date()
            found.append({**_shown(story, tz), "url": story_url(site, story.id, first, last)})
    return found


def _story_page(site: Site, story: Story) -> str:
    tz = Request().zone()
    begun = story.first.date
    return render(
        site,
        "story.html",
        typed="",
        story=_shown(story, tz),
        reports=[report_of(site, report, begun, tz) for report in story.articles[:REPORTS]],
        hidden=max(0, len(story.articles) - REPORTS),
    )


def _shown(story: Story, tz: tzinfo) -> dict[str, Any]:
    names = [one_line(name) for name in story.outlets]
    more = len(names) - _NAMED
    return {
        "title": one_line(story.title) or one_line(story.id),
        "reports": counted(len(story.articles), "article"),
        "outlets": ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else ""),
        "first": day_of(story.first.date, tz),
        "last": day_of(story.last.date, tz),
        "trend": story.trend,
    }


def story_url(site: Site, id: str, first: date, last: date) -> str:
    """The address of the story that an article reports, and the days of its reports."""
    parameters = [
        ("id", id),
        ("after", first.isoformat()),
        ("before", (last + timedelta(days=1)).isoformat()),
    ]
    return f"{site.url('/story')}?{urlencode(parameters)}"
