"""MCP: a real client of the SDK, over both transports."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT
from running import serving

from newsearch.serve.live import Live
from newsearch.serve.settings import Settings

Call = Callable[..., Any]


def asked(index: Path, use: Callable[[Any], Awaitable[Any]], **settings: Any) -> Any:
    """What a client gets that talks to the tools in this process."""
    from mcp import Client

    from newsearch.serve.tools import server

    async def run() -> Any:
        made = Settings(**settings)
        live = Live(index, made)
        try:
            async with Client(server(live, made)) as client:
                return await use(client)
        finally:
            live.close()

    return asyncio.run(run())


def call(index: Path, name: str, settings: dict[str, Any] | None = None, **arguments: Any) -> Any:
    result = asked(index, lambda client: client.call_tool(name, arguments), **(settings or {}))
    (content,) = result.content
    if result.is_error:
        raise AssertionError(content.text)
    return json.loads(content.text)


def test_every_tool_only_reads_and_is_described(index: Path) -> None:
    tools = asked(index, lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == {
        "search",
        "fetch",
        "values",
        "timeline",
        "stories",
        "related",
    }
    for tool in tools:
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False
        assert tool.description
        assert tool.title


def test_search_and_fetch_have_the_shapes_that_connectors_want(index: Path) -> None:
    found = call(index, "search", query="recognition ban")
    first = found["results"][0]
    assert {"id", "title", "url"} <= set(first)
    assert first["id"] == "tech/ban.md"
    assert found["total"] == {"with_every_word": 1, "with_some_words": 1}
    assert found["truncated"] is False
    article = call(index, "fetch", id=first["id"])
    assert set(article) == {"id", "title", "text", "url", "metadata"}
    assert "Members voted late at night." in article["text"]
    assert article["metadata"]["untrusted"] is True
    assert article["metadata"]["outlet"] == "The Ledger"


def test_fetch_tells_when_an_article_was_changed(tmp_path: Path) -> None:
    import newsearch

    (tmp_path / "a.jsonl").write_text('{"id": "1", "title": "Ban", "modified": "2020-09-10T08:00:00Z"}')
    newsearch.build(tmp_path / "a.jsonl", index=tmp_path / "index")
    assert call(tmp_path / "index", "fetch", id="1")["metadata"]["modified"] == "2020-09-10T08:00:00Z"


def test_an_argument_that_a_tool_does_not_have_is_refused(index: Path) -> None:
    for tool in asked(index, lambda client: client.list_tools()).tools:
        assert tool.input_schema["additionalProperties"] is False
        named = dict.fromkeys(tool.input_schema.get("required", []), "ban")
        with pytest.raises(AssertionError, match=f"^Nobodies: there is no such argument; {tool.name} takes "):
            call(index, tool.name, **named, Nobodies=["x"])


def test_an_article_without_an_address_has_one_all_the_same(index: Path) -> None:
    assert call(index, "fetch", id="nothing.md")["url"] == "urn:newsearch:nothing.md"


def test_filters_sort_and_pages(index: Path) -> None:
    found = call(index, "search", query="", sort="oldest", limit=1, offset=1, after="2020-08", before="2021")
    assert [result["id"] for result in found["results"]] == ["tech/ban.md"]
    assert found["truncated"] is True
    assert [r["id"] for r in call(index, "search", query="", languages=["fr"])["results"]] == [
        "world/vaccin.md"
    ]


def test_values_and_timeline_count(index: Path) -> None:
    values = call(index, "values", field="topic", query="recognition", limit=1)
    assert values["values"] == [{"value": "Facial Recognition", "articles": 2}]
    assert values["truncated"] is True
    timeline = call(index, "timeline", query="recognition")
    assert timeline["values"] == [{"value": "2020-08", "articles": 1}, {"value": "2020-09", "articles": 1}]


def test_an_empty_answer_says_why(index: Path) -> None:
    found = call(index, "search", query="ban", topics=["Privcy"])
    assert found["results"] == []
    (part,) = [part for part in found["why_nothing"] if part["option"] == "topics"]
    assert part["perhaps_meant"] == ["Privacy"]
    assert call(index, "search", query="recogniton")["did_you_mean"] == "recognition"
    assert call(index, "search", query="titel:ban")["notes"]


@pytest.mark.parametrize(
    ("tool", "arguments"), [("values", {"field": "topic"}), ("timeline", {}), ("stories", {"after": "2019"})]
)
def test_an_empty_answer_of_every_tool_with_a_query_says_why(
    index: Path, tool: str, arguments: dict[str, Any]
) -> None:
    found = call(index, tool, query="recogniton AND titel:cog", **arguments)
    assert found["notes"]
    assert found["why_nothing"][0]["part"] == "recogniton"
    assert call(index, tool, query="recogniton", **arguments)["did_you_mean"] == "recognition"
    full = call(index, tool, query="recognition", **arguments)
    assert not {"notes", "did_you_mean", "why_nothing"} & full.keys()


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search", {"query": "ban", "after": "soon"}, "after: "),
        (
            "values",
            {"field": "topic", "query": "is:unpublished"},
            "query: this server shows only published articles",
        ),
        ("timeline", {"query": "ban", "before": "soon"}, "before: "),
        ("fetch", {"id": "nowhere"}, "there is no article"),
        ("fetch", {"id": "drafts/recognition.md"}, "there is no article"),
        ("search", {}, "query: field required$"),
        ("search", {"query": "ban", "limit": 1000}, "limit: input should be less than or equal to 25$"),
        ("values", {"field": "colour"}, "field: input should be 'topic', "),
    ],
)
def test_what_cannot_be_asked_is_an_error_that_says_so(
    index: Path, name: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(AssertionError, match=f"^{said}") as refused:
        call(index, name, **arguments)
    assert "\n" not in str(refused.value).partition("\nassert")[0]


def test_unpublished_articles_are_for_those_who_are_let(index: Path) -> None:
    assert call(index, "search", query="draft")["results"] == []
    shown = call(index, "search", {"unpublished": True}, query="draft")
    assert [result["id"] for result in shown["results"]] == ["drafts/recognition.md"]


def test_an_answer_keeps_to_its_budget(tmp_path: Path) -> None:
    """Ten hits within 5,000 tokens, an article within 5,000: by four characters a token, as is usual for English."""
    import newsearch

    news = tmp_path / "news.jsonl"
    long = {
        "title": "ban " * 500,
        "excerpt": "ban and so on " * 500,
        "body": "word " * 100_000,
        "topics": ["t" * 5_000],
    }
    news.write_text("".join(json.dumps({"id": f"{number}", **long}) + "\n" for number in range(12)))
    newsearch.build(news, index=tmp_path / "index")
    found = call(tmp_path / "index", "search", query="ban")
    assert len(found["results"]) == 10
    assert found["truncated"] is True
    assert len(json.dumps(found)) < 20_000
    article = call(tmp_path / "index", "fetch", id="3")
    assert article["metadata"]["truncated"] is True
    assert len(json.dumps(article)) < 20_000


def test_a_client_talks_over_standard_input_and_output(index: Path) -> None:
    from mcp import Client, StdioServerParameters

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["-m", "newsearch", "mcp", "--index", str(index)]
    started = StdioServerParameters(command=sys.executable, args=command, env=environment)

    async def run() -> Any:
        async with Client(started) as client:
            return await client.call_tool("search", {"query": "ban"})

    result = asyncio.run(run())
    assert json.loads(result.content[0].text)["results"][0]["id"] == "tech/ban.md"


def test_a_client_talks_over_http(index: Path) -> None:
    from mcp import Client

    async def run(address: str) -> Any:
        async with Client(f"{address}mcp") as client:
            return await client.call_tool("fetch", {"id": "tech/ban.md"})

    with serving(index) as (_, address):
        result = asyncio.run(run(address))
    assert json.loads(result.content[0].text)["title"].startswith("City council")


def test_over_http_the_guard_stands_before_the_tools(client: Any) -> None:
    headers = {"Accept": "application/json, text/event-stream"}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    evil = client.post("/mcp", json=asked, headers={**headers, "Origin": "http://evil.example"})
    assert evil.status_code == 403
    assert client.post("/mcp", json=asked, headers={**headers, "Host": "evil.example"}).status_code == 421
    assert client.get("/mcp", headers=headers).status_code == 405
    assert client.post("/mcp", content=b"x" * 70_000, headers=headers).status_code == 413


def test_what_is_big_and_what_is_like_an_article(seeds_index: Path) -> None:
    found = call(seeds_index, "stories", after="2020-09", before="2020-10", limit=2)
    assert [story["outlet_count"] for story in found["stories"]] == [2, 2]
    assert found["stories"][1]["outlets"] == ["Oregon Ledger", "Civic Watch"]
    assert found["truncated"] is True
    first = found["stories"][1]["first"]["id"]
    like = call(seeds_index, "related", id=first, limit=3)
    assert len(like["results"]) == 3
    assert first not in [one["id"] for one in like["results"]]
    assert call(seeds_index, "fetch", id=like["results"][0]["id"])["title"] == like["results"][0]["title"]
    with pytest.raises(AssertionError, match="there is no article"):
        call(seeds_index, "related", id="nothing")


def test_the_page_names_the_tools_and_its_example_finds_something(seeds_index: Path) -> None:
    from documents import blocks, first_column

    tools = asked(seeds_index, lambda client: client.list_tools()).tools
    assert set(first_column("docs/mcp.md")) == {tool.name for tool in tools}
    configuration, arguments = map(json.loads, blocks("docs/mcp.md", "json"))
    assert configuration["mcpServers"]["news"]["args"][0] == "mcp"
    assert call(seeds_index, "search", **arguments)["results"]


_INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "x", "version": "1"},
}


def spoken(*messages: dict[str, Any]) -> str:
    """What begins a session over standard input, and then these messages."""
    begun: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": _INITIALIZE},
        {"method": "notifications/initialized"},
    ]
    return "".join(json.dumps({"jsonrpc": "2.0"} | message) + "\n" for message in (*begun, *messages))


def started(index: Path) -> subprocess.Popen[str]:
    """The server on standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-m", "newsearch", "mcp", "--index", str(index)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_an_assistant_may_go_while_it_is_answered(index: Path) -> None:
    called = {"name": "search", "arguments": {"query": "ban"}}
    with started(index) as server:
        _, written = server.communicate(spoken({"id": 2, "method": "tools/call", "params": called}))
    assert (server.returncode, written) == (0, "")


