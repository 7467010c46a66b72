"""Let labelling functions vote chunk by chunk, with each finished chunk kept on disk, so that a killed build goes on."""

from __future__ import annotations

import hashlib
import inspect
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from aikind import static_embeddings
from aikind.data.labelling.base import LabellingFunction, Vote, Votes, apply_functions
from aikind.data.rows import Row

__all__ = ["apply_in_chunks"]

_CHUNK = 1000


def apply_in_chunks(
    functions: Sequence[LabellingFunction],
    rows: Sequence[Row],
    folder: Path | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Votes:
    """As ``apply_functions``, but takes the votes on chunks of rows that ``folder`` holds from an earlier run.

    Args:
        folder: Where to keep finished chunks; None keeps nothing. A chunk is known by its rows and by the functions' code.
        progress: Called with the rows done and the rows in all, after each chunk.
    """
    code = _code_hash(functions)
    votes = Votes(tuple(functions), np.full((len(rows), len(functions)), Vote.ABSTAIN, dtype=np.int8))
    for at in range(0, len(rows), _CHUNK):
        part = rows[at : at + _CHUNK]
        path = folder / f"{_rows_hash(code, part)}.npz" if folder else None
        own = _load(path, functions, len(part)) if path else None
        if own is None:
            own = apply_functions(functions, part)
            if path:
                _save(path, own)
        votes.matrix[at : at + _CHUNK] = own.matrix
        votes.crashes.update(own.crashes)
        for name, first in own.first_crash.items():
            votes.first_crash.setdefault(name, first)
        progress(min(at + _CHUNK, len(rows)), len(rows))
    return votes


def _code_hash(functions: Sequence[LabellingFunction]) -> str:
    files = sorted({inspect.getsourcefile(f.vote) or "" for f in functions} | {__file__})
    # Functions lean on their neighbours (patterns), so all that stands beside them counts.
    beside = sorted({p for file in files if file for p in Path(file).parent.iterdir() if p.suffix == ".py"})
    digest = hashlib.sha256(json.dumps([(f.name, f.label, f.basis) for f in functions]).encode())
    for path in (*beside, Path(static_embeddings.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _rows_hash(code: str, rows: Sequence[Row]) -> str:
    digest = hashlib.sha256(code.encode())
    for row in rows:
        digest.update(json.dumps([row.key, row.title, row.text, row.genre, row.date, row.where]).encode())
    return digest.hexdigest()[:32]


def _save(path: Path, votes: Votes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as handle:
        np.savez_compressed(handle, matrix=votes.matrix, crashes=json.dumps([votes.crashes, votes.first_crash]))
    draft.rename(path)


def _load(path: Path, functions: Sequence[LabellingFunction], rows: int) -> Votes | None:
    try:
        with np.load(path, allow_pickle=False) as kept:
            matrix, (crashes, first_crash) = kept["matrix"], json.loads(str(kept["crashes"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None  # not there, or cut off: voted on anew
    return Votes(tuple(functions), matrix, Counter(crashes), first_crash) if matrix.shape == (rows, len(functions)) else None
