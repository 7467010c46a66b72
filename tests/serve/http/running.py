"""A server of its own in a process of its own, as a user would run it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from aikind.records import Tagging
from aikind.serve.writers.base import as_record

Start = Callable[..., "Server"]
_PATIENCE = 180  # seconds; the machine may be busy with other things


class Server:
    """A running ``aikind serve``, a client that talks to it, and its log."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[dict[str, Any]] = []
        self.raw_log = ""
        self._new: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read_log, daemon=True).start()
        started = self.wait_for("listening")
        self.address = (started["host"], started["port"])
        self.url = f"http://{started['host']}:{started['port']}"
        self.client = httpx.Client(base_url=self.url, timeout=_PATIENCE)

    def wait_for(self, event: str) -> dict[str, Any]:
        """The next line of the log with this event."""
        while True:
            line = self._new.get(timeout=_PATIENCE)
            assert line is not None, f"no {event!r} in the log: {self.raw_log}"
            if line["event"] == event:
                return line

    def tag(self, body: Any, **options: Any) -> httpx.Response:
        return self.client.post("/v1/tag", json=body, **options)

    def metric(self, name: str) -> float:
        """The value of one series, named as Prometheus writes it."""
        lines = self.client.get("/metrics").text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), 0.0)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=_PATIENCE)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.raw_log += line
            try:
                self.log.append(json.loads(line))
            except ValueError:
                told = line == "\n" or line.startswith("aikind: ")  # by the command line, after Ctrl-C
                self.log.append({"event": "not JSON", "level": "info" if told else "error", "line": line})
            self._new.put(self.log[-1])
        self._new.put(None)


@contextmanager
def running(*options: str | Path, environment: dict[str, str] | None = None) -> Iterator[Server]:
    command = [sys.executable, "-m", "aikind", "serve", "--port", "0", *map(str, options)]
    inherited = {name: value for name, value in os.environ.items() if name != "AIKIND_TOKENS"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**inherited, **(environment or {})}) as process:
        try:
            server = Server(process)
            with server.client:
                yield server
            wrong = [line for line in server.log if line["level"] == "error" and line["event"] != "reload_failed"]
            assert not wrong
        finally:
            process.kill()


class Slow:
    """The body of a request, which waits before it sends its last part."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.go_on = parts, threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts[:-1]
        assert self.go_on.wait(_PATIENCE)
        yield self.parts[-1]


def until(condition: Callable[[], bool], seconds: float = _PATIENCE) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def documented(tagging: Tagging, *more: str) -> dict[str, Any]:
    """What the service answers of a tagging: the fields that its description names, ``more`` of them, and no others."""
    record = as_record(tagging)
    return {name: record[name] for name in ("id", "kind", "labels", "scores", "unsure", "doubts", "windows", "tokens", "error", *more)}
