"""A label set of three labels goes the whole way, by its file alone: build, train, export, tag, explain, report, evaluate, serve."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aikind.cli import root
from aikind.data.store import load_dataset
from aikind.model_folder import load_manifest

from ..serve.http.running import running
from .conftest import FILLER, PHRASES, TRAIN_OPTIONS

# The tiny tokenizer does not know the words of the third label, so that they stand out as such.
TOPICS = PHRASES | {"agentic": ["books flights itself", "operates browsers unattended", "delegates errands"]}
LABEL_SET = "".join(
    f'[[label]]\nname = "{name}"\ndisplay = "The {name}"\ndefinition = "It {phrases[0]}."\nterms = {json.dumps(phrases)}\n'
    for name, phrases in TOPICS.items()
)
RECIPE = (
    'name = "topics"\n[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\nweak = true\n'
    "[split]\nvalidation = 0.2\ntest = 0.2\n[near_copies]\nthreshold = 1.0\n"
)
SENTENCES = {
    "agentic": "the town books flights itself and operates browsers unattended number 7.",
    "predictive+agentic": "the town scores loans and detects fraud on monday and delegates errands and books flights itself number 7.",
    "neither": "the town on monday with some care by the old mill number 7.",
}


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    made = []
    for i in range(count):
        labels = [name for name in TOPICS if rng.random() < 0.4]
        parts = rng.choices(FILLER, k=rng.randint(4, 10)) + [rng.choice(TOPICS[name]) for name in labels for _ in range(2)]
        rng.shuffle(parts)
        made.append({"id": f"t{i}", "text": " ".join(parts) + f" number {i}.", "labels": labels if i % 9 else None, "genre": "toy"})
    return made


def cli(*arguments: object) -> Result:
    done = CliRunner().invoke(root, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("topics")
    (folder / "topics.toml").write_text(LABEL_SET)
    (folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(400)))
    (folder / "recipe.toml").write_text(RECIPE)
    cli("dataset", "build", folder / "recipe.toml", "--label-set", folder / "topics.toml", "-o", folder / "dataset")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path, tiny_base: Path) -> Path:
    cli("model", "train", folder / "dataset", "-o", folder / "run", "--base", tiny_base, *TRAIN_OPTIONS)
    cli("model", "export", folder / "run", "-o", folder / "model", "--parity-texts", 100)
    return folder / "model"


def test_the_terms_of_the_file_vote_where_nobody_has_read(folder: Path) -> None:
    dataset = load_dataset(folder / "dataset")
    unread = {row["id"]: row for row in dataset.splits["train"] if row["label_origin"] == "weak:majority"}
    assert len(unread) > 20
    agentic = [(row["agentic"] == 1) == any(p in row["text"] for p in TOPICS["agentic"]) for row in unread.values()]
    assert all(agentic)
    card = (folder / "dataset" / "README.md").read_text()
    assert "has_agentic_term" in card
    assert "predictive+agentic" in card


def test_a_model_of_three_labels_tags_explains_reports_and_is_measured(model: Path, folder: Path) -> None:
    assert load_manifest(model).label_set.names == tuple(TOPICS)
    texts = folder / "texts.jsonl"
    texts.write_text("".join(json.dumps({"id": kind, "text": text}) + "\n" for kind, text in SENTENCES.items()))
    tagged = folder / "tags.jsonl"
    cli("tag", texts, "--model", model, "-o", tagged, "--report", folder / "report.html", "--threshold", "agentic=0.5")
    found = {one["id"]: one for one in map(json.loads, tagged.read_text().splitlines())}
    assert {name: one["kind"] for name, one in found.items()} == {name: name for name in SENTENCES}
    assert set(found["neither"]["scores"]) == set(TOPICS)
    page = (folder / "report.html").read_text()
    assert "predictive+agentic" in page
    assert "both" not in page
    (folder / "text.txt").write_text(SENTENCES["agentic"])
    assert "agentic" in cli("explain", folder / "text.txt", "--model", model).output.splitlines()[0]
    measured = cli("model", "evaluate", model, folder / "dataset", "-o", folder / "figures.json")
    (found_set,) = json.loads((folder / "figures.json").read_text())["sets"]
    assert found_set["results"][0]["kind_accuracy"] > 0.8
    assert "agentic" in measured.output


def test_http_answers_for_the_labels_of_the_model(model: Path) -> None:
    with running("--model", model) as server:
        answer = server.client.get("/v1/labels").json()
        assert [label["name"] for label in answer["labels"]] == list(TOPICS)
        assert "predictive+agentic" in answer["kinds"]
        example = server.client.get("/openapi.json").json()["components"]["examples"]["Result"]["value"]
        assert set(example["scores"]) == set(TOPICS)
        assert server.tag({"text": SENTENCES["agentic"]}).json()["kind"] == "agentic"
