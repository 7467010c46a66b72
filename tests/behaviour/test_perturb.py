"""The changes do what they are named for, and the same each time."""

from __future__ import annotations

from random import Random

import pytest

from .boilerplate import ABOVE, BELOW
from .perturb import ARTICLE_WORDS, PERTURBATIONS, TYPO_RATE
from .spelling import PAIRS, other_spelling

TEXT = """Don't trust the McAllister model

The city's forecast of "no snow" was wrong, as it was in 1994; nobody at the depot had believed it.

We salted the hill by hand, and behaviour on the roads was good. The council has asked for a second lorry, which would stand at the
quarry, and for a list of the doors behind which somebody needs to get to a clinic. Neither costs much. What costs money is to be
surprised twice in the same week."""


def changed(name: str, text: str = TEXT, seed: int = 1) -> str:
    return PERTURBATIONS[name](text, Random(seed))


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_a_change_depends_on_text_and_seed_alone(name: str) -> None:
    assert changed(name) == changed(name) != TEXT


def test_cases() -> None:
    assert changed("title case").splitlines()[0] == "Don't Trust The Mcallister Model"
    assert changed("upper case") == TEXT.upper()
    assert changed("lower case") == TEXT.lower()


def test_typos_spoil_the_share_of_letters_that_they_promise() -> None:
    text = "abcdefghij " * 200
    spoiled = changed("typos", text)
    slips = round(TYPO_RATE * 2000)
    assert len(text) - slips < len(spoiled) < len(text)  # some letters dropped, others not
    wrong = sum(word != "abcdefghij" for word in spoiled.split())
    assert slips / 2 < wrong <= slips
    assert changed("typos", text, seed=2) != spoiled
    assert changed("typos", "ab") != "ab"
    assert changed("typos", "12 %") == "12 %"


def test_spelling_goes_both_ways_and_keeps_capitals() -> None:
    assert other_spelling("Colour, LABELLED and organization; a model") == "Color, LABELED and organisation; a model"
    assert len(PAIRS) == len(dict(PAIRS)) >= 60
    for british, american in PAIRS:
        assert other_spelling(british) == american
        assert other_spelling(american) == british


def test_boilerplate_stands_around_the_text() -> None:
    page = changed("boilerplate").split(f"\n\n{TEXT}\n\n")
    assert len(page) == 2
    assert sum(piece in page[0] for piece in ABOVE) == 2
    assert sum(piece in page[1] for piece in BELOW) == 2
    assert len({*ABOVE, *BELOW}) >= 8
    short = "word " * (ARTICLE_WORDS - 1)
    assert changed("boilerplate", short) == short


def test_paragraphs_change_places_only() -> None:
    shuffled = changed("paragraph order")
    assert sorted(shuffled.split("\n\n")) == sorted(TEXT.split("\n\n"))
    assert changed("paragraph order", "one\n\none") == "one\n\none"
