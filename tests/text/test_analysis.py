"""Which terms a text says, and which of them are forms of one word."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsearch.text import analysis
from newsearch.text.analysis import (
    LANGUAGES,
    MAX_TERM_LENGTH,
    Stemming,
    chunk_terms,
    fold,
    other_spelling,
    terms,
)
from newsearch.text.english import DEMONYMS, IRREGULAR_STEMS

TERMS = {
    # Case, punctuation, nothing thrown away.
    "US": "us",
    "IT may be the WHO": "it may be the who",
    "May, Will and X": "may will and x",
    '("Portland,") [bans]: it!': "portland bans it",
    "a": "a",
    "...": "",
    "- – — | / * ** & @ #": "",
    "**Apple** `apple` _apple_": "apple apple apple",
    "snake_case": "snake case",
    # Initials.
    "U.S.": "us",
    "U.S": "us",
    "u.s.a.": "usa",
    "the U.S.-China trade": "the us china trade",
    "the U.S.'s part": "the us part",
    "the U.S.’s": "the us",
    "J.K. Rowling": "jk rowling",
    "at 5 p.m. on": "at 5 pm on",
    "e.g. this": "eg this",
    "end of U. Next": "end of u next",
    "example.com": "example com",
    # Hyphens and signs.
    "Biden-Xi": "biden xi",
    "COVID-19": "covid 19",
    "covid‑19": "covid 19",
    "G-20 and G20": "g 20 and g20",
    "5G": "5g",
    "AT&T": "at&t",
    "R&D, Q&A": "r&d q&a",
    "AT & T": "at t",
    "Johnson&Johnson Marks&Spencer's": "johnson johnson marks spencer",
    "S&P500 S&P H&M’s J&J's B&Q": "s&p 500 s&p h&m j&j b&q",
    "C++ and C#": "c++ and c#",
    "C++, C#.": "c++ c#",
    "C+": "c",
    "#MeToo @WHO": "metoo who",
    "@newsearch/index": "newsearch index",
    # Apostrophes.
    "O'Brien": "obrien",
    "O’Brien": "obrien",
    "don't": "dont",
    "don’t": "dont",
    "Portland's": "portland",
    "Portland’s": "portland",
    "the Obamas' dog": "the obamas dog",
    # Articles that lost a vowel, of French, Catalan and Italian.
    "L’Oréal, d'Arc": "l oreal d arc",
    "qu'une dell’università": "qu une dell universita",
    "l's d'": "l d",
    "y'all've c'est": "yallve cest",
    "'quoted' ‘quoted’": "quoted quoted",
    "rock 'n' roll": "rock n roll",
    "the 1990's": "the 1990",
    "O‘Brien don`t aujourd´hui O′Neill O‛Neil O＇Hara": "obrien dont aujourdhui oneill oneil ohara",
    "Hawaiʻi ʻOkina Qurʾan ʿAli Saʽud": "hawaii okina quran ali saud",
    "Khan`s Modi‘s `code` 5′10″ ‘a’ l´été": "khan modi code 5 10 a l ete",
    "ʼs ʼ Oʼbrien": "s obrien",
    # Numbers.
    "$24,000": "24000",
    "1,234,567": "1234567",
    "24.000,50 1,234.56 1.234,56": "24000.50 1234.56 1234.56",
    "1.234.567 1,00,000 12,34,567.5": "1234567 100000 1234567.5",
    "24.000 9,90 2020.09.29 192.168.1.1": "24.000 9.90 2020.09.29 192.168.1.1",
    ".5 $.5 (.22) a.5 ...5 x .5.": "0.5 0.5 0.22 a 5 5 x 0.5",
    "3.5%": "3.5",
    "3,5": "3.5",
    "2020-09-29": "2020 09 29",
    "$1.2bn": "1.2 bn",
    "10:30": "10 30",
    "1.": "1",
    # Accents, ligatures, letters that do not decompose.
    "São Paulo": "sao paulo",
    "SA\u0303O": "sao",
    "Müller Łódź Ærø Þór": "muller lodz aero thor",
    "ﬁre ﬂood": "fire flood",
    "Straße": "strasse",
    "İstanbul ısı": "istanbul isi",
    "ΑΘΉΝΑ Άσος": "αθηνα ασοσ",
    "Ёлка": "елка",
    "ＡＢＣ １２３": "abc 123",
    # Scripts without spaces become pairs.
    "日本語": "日本 本語",
    "日": "日",
    "東京2020年": "東京 2020 年",
    "日本、中国。": "日本 中国",
    "ﾆｭｰｽ": "ニュ ュー ース",
    "서울": "서울",
    "ข่าว": "ข่ ่า าว",
    # Vowel signs stay with their letters.
    "हिन्दी": "हिन्दी",
    "भारत है।": "भारत है",
    "ভারত।": "ভারত",
    "தமிழ்": "தமிழ்",
    "الأخبار": "الأخبار",
    "שלום": "שלום",
    'שָׁלוֹם בית־ספר צה״ל צה"ל ג׳ורג׳': "שלום בית ספר צהל צהל גורג",
    "كتابٌ مُحَمَّد مـحمد أحمد": "كتاب محمد محمد أحمد",
    # Symbols.
    "🚀": "🚀",
    "launch🚀🚀now": "launch 🚀 🚀 now",
    "☀ sun": "☀ sun",
    "©2020 ™": "2020",
    "Lipitor™ iPhone® Acme℠": "lipitor iphone acme",
    "vaccine¹ word²,³ 10⁶ note⁽¹⁾": "vaccine 1 word 2 3 10 6 note 1",
    "m² 5km² H₂O CO₂ 1ˢᵗ": "m2 5km2 h2o co2 1st",
    "2½-year ¾ 1¼ №5 step①": "2 1 2 year 3 4 1 1 4 no 5 step 1",
}


@pytest.mark.parametrize("text", TERMS)
def test_a_text_says_these_terms(text: str) -> None:
    assert " ".join(terms(text)) == TERMS[text]


KIN = [
    "ban bans banned banning",
    "vaccine vaccines vaccinated vaccination",
    "organization organizations organize",
    "university universities",
    "international internationally",
    "authority authorities",
    "executive executives",
    "business businesses",
    "woman women",
    "man men",
    "child children",
    "crisis crises",
    "election elections elected",
    "united",
    "important importance",
    "bus buses",
    "gas gases",
    "lens lenses",
    "wife wives",
    "thief thieves",
    "knife knives",
    "half halves",
    "wolf wolves",
    "foot feet",
    "tooth teeth",
    "mouse mice",
    "person people",
    "thesis theses",
    "diagnosis diagnoses diagnosed",
    "analysis analyses analysed",
    "crisis crises",
    "index indices",
    "policeman policemen",
    "criterion criteria",
]


@pytest.mark.parametrize("words", KIN)
def test_forms_of_one_word_share_a_stem(words: str) -> None:
    assert len(set(Stemming().stems(words.split()))) == 1


KIN_BY_LANGUAGE = {
    "ca": ["elecció eleccions", "vacuna vacunes"],
    "cs": ["vláda vlády vládu", "volby volbách"],
    "da": ["regering regeringen regeringer", "valg valget"],
    "de": ["Haus Häuser Häusern", "Regierung Regierungen", "Kind Kinder Kindern", "Bürger Bürgern"],
    "el": ["εκλογές εκλογών", "κυβέρνηση κυβέρνησης"],
    "es": ["elección elecciones", "vacuna vacunas", "gobierno gobiernos", "investigación investigaciones"],
    "fi": ["rokote rokotteet"],
    "fr": [
        "élection élections",
        "votée votées voter",
        "journal journaux",
        "présidente présidents",
        "interdit interdites",
    ],
    "hu": ["választás választások", "oltás oltások"],
    "it": ["elezione elezioni", "vaccino vaccini", "governo governi"],
    "nl": ["verkiezing verkiezingen", "huis huizen", "vaccin vaccins"],
    "no": ["regjering regjeringen regjeringer"],
    "pl": ["wybory wyborów", "rząd rządu"],
    "pt": ["eleição eleições", "vacina vacinas", "responsável responsáveis", "decisão decisões"],
    "ru": ["вакцина вакцины вакцину", "новый новая новой", "российский российская", "выборы выборов"],
    "sv": ["regering regeringen", "tåg tåget", "beslut beslutet"],
}


@pytest.mark.parametrize(
    ("language", "words"), [(code, kin) for code, groups in KIN_BY_LANGUAGE.items() for kin in groups]
)
def test_forms_share_a_stem_in_their_language_though_accents_are_gone(language: str, words: str) -> None:
    assert len(set(Stemming(language).stems(terms(words)))) == 1


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_protected_word_keeps_to_itself(language: str) -> None:
    free, bound = Stemming(language), Stemming(language, frozenset(["apple", "organ"]))
    words = ["apple", "apples", "organ", "organs", "ban", "bans"]
    apple, apples, organ, organs, *bans = bound.stems(words)
    assert len({apple, apples, organ, organs}) == 4
    assert bans == free.stems(["ban", "bans"])


STRANGERS = [
    "new news",
    "us use",
    "organ organization organic",
    "universe university universal",
    "intern international internal internet",
    "police policy polite politics",
    "execution executive",
    "imports important",
    "author authority",
    "several severe sever",
    "busy business",
    "unit united",
    "hospital hospitality",
    "experience experiment",
    "position positive",
    "arm army",
    "past paste",
    "state station",
    "emerging emergency",
    "may many",
    "who whose",
    "harris harry",
    "hughes hugh",
    "manning manly man",
    "expense expensive",
    "clinic clinical",
    "mars marred",
    "maine main",
    "protest protestant",
    "conserve conservative",
    "emergency emergence",
    "department depart",
    "people personal",
    "these theses",
    "intense intensive",
    "animal anime animated",
]


@pytest.mark.parametrize("words", STRANGERS)
def test_words_of_other_meaning_do_not(words: str) -> None:
    assert len(set(Stemming().stems(words.split()))) == len(words.split())


@given(st.text())
@example("US U.S. women")
def test_one_stem_is_as_many(text: str) -> None:
    assert Stemming().stems(terms(text)) == [Stemming().stem(term) for term in terms(text)]


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("covid19", "covid-19"),
        ("COVID-19", "covid19"),
        ("Covid-19,", "covid19"),
        ("5G", "5-g"),
        ("5-G", "5g"),
        ("G20", "g-20"),
        ("G-20", "g20"),
        ("F16", "f-16"),
        ("iPhone12", "iphone-12"),
        ("24/h", "24h"),
        ("covid", None),
        ("19", None),
        ("2020-09", None),
        ("Biden-Xi", None),
        ("AT&T", None),
        ("F-16s", None),
        ("a1b2", None),
        ("24,000", None),
        ("3.5km", None),
        ("5日", None),
        ("C++", None),
        ("", None),
    ],
)
def test_a_break_between_letters_and_digits_is_another_spelling(word: str, other: str | None) -> None:
    assert other_spelling(word) == other


@given(st.text("ab12-. é日", max_size=6))
def test_the_other_spelling_of_the_other_spelling_has_the_same_terms(word: str) -> None:
    if other := other_spelling(word):
        assert terms(other) != terms(word)
        assert terms(other_spelling(other) or "") == terms(word)


def test_a_long_term_is_cut() -> None:
    assert terms("x" * 1000) == ["x" * MAX_TERM_LENGTH]
    assert terms("é" * 1000) == ["e" * MAX_TERM_LENGTH]


SIGNS = st.sampled_from(
    [
        "'",
        "’",
        "&",
        ".",
        ",",
        "-",
        "+",
        "#",
        "'s",
        " ",
        "_",
        "ẞ",
        "İ",
        "ǿ",
        "ﬁ",
        "日本",
        "है।",
        "🚀",
        "1",
        "24,000",
        "U.S.",
        "ı̇",
    ]
)
texts = st.text() | st.lists(SIGNS | st.text(max_size=2), max_size=8).map("".join)


def test_letters_of_scripts_without_spaces_are_no_initials() -> None:
    assert terms("A.㐀") == ["a", "㐀"]
    assert terms("日.本") == ["日", "本"]
    assert terms("Я.Б.") == ["яб"]


@given(texts)
def test_terms_are_found_again_as_they_are(text: str) -> None:
    found = terms(text)
    assert all(found)
    for term in found:
        assert len(term) <= MAX_TERM_LENGTH
        assert not any(sign.isspace() for sign in term)
        if len(term) < MAX_TERM_LENGTH:
            assert terms(term) == [term]


@given(texts)
def test_case_says_nothing(text: str) -> None:
    """Articles are analysed in lower case, queries as they were typed."""
    assert terms(text.lower()) == terms(text)


@given(texts)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.lists(texts, max_size=4))
def test_chunks_do_not_see_each_other(parts: list[str]) -> None:
    assert terms(" ".join(parts)) == [
        term for part in parts for chunk in part.split() for term in chunk_terms(chunk)
    ]


def test_a_people_shares_the_stem_of_its_place() -> None:
    english, german = Stemming(), Stemming("de")
    assert len(set(english.stems("italy italian italians".split()))) == 1
    assert len(set(german.stems("italy italian italians".split()))) > 1
    for form, place in DEMONYMS.items():
        assert english.stem(form) == english.stem(place)


def test_a_people_is_there_in_the_singular_and_the_plural() -> None:
    """One of them alone would be parted from the other, which the stemmer takes for the same word."""
    for form in DEMONYMS:
        if form.endswith("an"):
            assert form + "s" in DEMONYMS
        assert not form.endswith("ans") or form.removesuffix("s") in DEMONYMS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_stem_of_one_term_is_the_one_it_has_among_others(language: str) -> None:
    words = [
        *DEMONYMS,
        *DEMONYMS.values(),
        *IRREGULAR_STEMS,
        *IRREGULAR_STEMS.values(),
        "ban",
        "naciones",
        "нации",
    ]
    stemming = Stemming(language, frozenset({"ban", "italians", "children"}))
    assert [stemming.stem(word) for word in words] == stemming.stems(words)


@given(st.text("aB1-.,'(", min_size=1, max_size=12))
def test_words_with_hyphens_have_the_terms_of_any_text(chunk: str) -> None:
    # An underscore is in no term, and has the chunk read by all rules.
    assert terms(chunk) == terms(f"{chunk}-_")


def test_a_text_with_accents_is_folded_as_one_with_signs() -> None:
    for number in range(0x80, 0x2100):
        text = f"abc{chr(number)}d 1{chr(number)}2"
        assert fold(f"{text} ☃") == f"{fold(text)} ☃"


PLAIN = st.characters(max_codepoint=0x8FF) | st.characters(min_codepoint=0x2000, max_codepoint=0x25FF)


@given(st.text(PLAIN | st.sampled_from("ab1.'’&-é“"), max_size=12))
def test_plain_letters_have_the_terms_of_all_letters(text: str) -> None:
    found = terms(text)
    with mock.patch.object(analysis, "has_plain_letters", return_value=False):
        assert terms(text) == found


@given(st.text(st.sampled_from("aB1-.'`’“”–—…‘™²№ é"), max_size=12))
def test_typographic_marks_are_no_signs(text: str) -> None:
    found = fold(text)
    with mock.patch.object(analysis, "_TYPOGRAPHIC", {}):
        assert fold(text) == found
