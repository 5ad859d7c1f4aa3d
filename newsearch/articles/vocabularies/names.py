"""Which names are in a by-line, or in a list of persons and things?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

_MAX_BITS: Final = 1000


def is_endless(value: object) -> bool:
    """Whether a value is an integer of so many digits that Python may refuse to convert it to text."""
    return isinstance(value, int) and value.bit_length() > _MAX_BITS


def plain(value: object) -> str:
    """A scalar as text; any other value, or an endless integer, as an empty text."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or isinstance(value, bool | list | dict) or is_endless(value) else str(value)


def name_of(value: object) -> str:
    """The name of a text, or of an object with a name."""
    if not isinstance(value, Mapping):
        return plain(value)
    for key in ("name", "value", "term", "label", "title", "webTitle", "literal"):
        found = value.get(key)
        if name := plain(found[0] if isinstance(found, list) and found else found):
            return name
    return ""


def names_of(value: object) -> list[str]:
    """The persons in a list of names or objects; one text may contain several."""
    if isinstance(value, str):
        return split_names(value)
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        return []
    names = [name for item in value for name in _names_of_one(item)]
    # Some programs list the words beside a name in a by-line as if they were another author.
    return _without_roles(names)


def _names_of_one(item: object) -> list[str]:
    names = item.get("name") if isinstance(item, Mapping) else None
    if isinstance(names, list):
        return [name for given in names for name in split_names(plain(given))]
    return split_names(name_of(item))


def split_names(text: str) -> list[str]:
    """Split a by-line into its names: "By Ann Lee, Bob Ray and Cy Day" has three.

    A comma splits only if each part looks like a whole name. "Kaur, M., Shukla, A." and "Smith, Jr." are kept. Roles,
    agencies, outlets and places beside a name are removed: "Ann Lee in Rome, Reuters" is Ann Lee. Without a name they
    stay, because they are the only author there is.
    """
    text = _BY.sub("", " ".join((unescape(text) if "&" in text else text).split()))
    if not text or is_address(text):
        return [text] if text else []
    if "[[" in text:  # a wiki's brackets may hold a bar
        return _split_piece(text)
    if text.isalpha() or _PLAIN_NAME.fullmatch(text):
        return [text]
    names: list[str] = []
    for piece in _BARS.split(text):
        if not names or not (_is_affiliation(piece) or _OUTLET_AFTER_BAR.search(piece)):
            names += _split_piece(_BY.sub("", piece.strip(" ,;-–—")))
    people = [name for name in names if not _is_affiliation(name)]
    return list(dict.fromkeys(people or _without_roles(names))) or [text]


def _without_roles(names: list[str]) -> list[str]:
    return [name for name in names if not _ROLE.search(name)] or names


def _split_piece(text: str) -> list[str]:
    parts = [part.strip() for part in _AND.split(_STATE.sub("", text))]
    if len(parts) == 1 and ";" not in text:
        parts = [part.strip() for part in parts[0].split(",")]
    else:
        parts = [piece.strip() for part in parts for piece in part.split(",")]
    parts = [part for part in parts if part]
    people = [person for part in parts if not _is_affiliation(part) and (person := _person(part))]
    if len(people) == 1 and len(parts) > 1:
        return people
    if len(people) < 2 or not all(map(_is_whole_name, people)):
        pieces = [piece.strip() for piece in text.split(";") if piece.strip()]
        if len(pieces) > 1:
            return [name for piece in pieces for name in _split_piece(_BY.sub("", piece))]
        kept = people if 0 < len(people) < len(parts) else [_person(text)] if len(parts) == 1 else [text]
        return [", ".join(kept)] if kept[0] else []
    return people


def _person(part: str) -> str:
    """A name without a "by" before it, and without the place, outlet or agency that follows it."""
    part = _AND_BY.sub("", part)
    found = _WHERE.fullmatch(part)
    name = found[1] if found and " " in found[1] else part
    inner = _IN_BRACKETS.search(name)
    if inner and _is_affiliation(inner[1]) and name[: inner.start()].strip():
        name = name[: inner.start()].strip()
    head, sign, tail = name.rpartition("/")
    if sign and " " in head.strip() and _is_affiliation(tail.strip()):
        name = head.strip()
    elif sign and " " in tail.strip() and _is_affiliation(head.strip()):
        name = tail.strip()
    return name


def _is_affiliation(text: str) -> bool:
    """Whether a part of a by-line is a role, an agency or an outlet, as far as its words tell."""
    text = text.strip(" .,")
    if (
        text.casefold() in _AGENCIES
        or _STATION.fullmatch(text)
        or _ROLE.search(text)
        or _RELATION.match(text)
    ):
        return True
    words = text.split()
    is_long = len(words) > 2 or words[:1] == ["The"]
    return bool(_OUTLET.search(text)) or (is_long and bool(_OUTLET_OR_SURNAME.search(text)))


