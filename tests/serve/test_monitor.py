"""``aikind monitor`` finds what changed between two collections, and nothing where nothing did."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from aikind import AikindError, default_label_set
from aikind.cli import root
from aikind.serve.monitor.collection import read_tag_file
from aikind.serve.monitor.compare import compare, holm
from aikind.serve.monitor.features import features_of

Run = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]


@pytest.fixture(scope="session")
def results(corpus: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results as ``aikind tag --passthrough text`` writes them, made of the labels that people gave, with texts of the corpus."""
    rng = random.Random(5)
    made = []
    for row in rng.sample([row for row in corpus if 30 < len(row["text"].split()) < 200], 400):
        scores = {name: rng.betavariate(8, 2) if name in row["labels"] else rng.betavariate(2, 8) for name in default_label_set().names}
        labels = [name for name in default_label_set().names if name in row["labels"]]
        unsure = any(abs(score - 0.5) < 0.15 for score in scores.values())
        tagging = {
            "kind": default_label_set().kind(labels),
            "labels": labels,
            "scores": scores,
            "unsure": unsure,
            "windows": 1,
            "error": None,
        }
        made.append({"id": row["id"], **tagging, "text": row["text"]})
    return made


def of_kind(results: list[dict[str, Any]], kind: str, count: int, at: int = 0) -> list[dict[str, Any]]:
    return [one for one in results if one["kind"] == kind][at : at + count]


def test_two_halves_of_one_collection_give_no_findings_in_19_of_20_draws(results: list[dict[str, Any]], write_jsonl: Write) -> None:
    clean = 0
    for seed in range(20):
        drawn = random.Random(seed).sample(results, 200)
        sides = [read_tag_file(write_jsonl(name, part), 100, 0) for name, part in (("a.jsonl", drawn[:100]), ("b.jsonl", drawn[100:]))]
        features, remarks = features_of(sides[0], sides[1])
        assert not remarks
        assert [f.name for f in features][-3:] == ["length in words", "vocabulary", "embedding"]
        clean += not any(one.beyond_chance for one in compare(features, 100, seed))
    assert clean >= 19


def test_a_shifted_mix_is_found_told_and_handed_over(
    aikind: Run, results: list[dict[str, Any]], write_jsonl: Write, tmp_path: Path
) -> None:
    before = write_jsonl("before.jsonl", of_kind(results, "neither", 60) + of_kind(results, "generative", 20))
    after = write_jsonl("after.jsonl", of_kind(results, "neither", 30, at=60) + of_kind(results, "generative", 50, at=20))
    page, handed = tmp_path / "page.html", tmp_path / "telling.jsonl"
    done = aikind("monitor", before, after, "--json", "--report", page, "--hand-over", handed)
    assert done.returncode == 1, done.stderr
    found = {one["question"]: one for one in json.loads(done.stdout)["questions"]}
    for question in ("kinds", "score generative"):
        assert found[question]["finding"], question
        assert found[question]["corrected_p"] < 0.01
    assert not found["unsure"]["finding"]
    assert found["kinds"]["shares"]["generative"] == {"reference": 0.25, "current": 0.625}
    assert found["kinds"]["size"] == "large"
    assert "generative 25% → 62%" in found["kinds"]["words"]
    html = page.read_text()
    assert "generative 25% → 62%" in html
    assert "src=" not in html
    records = [json.loads(line) for line in handed.read_text().splitlines()]
    assert len(records) == 50
    assert sum(one["kind"] == "generative" for one in records[:25]) >= 23
    assert {one["id"] for one in records} <= {one["id"] for one in map(json.loads, after.read_text().splitlines())}
    again = aikind("tag", handed, "--fields", "id", "--format", "jsonl")
    assert [json.loads(line)["id"] for line in again.stdout.splitlines()] == [one["id"] for one in records]


