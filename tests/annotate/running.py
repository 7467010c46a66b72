"""A running ``aikind annotate`` in a process of its own, and a client that does what its page does."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_PATIENCE = 180  # seconds; the machine may be busy with other things


class Annotator:
    """What a page does, over HTTP: with a process, or with an application inside the test."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str) -> dict[str, Any]:
        answer = self.client.get(f"api/{path}").raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, body: Any = None) -> httpx.Response:
        return self.client.post(f"api/{path}", json=body)

    def turn(self) -> dict[str, Any]:
        return self.get("turn")

    def answer(self, document: int, *labels: str, outcome: str = "labelled", **more: Any) -> dict[str, Any]:
        names = [label["name"] for label in self.get("about")["labels"]] if outcome == "labelled" else []
        body = {"document": document, "outcome": outcome, "labels": {name: name in labels for name in names}, **more}
        found: dict[str, Any] = self.post("answer", body).raise_for_status().json()
        return found

    def until_read(self) -> dict[str, Any]:
        """Wait until the documents are read; gives the progress."""
        return self._until(lambda progress: not progress["reading"])

    def until_judged(self) -> None:
        """Wait until the model has seen all of them."""
        self._until(lambda progress: not progress["reading"] and progress["judged"] == progress["documents"])

    def _until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE
        while not condition(progress := self.turn()["progress"]):
            assert time.monotonic() < deadline, progress
            time.sleep(0.02)
        return progress


class Process(Annotator):
    """``aikind annotate`` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.url = process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), process.stderr and process.stderr.read()
        super().__init__(httpx.Client(base_url=self.url, timeout=_PATIENCE, trust_env=False))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def annotating(answers: Path, *arguments: str | Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "aikind", "annotate", *map(str, arguments), "--labels", str(answers)]
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    heeds = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heeds) as process:
        try:
            running = Process(process)
            with running.client:
                yield running
        finally:
            process.kill()


def answered(turn: Mapping[str, Any]) -> int:
    return int(turn["progress"]["labelled"])
