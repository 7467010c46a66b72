"""fastText (Joulin et al. 2017): averaged vectors of words and pairs of words, each combination of labels a class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from tempfile import NamedTemporaryFile

import fasttext
from peer_io import Ask, Job, combination_of, labels_of, run_peer

_PREFIX = "__label__"
_TOKEN = re.compile(r"\w+|[^\w\s]")


def _line(text: str) -> str:
    """The tokens that fastText is to see; it parts them at spaces, and takes one text per line."""
    return " ".join(_TOKEN.findall(text.lower()))


def train(job: Job) -> None:
    settings, rows = job.settings, job.train()
    with NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(f"{_PREFIX}{combination_of(labels)} {_line(text)}\n" for text, labels in zip(rows.texts, rows.labels, strict=True))
        file.flush()
        model = fasttext.train_supervised(
            file.name,
            lr=settings["learning_rate"],
            epoch=settings["epochs"],
            dim=settings["dimensions"],
            wordNgrams=2,
            minCount=2,
            bucket=settings["buckets"],
            seed=settings["seed"],
            thread=1,  # more threads race for the same weights: another model each time
            verbose=0,
        )
    model.save_model(str(job.model / "model.bin"))


def load(job: Job) -> Ask:
    model = fasttext.load_model(str(job.model / "model.bin"))

    def ask(texts: Sequence[str]) -> list[list[str]]:
        said, _ = model.predict([_line(text) for text in texts])
        return [labels_of(best[0].removeprefix(_PREFIX)) if best else [] for best in said]

    return ask


if __name__ == "__main__":
    run_peer(load, train)
