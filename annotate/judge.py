"""What answering a document would teach: how unsure the model is of it, and who contradicts it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aikind.annotate.store import Store
from aikind.data.labelling.base import LabellingFunction, apply_functions, select
from aikind.data.labelling.combine import majority
from aikind.data.rows import Row
from aikind.model_folder import Manifest
from aikind.records import Document, Tagging
from aikind.serve.tagger import Tagger

__all__ = ["DISAGREEMENT", "UNCERTAIN", "Judge", "uncertainty", "word_vector"]

UNCERTAIN, DISAGREEMENT = "uncertain", "disagreement"
_BATCH = 8
_DIMENSIONS = 128
_CHARACTERS = 5000
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class _Judgement:
    """``worth`` is from 0 to 1: half for the doubt of the model, half for the contradiction of the labelling functions."""

    worth: float
    why: str


class Judge:
    """Has the model and the labelling functions look at every document of a store, a few at a time."""

    def __init__(self, store: Store, tagger: Tagger) -> None:
        self._store, self._tagger = store, tagger
        self._functions: Sequence[LabellingFunction] = select([], tagger.label_set, "labelling functions")
        self.model = hashlib.sha256(tagger.manifest.to_json().encode()).hexdigest()[:16]

    def judge_some(self) -> int:
        """Judge some documents that this model has not seen; returns how many, 0 when all are done."""
        # In no order, so that two processes on one file seldom do the same.
        some = "SELECT number FROM documents WHERE model != ? ORDER BY random() LIMIT ?"
        rows = self._store.query(f"SELECT number, id, text FROM documents WHERE number IN ({some})", (self.model, _BATCH))
        tagged = self._tagger.tag_many(Document(row["id"], row["text"]) for row in rows)
        judged = [(row, tagging, self._judge(row["text"], tagging)) for row, tagging in zip(rows, tagged, strict=True)]
        with self._store.transaction() as run:
            for row, tagging, judgement in judged:
                known = None if tagging.error else json.dumps(dict(tagging.scores))
                guess = None if tagging.error else json.dumps(tagging.labels)
                vector = word_vector(row["text"]).astype(np.float16).tobytes()
                values = (self.model, known, guess, judgement.worth, judgement.why, vector, row["number"])
                run("UPDATE documents SET model = ?, scores = ?, guess = ?, worth = ?, why = ?, vector = ? WHERE number = ?", values)
        return len(rows)

    def judge_all(self, stop: threading.Event, more_to_come: threading.Event) -> None:
        """Judge until all documents are done and no more are to come, or until ``stop``."""
        while not stop.is_set():
            if not self.judge_some():
                if not more_to_come.is_set():
                    return
                stop.wait(0.2)

    def _judge(self, text: str, tagging: Tagging) -> _Judgement:
        if tagging.error:
            return _Judgement(0.0, UNCERTAIN)
        doubt = uncertainty(tagging, self._tagger.manifest)
        contradiction = self._contradiction(text, tagging)
        return _Judgement((doubt + contradiction) / 2, UNCERTAIN if doubt >= contradiction else DISAGREEMENT)

    def _contradiction(self, text: str, tagging: Tagging) -> float:
        """How far the labelling functions' share of yes is from the model's probability, for the label where it is farthest."""
        row = Row(key="", text=text, title="", source="", genre="", where="")
        votes = apply_functions(self._functions, [row])
        shares = {name: majority(votes.matrix[:, votes.columns(name)], np.zeros(1, np.int8))[0] for name in tagging.scores}
        return max((abs(share - tagging.scores[name]) for name, share in shares.items() if not np.isnan(share)), default=0.0)


def uncertainty(tagging: Tagging, manifest: Manifest) -> float:
    """1 where a score lies on its threshold, 0 where all are at 0 or 1 (uncertainty sampling: Lewis and Gale 1994)."""
    return max(_closeness(score, manifest.thresholds[name]) for name, score in tagging.scores.items())


def _closeness(score: float, threshold: float) -> float:
    room = threshold if score < threshold else 1 - threshold
    return 1 - abs(score - threshold) / room if room else 1.0


def word_vector(text: str) -> NDArray[np.float32]:
    """A unit vector of the text's words, hashed to 128 signed dimensions (Weinberger et al. 2009); zero where there is no word."""
    vector = np.zeros(_DIMENSIONS, dtype=np.float32)
    for word, count in Counter(_WORD.findall(text[:_CHARACTERS].lower())).items():
        digest = zlib.crc32(word.encode("utf-8", "replace"))
        vector[digest % _DIMENSIONS] += (1 if digest >> 31 else -1) * np.log1p(count)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
