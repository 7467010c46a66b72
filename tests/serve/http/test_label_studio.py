"""The protocol of Label Studio's ML backends; test_label_studio_itself.py runs it with Label Studio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aikind import Tagger

from .running import Server, Start, running

PREDICTIVE = "We trained a classifier on past orders to predict which customers will cancel."
DULL = "The hall was painted in spring, and the chairs were mended by the caretaker."
# A project may write kinds as it likes, have other controls too, and call its text anything.
CONFIG = """<View><Text name="doc" value="$body"/><Choices name="tone" toName="doc"><Choice value="dry"/></Choices>
<Choices name="kind" toName="doc" choice="single"><Choice value="Predictive"/><Choice value="Generative"/>
<Choice value="Two of them" alias="both"/><Choice value="neither"/></Choices></View>"""
EVENT = {
    "action": "ANNOTATION_CREATED",
    "annotation": {"id": 3, "result": [{"from_name": "kind", "to_name": "doc", "type": "choices", "value": {"choices": ["both"]}}]},
    "task": {"id": 7, "data": {"body": PREDICTIVE}},
    "project": {"id": 2, "label_config": CONFIG},
}


def chosen(*choices: str) -> list[dict[str, Any]]:
    return [{"from_name": "kind", "to_name": "doc", "type": "choices", "value": {"choices": list(choices)}}]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_it_is_up_and_takes_a_project_whose_choices_are_kinds(server: Server) -> None:
    assert server.client.get("/health").json()["status"] == "UP"
    model = server.client.get("/v1/labels").json()["model"]
    answer = server.client.post("/setup", json={"project": "2.1700000000", "schema": CONFIG, "access_token": "secret-of-theirs"})
    assert answer.json() == {"model_version": f"{model['name']}-{model['fingerprint']}"}
    assert "secret-of-theirs" not in server.raw_log


@pytest.mark.parametrize(
    ("config", "detail"),
    [
        ("<View>", "not XML"),
        (CONFIG.replace("Generative", "Other"), "a choice for each of predictive, generative, both, neither"),
        (CONFIG.replace("$body", "body"), "no <Choices> of a <Text"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><View>&b;</View>', "a document type"),
        (5, "no labelling config"),
    ],
)
def test_a_project_that_it_cannot_work_with_is_told_why(server: Server, config: Any, detail: str) -> None:
    answer = server.client.post("/setup", json={"schema": config})
    assert answer.status_code == 422
    assert detail in answer.json()["detail"]
    assert server.wait_for("label_studio")["detail"] in answer.json()["detail"]


def test_each_task_gets_the_choice_of_its_kind(server: Server, tagger: Tagger) -> None:
    tasks = [{"id": n, "data": data} for n, data in enumerate([{"body": PREDICTIVE}, {"text": DULL}, {"body": " "}, {"body": DULL}])]
    answer = server.client.post(
        "/predict", json={"tasks": tasks, "label_config": CONFIG, "project": "2.17", "params": {"context": None}}
    ).json()
    first, no_text, empty, last = answer["results"]
    assert (no_text, empty) == ([], [])
    assert [first[0]["result"], last[0]["result"]] == [chosen("Predictive"), chosen("neither")]
    scores = tagger.tag(DULL).scores
    assert last[0]["score"] == pytest.approx(min(1 - p for p in scores.values()), abs=1e-6)
    assert (
        answer["model_version"]
        == first[0]["model_version"]
        == server.client.post("/setup", json={"schema": CONFIG}).json()["model_version"]
    )


def test_too_many_tasks_are_refused(server: Server) -> None:
    answer = server.client.post("/predict", json={"tasks": [{"data": {}}] * 21, "label_config": CONFIG})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:aikind:too-many-documents")


def test_corrections_are_stored_as_labels(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"text": "from before", "predictive": 0, "generative": 0}')  # by hand, without an end of its line
    server = start("--label-studio-labels", file)
    both, changed = EVENT, {**EVENT, "action": "ANNOTATION_UPDATED", "annotation": {"result": chosen("neither")}}
    many = {
        **EVENT,
        "action": "ANNOTATIONS_CREATED",
        "annotation": [{"result": chosen("Generative")}, {"result": [], "was_cancelled": True}, {"result": chosen("both", "neither")}],
        "task": [{"id": n, "data": {"body": f"Text {n}\u2028."}} for n in range(3)],
    }
    others = [{"action": "START_TRAINING", "project": EVENT["project"]}, {"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 3}]}]
    stored = [server.client.post("/webhook", json=event).json() for event in (both, changed, many, *others)]
    assert stored == [{"stored": 1}, {"stored": 1}, {"stored": 1}, {"stored": 0}, {"stored": 0}]
    assert rows_of(file)[1:] == [
        {"id": "label-studio-2-7", "text": PREDICTIVE, "predictive": 1, "generative": 1},
        {"id": "label-studio-2-7", "text": PREDICTIVE, "predictive": 0, "generative": 0},
        {"id": "label-studio-2-0", "text": "Text 0\u2028.", "predictive": 0, "generative": 1},
    ]
    assert "2 kinds are chosen" in server.wait_for("label_left_out")["detail"]
    file.rename(tmp_path / "taken.jsonl")
    assert server.client.post("/webhook", json=both).json() == {"stored": 1}
    assert len(rows_of(file)) == 1
    assert PREDICTIVE not in server.raw_log


def test_an_event_without_its_payload_is_refused(start: Start, tmp_path: Path) -> None:
    server = start("--label-studio-labels", tmp_path / "labels.jsonl")
    for more in ({"annotation": None}, {"task": None}, {"project": {"id": 1}}, {"task": [EVENT["task"]] * 2}):
        answer = server.client.post("/webhook", json={**EVENT, **more})
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:aikind:label-studio")
    assert (tmp_path / "labels.jsonl").read_bytes() == b""


def test_without_a_file_corrections_are_refused_rather_than_lost_without_a_word(server: Server) -> None:
    answer = server.client.post("/webhook", json=EVENT)
    assert answer.status_code == 409
    assert "--label-studio-labels" in answer.json()["detail"]


def test_a_page_of_another_site_cannot_store_labels(server: Server) -> None:
    answer = server.client.post("/webhook", content=json.dumps(EVENT), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_the_token_may_come_as_a_password(start: Start) -> None:
    token = "a-token-that-is-long-enough"
    server = start(environment={"AIKIND_TOKENS": token})
    for given in ({}, {"auth": ("label-studio", f"{token}x")}, {"headers": {"Authorization": "Basic %%%"}}):
        refused = server.client.post("/setup", json={"schema": CONFIG}, **given)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
    for given in ({"auth": ("label-studio", token)}, {"headers": {"Authorization": f"Bearer {token}"}}):
        assert server.client.post("/setup", json={"schema": CONFIG}, **given).status_code == 200
    assert server.client.get("/health").status_code == 200


def test_a_file_that_cannot_be_written_is_told_at_the_start() -> None:
    with (
        pytest.raises(AssertionError, match="cannot write labels there: No such file or directory"),
        running("--label-studio-labels", "/nowhere/a.jsonl"),
    ):
        pass
