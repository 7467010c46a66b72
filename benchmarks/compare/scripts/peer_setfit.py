"""SetFit (Tunstall et al. 2022): contrastive pairs of a few texts tune the encoder, then a logistic regression.

The pairs grow with the square of the texts, so that each combination of labels has a capped number of texts.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from tempfile import TemporaryDirectory

from datasets import Dataset
from peer_io import Ask, Job, base_weights, combination_of, labels_of, run_peer
from setfit import SetFitModel, Trainer, TrainingArguments


def train(job: Job) -> None:
    settings, rows = job.settings, job.train()
    order = list(range(len(rows.texts)))
    random.Random(settings["seed"]).shuffle(order)
    taken: Counter[str] = Counter()
    chosen = []
    for i in order:
        combination = combination_of(rows.labels[i])
        if taken[combination] < settings["texts_per_combination"]:
            taken[combination] += 1
            chosen.append({"text": rows.texts[i], "label": combination})
    model = SetFitModel.from_pretrained(base_weights(settings["base"]), labels=sorted(taken))
    model.model_body.max_seq_length = settings["most_tokens"]
    with TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            batch_size=settings["batch_size"],
            num_epochs=1,
            num_iterations=settings["pairs_per_text"],
            seed=settings["seed"],
            report_to="none",
            save_strategy="no",
            show_progress_bar=False,
        )
        Trainer(model=model, args=arguments, train_dataset=Dataset.from_list(chosen)).train()
    model.save_pretrained(str(job.model))


def load(job: Job) -> Ask:
    model = SetFitModel.from_pretrained(str(job.model))

    def ask(texts: Sequence[str]) -> list[list[str]]:
        return [labels_of(str(said)) for said in model.predict(list(texts), show_progress_bar=False)]

    return ask


if __name__ == "__main__":
    run_peer(load, train)
