"""British and American spelling, both ways.

Only words that mean the same on both sides are here: a meter is no metre, and what has been learned need not be learnt.
"""

from __future__ import annotations

import re

__all__ = ["PAIRS", "other_spelling"]

# Stems, the British part, the American part, and the endings; "-" is no ending.
_FAMILIES = (
    (
        "apolog capital categor character critic custom digit emphas final formal general harmon hypothes initial local maxim"
        " memor minim modern normal optim organ parametr penal personal priorit random real recogn regular special stabil"
        " standard summar synthes token util visual",
        "is",
        "iz",
        "e ed es er ers ing ation ations",
    ),
    ("anal catal paral", "ys", "yz", "e ed er ing"),
    ("arm behavi col endeav fav flav harb hon hum lab neighb od parl rum sav tum vap vig", "our", "or", "- s ed ing able al hood"),
    ("cancel channel counsel fuel label level model panel signal total travel tunnel", "l", "", "ed ing er ers"),
    ("calib cent centimet fib kilomet lit millimet scept theat", "re", "er", "- s"),
)
_WORDS = """
aeroplane airplane      ageing aging            aluminium aluminum      anaemia anemia          anaesthetic anesthetic
analogue analog         artefact artifact       artefacts artifacts     catalogue catalog       catalogues catalogs
centred centered        cosy cozy               defence defense         diarrhoea diarrhea      enrol enroll
enrolment enrollment    fulfil fulfill          fulfilment fulfillment  grey gray               haemorrhage hemorrhage
instalment installment  jewellery jewelry       judgement judgment      judgements judgments    manoeuvre maneuver
mould mold              moustache mustache      oestrogen estrogen      offence offense         offences offenses
orthopaedic orthopedic  paediatric pediatric    plough plow             pretence pretense       pyjamas pajamas
sceptic skeptic         sceptical skeptical     skilful skillful        wilful willful          woollen woolen
"""


def _pairs() -> tuple[tuple[str, str], ...]:
    made = [
        (stem + british + ending, stem + american + ending)
        for stems, british, american, endings in _FAMILIES
        for stem in stems.split()
        for ending in (e.strip("-") for e in endings.split())
    ]
    words = _WORDS.split()
    return (*made, *zip(words[::2], words[1::2], strict=True))


PAIRS = _pairs()
_OTHER = {**dict(PAIRS), **{american: british for british, american in PAIRS}}
_WORD = re.compile(r"[A-Za-z]+")


def other_spelling(text: str) -> str:
    """Each word that is spelled differently across the Atlantic, in the other spelling; capitals stay where they were."""

    def respell(match: re.Match[str]) -> str:
        word = match.group()
        other = _OTHER.get(word.lower())
        if other is None:
            return word
        return other.upper() if word.isupper() else other.capitalize() if word[0].isupper() else other

    return _WORD.sub(respell, text)
