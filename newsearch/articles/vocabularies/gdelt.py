"""GDELT DOC 2.0, ArtList: an article of `{"articles": [...]}`.

https://blog.gdeltproject.org/gdelt-doc-2-0-api-debuts/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from newsearch.articles.vocabularies.base import Keys, address, plain


def tells(record: Mapping[str, Any]) -> bool:
    """Whether a record is an article of GDELT's list."""
    return "seendate" in record


def read(article: Mapping[str, Any], document: Mapping[str, Any]) -> Keys:
    """Read an article; its date is when GDELT saw it, the only one that the service has."""
    keys = Keys(article)
    keys.take("title", "title")
    keys.take("webUrl", "url", read=address)
    keys.take("ampWebUrl", "url_mobile", read=address)
    keys.take("publishedDateTime", "seendate")
    keys.take("images", "socialimage", read=address)
    keys.take("locale", "language", read=lambda value: TAGS.get(plain(value).lower(), value))
    if domain := keys.take("provider", "domain", read=plain):
        keys.record["provider"] = {"domain": domain}
    return keys


_NAMES: Final = """
afrikaans af albanian sq amharic am arabic ar armenian hy azerbaijani az basque eu belarusian be bengali bn bosnian bs
bulgarian bg burmese my catalan ca chinese zh chineset zh-hant croatian hr czech cs danish da dutch nl english en
estonian et farsi fa finnish fi french fr galician gl georgian ka german de greek el gujarati gu hausa ha hebrew he
hindi hi hungarian hu icelandic is indonesian id irish ga italian it japanese ja javanese jv kannada kn kazakh kk khmer
km korean ko kurdish ku kyrgyz ky lao lo latin la latvian lv lithuanian lt macedonian mk malay ms malayalam ml maltese
mt marathi mr mongolian mn nepali ne norwegian no norwegiannynorsk nn oriya or pashto ps persian fa polish pl portuguese
pt punjabi pa romanian ro russian ru serbian sr sindhi sd sinhala si sinhalese si slovak sk slovenian sl somali so
spanish es sundanese su swahili sw swedish sv tagalog tl tajik tg tamil ta tatar tt telugu te thai th tibetan bo turkish
tr turkmen tk ukrainian uk urdu ur uzbek uz vietnamese vi welsh cy yiddish yi yoruba yo zulu zu
""".split()
TAGS: Final = dict(zip(_NAMES[::2], _NAMES[1::2], strict=True))
"""The tag of a language's English name, in lower case."""
