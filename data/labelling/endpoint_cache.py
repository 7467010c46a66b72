"""Answers of a chat endpoint on disk, so that no answer is paid for twice and a build that was killed goes on."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from aikind.errors import RecipeError

__all__ = ["AnswerCache", "answer_key", "open_cache"]


def answer_key(model: str, prompt: str, text: str) -> str:
    """SHA-256, in hex, over all that an answer depends on; another prompt or label set never finds old answers."""
    return hashlib.sha256(json.dumps([model, prompt, text]).encode()).hexdigest()


class AnswerCache:
    """Answers by key; safe to use from several threads, and from several builds at once."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection, self._lock = path, connection, Lock()

    def get(self, key: str) -> str | None:
        """The answer stored under ``key``, if any.

        Raises:
            RecipeError: The file cannot be used.
        """
        with self._lock, _explained(self._path):
            found = self._connection.execute("SELECT answer FROM answers WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def put(self, key: str, answer: str) -> None:
        """Store an answer; it is on disk when this returns.

        Raises:
            RecipeError: The file cannot be used.
        """
        with self._lock, _explained(self._path):
            self._connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, answer))


@contextmanager
def open_cache(path: Path) -> Iterator[AnswerCache]:
    """The cache in the file ``path``, which is made if it does not exist, with its folder.

    Raises:
        RecipeError: The file cannot be used.
    """
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without an isolation level every statement commits by itself.
        connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    with closing(connection):
        with _explained(path):
            connection.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL) WITHOUT ROWID")
        yield AnswerCache(path, connection)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise RecipeError(
            f"{path}: cannot keep the endpoint's answers here: {error}. Name another file with cache = … in [labelling.endpoint]"
        ) from error
