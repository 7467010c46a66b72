"""Second half of model2vec: tag with what ``train_model2vec.py`` made, on numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

from model2vec.inference import StaticModelPipeline
from peer_io import Ask, Job, labels_of, run_peer


def load(job: Job) -> Ask:
    model = StaticModelPipeline.from_pretrained(str(job.model))

    def ask(texts: Sequence[str]) -> list[list[str]]:
        return [labels_of(str(said)) for said in model.predict(list(texts), max_length=None, use_multiprocessing=False)]

    return ask


if __name__ == "__main__":
    run_peer(load)
