"""First half of model2vec: distil static vectors from the base weights, then train them and a head on top.

It needs torch, which tagging with the result does not; so it has an environment of its own.
"""

from __future__ import annotations

from model2vec import StaticModel
from model2vec.distill import distill
from model2vec.train import StaticModelForClassification
from peer_io import Job, base_weights, combination_of, run_peer


def train(job: Job) -> None:
    settings, rows, validation = job.settings, job.train(), job.validation()
    base = settings["static_base"] or base_weights(settings["base"])
    static = StaticModel.from_pretrained(base) if settings["static_base"] else distill(base, pca_dims=settings["dimensions"], device="cpu")
    model = StaticModelForClassification.from_static_model(model=static, max_length=None)  # whole documents, as the others
    classes = [combination_of(labels) for labels in rows.labels]
    # A class that only validation has is unknown to the model.
    known = [i for i, labels in enumerate(validation.labels) if combination_of(labels) in set(classes)]
    model.fit(
        rows.texts,
        classes,
        max_epochs=settings["most_epochs"],
        device="cpu",
        X_val=[validation.texts[i] for i in known] or None,
        y_val=[combination_of(validation.labels[i]) for i in known] or None,
        random_seed=settings["seed"],
    )
    model.to_pipeline().save_pretrained(str(job.model))


if __name__ == "__main__":
    run_peer(lambda _: NotImplemented, train)