def test_results_without_texts_are_compared_by_what_they_have(aikind: Run, results: list[dict[str, Any]], write_jsonl: Write) -> None:
    bare = [{key: value for key, value in one.items() if key != "text"} for one in results]
    before, after = write_jsonl("before.jsonl", bare[:150]), write_jsonl("after.jsonl", bare[150:300])
    done = aikind("monitor", before, after)
    assert done.returncode == 0, done.stdout
    assert "No difference beyond chance in 5 questions." in done.stdout
    assert "vocabulary and embeddings are not compared, since texts are missing" in done.stderr
    refused = aikind("monitor", before, after, "--hand-over", after.with_name("telling.jsonl"))
    assert refused.returncode == 2
    assert "has no texts to hand over" in refused.stderr


def test_collections_are_tagged_first(aikind: Run, corpus: list[dict[str, Any]], write_jsonl: Write, tmp_path: Path) -> None:
    short = [row for row in corpus if 20 < len(row["text"].split()) < 45]
    before = write_jsonl("before.jsonl", [{"id": row["id"], "text": row["text"]} for row in short if not row["labels"]][:30])
    folder = tmp_path / "after"
    folder.mkdir()
    for row in [row for row in short if row["labels"] == ["generative"]][:30]:
        (folder / f"{row['id']}.txt").write_text(row["text"])
    (folder / "empty.txt").write_text(" ")
    done = aikind("monitor", before, folder)
    assert done.returncode == 1, done.stderr
    assert "30 documents of" in done.stdout
    assert "* Kinds: " in done.stdout
    assert f"failed: {folder / 'empty.txt'}" in done.stderr


def test_what_cannot_be_compared_is_explained(aikind: Run, results: list[dict[str, Any]], write_jsonl: Write) -> None:
    good = write_jsonl("good.jsonl", results[:30])
    others = write_jsonl("others.jsonl", [{**one, "scores": {"agentic": 0.5}} for one in results[:30]])
    for bad, message in (
        (write_jsonl("few.jsonl", results[:3]), "3 documents that could be tagged; a comparison needs at least 20"),
        (others, "has the labels predictive, generative, "),
        (write_jsonl("torn.jsonl", [*results[:30], '{"id": ']), "torn.jsonl:31: no result of aikind tag"),
        (
            write_jsonl("odd.jsonl", [*results[:30], {**results[0], "scores": {"predictive": float("nan"), "generative": 0.1}}]),
            "is no probability",
        ),
        (write_jsonl("mixed.jsonl", [*results[:30], {**results[0], "scores": {}}]), "has scores of other labels than the first result"),
    ):
        with pytest.raises(AikindError, match=message):
            CliRunner().invoke(root, ["monitor", str(good), str(bad)], catch_exceptions=False)
    latin = good.with_name("latin.jsonl")
    latin.write_bytes(good.read_bytes() + b"\xe9\n")
    with pytest.raises(AikindError, match="cannot read"):
        CliRunner().invoke(root, ["monitor", str(good), str(latin)], catch_exceptions=False)
    done = aikind("monitor", good, good.with_name("nothing.jsonl"))
    assert done.returncode == 2
    assert "0 documents that could be tagged" in done.stderr
    assert "Traceback" not in done.stderr
    taken = CliRunner().invoke(root, ["monitor", str(good), str(good), "--hand-over", str(good)])
    assert taken.exit_code == 2
    assert "is also an input" in taken.output
    assert good.read_text()


def test_only_a_sample_of_many_is_compared_and_that_is_told(results: list[dict[str, Any]], write_jsonl: Write) -> None:
    before, after = write_jsonl("before.jsonl", results), write_jsonl("after.jsonl", results)
    done = CliRunner().invoke(root, ["monitor", str(before), str(after), "--most", "100", "--json"])
    sides = json.loads(done.stdout)
    assert (sides["reference"]["documents"], sides["reference"]["compared"]) == (400, 100)
    assert f"{before}: 100 of 400 documents were drawn" in done.stderr


def test_holm_multiplies_the_smallest_by_all_and_never_falls() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.6])), [0.04, 0.09, 0.09, 0.6])
