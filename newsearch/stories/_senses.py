"""Words that change the sense of a sentence: negations, opposites, mutually exclusive times. As folded terms."""

from __future__ import annotations

from typing import Final

NEGATIONS: Final = frozenset(
    # English; the apostrophes of negated verbs are removed.
    "not no never none nobody nothing nor neither without cannot cant dont doesnt didnt isnt arent wasnt werent wont"
    " wouldnt shouldnt couldnt hasnt havent hadnt aint"
    # French, German, Spanish, Portuguese, Italian, Dutch, Swedish and Danish, Polish and Russian
    " ne pas jamais aucun aucune sans"
    " nicht kein keine keinen keiner keinem nie niemals ohne"
    " nunca jamas ningun ninguna sin nao nenhum nenhuma sem"
    " non mai nessun nessuna senza"
    " niet geen nooit zonder inte ikke aldrig aldri ingen"
    " nie nigdy bez не нет никогда без".split()
)

_TIMES: Final = """
    morning noon afternoon evening night|matin midi soir nuit|morgen mittag abend nacht
    manana tarde noche|mattina sera notte|manha tarde noite
    monday tuesday wednesday thursday friday saturday sunday|lundi mardi mercredi jeudi vendredi samedi dimanche
    montag dienstag mittwoch donnerstag freitag samstag sonntag|lunes martes miercoles jueves viernes sabado domingo
    lunedi martedi mercoledi giovedi venerdi sabato domenica|maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
    segunda terca quarta quinta sexta sabado domingo
    january february march april may june july august september october november december
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
    januar februar marz april mai juni juli august september oktober november dezember
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
    janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
"""
_SERIES: Final = tuple(
    frozenset(series.split()) for line in _TIMES.strip().splitlines() for series in line.strip().split("|")
)
TIMES: Final = frozenset().union(*_SERIES)
"""Times of day, days of the week and months; two different ones of a kind exclude each other."""

_OPPOSITES: Final = """
    positive negative | likely unlikely | confirm deny | confirm denied | safe unsafe | safe dangerous |
    possible impossible | increase decrease | rise fall | rises falls | rising falling | rose fell |
    risen fallen | up down | higher lower | high low | highest lowest | allow ban | allow forbid |
    allowed banned | permit prohibit | approve reject | accept reject | accept refuse | agree refuse |
    agree disagree | support oppose | supports opposes | open close | reopen close | reopens closes |
    start stop | begin end | starts ends | win lose | wins loses | won lost | win defeat | victory defeat |
    gain loss | gains losses | guilty innocent | guilty acquitted | convicted acquitted |
    effective ineffective | alive dead | survive die | survives dies | survived died | legal illegal |
    success failure | succeed fail | succeeds fails | succeeded failed | more less | more fewer | most least
    | better worse | best worst | improve worsen | before after | early late | strong weak |
    strengthen weaken | buy sell | buys sells | bought sold | hire fire | hires fires | hired fired |
    enter leave | join leave | joins leaves | joined left | arrest release | arrested released | love hate |
    loves hates | true false | right wrong | above below | over under | inside outside | expand shrink |
    grow shrink | grew shrank | surge plunge | surges plunges | soar plunge | soars plunges | jump drop |
    jumps drops | gain drop | lift impose | lifts imposes | lifted imposed | ease tighten | eases tightens |
    eased tightened | ahead behind | for against | first last | male female | men women | man woman |
    north south | east west | northern southern | eastern western | left right | with without | pass fail |
    passes fails | passed failed | praise criticise | praises criticises | praised criticised |
    praises criticizes | hausse baisse | augmente diminue | augmenter diminuer | ouvre ferme | ouvrir fermer
    | gagne perd | gagner perdre | victoire defaite | accepte refuse | accepter refuser | confirme dement |
    positif negatif | vrai faux | avec sans | plus moins | meilleur pire | coupable innocent |
    autorise interdit | autoriser interdire | pour contre | vivant mort | avant apres | monte chute |
    hauts bas | steigt sinkt | steigen sinken | offnet schliesst | gewinnt verliert | gewonnen verloren |
    sieg niederlage | mehr weniger | erlaubt verboten | positiv negativ | schuldig unschuldig |
    bestatigt dementiert | bestatigt bestreitet | mit ohne | vor nach | besser schlechter | sube baja |
    suben bajan | abre cierra | gana pierde | victoria derrota | mas menos | permite prohibe |
    positivo negativo | culpable inocente | confirma niega | confirma desmente | acepta rechaza |
    aprueba rechaza | con sin | antes despues | mejor peor | sobe cai | vence perde | apre chiude |
    vince perde | vittoria sconfitta | piu meno | sale scende | colpevole innocente | stijgt daalt |
    wint verliest
"""

OPPOSITES: Final = frozenset(frozenset(pair.split()) for pair in _OPPOSITES.split("|"))

_PREFIXES: Final = ("un", "in", "im", "ir", "il", "dis", "non", "mis")
_SUFFIXES: Final = ("s", "es", "ed", "d", "ing")

POLAR: Final = TIMES | {word + ending for pair in OPPOSITES for word in pair for ending in ("", *_SUFFIXES)}
"""Terms that may have an opposite other than by a prefix."""

ALIASES: Final = {
    term: group[0]
    for group in (
        ("covid", "coronavirus", "covid19", "corona", "sarscov2"),
        ("us", "usa", "america", "united", "states"),
        ("uk", "britain"),
        ("tv", "television"),
        ("eu", "european", "union"),
        ("un", "nations"),
    )
    for term in group
}
"""Terms for the same thing, among which headlines choose by length: the first of each represents all."""


def are_opposite(a: str, b: str) -> bool:
    """Whether two terms are opposites."""
    if a == b:
        return False
    if frozenset((a, b)) in OPPOSITES or (
        a in TIMES and any(a in series and b in series for series in _SERIES)
    ):
        return True
    short, long = sorted((a, b), key=len)
    if len(short) > 3 and any(long == prefix + short for prefix in _PREFIXES):
        return True
    return any(frozenset(forms) in OPPOSITES for forms in _bare_forms(a, b))


def _bare_forms(a: str, b: str) -> list[tuple[str, str]]:
    """Both terms without their common ending."""
    return [
        (a[: -len(ending)], b[: -len(ending)])
        for ending in _SUFFIXES
        if a.endswith(ending) and b.endswith(ending)
    ]
