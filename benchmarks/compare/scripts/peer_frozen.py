"""Embeddings of the frozen base weights and a logistic regression per label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from linear_io import fit_and_save, load_head, said
from peer_io import Ask, Job, run_peer

from aikind.train.head_start import TextEmbedder


def train(job: Job) -> None:
    rows, validation = job.train(), job.validation()
    embed = TextEmbedder(job.settings["base"])
    features = embed(rows.texts)
    centre, spread = features.mean(axis=0), features.std() or 1.0
    other = (embed(validation.texts) - centre) / spread if validation.texts else features[:0]
    fit_and_save(job, (features - centre) / spread, rows, other, validation)
    np.savez(job.model / "scale.npz", centre=centre, spread=spread)
    # The base weights are part of what tags, so that they count towards the size of the model.
    embed.save(Path(job.model) / "base")


def load(job: Job) -> Ask:
    embed = TextEmbedder(str(job.model / "base"))
    head = load_head(job.model)
    with np.load(job.model / "scale.npz") as scale:
        centre, spread = scale["centre"], scale["spread"]

    def ask(texts: Sequence[str]) -> list[list[str]]:
        return said(job, head, (embed(texts) - centre) / spread)

    return ask


if __name__ == "__main__":
    run_peer(load, train)
