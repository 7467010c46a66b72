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
    assert len(corpus) >= 4500
    assert min(kinds[kind] for kind in labels.kinds) >= 300
    assert len({row["genre"] for row in corpus}) >= 14
    assert sum(row["hard"] for row in corpus) >= 1400  # the rest is the ordinary writing between which they stand


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
    assert len(pairs) >= 150
    for name, members in pairs.items():
        assert len(members) == 2, name
        assert set(members[0]["labels"]) != set(members[1]["labels"]), name


def test_every_ruling_of_the_guide_has_documents_on_both_sides(corpus: list[dict[str, Any]]) -> None:
    """At least 20 documents a ruling, and not all of one kind."""
    kinds: dict[int, Counter[tuple[str, ...]]] = {}
    for row in corpus:
        for ruling in row["rulings"]:
            kinds.setdefault(ruling, Counter())[tuple(sorted(row["labels"]))] += 1
    for ruling in range(1, 26):
        assert kinds[ruling].total() >= 20, ruling
        assert kinds[ruling].total() - max(kinds[ruling].values()) >= 3, (ruling, kinds[ruling])


def test_gold_is_set_aside_and_stratified(corpus: list[dict[str, Any]], gold: dict[str, list[dict[str, Any]]]) -> None:
    assert len(gold["test"]) >= 300
    assert len(gold["long"]) >= 100
    assert min(len(row["text"].split()) for row in gold["long"]) >= 800
    labels = default_label_set()
    for rows in gold.values():
        kinds = Counter(labels.kind(row["labels"]) for row in rows)
        assert min(kinds[kind] for kind in labels.kinds) >= len(rows) / 10
    aside = {row["id"] for rows in gold.values() for row in rows}
    partners = Counter(row["pair"] for row in corpus if "pair" in row and row["id"] in aside)
    assert set(partners.values()) == {2}


def test_each_document_was_read_twice(corpus: list[dict[str, Any]]) -> None:
    names = default_label_set().names
    with (ROOT / "data" / "labels" / "corpus_readings.csv").open(encoding="utf-8", newline="") as handle:
        readings = {row["id"]: row for row in csv.DictReader(handle)}
    assert set(readings) == {row["id"] for row in corpus}
    for row in corpus:
        for reader in ("first", "second"):
            assert {readings[row["id"]][f"{reader}_{n}"] for n in names} <= {"0", "1"}


def test_read_labels_name_each_text_once_and_hold_no_text() -> None:
    for path in sorted((ROOT / "data" / "labels").glob("pool.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        assert len({(r["file"], r["id"]) for r in rows}) == len(rows)
        assert {r[n] for r in rows for n in default_label_set().names} == {"0", "1"}
        assert all(len(r["sha256"]) == 64 and r["origin"] for r in rows)
        assert "text" not in rows[0]
