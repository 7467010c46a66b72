from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from aikind import Tagger

ROOT = Path(__file__).parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    """The shipped model."""
    return Tagger()


@pytest.fixture
def aikind() -> Run:
    """Runs the command line in a process of its own, as a user would; standard input is empty unless given."""

    def run(*arguments: str | Path, stdin: str | bytes = "", timeout: float = 120, **options: Any) -> subprocess.CompletedProcess[str]:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-m", "aikind", *map(str, arguments)], input=raw, capture_output=True, timeout=timeout, check=False, **options
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def write_jsonl(tmp_path: Path) -> Callable[[str, Iterable[Any]], Path]:
    """Writes records to a file under the test's folder; a string is written as it is."""

    def write(name: str, records: Iterable[Any]) -> Path:
        path = tmp_path / name
        path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), encoding="utf-8")
        return path

    return write


def read_jsonl(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def _documents(folder: str) -> dict[str, list[dict[str, Any]]]:
    paths = sorted((ROOT / "data" / folder).rglob("*.jsonl"))
    return {str(path.relative_to(ROOT / "data" / folder).with_suffix("")): read_jsonl(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="session")
def gold() -> dict[str, list[dict[str, Any]]]:
    """The documents that are set aside to measure on, by file."""
    return _documents("gold")


@pytest.fixture(scope="session")
def corpus(gold: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """All of the project's own documents, gold included."""
    return [row for rows in (*_documents("corpus").values(), *gold.values()) for row in rows]
