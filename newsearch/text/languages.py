"""Determines the language of an article, from its tag or else from its function words.

Function words (the, und, que) make up a third of any running text, and distinguish languages far more reliably than
letters. A language is assigned if at least FEWEST words of the article, and one in SHARE, are function words of that
language. They must be more than twice as many as the English ones, and more than those of any other language. Otherwise
the article counts as English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from newsearch.text.analysis import LANGUAGES, fold

ENGLISH: Final = "en"

FEWEST: Final = 3
SHARE: Final = 10

# Tags with another code for a language, or of languages close enough to share its stemmer.
_ALIASES: Final = {"nb": "no", "nn": "no", "hr": "sr", "bs": "sr", "in": "id"}

# Tags that do not name a language.
_UNDETERMINED: Final = frozenset(("und", "mul", "zxx", "mis", "qaa"))


def of(tag: str | None, terms: Iterable[str]) -> str:
    """The language, one of LANGUAGES, by which the words of an article are stemmed.

    Args:
        tag: the article's own, as Article.language has it. One without a stemmer counts as English.
        terms: those of all its texts.
    """
    return tagged(tag) or told_by(terms)


def tagged(tag: str | None) -> str | None:
    """The language of a tag; None if the tag names no language."""
    primary = (tag or "und").split("-")[0]
    if primary in _UNDETERMINED:
        return None
    code = _ALIASES.get(primary, primary)
    return code if code in LANGUAGES else ENGLISH


def told_by(terms: Iterable[str]) -> str:
    """The language indicated by the words of a text, or English in case of doubt."""
    code = _likeliest(terms)
    return code if code in LANGUAGES else ENGLISH


def detected(terms: Sequence[str]) -> str:
    """The language by which a text without a tag is found: one of KNOWN, or "" if it cannot be determined.

    Unlike `told_by`, this may be a language without a stemmer, and English only if most words are in Latin script.
    """
    code = _likeliest(terms)
    return code or ("" if 2 * sum(map(is_foreign, terms)) >= len(terms) else ENGLISH)


def is_foreign(term: str) -> bool:
    """Whether a term begins with a letter of a script other than Latin."""
    return term[:1] > "\u024f" and not "\u2000" <= term[0] < "\u2c00"


def _likeliest(terms: Iterable[str]) -> str | None:
    """The language other than English indicated by the words of a text; None in case of doubt."""
    known = function_words()
    counts: Counter[str] = Counter()
    total = 0
    for term in terms:
        counts.update(known.get(term, ()))
        total += 1
    english = counts.pop(ENGLISH, 0)
    most = max(counts.values(), default=0)
    likeliest = [code for code, count in counts.items() if count == most]
    if most < FEWEST or most * SHARE < total or most <= 2 * english or len(likeliest) > 1:
        return None
    return likeliest[0]


@lru_cache(maxsize=1)
def function_words() -> Mapping[str, tuple[str, ...]]:
    """Function words, as terms, and the languages of each."""
    languages: dict[str, tuple[str, ...]] = {}
    for code, words in _WORDS.items():
        for word in dict.fromkeys(map(fold, words.split())):
            languages[word] = (*languages.get(word, ()), code)
    return languages


# The most frequent words of each language, except those that are also common in English, even if only as names (in,
# was, uber). Languages without a stemmer are listed to avoid mistaking them for a related language that has one.
_WORDS: Final = {
    "en": "the of and to that for it with his by had not are but from or have they which one you were all she there"
    " would their we been has when who will more if out said what up its about into than them can only other new"
    " some could these two may then first any after my now such like our how he says year people before should where"
    " most between why your",
    "ar": "في من على إلى أن عن التي الذي هذا هذه مع بعد كان لا ما قد أو بين كما ذلك خلال وقد وفي يوم كل قال",
    "bg": "и на за от да се не е с в по че са като до след най при това който която тази как обаче бе беше също",
    "ca": "de la el que els les un una amb per del es ha dels més aquest aquesta però com seva seu han també perquè als"
    " entre fins molt hi anys ser des segons d l",
    "cs": "se v na je ze že s z o jsou byl ale jako za podle jak nebo po aby který která které jeho už od roku"
    " si tak při bude byla bylo jen také",
    "da": "og det af er en til på de ikke med som der den et har fra vil om men han var sig kan ved når efter ud blev"
    " bliver også eller havde siger mod siden hun skal jeg hvor hvis dette denne deres",
    "de": "der die und den von zu das mit sich des auf für ist dem nicht ein eine als auch es werden hat dass sie"
    " nach wird bei einer sind noch wie einem einen zum haben nur oder aber vor zur bis durch wurde ich wir ihr"
    " seine wenn kann diese gegen vom schon",
    "el": "και το του της να με για την από στο στην των που είναι οι τα στη τον δεν σε θα ο η μια ένα αλλά ως ότι"
    " τους",
    "es": "de la que el y los se del las un por con una para su al lo como pero sus le ya este si porque esta entre"
    " cuando muy sin sobre también hasta hay donde quien desde todo nos durante todos uno ni contra otros ese eso"
    " ante ellos fue ha según tras años más",
    "fa": "و در به از که این را با است برای آن شد می های خود تا شده نیز اما یا",
    "fi": "ja ei se että oli mutta kun myös hän ole ovat joka tai niin mitä mukaan sen kuin jos vain nyt ollut olla"
    " sitä jo enää kanssa jälkeen tämä tämän sanoo hänen voi vuoden jotka kuitenkin ennen",
    "fr": "de la le les et des en du une est un que dans qui pas au sur ne se ce il sont avec cette aux ont mais été"
    " leur nous vous ou comme après elle ses ces sans deux fait même tout était contre depuis selon être pour par"
    " sa tous quand où d l qu",
    "hi": "के में की है और से को का पर ने यह कि भी हैं एक नहीं लिए इस कर था हो रहा गया",
    "hr": "je na se da u za od su kao iz koji ali nije što će bi ili koja sve samo jer kako bio bila o s",
    "hu": "az és hogy nem egy meg ez csak volt már ki ha de van mint el azt vagy mert kell lehet még majd szerint"
    " után pedig amely ezt",
    "id": "yang dan di dari ini dengan untuk pada tidak dalam itu akan juga ke oleh ada karena tersebut kata telah"
    " bisa saat lebih sudah atau mereka kepada sebagai dia",
    "it": "di che il la e un del della una non dei le con si da gli al sono nel alla più ha delle anche dal lo degli"
    " dalla su questo stato tra dopo nella se o cui essere stata sul prima anni suo alle hanno loro era l"
    " dell nell dall sull",
    "nl": "de het een van en dat die te op voor zijn er aan niet ook als door maar bij naar uit om deze wordt worden"
    " heeft hebben nog wel kan geen werd meer tot ze hij haar zich zo moet jaar tegen",
    "no": "og det av er en til på de ikke med som den et har fra vil om men han var seg kan ved når etter ut ble bli"
    " blir også eller hadde sier mot siden hun skal jeg hvor hvis dette denne deres hva fordi",
    "pl": "w z na się nie ze że jest o przez od po za jak jego już tym tylko ale był który która które oraz dla roku"
    " czy są przed ma ich jej może było były",
    "pt": "de que e do da em um para com não uma os na por mais dos como mas foi ao ele das tem seu sua ou ser quando"
    " muito há nos já está eu também pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas"
    " esse eles são numa pelos",
    "ro": "de și la cu pe nu din este care un o ca să pentru ce fost sunt fi lui prin după sau cel ale lor au"
    " doar această până fără acest cum le ei",
    "ru": "что как это его для был была были из также уже чтобы после со который которые году года лет ещё все только"
    " или она они по не на и в с о к от при за же бы",
    "sk": "sa na je ze že v z s o aj ako pre po podľa sú ktorý ktorá bol bola ale však pri alebo",
    "sr": "је да се на у за од су као из који али није што ће би или која све само јер како био",
    "sv": "och att det som en är av den med till om har de inte ett han men sig från vi kan när nu efter ska skulle"
    " eller ut upp mot vid hans henne hade bli blir alla mycket sedan detta denna enligt även kommer också på",
    "tr": "ve bir bu için da de ile olarak çok daha gibi olan kadar ne var sonra ancak en oldu diye ise değil yeni"
    " tarafından ama ya büyük",
    "uk": "і що як це з та у до від для був була були не на в за по про які який також або після його але",
}

KNOWN: Final = tuple(_WORDS)
"""The languages that have function words here, with a stemmer or without."""
