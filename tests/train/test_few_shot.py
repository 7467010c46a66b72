"""Models from few texts, or from a label set's own words: they are what they say, and tag as any model does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from aikind import DatasetError, LabelSet, Tagger, default_label_set
from aikind.cli import root
from aikind.data.gold_rows import GoldRow
from aikind.model_folder import load_manifest
from aikind.train.few_shot import FIRST_GUESS, fit_few_shot, make_few_shot_model, sentences_of

from .conftest import PHRASES, toy_rows

LABEL_SET = "".join(
    f'[[label]]\nname = "{name}"\ndefinition = "The town {phrases[0]}."\nexamples = {json.dumps(phrases[1:3])}\n'
    for name, phrases in PHRASES.items()
)


def few_shot(*arguments: object) -> Result:
    return CliRunner().invoke(root, ["model", "few-shot", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def label_set(tmp_path: Path) -> Path:
    path = tmp_path / "topics.toml"
    path.write_text(LABEL_SET)
    return path


def test_few_texts_make_a_model_that_tags_better_than_the_commonest_kind(label_set: Path, tiny_base: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in toy_rows(48)) + '{"id": "x", "text": "the town", "labels": ["robotic"]}\n')
    done = few_shot(label_set, labels, "-o", tmp_path / "model", "--base", tiny_base)
    assert done.exit_code == 1  # a row could not be used
    assert f"skipped {labels}:49: an unknown label: 'robotic'" in done.output
    manifest = load_manifest(tmp_path / "model")
    assert manifest.about["made"] == "few-shot, 48 examples"
    assert manifest.unsure_within == 0.3
    assert all(c.slope != 1.0 for c in manifest.calibration.values())
    card = (tmp_path / "model" / "README.md").read_text()
    assert "**few-shot, 48 examples**" in card
    assert "there is no validation" in card
    tagger, rows = Tagger(tmp_path / "model"), toy_rows(100, seed=4)
    right = [set(tagger.tag(row["text"]).labels) == set(row["labels"]) for row in rows]
    commonest = max(sum(row["labels"] == labels for row in rows) for labels in ([], ["predictive"], ["generative"], [*PHRASES]))
    assert sum(right) > commonest + 20


def test_without_texts_it_is_a_first_guess_and_says_so(label_set: Path, tiny_base: Path, tmp_path: Path) -> None:
    done = few_shot(label_set, "-o", tmp_path / "model", "--base", tiny_base)
    assert done.exit_code == 0, done.output
    assert FIRST_GUESS in done.output
    manifest = load_manifest(tmp_path / "model")
    assert manifest.about["made"] == "first guess, made from definitions only"
    assert f"**{FIRST_GUESS}**" in (tmp_path / "model" / "README.md").read_text()
    tagger = Tagger(tmp_path / "model")
    for name, phrases in PHRASES.items():
        other = next(x for x in PHRASES if x != name)
        scores = tagger.tag(f"The town {phrases[0]}.").scores
        assert scores[name] > scores[other]
    assert all(
        abs(scores - 0.5) >= 0.4 or tagger.tag(text).unsure
        for text in ("the town", "a bridge")
        for scores in tagger.tag(text).scores.values()
    )


def test_the_exported_model_carries_the_head_exactly(tiny_base: Path, tmp_path: Path) -> None:
    from aikind.train.few_shot import FewShotHead
    from aikind.train.head_start import TextEmbedder

    label_set = LabelSet.from_dict({"label": [{"name": name, "definition": phrases[0]} for name, phrases in PHRASES.items()]})
    rows = [GoldRow(r["id"], r["text"], {n: n in r["labels"] for n in PHRASES}, "", False) for r in toy_rows(40)]
    embedder = TextEmbedder(str(tiny_base))
    sentences = [(embedder(yes), embedder(no)) for yes, no in sentences_of(label_set)]
    embeddings = embedder([row.text for row in rows])
    head = fit_few_shot(embeddings, np.array([[*row.labels.values()] for row in rows]), sentences)
    assert isinstance(head, FewShotHead)
    make_few_shot_model(label_set, rows, tmp_path / "model", str(tiny_base))
    tagger = Tagger(tmp_path / "model")
    long = " ".join(row.text for row in rows[:20])  # of many windows, whose mean the head takes
    texts = [long, *(row.text for row in rows[:10])]
    tagged = np.array([[*tagger.tag(text).scores.values()] for text in texts])
    assert tagger.tag(long).windows > 3
    np.testing.assert_allclose(tagged[1:], head.scores(embedder(texts))[1:], atol=0.05)  # int8 and bf16 are between them


def test_a_label_set_without_words_and_texts_of_one_answer_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    silent: dict[str, Any] = {"label": [{"name": "a", "definition": "It is about ships."}, {"name": "b"}]}
    with pytest.raises(DatasetError, match="the label b has no definition, terms or examples"):
        sentences_of(LabelSet.from_dict(silent))
    alone = LabelSet.from_dict({"label": [{"name": "a", "definition": "It is about ships."}]})
    rows = [GoldRow(str(i), f"the town {i}", {"a": True}, "", False) for i in range(4)]
    with pytest.raises(DatasetError, match="every text carries the label 'a'; add texts that do not"):
        make_few_shot_model(alone, rows, tmp_path / "model", str(tiny_base))
    assert not (tmp_path / "model").exists()


def test_what_stands_for_a_label_is_what_its_file_says() -> None:
    label_set = LabelSet.from_dict(
        {
            "label": [
                {"name": "a", "definition": "Ships.", "terms": ["sail", "keel"]},
                {"name": "b", "definition": "Hills.", "counterexamples": ["Dunes."]},
            ]
        }
    )
    assert sentences_of(label_set) == [(["Ships.", "sail, keel"], ["Hills."]), (["Hills."], ["Dunes."])]
    assert len(sentences_of(default_label_set())[0][0]) == 15
