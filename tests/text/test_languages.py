"""In which language an article is taken to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsearch.engine.arrays.writing.spoken import CODES, languages_of
from newsearch.text import languages
from newsearch.text.analysis import LANGUAGES, Stemming, terms

TEXTS = {
    "da": [
        "Regeringen vil åbne skolerne igen efter påske. Det er ikke alle forældre glade for, siger ministeren.",
        "Flere tog blev aflyst mandag, og passagererne måtte vente i flere timer på perronen.",
    ],
    "de": [
        "Der Stadtrat hat am Abend für den Ausbau der Straßenbahn gestimmt. Die Linie soll bis zum Hafen führen.",
        "Nach dem Sturm sind noch immer tausende Häuser ohne Strom, und die Feuerwehr ist im Dauereinsatz.",
        "Warum die Impfung nicht bei allen wirkt",
    ],
    "es": [
        "El gobierno aprobó ayer una ley para proteger los bosques del norte del país.",
        "La vacuna llegará a los hospitales en enero, según la ministra de Sanidad.",
    ],
    "fi": [
        "Hallitus kertoi, että koulut avataan ensi viikolla, mutta kaikki eivät ole tyytyväisiä.",
        "Junat ovat myöhässä, eikä kukaan vielä tiedä, kun liikenne jatkuu. Se on jo toinen kerta.",
    ],
    "fr": [
        "Le conseil municipal a voté hier l'interdiction des voitures dans le centre de la ville.",
        "Les élections auront lieu au mois de mars, mais la date n'est pas encore fixée par le gouvernement.",
    ],
    "it": [
        "Il governo ha approvato la nuova legge sulla scuola, che entrerà in vigore a settembre.",
        "Gli abitanti della valle sono senza acqua da tre giorni e chiedono aiuto alla regione.",
    ],
    "nl": [
        "De gemeente wil het plein in de zomer sluiten voor auto's, maar de winkeliers zijn er niet blij mee.",
        "Het kabinet heeft een akkoord over de huren bereikt. Dat werd door de minister bevestigd.",
    ],
    "no": [
        "Regjeringen vil ikke åpne skolene før etter påske, og det får mange til å reagere. Hva skjer nå?",
        "Toget ble innstilt på grunn av snø, men det går buss fra stasjonen.",
    ],
    "pl": ["Rząd ogłosił, że szkoły będą zamknięte do końca roku, ale nie jest to jeszcze pewne."],
    "pt": [
        "A greve do metrô parou a cidade na hora do rush, e os passageiros não tinham como voltar para casa.",
        "O governo anunciou ontem as regras das eleições, mas ainda não há uma data.",
    ],
    "ru": [
        "Правительство объявило, что школы откроются после праздников, но это ещё не решено.",
        "В городе снова отключили воду. Жители говорят, что их никто не предупредил.",
    ],
    "sv": [
        "Regeringen vill att skolorna ska öppna igen efter påsk, men det är inte alla föräldrar som är nöjda.",
        "Tåget från Malmö är försenat och resenärerna har fått vänta på perrongen.",
    ],
    "tr": [
        "Belediye yeni park için karar aldı, ancak bu proje çok pahalı olarak görülüyor ve kabul edilmedi."
    ],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in TEXTS.items() for text in texts])
def test_a_text_tells_its_language(code: str, text: str) -> None:
    assert languages.of(None, terms(text)) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Portland bans facial recognition",
        "The Los Angeles Lakers beat the Denver Nuggets",
        "Las Vegas: El Cortez, La Bamba and Los Lobos are back, and that is all there is to say",
        "Le Monde, El País and La Repubblica report on the vote",
        "Angela Merkel trifft Emmanuel Macron",
        "Charles de Gaulle airport to reopen, says the mayor of Paris",
        "Der Spiegel",
        "iPhone 12 vs Samsung Galaxy S20",
        "東京で新しい駅が開業した",
        "Уряд оголосив, що школи відкриють після свят, але це ще не вирішено",  # no stemmer for Ukrainian
        "Vláda oznámila, že školy sa otvoria po sviatkoch, ale ešte to nie je isté",  # nor for Slovak
        "Правителството обяви, че училищата ще отворят след празниците, но това не е сигурно",  # nor for Bulgarian
        "A vote on de facto rule",
    ],
)
def test_what_is_english_or_in_doubt_is_english(text: str) -> None:
    assert languages.of(None, terms(text)) == "en"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de", "de"),
        ("de-at", "de"),
        ("en-gb", "en"),
        ("nb-no", "no"),
        ("nn", "no"),
        ("ja", "en"),
        ("zh-hans", "en"),
    ],
)
def test_a_tag_is_believed_whatever_the_text_says(tag: str, code: str) -> None:
    assert languages.of(tag, terms(TEXTS["it"][0])) == code


@pytest.mark.parametrize("tag", [None, "und", "mul"])
def test_a_tag_that_says_nothing_leaves_it_to_the_text(tag: str | None) -> None:
    assert languages.of(tag, terms(TEXTS["it"][0])) == "it"


def test_function_words_are_terms_and_none_is_english_and_something_else() -> None:
    for word, codes in languages.function_words().items():
        assert terms(word) == [word]
        assert "en" not in codes or codes == ("en",)


def test_every_language_has_its_stemmer() -> None:
    for code in LANGUAGES:
        assert Stemming(code).stems([]) == []


words = st.sampled_from([*languages.function_words(), "ban", "haus", "x", "日本", "本語"])
tags = st.sampled_from([None, None, None, "de", "en-us", "ja", "und"])


@given(
    st.lists(st.tuples(tags, st.lists(words | st.sampled_from(["der", "und", "die", "nicht"]), max_size=12)))
)
def test_many_articles_at_once_tell_the_same(articles: list[tuple[str | None, list[str]]]) -> None:
    tokens = [term for _, text in articles for term in text]
    numbers = {term: number for number, term in enumerate(dict.fromkeys(tokens))}
    table = list(dict.fromkeys(tag or "" for tag, _ in articles))
    found = languages_of(
        table,
        np.array([table.index(tag or "") for tag, _ in articles], np.int64),
        numbers,
        np.array([numbers[term] for term in tokens], np.int64),
        np.array([len(text) for _, text in articles], np.int64),
        np.array([languages.is_foreign(term) for term in numbers], bool),
    )
    stemmed = [list(LANGUAGES)[i] for i in found.stemmed.tolist()]
    assert stemmed == [languages.of(tag, text) for tag, text in articles]
    for number, (tag, text) in zip(found.detected.tolist(), articles, strict=True):
        assert tag or CODES[number] == languages.detected(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", ""),
        ("trump", "en"),
        ("trump 2020", "en"),
        ("日本 本語", ""),
        ("日本 本語 bbc", ""),
        ("日本 bbc news", "en"),
        ("új az és hogy nem egy meg ez", "hu"),
        ("и на за от да се не е с в", ""),
    ],
)
def test_a_text_without_a_tag_is_found_in_the_language_that_its_words_tell(text: str, language: str) -> None:
    found = languages.detected([languages.fold(word) for word in text.split()])
    assert found == language or (not language and found not in ("", "en"))
