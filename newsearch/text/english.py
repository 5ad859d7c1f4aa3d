"""English word lists that supplement the stemmer: function words, and peoples with their places.

Only words with one meaning, or with other meanings that are rare in news, belong here. Ambiguous words are left out:
Polish and polish; Dane, which is also a given name and a county; Dominican, which refers to two countries.
"""

from __future__ import annotations

FUNCTION_WORDS = frozenset(
    """
    a about above after again against all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each few for from further had has have having
    he her here hers herself him himself his how however i if in into is it its itself just me more most my
    myself no nor not now of off on once only or other our ours ourselves out over own same she should so some
    such than that the their theirs them themselves then there these they this those through to too under
    until up very was we were what when where which while who whom why with would you your yours
    """.split()
)
"""Words that say how others belong together, and little themselves. Not here are us, may and will, which
cannot be distinguished from US, May and Will once case is folded."""

AMBIGUOUS_PLURALS = {
    "axis": "axes",
    "basis": "bases",
    "leaf": "leaves",
    "life": "lives",
}
"""Words whose plurals are forms of another word (leave, live, base), which keeps them. Who asks for the word is given
its plural, too; who asks for the plural is given the other word's forms."""

_PLACES = """
    afghanistan: afghan afghans | africa: african africans | albania: albanian albanians |
    algeria: algerian algerians | america: american americans | angola: angolan angolans |
    argentina: argentine argentines argentinian argentinians | armenia: armenian armenians | asia: asian asians |
    australia: australian australians | austria: austrian austrians | azerbaijan: azerbaijani azerbaijanis |
    bahrain: bahraini bahrainis | bangladesh: bangladeshi bangladeshis | belarus: belarusian belarusians |
    belgium: belgian belgians | bolivia: bolivian bolivians | bosnia: bosnian bosnians |
    brazil: brazilian brazilians | britain: british briton britons | bulgaria: bulgarian bulgarians |
    burma: burmese | california: californian californians | cambodia: cambodian cambodians |
    cameroon: cameroonian cameroonians | canada: canadian canadians | catalonia: catalan catalans |
    chechnya: chechen chechens | chile: chilean chileans | china: chinese | colombia: colombian colombians |
    congo: congolese | crimea: crimean crimeans | croatia: croatian croatians | cuba: cuban cubans |
    cyprus: cypriot cypriots | czechia: czech czechs | denmark: danish | ecuador: ecuadorian ecuadorians |
    egypt: egyptian egyptians | eritrea: eritrean eritreans | estonia: estonian estonians |
    ethiopia: ethiopian ethiopians | europe: european europeans | fiji: fijian fijians | finland: finnish |
    france: french | gambia: gambian gambians | georgia: georgian georgians | germany: german germans |
    ghana: ghanaian ghanaians | greece: greek greeks | guatemala: guatemalan guatemalans |
    haiti: haitian haitians | honduras: honduran hondurans | hungary: hungarian hungarians | iberia: iberian iberians |
    iceland: icelandic icelander icelanders | india: indian indians | indonesia: indonesian indonesians |
    iran: iranian iranians | iraq: iraqi iraqis | ireland: irish | israel: israeli israelis |
    italy: italian italians | jamaica: jamaican jamaicans | japan: japanese | jordan: jordanian jordanians |
    kashmir: kashmiri kashmiris | kazakhstan: kazakh kazakhs | kenya: kenyan kenyans | korea: korean koreans |
    kosovo: kosovar kosovars | kuwait: kuwaiti kuwaitis | laos: laotian laotians | latvia: latvian latvians |
    lebanon: lebanese | liberia: liberian liberians | libya: libyan libyans | lithuania: lithuanian lithuanians |
    london: londoner londoners | macedonia: macedonian macedonians | malaya: malayan malayans |
    malaysia: malaysian malaysians | malta: maltese | mexico: mexican mexicans | moldova: moldovan moldovans |
    mongolia: mongolian mongolians | morocco: moroccan moroccans | nepal: nepalese nepali nepalis |
    netherlands: dutch | nicaragua: nicaraguan nicaraguans | nigeria: nigerian nigerians |
    norway: norwegian norwegians | pakistan: pakistani pakistanis | palestine: palestinian palestinians |
    panama: panamanian panamanians | paraguay: paraguayan paraguayans | paris: parisian parisians |
    peru: peruvian peruvians | philippines: philippine filipino filipinos filipina filipinas |
    portugal: portuguese | qatar: qatari qataris | romania: romanian romanians | russia: russian russians |
    rwanda: rwandan rwandans | scotland: scottish scot scots | senegal: senegalese |
    serbia: serbian serbians serb serbs | siberia: siberian siberians | sicily: sicilian sicilians |
    singapore: singaporean singaporeans | slovakia: slovak slovaks | slovenia: slovenian slovenians |
    somalia: somali somalis | spain: spanish spaniard spaniards | sudan: sudanese | sweden: swedish swede swedes |
    switzerland: swiss | syria: syrian syrians | taiwan: taiwanese | tanzania: tanzanian tanzanians |
    texas: texan texans | thailand: thai thais | tibet: tibetan tibetans | tunisia: tunisian tunisians |
    turkey: turkish turk turks | uganda: ugandan ugandans | ukraine: ukrainian ukrainians |
    uruguay: uruguayan uruguayans | uzbekistan: uzbek uzbeks | venezuela: venezuelan venezuelans |
    vietnam: vietnamese | wales: welsh | yemen: yemeni yemenis | yugoslavia: yugoslav yugoslavs |
    zambia: zambian zambians | zimbabwe: zimbabwean zimbabweans
"""

DEMONYMS = {
    form: place.strip()
    for place, forms in (group.split(":") for group in _PLACES.split("|"))
    for form in forms.split()
}
"""The adjective of a place, and its people, singular and plural -> the place, whose stem they share."""