_MISSING = [
    (
        "tools/call",
        {"name": "no\ntool", "arguments": {}},
        "there is no tool 'no\\ntool'; the tools are search, ",
    ),
    ("prompts/get", {"name": "no\nprompt"}, "there is no prompt 'no\\nprompt'; this server has tools alone"),
    ("resources/read", {"uri": "a:\nb"}, "there is no resource 'a:\\nb'; this server has tools alone"),
]
"""Requests for what the server does not have, and the message of the error."""


def test_what_there_is_not_is_an_error_of_the_protocol_and_no_traceback(index: Path) -> None:
    asked = [
        {"id": at, "method": method, "params": params} for at, (method, params, _) in enumerate(_MISSING, 2)
    ]
    with started(index) as server:
        assert server.stdin
        assert server.stdout
        server.stdin.write(spoken(*asked))
        server.stdin.flush()
        # Requests without an answer end with the input.
        answers = [json.loads(server.stdout.readline()) for _ in range(1 + len(asked))]
        _, written = server.communicate()
    errors = {answer["id"]: answer["error"] for answer in answers if answer["id"] > 1}
    for at, (_, _, said) in enumerate(_MISSING, 2):
        assert errors[at]["code"] == -32602
        assert errors[at]["message"].startswith(said)
    assert (server.returncode, written) == (0, "")


def test_over_http_what_there_is_not_is_an_error_of_the_protocol_and_no_traceback(index: Path) -> None:
    from mcp import Client, MCPError

    async def run(address: str) -> list[str]:
        said = []
        async with Client(f"{address}mcp") as client:
            for ask in (client.call_tool, client.get_prompt, client.read_resource):
                with pytest.raises(MCPError) as refused:
                    await ask("a:b")
                assert refused.value.error.code == -32602
                said.append(refused.value.error.message)
        return said

    with serving(index) as (server, address):
        said = asyncio.run(run(address))
        server.terminate()
        _, written = server.communicate()
    assert [message.partition(";")[0] for message in said] == [
        f"there is no {kind} 'a:b'" for kind in ("tool", "prompt", "resource")
    ]
    assert "Traceback" not in written
    assert "Error" not in written
