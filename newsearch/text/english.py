"""English word lists that supplement the stemmer: function words, irregular stems, and peoples with their places.

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
"""Words whose plurals are forms of another word (leave, live, base), which keeps them. A query for the word also finds
its plural. A query for the plural finds the forms of the other word."""

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

IRREGULAR_STEMS = {
    word: group.split()[0]
    for group in """
        apartment apartments | arsenic arsenics | authority authorities | business businesses | clinic clinics |
        clinical clinically | conservative conservatives conservatism | custom customs | customer customers |
        denis | denise | department departments departmental | dominic | emergence | emergency emergencies |
        excellent excellently excellence | executive executives | expense expenses | expensive expensively |
        experiment experimental experiments | factor factors | factory factories | federer | handful handfuls |
        harris | hilarious hilariously | hilary | hospitality | important importance | irony ironic ironically |
        june | kohli | late | lately | lewis | likely | unlikely | maine | manly | manning | mars | physics |
        polite politely | policy policies | positive positives | protestant protestants | several | severe
        severely severity | sterling | succession | successor successors | united | universal universally |
        universe universes | university universities | witness witnesses witnessed witnessing | wonderful |
        bacterium bacteria | bus buses busses | canvas canvases | child children | criterion criteria | crisi
        crisis crises | diagnos diagnosis diagnoses | analys analysis analyses | emphasis emphases | foot feet |
        forefoot forefeet | fungus fungi | alumnus alumni | cactus cacti | nucleus nuclei | stimulus stimuli |
        radius radii | syllabus syllabi | gas gases gasses | goose geese | hypothes hypothesis hypotheses |
        synthes synthesis syntheses | thesis theses | prosthesis prostheses | parenthesis parentheses | paralys
        paralysis paralyses | prognosis prognoses | oasis oases | nemesis nemeses | synopsis synopses |
        metamorphosis metamorphoses | neurosis neuroses | psychosis psychoses | index indexes indices | matrix
        matrices | vertex vertices | vortex vortices | appendix appendices | larva larvae | alga algae |
        vertebra vertebrae | antenna antennas antennae | formula formulas formulae | lens lenses | louse lice |
        mouse mice | ox oxen | people person persons | phenomenon phenomena | plus pluses | quiz quizzes quizzed
        | spectrum spectra | stadium stadiums stadia | stratum strata | tooth teeth | datum data | memorandum
        memoranda memorandums | referendum referendums referenda | yes yeses | calf calves | elf elves | half
        halves | hoof hooves hoofs | housewife housewives | knife knives | loaf loaves | midwife midwives |
        scarf scarves scarfs | self selves | sheaf sheaves | shelf shelves | thief thieves | turf turves | wharf
        wharves wharfs | wife wives | wolf wolves | werewolf werewolves | dwarf dwarves dwarfs | bookshelf
        bookshelves | man men | woman women | alderman aldermen | anchorman anchormen | assemblyman assemblymen
        | barman barmen | batsman batsmen | businessman businessmen | businesswoman businesswomen | cameraman
        cameramen | chairman chairmen | chairwoman chairwomen | clergyman clergymen | congressman congressmen |
        congresswoman congresswomen | councilman councilmen | countryman countrymen | craftsman craftsmen |
        fireman firemen | fisherman fishermen | foreman foremen | freshman freshmen | frontman frontmen | gunman
        gunmen | hitman hitmen | horseman horsemen | huntsman huntsmen | layman laymen | lawman lawmen | lineman
        linemen | marksman marksmen | middleman middlemen | militiaman militiamen | milkman milkmen | nobleman
        noblemen | ombudsman ombudsmen | patrolman patrolmen | policeman policemen | policewoman policewomen |
        postman postmen | rifleman riflemen | salesman salesmen | saleswoman saleswomen | seaman seamen |
        serviceman servicemen | servicewoman servicewomen | spokesman spokesmen | spokeswoman spokeswomen |
        sportsman sportsmen | sportswoman sportswomen | statesman statesmen | strongman strongmen | stuntman
        stuntmen | superman supermen | swordsman swordsmen | tradesman tradesmen | tribesman tribesmen |
        watchman watchmen | workman workmen | yachtsman yachtsmen | grandchild grandchildren | stepchild
        stepchildren | schoolchild schoolchildren | adams | anime animes | animated animation animations |
        barnes | browning | competent competently competence | critical critically | corporal corporals |
        cummings | golding | hastings | heroine heroines | holmes | hughes | humane humanely | intensive
        intensively | majority majorities | minority minorities | morale | progressive progressives
        progressively | rhodes | successive successively | williams
    """.split("|")
    for word in group.split()
}
"""The stem of each word that the stemmer gets wrong, as far as that matters in news: it merges different words
(executives and executions, imports and important, Harris and Harry), and does not know some plurals. The words of a
group share the first word as their stem."""
