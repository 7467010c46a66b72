"""Changes to a text that leave what it discusses as it was; each is a pure function of the text and a seeded generator."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from .boilerplate import ABOVE, BELOW
from .spelling import other_spelling

__all__ = ["ARTICLE_WORDS", "PERTURBATIONS", "TYPO_RATE", "Perturbation"]

Perturbation = Callable[[str, Random], str]

ARTICLE_WORDS = 60  # a headline or a commit message is no page of its own
TYPO_RATE = 0.02  # of the letters, which spoils about one word in ten
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def _neighbours() -> dict[str, str]:
    """The keys that lie beside each letter on a QWERTY keyboard: in its own row, and at the same place a row up or down."""
    beside: dict[str, str] = {}
    for y, row in enumerate(_ROWS):
        for x, letter in enumerate(row):
            places = [(y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)]
            beside[letter] = "".join(_ROWS[j][i] for j, i in places if 0 <= j < len(_ROWS) and 0 <= i < len(_ROWS[j]))
    return beside


_BESIDE = _neighbours()


def title_case(text: str) -> str:
    """Each word with a capital and the rest small, as in headlines; ``str.title`` would write "Don'T"."""
    return _WORD.sub(lambda word: word.group().capitalize(), text)


def typos(text: str, rng: Random) -> str:
    """Spoil ``TYPO_RATE`` of the unaccented letters, one at least: a key beside the right one, a letter dropped, or two swapped."""
    letters = [i for i, c in enumerate(text) if c.lower() in _BESIDE]
    count = min(len(letters), max(1, round(TYPO_RATE * len(letters))))
    spoiled = list(text)
    for i in sorted(rng.sample(letters, count), reverse=True):  # from the end, so that a drop moves no position still to come
        slip = rng.choice(("beside", "drop", "swap"))
        if slip == "drop":
            del spoiled[i]
        elif slip == "swap" and i + 1 < len(spoiled) and spoiled[i + 1].isalpha():
            spoiled[i], spoiled[i + 1] = spoiled[i + 1], spoiled[i]
        else:
            key = rng.choice(_BESIDE[spoiled[i].lower()])
            spoiled[i] = key.upper() if spoiled[i].isupper() else key
    return "".join(spoiled)


def add_boilerplate(text: str, rng: Random) -> str:
    """Two pieces of a web page above the text, and two below; a text too short for an article comes back as it is."""
    if len(text.split()) < ARTICLE_WORDS:
        return text
    return "\n\n".join([*rng.sample(ABOVE, 2), text, *rng.sample(BELOW, 2)])


def shuffle_paragraphs(text: str, rng: Random) -> str:
    """The paragraphs in another order; a text with fewer than two different ones comes back as it is."""
    paragraphs = text.split("\n\n")
    if len(set(paragraphs)) < 2:
        return text
    shuffled = list(paragraphs)
    while shuffled == paragraphs:
        rng.shuffle(shuffled)
    return "\n\n".join(shuffled)


PERTURBATIONS: Mapping[str, Perturbation] = {
    "upper case": lambda text, _: text.upper(),
    "lower case": lambda text, _: text.lower(),
    "title case": lambda text, _: title_case(text),
    "typos": typos,
    "other spelling": lambda text, _: other_spelling(text),
    "boilerplate": add_boilerplate,
    "paragraph order": shuffle_paragraphs,
}
