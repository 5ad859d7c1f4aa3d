"""The words of all segments, which a reader puts together and keeps in a file: answers never depend on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import numpy as np
import pytest

import newsearch
from newsearch.engine.arrays.files import kept
from newsearch.engine.arrays.files.layout import ArrayFile
from newsearch.engine.arrays.files.toc import VOCABULARY_NAME
from newsearch.engine.arrays.reader import ArraysReader
from newsearch.engine.arrays.searching import all_forms, vocabulary
from newsearch.engine.arrays.writing import builder

TEXTS = (
    "Harbour ferries resume after the storm",
    "Ferry harbours reopen",
    "The storm closed the harbor",
    "Stormy weather: ferries wait",
    "Storms and ferries, storms and harbours",
    "Ein Sturm über Łódź schließt den Hafen",
    "Паромы возвращаются в гавань",
)
TYPED = ("storn", "harbuor", "feries", "łodz", "sturn", "zzzzz")
BEGUN = ("", "st", "harb", "ferr", "zz")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of several segments."""
    monkeypatch.setattr(builder, "MAX_ARTICLES", 2)
    update(tmp_path / "index", TEXTS)
    return tmp_path / "index"


def update(place: Path, texts: Sequence[str]) -> None:
    source = place.parent / "news.jsonl"
    source.write_text(
        "".join(json.dumps({"id": f"a{number}", "title": text}) + "\n" for number, text in enumerate(texts)),
        encoding="utf-8",
    )
    newsearch.build(source, index=place)


def told(place: Path) -> tuple[list[Any], ArraysReader]:
    reader = ArraysReader(place)
    likes = [
        sorted(reader.like(word, edits, least)) for word in TYPED for edits in (1, 2) for least in (1, 3)
    ]
    return [*likes, *(reader.begun(prefix, 3) for prefix in BEGUN)], reader


def in_file(place: Path) -> bool:
    """Whether a new reader uses a file as soon as it has compared a few terms."""
    reader = ArraysReader(place)
    for _ in range(all_forms._UNAIDED):
        reader.like("storn", 1)
        assert reader._view.forms.together is None
    reader.like("storn", 1)
    return reader._view.forms.together is not None


def test_what_one_reader_puts_together_the_next_ones_use(place: Path) -> None:
    (found, _), file = told(place), place / VOCABULARY_NAME
    assert [like.form for like in found[0]] == ["storm"]
    assert file.exists()
    written = file.stat().st_mtime_ns, file.stat().st_ino
    again, reader = told(place)
    assert again == found
    assert in_file(place)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == written
    assert reader._view.cache.get(("vocabulary",)) is None


def test_a_few_comparisons_write_nothing(place: Path) -> None:
    for _ in range(3):
        assert not in_file(place)
    assert not (place / VOCABULARY_NAME).exists()


def test_a_prepared_index_puts_its_words_together_before_anything_is_compared(place: Path) -> None:
    with newsearch.open(place) as index:
        index.prepare()
        assert (place / VOCABULARY_NAME).exists()
        assert in_file(place)
        index.prepare()
    with pytest.raises(newsearch.EngineError):
        index.prepare()


def test_words_are_not_put_together_from_damaged_segments(place: Path) -> None:
    for path in place.glob("*.seg"):
        _, _, kept_, start = ArrayFile(path)._place("term_at")
        data = path.read_bytes()
        path.write_bytes(data[:start] + b"\xff" * kept_ + data[start + kept_ :])
    with newsearch.open(place) as index, pytest.raises(newsearch.IndexCorrupt, match="term_at"):
        index.prepare()
    assert not (place / VOCABULARY_NAME).exists()


def test_another_generation_does_not_use_it(place: Path) -> None:
    told(place)
    update(place, ["The surname Storn", *TEXTS[1:2], "The stork closed the harbor", *TEXTS[3:]])
    assert not in_file(place)
    found, _ = told(place)
    assert [like.form for like in found[0]] == ["stork"]
    assert in_file(place)
    (place / VOCABULARY_NAME).unlink()
    assert told(place)[0] == found


