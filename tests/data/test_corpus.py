"""The project's own writing and labels keep their promises."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

from aikind import default_label_set

ROOT = Path(__file__).parents[2]


def test_kinds_genres_and_hard_cases_are_covered(corpus: list[dict[str, Any]]) -> None:
    labels = default_label_set()
    kinds = Counter(labels.kind(row["labels"]) for row in corpus)
    assert len(corpus) >= 150
    assert min(kinds[kind] for kind in labels.kinds) >= 30
    assert len({row["genre"] for row in corpus}) >= 14
    assert sum(row["hard"] for row in corpus) >= 0.4 * len(corpus)


def test_rows_are_complete_and_ids_unique(corpus: list[dict[str, Any]]) -> None:
    assert len({row["id"] for row in corpus}) == len(corpus)
    for row in corpus:
        assert {"id", "text", "labels", "genre", "era", "voice", "hard", "rulings", "note"} <= set(row), row["id"]
        assert row["text"].strip() == row["text"] != "", row["id"]


def test_pairs_are_two_texts_with_different_labels(corpus: list[dict[str, Any]]) -> None:
    pairs: dict[str, list[dict[str, Any]]] = {}
    for row in corpus:
        if "pair" in row:
            pairs.setdefault(row["pair"], []).append(row)
    assert len(pairs) >= 50
    for name, members in pairs.items():
        assert len(members) == 2, name
        assert set(members[0]["labels"]) != set(members[1]["labels"]), name


def test_read_labels_name_each_text_once_and_hold_no_text() -> None:
    for path in sorted((ROOT / "data" / "labels").glob("pool.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        assert len({(r["file"], r["id"]) for r in rows}) == len(rows)
        assert {r[n] for r in rows for n in default_label_set().names} == {"0", "1"}
        assert all(len(r["sha256"]) == 64 and r["origin"] for r in rows)
        assert "text" not in rows[0]
