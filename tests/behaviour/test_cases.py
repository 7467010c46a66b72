"""The written cases are what the behaviours take them for, and none is a text that a model may have been trained on."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from aikind import default_label_set

from .behaviours import CASES, read_rows

FILES = {path.stem: read_rows(path) for path in sorted(CASES.glob("*.jsonl"))}
RUN = 9  # words; a run as long as this in two texts is a copy


def runs(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


def test_counts_and_lengths() -> None:
    kind = default_label_set().kind
    assert {name: Counter(kind(row["labels"]) for row in rows) for name, rows in FILES.items() if name != "negation"} == {
        "direction": {"predictive": 40, "generative": 40},
        "other_senses": {"neither": 80},
    }
    assert len(FILES["negation"]) == 60
    assert {kind(row["labels"]) for row in FILES["negation"]} == set(default_label_set().kinds)
    for name, (shortest, longest) in {"direction": (60, 110), "other_senses": (10, 120), "negation": (10, 120)}.items():
        for row in FILES[name]:
            assert shortest <= len(row["text"].split()) <= longest, row["id"]
    assert all("\n" not in row["text"] for row in FILES["direction"])


def test_rows_are_complete_and_ids_unique() -> None:
    rows = [row for rows in FILES.values() for row in rows]
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert row["note"].strip(), row["id"]
        assert row["text"].strip() == row["text"] != "", row["id"]
        assert set(row.get("rulings", [])) <= set(range(1, 26)), row["id"]


def test_no_case_repeats_a_text_of_the_corpus_or_another_case(corpus: list[dict[str, Any]]) -> None:
    cases = [row for rows in FILES.values() for row in rows]
    owner = {run: row["id"] for row in cases for run in runs(row["text"])}
    for row in (*corpus, *cases):
        for run in runs(row["text"]) & owner.keys():
            assert owner[run] == row["id"], run
