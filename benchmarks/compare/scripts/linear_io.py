"""Train, keep and load logistic regressions, for the peers that have one on fixed features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peer_io import Job, Rows

from aikind.train.linear_head import LinearHead, fit_linear_head

__all__ = ["fit_and_save", "load_head", "said"]


def fit_and_save(job: Job, train: Any, train_rows: Rows, validation: Any, validation_rows: Rows) -> None:
    """Write ``head.npz``; ``train`` and ``validation`` are the rows' features."""
    head = fit_linear_head(train, _matrix(job, train_rows), validation, _matrix(job, validation_rows))
    np.savez(job.model / "head.npz", weights=head.weights.astype(np.float32), biases=head.biases)


def load_head(folder: Path) -> LinearHead:
    """Read what ``fit_and_save`` wrote."""
    with np.load(folder / "head.npz") as kept:
        return LinearHead(kept["weights"], kept["biases"])


def said(job: Job, head: LinearHead, features: Any) -> list[list[str]]:
    """The labels of each row of ``features``."""
    return [[n for n, p in zip(job.labels, row, strict=True) if p >= 0.5] for row in head.probabilities(features)]


def _matrix(job: Job, rows: Rows) -> NDArray[np.bool_]:
    return np.array([[n in labels for n in job.labels] for labels in rows.labels], dtype=np.bool_).reshape(-1, len(job.labels))
