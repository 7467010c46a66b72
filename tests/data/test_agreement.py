"""Two readings held against each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aikind import DatasetError, default_label_set
from aikind.data.agreement import measure_agreement

HEADER = "id,first_predictive,first_generative,second_predictive,second_generative"


def test_kappa_is_the_share_of_agreement_beyond_chance(tmp_path: Path) -> None:
    path = tmp_path / "readings.csv"
    # predictive: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no, the worked example of many textbooks: kappa 0.4
    rows = ["1,0,1,0"] * 20 + ["1,0,0,0"] * 5 + ["0,0,1,0"] * 10 + ["0,0,0,0"] * 15
    path.write_text("\n".join([HEADER, *(f"d{i},{row}" for i, row in enumerate(rows))]) + "\n")
    found = measure_agreement(path, default_label_set())
    assert found.documents == 50
    assert found.kappa["predictive"] == pytest.approx(0.4)
    assert found.kappa["generative"] is None
    assert found.same_kind == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,first_predictive\nd,1\n", "lack the column 'second_predictive'"),
        (HEADER + "\nd,1,0,maybe,0\n", r"readings\.csv:2: second_predictive is 'maybe'; expected 0 or 1"),
        (HEADER + "\n", "holds no reading"),
    ],
)
def test_broken_readings_are_explained(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "readings.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        measure_agreement(path, default_label_set())


def test_the_card_tells_the_agreement(write_recipe: Callable[[str], Path], tmp_path: Path) -> None:
    from aikind.data.build import build
    from aikind.data.card import dataset_card
    from aikind.data.recipe import load_recipe

    lines = [f'{{"id": "{i}", "text": "document number {i} {i * 7} {i * 13}", "labels": []}}' for i in range(30)]
    (tmp_path / "s.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "twice.csv").write_text(HEADER + "\na,1,0,1,0\nb,0,1,0,1\nc,0,0,0,1\n")
    recipe = write_recipe('readings = ["twice.csv"]\n[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\n')
    card = dataset_card(build(load_recipe(recipe)))
    assert "| twice | 3 | 1.000 | 0.400 | 66.7% |" in card
