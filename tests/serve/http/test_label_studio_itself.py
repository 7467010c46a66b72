"""Label Studio itself, started on this machine, is pre-annotated, and its corrections come back as labels.

It needs an environment of its own:
    python -m venv /tmp/ls && /tmp/ls/bin/pip install label-studio
    LABEL_STUDIO=/tmp/ls/bin/label-studio python -m pytest tests/serve/http/test_label_studio_itself.py
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from .running import Server, Start, until

PROGRAM = os.environ.get("LABEL_STUDIO")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="the environment variable LABEL_STUDIO names no program of Label Studio")

TOKEN = "a-token-that-is-long-enough"
PREDICTIVE = "We trained a classifier on past orders to predict which customers will cancel."
DULL = "The hall was painted in spring, and the chairs were mended by the caretaker."
CHOICES = "".join(f'<Choice value="{kind}"/>' for kind in ("predictive", "generative", "both", "neither"))
CONFIG = f'<View><Text name="text" value="$text"/><Choices name="kind" toName="text" choice="single">{CHOICES}</Choices></View>'


def choice(kind: str) -> list[dict[str, Any]]:
    return [{"from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": [kind]}}]


@contextmanager
def label_studio(folder: Path) -> Iterator[httpx.Client]:
    """Label Studio in a process of its own, and a client that may do everything."""
    key = "0123456789abcdef0123456789abcdef01234567"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["--username", "a@example.org", "--password", "a-password-of-a-test", "--user-token", key, "--enable-legacy-api-token"]
    command = [str(PROGRAM), "start", "--no-browser", "--port", str(port), "--data-dir", str(folder), *user]
    # By itself it talks to no server of this machine.
    settings = {"ML_BLOCK_LOCAL_IP": "false", "SSRF_PROTECTION_ENABLED": "false", "COLLECT_ANALYTICS": "false"}
    patience = ("ML_CONNECTION_TIMEOUT", "ML_TIMEOUT_HEALTH", "ML_TIMEOUT_SETUP", "WEBHOOK_TIMEOUT")  # for a busy machine
    log = folder / "log"
    with (
        log.open("wb") as file,
        subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, **settings, **dict.fromkeys(patience, "100")}) as process,
    ):
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Token {key}"}, timeout=300) as client:
                until(lambda: is_up(client) or process.poll() is not None, seconds=1800)
                assert process.poll() is None, log.read_text()[-3000:]
                yield client
        finally:
            process.kill()


def is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def sent(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text[:2000]
    return answer.json() if answer.content else None


def connect(studio: httpx.Client, server: Server, project: int) -> int:
    """Connect a project with our server both ways, as its settings pages do; the id of the ML backend."""
    login = {"auth_method": "BASIC_AUTH", "basic_auth_user": "label-studio", "basic_auth_pass": TOKEN}
    backend = sent(studio.post("/api/ml", json={"project": project, "url": server.url, "title": "aikind", **login}))
    actions = ["ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED"]
    hook = {"project": project, "url": f"{server.url}/webhook", "headers": {"Authorization": f"Bearer {TOKEN}"}}
    sent(studio.post("/api/webhooks/", json={**hook, "send_payload": True, "send_for_all_actions": False, "actions": actions}))
    assert backend["readable_state"] == "Connected"
    return int(backend["id"])


def test_tasks_are_pre_annotated_and_corrections_come_back_as_labels(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    server = start("--label-studio-labels", file, environment={"AIKIND_TOKENS": TOKEN})
    (tmp_path / "studio").mkdir(exist_ok=True)
    with label_studio(tmp_path / "studio") as studio:
        project = sent(studio.post("/api/projects", json={"title": "Kinds", "label_config": CONFIG}))["id"]
        backend = connect(studio, server, project)
        sent(studio.post(f"/api/projects/{project}/import", json=[{"text": PREDICTIVE}, {"text": DULL}, {"text": " "}]))
        everything = {"selectedItems": {"all": True, "excluded": []}}
        sent(studio.post("/api/dm/actions", params={"id": "retrieve_tasks_predictions", "project": project}, json=everything))

        tasks = sorted(sent(studio.get("/api/tasks", params={"project": project, "fields": "all"}))["tasks"], key=lambda task: task["id"])
        predicted = [[p["result"][0]["value"]["choices"] for p in task["predictions"]] for task in tasks]
        assert predicted == [[["predictive"]], [["neither"]], []]
        model = server.client.get("/v1/labels", headers={"Authorization": f"Bearer {TOKEN}"}).json()["model"]
        assert tasks[0]["predictions"][0]["model_version"] == f"{model['name']}-{model['fingerprint']}"
        assert 0.5 <= tasks[0]["predictions"][0]["score"] <= 1

        made = sent(studio.post(f"/api/tasks/{tasks[0]['id']}/annotations/", json={"result": choice("both")}))
        until(lambda: file.read_bytes().count(b"\n") == 1)
        sent(studio.patch(f"/api/annotations/{made['id']}/", json={"result": choice("generative")}))
        until(lambda: file.read_bytes().count(b"\n") == 2)
        identity = f"label-studio-{project}-{tasks[0]['id']}"
        assert [json.loads(line) for line in file.read_text().splitlines()] == [
            {"id": identity, "text": PREDICTIVE, "predictive": 1, "generative": 1},
            {"id": identity, "text": PREDICTIVE, "predictive": 0, "generative": 1},
        ]
        sent(studio.post(f"/api/ml/{backend}/train", json={}))  # "Start training": we learn from the file, not from this
        assert sent(studio.get(f"/api/ml/{backend}"))["error_message"] is None
