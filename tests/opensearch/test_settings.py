"""The address of an index in a cluster, and the options in it."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import newsearch
from newsearch.engine.opensearch.settings import parse_place
from newsearch.errors import EngineError


def test_an_address_names_nodes_user_and_index() -> None:
    found = parse_place(
        "opensearch+https://ann%40x@first:9201,second,[::1]:9203/search/news?timeout=5&verify=no"
    )
    assert (found.scheme, found.user, found.prefix, found.alias) == ("https", "ann@x", "/search", "news")
    assert found.hosts == (("first", 9201), ("second", 9200), ("::1", 9203))
    assert (found.timeout, found.verify, found.retries) == (5, False, 3)
    assert found.place == "opensearch+https://ann@x@first:9201,second:9200,[::1]:9203/search/news"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("opensearch+https://host:9200", "the name of the index is missing"),
        ("opensearch+https://host:9200/", "the name of the index is missing"),
        ("opensearch+https://host:9200/News", "not a name for an index"),
        ("opensearch+https://host:9200/_all", "not a name for an index"),
        ("opensearch+https://host:9200/a*", "not a name for an index"),
        ("opensearch+https://host:9200/a,b", "not a name for an index"),
        ("opensearch+https://host:9200/news--meta", "not a name for an index"),
        ("opensearch+https:///news", "'' is not a host"),
        ("opensearch+https://a b/news", "'a b' is not a host"),
        ("opensearch+https://host:99999/news", "99999 is not a port"),
        ("opensearch+https://host:9200,/news", "'' is not a host"),
        ("opensearch+https://@host/news", "the user before @ is missing"),
        ("opensearch+https://host/news?colour=red", "unknown option 'colour'"),
        ("opensearch+https://host/news?timeout=0", "option timeout: '0' is not a whole number from 1"),
        ("opensearch+https://host/news?timeout=soon", "option timeout: 'soon'"),
        ("opensearch+https://host/news?verify=maybe", "option verify: 'maybe' is neither yes nor no"),
        ("opensearch+https://host/news?codec=zip", "option codec: 'zip' is none of"),
        ("opensearch+https://host/news?ca=", "option ca: it is empty"),
        ("opensearch+http://host/news?ca=x.pem", "certificates need TLS"),
        ("opensearch+http://host/news?verify=no", "certificates need TLS"),
        ("opensearch+https://host/news?key=x.pem", "it needs the certificate too"),
        ("opensearch+https://host/news?password_file=x", "there is a password but no user"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_change(place: str, says: str) -> None:
    with pytest.raises(EngineError) as raised:
        parse_place(place)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.text(max_size=60))
@example("host:9200/news?ca=a&ca=b")
@example("u:p@h/n")
@example("[::1/news")
@example("host/news?%zz=%")
def test_no_address_breaks_anything_else(rest: str) -> None:
    said = ""
    try:
        parse_place(f"opensearch+https://{rest}")
    except EngineError as error:
        said = str(error)
    assert said.isprintable()


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(EngineError, match="must not contain a password") as raised:
        newsearch.open("opensearch+https://ann:s3cret@host:9200/news")
    assert "s3cret" not in str(raised.value)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    place = newsearch.ClusterPlace("opensearch+https://ann@host:9200/news", password="s3cret")
    settings = parse_place(place, place.password)
    assert settings.password == "s3cret"
    assert "s3cret" not in f"{place} {place!r} {settings} {settings!r} {settings.place}"
    # The processes of a server get it.
    assert pickle.loads(pickle.dumps(place)).password == "s3cret"  # our own


def test_a_password_without_a_user_is_not_sent() -> None:
    assert parse_place("opensearch+https://host/news", "s3cret").password == ""


def test_a_password_can_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    place = f"opensearch+https://ann@host/news?password_file={file}"
    with pytest.raises(EngineError, match="password: the password cannot be read"):
        parse_place(place)
    file.write_text("s3cret\nmore\n")
    assert parse_place(place).password == "s3cret"
    assert parse_place(place, "other").password == "other"
    file.write_text("\n")
    with pytest.raises(EngineError, match="the first line must be the password"):
        parse_place(place)
    file.write_bytes(b"\xff\n")
    with pytest.raises(EngineError, match="not UTF-8"):
        parse_place(place)
