"""Embeddings of the frozen base weights and a logistic regression per label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from linear_io import fit_and_save, load_head, said
from peer_io import Ask, Job, run_peer

from aikind.train.head_start import TextEmbedder
from aikind.train.linear_head import EmbeddingScale


def train(job: Job) -> None:
    rows, validation = job.train(), job.validation()
    embed = TextEmbedder(job.settings["base"])
    features = embed(rows.texts)
    scale = EmbeddingScale.of(features)
    other = scale(embed(validation.texts)) if validation.texts else features[:0]
    fit_and_save(job, scale(features), rows, other, validation)
    np.savez(job.model / "scale.npz", centre=scale.centre, spread=scale.spread)
    # The base weights are part of what tags, so that they count towards the size of the model.
    embed.save(Path(job.model) / "base")


def load(job: Job) -> Ask:
    embed = TextEmbedder(str(job.model / "base"))
    head = load_head(job.model)
    with np.load(job.model / "scale.npz") as kept:
        scale = EmbeddingScale(kept["centre"], kept["spread"])

    def ask(texts: Sequence[str]) -> list[list[str]]:
        return said(job, head, scale(embed(texts)))

    return ask


if __name__ == "__main__":
    run_peer(load, train)