def test_a_damaged_file_is_ignored_and_replaced(place: Path) -> None:
    found, _ = told(place)
    file = place / VOCABULARY_NAME
    sound = file.read_bytes()
    for at in [*range(64), *range(64, len(sound), max(1, len(sound) // 60))]:
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 4]) + sound[at + 1 :])
        assert not in_file(place)
    for damaged in (b"", sound[:-1], sound + b"x"):
        file.write_bytes(damaged)
        assert told(place)[0] == found
        assert in_file(place)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": []},
        {"text": [0xFF]},
        {"at": [0]},
        {"at": [5, 0]},
        {"counts": [1, 1]},
        {"counts": [-1]},
        {"counts": [1 << 40]},
        {"numbers": [999]},
        {"numbers": []},
        {"letters": []},
        {"starts": []},
        {"starts": [0, 999]},
        {"starts": [3, 2]},
        {"often": [999]},
        {"often": []},
        {"often_letters": [1, 2, 3, 4, 5, 6, 7, 8, 9]},
    ],
    ids=str,
)
def test_a_file_that_makes_no_sense_is_ignored(place: Path, wrong: dict[str, list[int]]) -> None:
    found, reader = told(place)
    file = kept.read_kept(place / VOCABULARY_NAME, "vocabulary", vocabulary._VERSION)
    arrays = {name: np.array(file.array(name)) for name in vocabulary._ARRAYS}
    for name, values in wrong.items():
        given = np.array(values, np.uint8 if name == "text" else np.int64)
        arrays[name] = (
            np.resize(given, len(arrays[name])) if len(given) == 1 != len(arrays[name]) - 1 else given
        )
    generation = kept.identity(reader.toc)
    kept.write_kept(place / VOCABULARY_NAME, "vocabulary", vocabulary._VERSION, generation, arrays)
    assert not in_file(place)
    assert told(place)[0] == found


def test_without_a_place_to_keep_it_the_reader_keeps_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("read-only")

    expected, _ = told(place)
    (place / VOCABULARY_NAME).unlink()
    monkeypatch.setattr(kept, "write_arrays", fails)
    found, reader = told(place)
    assert found == expected
    assert reader._view.cache.get(("vocabulary",)) is not None
    assert not (place / VOCABULARY_NAME).exists()


def test_too_little_memory_puts_nothing_together(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, _ = told(place)
    (place / VOCABULARY_NAME).unlink()
    monkeypatch.setattr(all_forms, "_VOCABULARY_BYTES", 0)
    monkeypatch.setattr(all_forms, "_VOCABULARY_SHARE", 1 << 40)
    found, reader = told(place)
    assert found == expected
    assert reader._view.forms.together is None
    assert not (place / VOCABULARY_NAME).exists()


def test_threads_that_wait_do_not_put_together_what_is_too_large_to_keep(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("read-only")

    def slowly(*given: Any) -> vocabulary.Vocabulary:
        calls.append(given)
        if len(calls) == 1:
            waiting.start()
            sleep(0.2)
        return vocabulary.vocabulary_of(*given)

    calls: list[Any] = []
    reader = ArraysReader(place)
    waiting = Thread(target=reader.prepare)
    monkeypatch.setattr(kept, "write_arrays", fails)
    monkeypatch.setattr(all_forms, "_VOCABULARY_SHARE", 1 << 40)
    monkeypatch.setattr(all_forms, "vocabulary_of", slowly)
    reader.prepare()
    waiting.join()
    reader.prepare()
    assert len(calls) == 1


def test_a_comparison_does_not_drop_what_another_thread_puts_together(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = ArraysReader(place)

    def finds_nothing(*_: object) -> None:
        monkeypatch.undo()
        reader.prepare()

    monkeypatch.setattr(all_forms, "read_vocabulary", finds_nothing)
    for _ in range(all_forms._UNAIDED + 1):
        reader.like("storn", 1)
    assert reader._view.forms.together is not None


def test_forms_that_begin_within_a_letter_are_ignored(place: Path) -> None:
    found, reader = told(place)
    file = kept.read_kept(place / VOCABULARY_NAME, "vocabulary", vocabulary._VERSION)
    arrays = {name: np.array(file.array(name)) for name in vocabulary._ARRAYS}
    within = arrays["text"].tobytes().index("п".encode()) + 1
    arrays["at"][1:-1] = within
    generation = kept.identity(reader.toc)
    kept.write_kept(place / VOCABULARY_NAME, "vocabulary", vocabulary._VERSION, generation, arrays)
    assert not in_file(place)
    assert told(place)[0] == found
