"""The file of answers: SQLite, which several processes may use at once and which a kill at any time leaves whole.

documents   every text that was read, with what the model and the labelling functions make of it
answers     what readers said, appended to and never changed; the last answer of a reader on a document counts
leases      which document is on whose page, and until when
labels      a view of the answers that count, in the form of a label file
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aikind.data.label_rows import check_names
from aikind.errors import DatasetError
from aikind.label_set import LabelSet

__all__ = ["LABELLED", "SKIPPED", "UNDONE", "UNSURE", "Answer", "Store"]

LABELLED, UNSURE, SKIPPED, UNDONE = "labelled", "unsure", "skipped", "undone"
_SCHEMA = 1
_LEASE_SECONDS = 30 * 60.0
_TABLES = """
CREATE TABLE about (schema INTEGER NOT NULL, label_set TEXT NOT NULL);
CREATE TABLE documents (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  draw REAL NOT NULL,
  model TEXT NOT NULL DEFAULT '',
  scores TEXT,
  guess TEXT,
  worth REAL,
  why TEXT,
  vector BLOB
);
CREATE INDEX by_draw ON documents (draw);
CREATE INDEX by_worth ON documents (worth);
CREATE INDEX by_model ON documents (model);
CREATE TABLE answers (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  document INTEGER NOT NULL REFERENCES documents (number),
  reader TEXT NOT NULL,
  outcome TEXT NOT NULL,
  labels TEXT NOT NULL,
  note TEXT NOT NULL,
  chosen TEXT NOT NULL,
  guess_shown INTEGER NOT NULL,
  at TEXT NOT NULL
);
CREATE INDEX by_document ON answers (document, reader);
CREATE TABLE leases (
  document INTEGER NOT NULL REFERENCES documents (number),
  reader TEXT NOT NULL UNIQUE,
  chosen TEXT NOT NULL,
  guess_shown INTEGER NOT NULL DEFAULT 0,
  until REAL NOT NULL
);
CREATE VIEW current AS
  SELECT * FROM answers WHERE number IN (SELECT max(number) FROM answers GROUP BY document, reader) AND outcome != 'undone';
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader says of a document.

    Attributes:
        outcome: LABELLED, UNSURE, SKIPPED or UNDONE.
        labels: Value per label; empty unless the outcome is LABELLED.
    """

    outcome: str
    labels: Mapping[str, bool]
    note: str = ""


class Store:
    """One connection to a file of answers; safe to use from several threads.

    Raises:
        DatasetError: The file is no file of answers, or one for other labels.
    """

    def __init__(self, path: Path, label_set: LabelSet) -> None:
        check_names(label_set)
        self.path, self.label_set = path, label_set
        self._lock = threading.RLock()
        try:
            self._database = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._database.row_factory = sqlite3.Row
            tables = {name for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables and "answers" not in tables:
                raise DatasetError(f"{path}: is a database of something else; give a new file, or one that aikind annotate made")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")  # an answer is on the disk before it is confirmed
            self._prepare()
        except sqlite3.Error as error:
            raise DatasetError(f"{path}: cannot be used for answers: {error}; give a new file, or one that aikind annotate made") from error

    def _prepare(self) -> None:
        names = json.dumps(self.label_set.names)
        with self.transaction() as run:
            if not run("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _TABLES.split(";\n"):
                    run(statement)
                columns = ", ".join(f'json_extract(a.labels, \'$."{name}"\') AS "{name}"' for name in self.label_set.names)
                run(
                    f"CREATE VIEW labels AS SELECT a.number AS answer, d.id, d.text, d.sha256, {columns}, a.note, a.reader, a.outcome, "
                    "a.chosen, a.guess_shown, a.at FROM current a JOIN documents d ON d.number = a.document ORDER BY a.number"
                )
                run("INSERT INTO about VALUES (?, ?)", (_SCHEMA, names))
            (schema, found) = run("SELECT schema, label_set FROM about").fetchone()
        if schema != _SCHEMA or found != names:
            theirs = f"schema {schema}, labels {', '.join(json.loads(found))}"
            ours = f"schema {_SCHEMA}, labels {', '.join(self.label_set.names)}"
            raise DatasetError(f"{self.path}: holds answers for {theirs}; expected {ours}. Give another file")

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Whatever is run inside happens as a whole or not at all, and no other process comes between.

        Yields:
            ``execute`` of the connection.
        """
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database.execute
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def query(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def add_documents(self, documents: Sequence[tuple[str, str, str, float]]) -> int:
        """Add documents of id, SHA-256, text and place in the random order; those that are there already stay as they are.

        Returns:
            How many were new.
        """
        with self.transaction() as run:
            before = run("SELECT count(*) FROM documents").fetchone()[0]
            for document in documents:
                run("INSERT INTO documents (id, sha256, text, draw) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", document)
            return int(run("SELECT count(*) FROM documents").fetchone()[0] - before)

    def document(self, number: int) -> sqlite3.Row | None:
        return next(iter(self.query("SELECT * FROM documents WHERE number = ?", (number,))), None)

    def lease(self, run: Any, document: int, reader: str, chosen: str) -> None:
        """Put a document on a reader's page, in place of what was there."""
        run("DELETE FROM leases WHERE reader = ?", (reader,))
        run(
            "INSERT INTO leases (document, reader, chosen, until) VALUES (?, ?, ?, ?)",
            (document, reader, chosen, time.time() + _LEASE_SECONDS),
        )

    def leased(self, reader: str) -> sqlite3.Row | None:
        """The document on the reader's page, and why it was chosen."""
        return next(iter(self.query("SELECT * FROM leases WHERE reader = ?", (reader,))), None)

    def note_guess_shown(self, document: int, reader: str) -> None:
        with self.transaction() as run:
            run("UPDATE leases SET guess_shown = 1 WHERE document = ? AND reader = ?", (document, reader))

    def save(self, document: int, reader: str, answer: Answer) -> bool:
        """Append an answer on the document that is on the reader's page, and take it from the page.

        Returns:
            False where another document is on the page: the same answer was sent twice, or another page was opened.
        """
        with self.transaction() as run:
            lease = run("SELECT * FROM leases WHERE reader = ? AND document = ?", (reader, document)).fetchone()
            if lease is None:
                return False
            _append(run, document, reader, answer, lease["chosen"], lease["guess_shown"])
            run("DELETE FROM leases WHERE reader = ?", (reader,))
        return True

    def undo(self, reader: str) -> Answer | None:
        """Take the reader's last answer back and put its document on the page again; the history keeps both.

        Returns:
            The answer that was taken back, or None where there is none left.
        """
        with self.transaction() as run:
            last = run("SELECT * FROM current WHERE reader = ? ORDER BY number DESC LIMIT 1", (reader,)).fetchone()
            if last is None:
                return None
            answer = Answer(last["outcome"], json.loads(last["labels"]), last["note"])
            _append(run, last["document"], reader, Answer(UNDONE, {}), last["chosen"], last["guess_shown"])
            self.lease(run, last["document"], reader, last["chosen"])
            run("UPDATE leases SET guess_shown = ? WHERE reader = ?", (last["guess_shown"], reader))
        return answer


def _append(run: Any, document: int, reader: str, answer: Answer, chosen: str, guess_shown: int) -> None:
    labels = json.dumps({name: int(value) for name, value in answer.labels.items()})
    run(
        "INSERT INTO answers (document, reader, outcome, labels, note, chosen, guess_shown, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
        (document, reader, answer.outcome, labels, answer.note, chosen, guess_shown),
    )
