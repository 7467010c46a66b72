"""What one reader can do: see the next document, answer, take back, search."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aikind.annotate.choose import RANDOM, SEARCH, choose
from aikind.annotate.estimate import estimate_accuracy
from aikind.annotate.store import LABELLED, SKIPPED, UNSURE, Answer, Store
from aikind.errors import DocumentError
from aikind.serve.highlight import parts_of
from aikind.serve.pages import colours
from aikind.serve.tagger import Tagger

__all__ = ["Desk", "Elsewhere", "Settings", "Source"]

_MOST_FOUND = 30


@dataclass(frozen=True, slots=True)
class Settings:
    """Attributes:
    random_share: Of all answers, so many are on documents drawn at random.
    overlap: Whether several readers may answer the same document.
    hide_guess: Whether the model's guess is hidden until asked for. On documents drawn at random it always is.
    """

    reader: str
    random_share: float = 0.2
    overlap: bool = False
    hide_guess: bool = False


@dataclass(slots=True)
class Source:
    """How far the reading of the documents is; changed by the thread that reads them."""

    reading: bool = True
    failed: int = 0


class Elsewhere(Exception):  # noqa: N818  (nothing went wrong)
    """The document is not on this reader's page, or is on another's."""


class Desk:
    """Everything is read from the store anew, since others may be at work on it."""

    def __init__(self, store: Store, tagger: Tagger, settings: Settings, source: Source) -> None:
        self._store, self._tagger, self._settings, self._source = store, tagger, settings, source

    def about(self) -> dict[str, Any]:
        """What the page needs to know once."""
        label_set = self._tagger.label_set
        colour = colours(label_set)
        return {
            "reader": self._settings.reader,
            "labels": [
                {"name": x.name, "display": x.display, "definition": x.definition, "colour": colour[x.name]} for x in label_set.labels
            ],
            "none": label_set.none,
            "colours": colour,
        }

    def turn(self) -> dict[str, Any]:
        """The document on the page, or the next one, and how far the work is."""
        lease = choose(self._store, self._settings.reader, self._settings.random_share, self._settings.overlap)
        return {"document": self._shown(lease) if lease else None, "progress": self.progress()}

    def answer(self, document: int, answer: Answer) -> dict[str, Any]:
        """Keep an answer, and give the next turn.

        Raises:
            Elsewhere: Another document is on the page.
            ValueError: The labels are not those of the label set.
        """
        wanted = set(self._tagger.label_set.names) if answer.outcome == LABELLED else set()
        if set(answer.labels) != wanted:
            raise ValueError(f"an answer {answer.outcome!r} needs a value for each of {sorted(wanted)}; it has {sorted(answer.labels)}")
        if not self._store.save(document, self._settings.reader, answer):
            raise Elsewhere("This document is no longer on your page; it was answered already, or another page took its place.")
        return self.turn()

    def undo(self) -> dict[str, Any]:
        """Put the last answered document on the page again, with the answer that was taken back."""
        answer = self._store.undo(self._settings.reader)
        return {**self.turn(), "undone": asdict(answer) if answer else None}

    def search(self, words: str) -> dict[str, Any]:
        """Documents with ``words`` in their text or id, and how this reader answered them."""
        pattern = "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in words) + "%"
        values = {"pattern": pattern, "reader": self._settings.reader, "words": words, "most": _MOST_FOUND}
        matching = "documents d {} WHERE d.text LIKE :pattern ESCAPE '\\' OR d.id LIKE :pattern ESCAPE '\\'"
        rows = self._store.query(
            "SELECT d.number, d.id, substr(d.text, max(1, instr(lower(d.text), lower(:words)) - 30), 120) AS snippet, a.outcome, a.labels FROM "
            + matching.format("LEFT JOIN current a ON a.document = d.number AND a.reader = :reader")
            + " ORDER BY d.number LIMIT :most",
            values,
        )
        found = [{"number": r["number"], "id": r["id"], "snippet": r["snippet"], "answer": self._told(r)} for r in rows]
        return {"count": self._count(matching.format(""), values), "found": found}

    def open(self, document: int) -> dict[str, Any]:
        """Put a document on the page that the reader looked for.

        Raises:
            Elsewhere: There is no such document, or another reader has it.
        """
        if self._store.document(document) is None:
            raise Elsewhere("There is no such document.")
        me = self._settings.reader
        with self._store.transaction() as run:
            taken = run(
                "SELECT reader FROM leases WHERE document = ? AND reader != ? AND until > ?", (document, me, time.time())
            ).fetchone()
            if taken and not self._settings.overlap:
                raise Elsewhere(f"{taken['reader']} has this document on the page.")
            held = run("SELECT 1 FROM leases WHERE document = ? AND reader = ?", (document, me)).fetchone()
            if not held:
                self._store.lease(run, document, me, SEARCH)
        return self.turn()

    def guess(self, document: int) -> dict[str, Any]:
        """What the model says, with its evidence; that it was shown is noted.

        Raises:
            Elsewhere: The document is not on this reader's page.
        """
        row, lease = self._store.document(document), self._store.leased(self._settings.reader)
        if row is None or lease is None or lease["document"] != document:
            raise Elsewhere("This document is not on your page.")
        self._store.note_guess_shown(document, self._settings.reader)
        try:
            explained = self._tagger.explain(row["text"], near=True)
        except DocumentError as error:
            return {"error": str(error)}
        tagging = explained.tagging
        parts = parts_of(explained, self._tagger.label_set, context=len(explained.text))
        return {
            "kind": tagging.kind,
            "labels": tagging.labels,
            "scores": dict(tagging.scores),
            "doubts": tagging.doubts,
            "parts": [{"text": part.text, "kind": part.kind, "note": part.note} for part in parts],
        }

    def progress(self) -> dict[str, Any]:
        mine = "current WHERE reader = :reader AND outcome = :outcome"
        return {
            "documents": self._count("documents"),
            "judged": self._count("documents WHERE worth IS NOT NULL"),
            "labelled": self._count("(SELECT DISTINCT document FROM current WHERE outcome = 'labelled')"),
            "mine": {x: self._count(mine, {"reader": self._settings.reader, "outcome": x}) for x in (LABELLED, UNSURE, SKIPPED)},
            "reading": self._source.reading,
            "failed": self._source.failed,
        }

    def estimate(self) -> dict[str, Any]:
        return asdict(estimate_accuracy(self._store))

    def _count(self, rows: str, values: Mapping[str, Any] | None = None) -> int:
        return int(self._store.query(f"SELECT count(*) AS n FROM {rows}", values or {})[0]["n"])

    def _shown(self, lease: sqlite3.Row) -> dict[str, Any]:
        row = self._store.document(lease["document"])
        assert row is not None
        before = self._store.query(
            "SELECT outcome, labels, note FROM current WHERE document = ? AND reader = ?", (row["number"], self._settings.reader)
        )
        return {
            "number": row["number"],
            "id": row["id"],
            "text": row["text"],
            "chosen": lease["chosen"],
            "guess_hidden": self._settings.hide_guess or lease["chosen"] == RANDOM,
            "answer": {**dict(before[0]), "labels": json.loads(before[0]["labels"])} if before else None,
        }

    def _told(self, row: sqlite3.Row) -> str:
        if row["outcome"] != LABELLED:
            return row["outcome"] or ""
        return self._tagger.label_set.kind([name for name, value in json.loads(row["labels"]).items() if value])
