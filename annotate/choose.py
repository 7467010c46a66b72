"""Choose the document that a reader sees next.

A share of the documents is drawn at random, so that a model's accuracy can be estimated from them. Every document has a fixed
place in one random order, and the draw goes through it from the start: the documents up to the furthest one drawn are a
uniform sample of all, whatever else was answered meanwhile. Drawing among the unanswered would not give one, since the hard
documents are answered first.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from aikind.annotate.store import Store

__all__ = ["RANDOM", "SEARCH", "choose"]

RANDOM, SEARCH = "random", "search"
_CANDIDATES = 200
_RECENT = 100
_SAMENESS = 0.5  # what likeness to an answered document takes from a document's worth


def choose(store: Store, reader: str, random_share: float, overlap: bool) -> sqlite3.Row | None:
    """Put a document on the reader's page, the one that is there already if there is one.

    Args:
        random_share: Of all answers, so many are on documents drawn at random.
        overlap: Whether a document that another reader answered, or has on the page, may be chosen.

    Returns:
        The lease, or None where no document is left.
    """
    with store.transaction() as run:
        held = run("SELECT * FROM leases WHERE reader = ?", (reader,)).fetchone()
        if held is None:
            number, why = _next(run, reader, random_share, overlap)
            if number is None:
                return None
            store.lease(run, number, reader, why)
    return store.leased(reader)


def _next(run: Any, reader: str, random_share: float, overlap: bool) -> tuple[int | None, str]:
    free = (
        "number NOT IN (SELECT document FROM current WHERE reader = :reader OR (outcome = 'labelled' AND NOT :overlap)) AND "
        "number NOT IN (SELECT document FROM leases WHERE reader != :reader AND until > :now AND NOT :overlap)"
    )
    values = {"reader": reader, "overlap": overlap, "now": time.time(), "most": _CANDIDATES}
    drawn, answered = run("SELECT count(*) FILTER (WHERE chosen = 'random'), count(*) FROM current").fetchone()
    if drawn >= random_share * (answered + 1):
        candidates = run(
            f"SELECT number, worth, why, vector FROM documents WHERE worth IS NOT NULL AND {free} ORDER BY worth DESC LIMIT :most", values
        ).fetchall()
        if candidates:
            best = candidates[_most_telling(candidates, _recent(run))]
            return best["number"], best["why"]
    row = run(f"SELECT number FROM documents WHERE {free} ORDER BY draw LIMIT 1", values).fetchone()
    return (row["number"], RANDOM) if row else (None, "")


def _recent(run: Any) -> list[bytes]:
    """Vectors of the documents that were answered last, or are on a page."""
    rows = run(
        "SELECT vector FROM documents WHERE vector IS NOT NULL AND number IN "
        "(SELECT document FROM (SELECT document FROM current ORDER BY number DESC LIMIT ?) UNION SELECT document FROM leases)",
        (_RECENT,),
    )
    return [row["vector"] for row in rows]


def _most_telling(candidates: Sequence[sqlite3.Row], recent: Sequence[bytes]) -> int:
    """Index of the document of the most worth that is not like the recent ones (maximal marginal relevance: Carbonell and Goldstein 1998)."""
    worth = np.array([row["worth"] for row in candidates])
    if not recent:
        return int(np.argmax(worth))
    vectors, known = _matrix([row["vector"] for row in candidates]), _matrix(recent)
    return int(np.argmax(worth - _SAMENESS * (vectors @ known.T).max(axis=1)))


def _matrix(vectors: Sequence[bytes]) -> Any:
    return np.stack([np.frombuffer(vector, dtype=np.float16).astype(np.float32) for vector in vectors])
