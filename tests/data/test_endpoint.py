"""A chat endpoint as a labelling function: its votes, its cache and its budget, against a server of our own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from click.testing import CliRunner

from aikind.cli import root
from aikind.data.build import build, vote_on_everything
from aikind.data.card import dataset_card
from aikind.data.labelling.base import Vote, functions_for
from aikind.data.recipe import load_recipe


def test_every_label_gets_a_voter_and_rows_get_its_answers(trial: Any) -> None:
    trial.write("marine", "alpine", "marine alpine", "none", "fog")
    dataset = trial.build()
    assert [(f.name, f.label) for f in dataset.votes.functions] == [("endpoint_marine", "marine"), ("endpoint_alpine", "alpine")]
    assert trial.weak_labels(dataset) == {"s/u0": (1.0, 0.0), "s/u1": (0.0, 1.0), "s/u2": (1.0, 1.0), "s/u3": (0.0, 0.0)}
    assert [skip.why for skip in dataset.skipped.all] == ["no labelling function voted on a label"]
    assert dataset.votes.remarks == ("endpoint tiny: 5 rows: 5 answered, 0 failed, 0 invalid answers, 0 not asked",)


def test_a_request_holds_the_definitions_the_start_of_the_text_and_the_key(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "k-123\n")
    trial.write("marine")
    trial.build(api_key_env="TEST_KEY", most_characters=50)
    (sent,) = trial.server.requests
    assert (sent["path"], sent["key"], sent["model"]) == ("/v1/chat/completions", "Bearer k-123", "tiny")
    assert (sent["temperature"], sent["response_format"]) == (0, {"type": "json_object"})
    instructions = sent["messages"][0]["content"]
    for part in ("marine: Speaks of the sea.", "alpine: Of mountains.", '{"marine": "…", "alpine": "…"}'):
        assert part in instructions
    assert "generative" not in instructions
    assert trial.server.texts == [trial.text(0, "marine")[:50]]


def test_a_title_goes_before_its_text_and_what_cannot_be_sent_is_replaced(trial: Any) -> None:
    trial.write_rows([{"id": "a", "text": trial.text(0), "title": "So \ud83d then", "labels": None}])
    trial.build()
    assert trial.server.texts == ["So ? then\n\n" + trial.text(0)]


def test_it_votes_beside_the_functions_and_is_measured_on_a_sample_of_gold(trial: Any) -> None:
    trial.server.script = lambda text, _: json.dumps({"predictive": "no", "generative": "yes" if "verse" in text else "no"})
    gold = [{"id": f"g{i}", "text": trial.text(i, "verse" if i % 2 else "An LLM"), "labels": ["generative"]} for i in range(20)]
    unread = [{"id": f"u{i}", "text": trial.text(100 + i, "verse"), "labels": None} for i in range(5)]
    trial.write_rows([*gold, *unread])
    loaded = load_recipe(trial.recipe('[[label]]\nname = "predictive"\n[[label]]\nname = "generative"\n', gold_sample=8))
    dataset = build(loaded)
    assert len(trial.server.requests) == 8 + 5
    assert {r["text"] for r in unread} < set(trial.server.texts)
    right = sum("verse" in t for t in trial.server.texts) - 5
    assert 0 < right < 8
    reports = {r.name: r for r in dataset.functions}
    assert len(reports) == len(functions_for(loaded.label_set)) + 2
    assert (reports["endpoint_generative"].gold_votes, reports["endpoint_generative"].accuracy) == (8, right / 8)
    assert reports["endpoint_predictive"].accuracy == 1.0
    assert "| endpoint_generative | generative | 52.0% |" in dataset_card(dataset)
    _, votes = vote_on_everything(loaded)
    assert (votes.matrix == dataset.votes.matrix).all()
    assert len(trial.server.requests) == 8 + 5


def test_held_out_rows_and_their_copies_are_not_asked_about(trial: Any) -> None:
    gold = [{"id": f"g{i}", "text": trial.text(i, "marine"), "labels": ["marine"]} for i in range(20)]
    copies = [{"id": f"u{i}", "text": trial.text(i, "alpine"), "labels": None} for i in range(20)]
    trial.write_rows([*gold, *copies])
    dataset = trial.build(held_out=0.5)
    trained = dataset.splits["train"]
    assert 10 < len(trained) < 30
    assert len(dataset.splits["test"]) == 20 - len(trained) / 2
    assert sorted(trial.server.texts) == sorted(r["text"] for r in trained)


def test_a_second_build_asks_nothing_and_is_the_same(trial: Any) -> None:
    trial.write(*["marine"] * 10, gold=3)
    first = trial.build()
    assert len(trial.server.requests) == 13
    second = trial.build(parallel=1)
    assert len(trial.server.requests) == 13
    assert dataset_card(second) == dataset_card(first)
    assert second.fingerprint == first.fingerprint


def test_another_model_definition_or_length_asks_anew(trial: Any) -> None:
    trial.write("marine", "alpine")
    trial.build()
    for count, keys in enumerate(({"model": "large"}, {"labels": trial.labels.replace("sea", "ocean")}, {"most_characters": 30}), 2):
        trial.build(**keys)
        assert len(trial.server.requests) == 2 * count
    trial.build()
    assert len(trial.server.requests) == 8


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ('{"marine": "yes", "alpine": "no", "robotic": "no"}', "unknown label 'robotic', in '{"),
        ("It is about the sea, I think.", "no JSON object, in 'It is about the sea, I think.'"),
        ('{"marine": "yes", "alp', "broken JSON"),
        ({"raw": b"<html>Sign in</html>"}, "the reply has no choices[0].message.content: '<html>Sign in</html>'"),
        ({"raw": b'{"choices": [{"message": {"content": null}}]}'}, "the reply has no choices[0].message.content"),
    ],
    ids=["unknown label", "prose", "half JSON", "no JSON", "null"],
)
def test_invalid_answers_are_asked_for_once_more_then_counted_and_shown(trial: Any, reply: Any, message: str) -> None:
    trial.server.script = lambda text, _: reply if "cursed" in text else trial.truth(text)
    trial.write("cursed", gold=1)
    dataset = trial.build()
    assert len(trial.server.requests) == 3
    assert (dataset.votes.matrix == [[Vote.YES, Vote.NO], [Vote.ABSTAIN, Vote.ABSTAIN]]).all()
    assert [r.crashes for r in dataset.functions] == [1, 1]
    counted, first = dataset.votes.remarks
    assert counted == "endpoint tiny: 2 rows: 1 answered, 0 failed, 1 invalid answers, 0 not asked"
    assert "s.jsonl:1: " + message in first
    trial.build()
    assert len(trial.server.requests) == 5  # an invalid answer is not kept


def test_a_second_answer_counts_after_an_invalid_one(trial: Any) -> None:
    trial.server.script = lambda text, before: trial.truth(text) if before else "I would rather not."
    trial.write("alpine", "alpine")
    dataset = trial.build()
    assert trial.weak_labels(dataset) == {"s/u0": (0.0, 1.0), "s/u1": (0.0, 1.0)}
    assert len(trial.server.requests) == 4
    assert not dataset.votes.crashes


def test_the_budget_ends_the_asking_and_another_build_goes_on(trial: Any) -> None:
    trial.write(*["marine"] * 10, gold=2)
    dataset = trial.build(most_requests=5)
    assert len(trial.server.requests) == 5
    assert {trial.text(1000, "marine"), trial.text(1001, "marine")} < set(trial.server.texts)  # gold first
    assert len(trial.weak_labels(dataset)) == 3
    counted, why = dataset.votes.remarks
    assert counted == "endpoint tiny: 12 rows: 5 answered, 0 failed, 0 invalid answers, 7 not asked"
    assert "7 rows were not asked about, since most_requests = 5 is used up" in why
    assert why in dataset_card(dataset)
    assert not dataset.votes.crashes
    assert len(trial.weak_labels(trial.build(most_requests=5))) == 8
    assert len(trial.weak_labels(trial.build(most_requests=5))) == 10
    assert len(trial.server.requests) == len(set(trial.server.texts)) == 12


def test_retries_and_second_answers_count_towards_the_budget(trial: Any) -> None:
    trial.write(*["marine"] * 5)
    trial.server.script = lambda text, _: trial.truth(text) if trial.server.texts[0] == text else {"status": 500}
    first = "endpoint tiny: 5 rows: 1 answered, 1 failed, 0 invalid answers, 3 not asked"
    assert trial.build(most_requests=4, retries=9, parallel=1).votes.remarks[0] == first
    assert len(trial.server.requests) == 4
    trial.server.script = lambda _text, _: "no"
    second = "endpoint tiny: 5 rows: 1 answered, 0 failed, 2 invalid answers, 2 not asked"
    assert trial.build(most_requests=3, parallel=1).votes.remarks[0] == second
    assert len(trial.server.requests) == 7


def test_a_killed_build_goes_on(trial: Any) -> None:
    trial.write(*["marine"] * 8, gold=1)
    trial.server.script = lambda text, _: trial.truth(text) if len(trial.server.requests) <= 5 else {"stalls": True}
    command = [sys.executable, "-m", "aikind", "dataset", "build", trial.recipe(parallel=1), "-o", trial.folder / "out"]
    killed = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(trial.server.requests) < 6 and time.monotonic() < end:
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    assert len(trial.server.requests) == 6
    trial.server.script = lambda text, _: trial.truth(text)
    done = CliRunner().invoke(root, ["dataset", "analyze", str(trial.recipe())])
    assert done.exit_code == 0, done.output
    assert len(trial.server.requests) == 6 + 4
    for part in ("asking tiny about 4 texts; the cache answers 5 more", "4 requests sent", "endpoint tiny: 9 rows: 9 answered"):
        assert part in done.stderr
