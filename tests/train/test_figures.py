"""The figures of an evaluation, on data whose figures are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aikind import default_label_set
from aikind.data.gold_rows import GoldRow
from aikind.train.answers import Answers
from aikind.train.groups import accuracy_by_group, length_band
from aikind.train.intervals import bootstrap_intervals, wilson_interval
from aikind.train.metrics import confusion, kind_accuracy, label_metrics
from aikind.train.reliability import brier_score, equal_mass_bins, expected_calibration_error
from aikind.train.selective import accuracy_at, area_under_risk, coverage_risk, sureness
from aikind.train.worst import worst_documents

LABELS = default_label_set()
FIRST, SECOND = LABELS.names


def yes(*values: int) -> Any:
    return np.array(values, dtype=bool)


def row(text: str = "x", *labels: str, **fields: Any) -> GoldRow:
    return GoldRow(**{"id": "a", "text": text, "labels": {n: n in labels for n in LABELS.names}, "genre": "g", "hard": False} | fields)


def test_calibration_error_is_the_mean_distance_over_bins_of_equal_mass() -> None:
    scores = np.array([0.1] * 10 + [0.9] * 10)
    gold = yes(*[1] * 2 + [0] * 8, *[1] * 7 + [0] * 3)
    assert expected_calibration_error(scores, gold, bins=2) == pytest.approx((0.1 + 0.2) / 2)
    spread = (np.arange(100) + 0.5) / 100
    bins = equal_mass_bins(spread, spread > 0.5)
    assert bins.documents.tolist() == [10] * 10
    assert bins.said == pytest.approx(np.arange(10) / 10 + 0.05)
    assert expected_calibration_error(spread, spread > 0.5) == pytest.approx(0.25)


def test_calibration_error_does_not_depend_on_the_order_of_documents() -> None:
    gold = yes(*[0] * 50, *[1] * 50)
    assert expected_calibration_error(np.full(100, 0.5), gold) == 0  # one bin, however the documents are sorted
    rng = np.random.default_rng(0)
    scores, order = rng.integers(0, 5, 100) / 4, rng.permutation(100)
    assert expected_calibration_error(scores, gold) == pytest.approx(expected_calibration_error(scores[order], gold[order]))
    assert expected_calibration_error(np.array([0.7]), yes(1)) == pytest.approx(0.3)


def test_brier_score_is_the_mean_squared_distance() -> None:
    assert brier_score(np.array([0.0, 1.0, 0.5, 0.8]), yes(0, 1, 1, 0)) == pytest.approx((0 + 0 + 0.25 + 0.64) / 4)


def test_sureness_is_the_closest_call_in_logits() -> None:
    scores = np.array([[0.5, 0.99], [0.9, 0.2], [0.0, 1.0]])
    sure = sureness(scores, np.array([0.5, 0.5]))
    assert sure[0] == 0
    assert sure[1] == pytest.approx(np.log(4))
    assert np.isfinite(sure[2])
    assert sureness(np.array([[0.8]]), np.array([0.8])) == pytest.approx(0)


def test_the_coverage_risk_curve_leaves_out_the_least_sure_first() -> None:
    sure, correct = np.array([1.0, 4.0, 2.0, 3.0]), yes(0, 1, 0, 1)
    coverage, risk = coverage_risk(sure, correct)
    assert coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert area_under_risk(sure, correct) == pytest.approx(5 / 24)
    five = np.arange(5.0)
    assert accuracy_at(0.8, five, yes(0, 1, 1, 1, 0)) == pytest.approx(3 / 4)
    assert accuracy_at(1.0, five, yes(0, 1, 1, 1, 0)) == pytest.approx(3 / 5)
    assert accuracy_at(0.01, five, yes(0, 1, 1, 1, 0)) == 0
    tied = np.array([2.0, 1.0, 1.0])
    for correct in (yes(1, 0, 1), yes(1, 1, 0)):
        assert coverage_risk(tied, correct)[1] == pytest.approx([0, 1 / 4, 1 / 3])


def test_bootstrap_intervals_hold_the_figure_and_are_the_same_every_time() -> None:
    rng = np.random.default_rng(1)
    gold = rng.random((400, 2)) < 0.5
    predicted = gold ^ (rng.random((400, 2)) < 0.1)
    found = bootstrap_intervals(predicted, gold)
    low, high = found.kind_accuracy
    point = kind_accuracy(predicted, gold)
    assert low < point < high
    assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(point * (1 - point) / 400), rel=0.15)
    figures = label_metrics(LABELS.names, predicted.astype(float), predicted, gold)
    for name, (low, high) in zip(LABELS.names, found.f1, strict=True):
        assert low < figures[name]["f1"] < high
    assert bootstrap_intervals(predicted, gold) == found
    assert bootstrap_intervals(predicted, gold, seed=1) != found
    assert bootstrap_intervals(gold, gold).kind_accuracy == (1.0, 1.0)
    assert bootstrap_intervals(yes(0)[None], yes(0)[None]).f1 == [(0.0, 0.0)]  # as the F1 itself where there is nothing to find


def test_bootstrap_in_parts_is_the_bootstrap_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    gold = np.random.default_rng(0).random((50, 1)) < 0.5
    whole = bootstrap_intervals(~gold | gold, gold)
    monkeypatch.setattr("aikind.train.intervals._CHUNK", 333)
    assert bootstrap_intervals(~gold | gold, gold) == whole


def test_wilson_intervals_keep_their_width_where_all_is_right() -> None:
    assert wilson_interval(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(3, 3)[0] < 0.5


def test_confusion_counts_kinds() -> None:
    gold = np.array([[1, 0], [1, 0], [0, 1], [0, 0]], dtype=bool)
    predicted = np.array([[1, 0], [0, 0], [0, 1], [0, 0]], dtype=bool)
    table = confusion(LABELS, predicted, gold)
    assert list(table) == [FIRST, SECOND, LABELS.none]  # the label set's order, and only what occurs
    assert table[FIRST] == {FIRST: 1, SECOND: 0, LABELS.none: 1}
    assert sum(sum(said.values()) for said in table.values()) == 4


def test_a_label_that_no_document_carries_has_no_average_precision() -> None:
    gold = np.zeros((4, 2), dtype=bool)
    figures = label_metrics(LABELS.names, np.full((4, 2), 0.2), gold, gold)
    assert figures[FIRST]["average_precision"] is None
    assert figures[FIRST]["calibration_error"] == pytest.approx(0.2)
    assert figures[FIRST]["brier"] == pytest.approx(0.04)


def test_lengths_fall_in_their_bands() -> None:
    edges = {1: "1-12", 12: "1-12", 13: "13-40", 40: "13-40", 41: "41-100", 101: "101-250", 800: "251-800", 801: "over 800"}
    assert {words: length_band("x " * words) for words in edges} == {words: f"{band} words" for words, band in edges.items()}


def test_groups_are_counted_and_small_ones_can_be_put_together() -> None:
    rows = [row(genre="blog", hard=True) for _ in range(6)] + [row(genre=f"g{i}") for i in range(5)] + [row(genre="poem")]
    correct = yes(1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0)
    groups = accuracy_by_group(rows, correct, LABELS)
    assert set(groups) == {"kind", "difficulty", "length", "genre"}
    assert groups["difficulty"]["hard"].kind_accuracy == 0.5
    assert next(iter(groups["genre"])) == "blog"  # the largest first
    pooled = accuracy_by_group(rows, correct, LABELS, fewest=5)["genre"]
    assert {key: g.documents for key, g in pooled.items()} == {"blog": 6, "smaller groups": 6}
    assert "g1" not in pooled
    few = accuracy_by_group(rows[:8], correct[:8], LABELS, fewest=5)["genre"]
    assert set(few) == {"blog"}  # two documents, even together, would speak of each
    assert set(accuracy_by_group([row(era="llm", source="s"), row()], yes(1, 0), LABELS)) >= {"era", "source"}


def test_the_surest_errors_come_first() -> None:
    rows = [row(id=name) for name in "abcd"]
    scores = np.array([[0.6, 0.0], [0.99, 0.99], [0.01, 0.01], [0.5, 0.0]])
    answers = Answers(scores, np.zeros((4, 2), dtype=bool), np.array([0.5, 0.5]))
    worst = worst_documents(rows, answers, LABELS, 20)
    assert [w.row.id for w in worst] == ["b", "a", "d"]  # d lies on its threshold
    assert (worst[0].gold, worst[0].said) == (LABELS.none, LABELS.all)
    assert len(worst_documents(rows, answers, LABELS, 1)) == 1
