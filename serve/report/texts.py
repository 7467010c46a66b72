"""Texts that occur more than once, found by hash, in a temporary file and not in memory."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass

__all__ = ["Copies", "TextIndex"]

_IDS = 4  # so many ids are kept of each text
_BETWEEN = "\x1f"


@dataclass(frozen=True, slots=True)
class Copies:
    """A text that came more than once: how often, and the ids of the first documents that have it."""

    count: int
    ids: tuple[str, ...]


class TextIndex:
    """Counts texts by the SHA-256 of their UTF-8. A million of them take some 100 MB of disk, and a few MB of memory."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # a file without a name, which SQLite deletes
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE texts (digest BLOB PRIMARY KEY, count INTEGER, ids TEXT) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def add(self, text: str, name: str) -> None:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
        shown = name[:200].replace(_BETWEEN, " ").encode("utf-8", "backslashreplace").decode()
        self._database.execute(
            "INSERT INTO texts VALUES (?, 1, ?) ON CONFLICT (digest) DO UPDATE SET "
            f"ids = CASE WHEN count < {_IDS} THEN ids || char(31) || excluded.ids ELSE ids END, count = count + 1",
            (digest, shown),
        )

    def surplus(self) -> tuple[int, int]:
        """How many texts came more than once, and how many documents would go if each were kept once."""
        texts, surplus = self._database.execute("SELECT count(*), coalesce(sum(count - 1), 0) FROM texts WHERE count > 1").fetchone()
        return int(texts), int(surplus)

    def commonest(self, most: int) -> list[Copies]:
        """The texts that came most often."""
        found = self._database.execute("SELECT count, ids FROM texts WHERE count > 1 ORDER BY count DESC, ids LIMIT ?", (most,))
        return [Copies(count, tuple(ids.split(_BETWEEN))) for count, ids in found]

    def close(self) -> None:
        self._database.close()
