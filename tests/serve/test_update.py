from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Aikind = Callable[..., subprocess.CompletedProcess[str]]
GENERATIVE = "The studio uses a diffusion model to paint backgrounds from a text prompt, and a large language model writes the dialogue."
NEITHER = "The council met on Tuesday to discuss the repair of the old bridge and the mayor thanked the volunteers of the fire brigade."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    base = tmp_path / "articles"
    base.mkdir()
    for name in "abcd":
        (base / f"{name}.txt").write_text(f"{NEITHER} {name}")
    return base


def kinds(target: Path) -> dict[str, str]:
    return {Path(r["id"]).stem: r["kind"] for r in map(json.loads, target.read_text().splitlines())}


def test_only_new_and_changed_documents_are_tagged(aikind: Aikind, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.jsonl"
    first = aikind("tag", folder, "-o", target, "--update")
    assert first.returncode == 0
    assert "update: 4 new" in first.stderr
    before = target.read_bytes()
    again = aikind("tag", folder, "-o", target, "--update")
    assert "update: 4 unchanged" in again.stderr
    assert "tokens a second" not in again.stderr  # no document went through the model
    assert target.read_bytes() == before
    (folder / "a.txt").write_text(GENERATIVE)
    (folder / "aa.txt").write_text(GENERATIVE)
    (folder / "c.txt").unlink()
    third = aikind("tag", folder, "-o", target, "--update")
    assert "update: 2 unchanged, 1 tagged again, 1 new" in third.stderr
    assert f"dropped, since the input has them no more: 1 ({folder}/c.txt)" in third.stderr
    assert list(kinds(target).items()) == [("a", "generative"), ("aa", "generative"), ("b", "neither"), ("d", "neither")]
    anew = tmp_path / "anew.jsonl"
    aikind("tag", folder, "-o", anew)
    assert anew.read_bytes() == target.read_bytes()


def test_known_results_are_taken_over_as_they_are(aikind: Aikind, folder: Path, tmp_path: Path) -> None:
    """A result that no model would give, put into the state, comes out again: the model was not asked."""
    target = tmp_path / "tags.jsonl"
    aikind("tag", folder, "-o", target, "--update")
    state = Path(f"{target}.state")
    state.write_text(state.read_text().replace('"kind": "neither"', '"kind": "generative"', 1))
    aikind("tag", folder, "-o", target, "--update")
    assert list(kinds(target).values()) == ["generative", "neither", "neither", "neither"]


def test_another_model_or_setting_is_refused(aikind: Aikind, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.csv"
    aikind("tag", folder, "-o", target, "--update")
    before = target.read_bytes()
    refused = aikind("tag", folder, "-o", target, "--update", "--threshold", "predictive=0.9")
    assert refused.returncode == 2
    assert "Cannot update" in refused.stderr
    assert 'thresholds was {"predictive": 0.5' in refused.stderr
    assert target.read_bytes() == before


def test_failures_are_tried_again(aikind: Aikind, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "tags.jsonl"
    (folder / "b.txt").write_text("")
    assert aikind("tag", folder, "-o", target, "--update").returncode == 1
    again = aikind("tag", folder, "-o", target, "--update")
    assert again.returncode == 1
    assert "update: 3 unchanged, 1 tagged again" in again.stderr