# "Von Miller" and "Di Maio" are names; "by" in other languages is followed by a whole name.
_BY: Final = re.compile(
    r"^(?:(?:(?:(?:written|words|story|text|report(?:ed|ing)?)[ ]+)?by[ :]+)+(?=\S)"
    r"|(?:von|par|por|di|door|av|af)[ :]+(?=\S+ \S))",
    re.IGNORECASE,
)
_AND_BY: Final = re.compile(r"^(?:by[ :]+)+(?=\S)", re.IGNORECASE)
_AND: Final = re.compile(r"\s*(?:,\s*(?:and|und|et|y|&)\s|\s(?:and|und|et|y)\s|\s&\s|;)\s*", re.IGNORECASE)
_BARS: Final = re.compile(r"\s+[|•·]\s+|\s*\|\s*")
_PLAIN_NAME: Final = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")
_STATION: Final = re.compile(r"[A-Z]{3,5}")
"""CNN and WGBH; two letters may be the initials of a person."""
_ACRONYM: Final = re.compile(r"[A-Z]{2,4}")
_IN_BRACKETS: Final = re.compile(r"(?<=\s)\(([^()]+)\)\Z")
_STATE: Final = re.compile(r"(?<=[a-z]), (?:D\.? ?C\.?|[A-Z]{2})(?=\Z|,| and )")
# "Ann Lee in Rome" and "Bob Ray for the Gazette"; "in" before a lower-case word does not begin a place.
_WHERE: Final = re.compile(
    r"(\S.*?) (?:(?:in|à|aus) (?=[A-ZÀ-Ý])|(?:for|of|from) (?:the |The )?(?=[A-ZÀ-Ý])).*"
)
_AGENCIES: Final = frozenset(
    name.strip()
    for name in """reuters, associated press, the associated press, ap, ap news, agence france-presse, afp, dpa, apa,
    ansa,
    efe, tass, xinhua, kyodo, kyodo news, bloomberg, bloomberg news, upi, pti, ani, ians, aap, pa, pa media,
    press association, the press association, canadian press, the canadian press, press trust of india, epa, sda, belga,
    anp, ntb, tt, ritzau, lusa, anadolu, anadolu agency, interfax, yonhap, jiji, npr, bbc, cnn, nbc, cbs, abc, sky news,
    al jazeera, politico, wire services, wire reports, agencies, agency, staff""".split(",")
)
_ROLE: Final = re.compile(
    r"\b(?:writers?|reporters?|correspondents?|editors?|staff|contributors?|contributing|columnists?|producers?|journalists?"
    r"|photographers?|freelancers?|analysts?|critics?|interns?|bureau|newsroom|news desk|redaktion\w*|redakteur\w*"
    r"|korrespondent\w*|journaliste?s?|rédact\w+|rédaction|periodistas?|redacci[oó]n|redactor\w*|corresponsal\w*"
    r"|giornalist\w*|redazione)\b",
    re.IGNORECASE,
)
_RELATION: Final = re.compile(
    r"(?:special to|for|from|via|with|of|at) (?:the )?[A-ZÀ-Ý]|special to", re.IGNORECASE
)
_OUTLET: Final = re.compile(
    r"\b(?:news|times|gazette|tribune|herald|journal|magazine|media|radio|tv|television|agency|network|newspapers?|chronicle"
    r"|telegraph|daily|weekly|presse|zeitung|newswire)\b|\.(?:com|org|net|co\.uk|de|fr|example)\b",
    re.IGNORECASE,
)
_OUTLET_OR_SURNAME: Final = re.compile(
    r"\b(?:post|press|standard|review|today|observer|guardian|independent|mail|mirror|star|sun|world|monitor|wire)\b",
    re.IGNORECASE,
)
_OUTLET_AFTER_BAR: Final = re.compile(r"^(?:The|Le|La|Les|El|Der|Die|Das|Il) |[&@]|\d|^\S+\Z")


def _is_whole_name(part: str) -> bool:
    words = part.split()
    return bool(_ACRONYM.fullmatch(part)) or (2 <= len(words) <= 5 and not any(c.isdigit() for c in part))


def address(value: object) -> str:
    """An address, which may have spaces inside, or an empty text for a urn or anything else."""
    text = value.strip() if isinstance(value, str) else ""
    return text if text[:8].lower().startswith(("http://", "https://")) else ""


def is_address(text: str) -> bool:
    """Whether a text is the address of a page, and nothing else: an address with spaces in it may be a sentence."""
    found = address(text)
    return found != "" and " " not in found
