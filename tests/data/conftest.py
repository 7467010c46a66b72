from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from aikind.data.build import BuiltDataset, build
from aikind.data.recipe import load_recipe


@pytest.fixture
def write_recipe(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a recipe beside the test's data files."""

    def write(text: str) -> Path:
        path = tmp_path / "recipe.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


class ChatServer(ThreadingHTTPServer):
    """A chat endpoint on this machine.

    Attributes:
        script: Gets a text and how often it was sent before; gives what the model says of it, or a dictionary of
            ``status``, ``headers``, ``raw`` (a body that is no chat completion), ``stalls`` and ``trickles``.
        requests: What was sent, with path, key and time.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: Callable[[str, int], str | dict[str, Any]]
        self.requests: list[dict[str, Any]] = []
        self.released = Event()

    @property
    def texts(self) -> list[str]:
        return [r["messages"][-1]["content"] for r in self.requests]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = sent["messages"][-1]["content"]
        before = self.server.texts.count(text)
        more = {"path": self.path, "key": self.headers.get("Authorization"), "time": time.monotonic()}
        self.server.requests.append({**sent, **more})
        reply = self.server.script(text, before)
        reply = {"content": reply} if isinstance(reply, str) else reply
        if reply.get("stalls"):
            self.server.released.wait(60)
        body = reply.get("raw", json.dumps({"choices": [{"message": {"content": reply.get("content", "")}}]}).encode())
        self.send_response(reply.get("status", 200))
        for name, value in {**reply.get("headers", {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        for i in range(len(body)) if reply.get("trickles") else ():
            self.wfile.write(body[i : i + 1])
            self.server.released.wait(0.05)
        if not reply.get("trickles"):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing goes to standard error."""


class EndpointTrial:
    """A recipe with an endpoint that asks a ``ChatServer`` about labels of its own: marine and alpine."""

    labels = '[[label]]\nname = "marine"\ndefinition = "Speaks of the sea."\n[[label]]\nname = "alpine"\ndefinition = "Of mountains."\n'
    words = tuple(word + str(i) for i in range(40) for word in ("river", "stone", "paper", "engine", "window", "harvest"))

    def __init__(self, folder: Path, server: ChatServer) -> None:
        self.folder, self.server = folder, server
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        server.script = lambda text, _: self.truth(text)

    def truth(self, text: str) -> str:
        """The model's answer, which can be foretold from the text."""
        return json.dumps({name: "unsure" if "fog" in text else "yes" if name in text else "no" for name in ("marine", "alpine")})

    def text(self, seed: int, *opening: str) -> str:
        return " ".join([*opening, *random.Random(seed).choices(self.words, k=40)])

    def write(self, *words: str, gold: int = 0) -> None:
        """Write as many unread rows as words, each beginning with its word, and so many marine rows with gold."""
        rows = [{"id": f"u{i}", "text": self.text(i, word), "labels": None} for i, word in enumerate(words)]
        rows += [{"id": f"g{i}", "text": self.text(1000 + i, "marine"), "labels": ["marine"]} for i in range(gold)]
        self.write_rows(rows)

    def write_rows(self, rows: list[dict[str, Any]]) -> None:
        (self.folder / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def recipe(self, labels: str = labels, held_out: float = 0.0, **keys: Any) -> Path:
        """Write a recipe that holds such a share out, with further keys in the endpoint's table."""
        (self.folder / "labels.toml").write_text(labels)
        source = 'label_set = "labels.toml"\n[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\ntitle = "title"\nweak = true\n'
        table = {"url": self.url, "model": "tiny", "most_requests": 1000, **keys}
        endpoint = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        path = self.folder / "recipe.toml"
        path.write_text(f"{source}[split]\nvalidation = 0\ntest = {held_out}\n[labelling.endpoint]\n{endpoint}")
        return path

    def build(self, **keys: Any) -> BuiltDataset:
        return build(load_recipe(self.recipe(**keys)))

    def weak_labels(self, dataset: BuiltDataset) -> dict[str, tuple[float, float]]:
        return {r["id"]: (r["marine"], r["alpine"]) for r in dataset.splits["train"] if r["label_origin"] == "weak:majority"}


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EndpointTrial]:
    from aikind.data.labelling import endpoint_client

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(endpoint_client, "_FIRST_WAIT", 0.01)
    server = ChatServer()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield EndpointTrial(tmp_path, server)
    server.released.set()
    server.shutdown()
    server.server_close()
