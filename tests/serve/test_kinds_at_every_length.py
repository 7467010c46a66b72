"""The shipped model on plain cases of every kind, at some 30, 470 and 3,000 words; none of them was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aikind import Tagger

FIXTURES = Path(__file__).parents[1] / "fixtures"
EXAMPLES = Path(__file__).parents[2] / "examples"
TEXTS = [json.loads(line) for line in (FIXTURES / "lengths.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", TEXTS, ids=[row["id"] for row in TEXTS])
def test_plain_cases_of_every_kind_and_length(tagger: Tagger, row: dict[str, Any]) -> None:
    assert tagger.tag(row["text"]).kind == row["kind"]


def test_the_fixture_covers_kinds_and_lengths() -> None:
    assert {row["kind"] for row in TEXTS} == {"predictive", "generative", "both", "neither"}
    for kind in ("predictive", "generative", "both", "neither"):
        words = sorted(len(row["text"].split()) for row in TEXTS if row["kind"] == kind)
        assert words[0] < 45
        assert 350 < words[1] < 600
        assert words[2] > 2700
