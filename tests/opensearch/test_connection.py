"""What goes wrong between newsearch and a cluster is told in one line that says what to do."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakes import described, generation
from nodes import free_port
from proxy import Answer, AnswerTo, Certificate, Proxy, error, make_certificate

import newsearch
from newsearch.cli.main import main
from newsearch.engine import ClusterPlace
from newsearch.engine.opensearch import schema
from newsearch.engine.opensearch.connection import Cluster
from newsearch.engine.opensearch.settings import parse_place
from newsearch.errors import EngineError, IndexCorrupt, IndexIncompatible, IndexMissing, NewsearchError

pytest.importorskip("opensearchpy", reason="needs the extra newsearch[opensearch]")


def message(place: str) -> str:
    """What is said when an index is opened."""
    with pytest.raises(NewsearchError) as raised:
        newsearch.open(place)
    text = str(raised.value)
    assert text.isprintable()
    assert text.startswith("opensearch+http")
    return text


@contextmanager
def answering(answer: AnswerTo, **options: Any) -> Iterator[str]:
    """The place of an index in a cluster that answers so."""
    with Proxy(answer=answer, **options) as proxy:
        yield f"opensearch+http://{proxy.host}/news?retries=0"


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    try:
        return make_certificate(tmp_path)
    except FileNotFoundError:
        pytest.skip("certificates are made by the command openssl")


# Connections


def test_nobody_listens() -> None:
    place = f"opensearch+http://127.0.0.1:{free_port()}/news"
    assert "nobody listens at this address" in message(place)


def test_there_is_no_such_host() -> None:
    assert "there is no such host" in message("opensearch+http://no-such-host.invalid:9200/news")


def test_a_cluster_that_does_not_answer_is_not_waited_for_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"opensearch+http://127.0.0.1:{silent.getsockname()[1]}/news?timeout=1&retries=0"
        assert "no answer within 1 seconds" in message(place)


def test_the_next_node_is_asked_if_one_does_not_answer() -> None:
    with Proxy(answer=lambda *_: (404, {"error": "alias [news] missing", "status": 404})) as proxy:
        with pytest.raises(IndexMissing):
            newsearch.open(f"opensearch+http://127.0.0.1:{free_port()},{proxy.host}/news")
        assert proxy.seen


def test_an_answer_that_fails_for_a_moment_is_asked_for_again() -> None:
    fails = [False, True, True, False]

    def answer(method: str, path: str, body: bytes) -> Answer:
        return error(503, "cluster_manager_not_discovered_exception") if fails and fails.pop(0) else (404, {})

    with Proxy(answer=answer) as proxy, pytest.raises(IndexMissing):
        newsearch.open(f"opensearch+http://{proxy.host}/news")
    assert len(proxy.seen) == 4


def lost(kind: str) -> Any:
    """The error of a search whose shard was on a node that is gone."""
    causes = [{"type": kind, "reason": "gone"}] if kind else []
    return {"type": "search_phase_execution_exception", "reason": "", "root_cause": causes}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, "node_disconnected_exception"),
        (500, "node_not_connected_exception"),
        (404, "search_context_missing_exception"),
        (503, "no_shard_available_action_exception"),
        (500, ""),
    ],
)
@pytest.mark.parametrize("several", [False, True])
def test_a_search_that_loses_a_node_is_asked_again(status: int, kind: str, several: bool) -> None:
    failed = {"error": lost(kind), "status": status}
    waiting = [(200, {"responses": [{"hits": {}}, failed]}) if several else (status, failed)] * 2

    whole: dict[str, Any] = {"responses": []} if several else {"hits": {"hits": []}}

    def answer(method: str, path: str, body: bytes) -> Answer:
        return waiting.pop() if waiting else (200, whole)

    with Proxy(answer=answer) as proxy:
        cluster = Cluster(parse_place(f"opensearch+http://{proxy.host},{proxy.host}/news"))
        assert cluster.ask("POST", "/_msearch" if several else "/news/_search", {}) == whole
    assert len(proxy.seen) == 3


def test_a_search_that_fails_for_another_reason_is_not_asked_again() -> None:
    failed = {"error": lost("script_exception"), "status": 500}
    with Proxy(answer=lambda *_: (500, failed)) as proxy:
        cluster = Cluster(parse_place(f"opensearch+http://{proxy.host},{proxy.host}/news"))
        with pytest.raises(EngineError, match="500 script_exception"):
            cluster.ask("POST", "/news/_search", {})
    assert len(proxy.seen) == 1


def test_tls_is_spoken_to_a_server_that_does_not(tmp_path: Path) -> None:
    with Proxy() as proxy:
        assert "opensearch+http://" in message(f"opensearch+https://{proxy.host}/news").split(": ", 1)[1]


def test_no_tls_is_spoken_to_a_server_that_expects_it(certificate: Certificate) -> None:
    with Proxy(certificate=certificate) as proxy:
        assert "opensearch+https://" in message(f"opensearch+http://{proxy.host}/news?retries=0")


def test_a_certificate_must_be_trusted(certificate: Certificate) -> None:
    with Proxy(certificate=certificate, answer=lambda *_: (404, {})) as proxy:
        place = f"opensearch+https://{proxy.host}/news"
        assert "?ca=FILE" in message(place)
        for trusted in (f"{place}?ca={certificate.certificate}", f"{place}?verify=no"):
            with pytest.raises(IndexMissing):
                newsearch.open(trusted)


def test_a_certificate_must_be_for_the_host(tmp_path: Path, certificate: Certificate) -> None:
    other = make_certificate(tmp_path, "search.example")
    with Proxy(certificate=other) as proxy:
        place = f"opensearch+https://{proxy.host}/news?ca={other.certificate}"
        assert "for another host" in message(place)


@pytest.mark.parametrize("option", ["ca", "cert"])
def test_a_file_of_certificates_must_be_one(option: str, tmp_path: Path) -> None:
    file = tmp_path / "x.pem"
    for says in ("x.pem: the certificates cannot be read: No such file", "not certificates"):
        with pytest.raises(EngineError, match=says):
            newsearch.open(f"opensearch+https://host/news?{option}={file}")
        file.write_text("no certificate\n")


# Passwords


def test_a_user_and_a_password_are_sent_and_must_be_right(capsys: pytest.CaptureFixture[str]) -> None:
    with Proxy(user="ann", password="s3cret", answer=lambda *_: (404, {})) as proxy:
        place = f"opensearch+http://ann@{proxy.host}/news"
        with pytest.raises(IndexMissing):
            newsearch.open(ClusterPlace(place, "s3cret"))
        assert "check both" in message(ClusterPlace(place, "wr0ng"))
        assert "wr0ng" not in message(ClusterPlace(place, "wr0ng"))
        assert "NEWSEARCH_OPENSEARCH_PASSWORD" in message(place)
        assert "asks for a user" in message(f"opensearch+http://{proxy.host}/news")


def test_the_command_takes_the_password_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Proxy(user="ann", password="s3cret", answer=lambda *_: (404, {})) as proxy:
        place = f"opensearch+http://ann@{proxy.host}/news"
        monkeypatch.setenv("NEWSEARCH_OPENSEARCH_PASSWORD", "wr0ng")
        assert main(["query", "ban", "--index", place]) == 2
        monkeypatch.setenv("NEWSEARCH_OPENSEARCH_PASSWORD", "s3cret")
        assert main(["query", "ban", "--index", place]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        first, second = err.splitlines()
        assert "check both" in first
        assert "no index here" in second
        assert "wr0ng" not in err
        assert "s3cret" not in err


def test_requests_are_signed_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="signing for AWS needs boto3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    with Proxy(answer=lambda *_: (404, {})) as proxy:
        with pytest.raises(IndexMissing):
            newsearch.open(f"opensearch+http://{proxy.host}/news?aws=eu-west-1")
        assert proxy.credentials
        for header in proxy.credentials:
            assert header.startswith("AWS4-HMAC-SHA256 Credential=AKEXAMPLE/")
            assert "/eu-west-1/es/aws4_request" in header


def test_signing_without_boto3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "pip install boto3" in message("opensearch+https://host/news?aws=eu-west-1")


# Answers


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (error(403, "security_exception"), "may not do this"),
        (error(503, "cluster_manager_not_discovered_exception"), "have not elected a leader"),
        (error(503, "no_shard_available_action_exception"), "a red cluster"),
        (error(429, "circuit_breaking_exception"), "too little memory"),
        (error(503, "circuit_breaking_exception"), "too little memory"),
        (error(429, "rejected_execution_exception"), "overloaded"),
        (
            error(403, "cluster_block_exception", "index [x] blocked by: [FORBIDDEN/12/index read-only]"),
            "a disk of the cluster is full",
        ),
        (
            error(429, "cluster_block_exception", "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk]"),
            "a disk of the cluster is full",
        ),
        (error(403, "cluster_block_exception", "index [x] blocked by: [FORBIDDEN/8/x]"), "index is blocked"),
        (error(500, "too_many_nested_clauses", "maxClauseCount is set to 1024"), "too many words or phrases"),
        (error(400, "too_many_clauses"), "too many words or phrases"),
        (error(400, "odd_exception", "line\nline\x1b[31m"), "400 odd_exception: line line"),
        ((502, b"<html>Bad gateway</html>"), "a proxy got no answer"),
        ((413, {}), "larger than it accepts"),
        ((418, b"teapot"), "is this the address of an OpenSearch cluster?"),
        (
            (400, {"error": "no handler found for uri [/a/_alias/news] and method [GET]"}),
            "and method [GET]); is this the address of an OpenSearch cluster?",
        ),
        ((200, b"<html>Welcome</html>"), "is this the address of an OpenSearch cluster?"),
        ((200, []), "answered in another form than a cluster does"),
    ],
)
def test_an_answer_that_is_an_error_says_what_to_do(answer: Answer, says: str) -> None:
    with answering(lambda *_: answer) as place:
        assert says in message(place)


def test_an_index_in_the_place_of_the_alias_is_told() -> None:
    def answer(method: str, path: str, body: bytes) -> Answer:
        return (404, {}) if path.startswith("/_alias") else (200, {"news": {}})

    with answering(answer) as place, pytest.raises(IndexCorrupt, match="an index has this name"):
        newsearch.open(place)


@pytest.mark.parametrize("aliases", [{}, {"news": {}}, {"news": {"filter": {"term": {"a": 1}}}}])
def test_an_alias_that_newsearch_did_not_make_is_told(aliases: dict[str, Any]) -> None:
    with (
        answering(lambda *_: (200, {"other": {"aliases": aliases}})) as place,
        pytest.raises(IndexCorrupt, match="not an alias that newsearch made"),
    ):
        newsearch.open(place)


@pytest.mark.parametrize("key", ["format", "analysis"])
def test_an_index_of_another_version_is_told(key: str) -> None:
    versions: dict[str, Any] = {
        "format": schema.VERSION,
        "analysis": newsearch_analysis(),
        "index": "news--7",
    }
    for changed, raised, says in (
        ({key: 999}, IndexIncompatible, "update newsearch"),
        ({key: 0}, IndexIncompatible, "newsearch reindex"),
        ({}, IndexCorrupt, "damaged"),
        ({"index": "news--6"}, IndexCorrupt, r"another index; delete the indexes news--\*"),
    ):
        with answering(described(**versions | changed)) as place, pytest.raises(raised, match=says):
            newsearch.open(place)


def newsearch_analysis() -> int:
    from newsearch.text import analysis

    return analysis.VERSION


# Answers of another form


OPEN_ENDED: list[Any] = [
    None,
    5,
    [],
    {},
    {"message": "Service is starting"},
    {"hits": []},
    {"hits": {"hits": [], "total": {"value": 0}}},
    {"hits": {"hits": [None], "total": {"value": 1}}},
    {"hits": {"hits": [{}], "total": {"value": 1}}},
    {"hits": {"hits": [], "total": {"value": "x"}}},
    {"responses": []},
    {"responses": [None, None]},
    {"responses": [{"error": "x"}, {"error": None}]},
]
"""What something else than a cluster may answer to a search. The search for two words is several searches in one."""


@pytest.mark.parametrize("found", OPEN_ENDED)
@pytest.mark.parametrize("asked", ["stats", "query", "articles"])
def test_an_answer_of_another_form_is_told(found: Any, asked: str) -> None:
    known = described(**generation())

    def answer(method: str, path: str, body: bytes) -> Answer:
        return known(method, path, body) if "/_alias" in path or "/_doc/" in path else (200, found)

    with answering(answer) as place:
        index = newsearch.open(place)
        asks: dict[str, Callable[[], object]] = {
            "stats": index.stats,
            "query": lambda: index.run(newsearch.Request("ban vaccine")).total,
            "articles": lambda: list(index.articles()),
        }
        with pytest.raises(EngineError) as raised:
            asks[asked]()
    assert "is this the address of an OpenSearch cluster?" in str(raised.value)


@pytest.mark.parametrize("told", [None, 5, [], "x"])
def test_an_error_of_another_form_is_told(told: Any) -> None:
    with answering(lambda *_: (500, told)) as place:
        assert "is this the address of an OpenSearch cluster?" in message(place)


@pytest.mark.parametrize(
    "changed",
    [{"languages": ["xx"]}, {"articles": -1}, {"number": None}, {"sources": [None]}, {"pivots": []}],
)
def test_a_description_that_is_damaged_is_told(changed: dict[str, Any]) -> None:
    with answering(described(**generation(**changed))) as place, pytest.raises(IndexCorrupt, match="damaged"):
        newsearch.open(place)


@pytest.mark.parametrize("document", [None, 5, []])
def test_a_description_that_is_none_is_told(document: Any) -> None:
    known = described(**generation())

    def answer(method: str, path: str, body: bytes) -> Answer:
        return known(method, path, body) if "/_alias" in path else (200, {"found": True, "_source": document})

    with (
        answering(answer) as place,
        pytest.raises(IndexCorrupt, match="description of generation 7 is missing"),
    ):
        newsearch.open(place)


@pytest.mark.parametrize(
    "path", ["/_bulk", "/news/_mget", "/news/_refresh", "/news/_search/point_in_time", "/_msearch"]
)
def test_an_answer_without_what_was_asked_for_is_told(path: str) -> None:
    with Proxy(answer=lambda *_: (200, {})) as proxy:
        cluster = Cluster(parse_place(f"opensearch+http://{proxy.host}/news?retries=0"))
        with pytest.raises(EngineError, match="answered in another form"):
            cluster.ask("POST", path, b"{}\n")
