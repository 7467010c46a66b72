"""Kind accuracy from few labelled texts: the few-shot head, TF-IDF with logistic regression, and the first guess.

    python benchmarks/few_shot.py ../shared/pool

The folder holds the texts of data/labels/pool.csv. A part of the drawn texts is held out by seed; from the rest, each
repetition draws so many texts that carry each label, and as many that carry none.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from aikind import default_label_set
from aikind.base_package import DEFAULT_BASE
from aikind.data.rows import Skipped
from aikind.data.sources import read_records
from aikind.train.background import background_texts
from aikind.train.few_shot import fit_few_shot, from_definitions, sentences_of
from aikind.train.head_start import TextEmbedder
from aikind.train.linear_head import tfidf_vectorizer
from aikind.train.metrics import kind_accuracy

POOL = Path(__file__).parents[1] / "data" / "labels" / "pool.csv"


def read_pool(folder: Path, count: int, seed: int) -> tuple[list[str], NDArray[np.bool_]]:
    """So many read texts drawn by seed, as far as they were read, and their labels of shape (texts, labels)."""
    with POOL.open(encoding="utf-8", newline="") as handle:
        read = list(csv.DictReader(handle))
    chosen = {(row["file"], row["id"]): row for row in random.Random(seed).sample(read, count)}
    texts: dict[tuple[str, str], str] = {}
    for file in sorted({file for file, _ in chosen}):
        for _, record in read_records(folder / f"{file}.jsonl.gz", Skipped()):
            if (key := (file, str(record["id"]))) in chosen:
                texts[key] = record["text"][: int(chosen[key]["chars_read"]) or None]
    names = default_label_set().names
    keys = [key for key in chosen if key in texts]
    return [texts[key] for key in keys], np.array([[chosen[key][name] == "1" for name in names] for key in keys])


def draw(gold: NDArray[np.bool_], shots: int, rng: np.random.Generator) -> NDArray[np.int64]:
    order = rng.permutation(len(gold))
    groups = [*(order[gold[order, j]] for j in range(gold.shape[1])), order[~gold[order].any(axis=1)]]
    return np.unique(np.concatenate([group[:shots] for group in groups]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path)
    parser.add_argument("--texts", type=int, default=1500)
    parser.add_argument("--held-out", type=int, default=750)
    parser.add_argument("--shots", type=int, default=16)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--seed", type=int, default=12)
    options = parser.parse_args()
    texts, gold = read_pool(options.pool, options.texts, options.seed)
    embedder = TextEmbedder(DEFAULT_BASE)
    embeddings = embedder(texts)
    sentences = [(embedder(yes), embedder(no)) for yes, no in sentences_of(default_label_set())]
    test, rest = np.arange(options.held_out), np.arange(options.held_out, len(texts))
    guess = from_definitions(sentences, embedder(background_texts())).scores(embeddings[test]) >= 0.5
    found: dict[str, list[float]] = {"few-shot": [], "TF-IDF + logistic regression": []}
    for repetition in range(options.repetitions):
        few = rest[draw(gold[rest], options.shots, np.random.default_rng(repetition))]
        head = fit_few_shot(embeddings[few], gold[few], sentences)
        found["few-shot"].append(kind_accuracy(head.scores(embeddings[test]) >= 0.5, gold[test]))
        vectorizer = tfidf_vectorizer(min_df=1).fit([texts[i] for i in few])
        seen, unseen = (vectorizer.transform([texts[i] for i in part]) for part in (few, test))
        answers = [LogisticRegression(max_iter=2000, C=30).fit(seen, gold[few, j]).predict(unseen) for j in range(gold.shape[1])]
        found["TF-IDF + logistic regression"].append(kind_accuracy(np.stack(answers, axis=1), gold[test]))
    print(f"{len(test)} held-out texts, {options.shots} a label and as many without one, {options.repetitions} draws: kind accuracy")
    for name, values in found.items():
        print(f"  {name:30} {np.mean(values):.1%} (from {min(values):.1%} to {max(values):.1%})")
    print(f"  {'first guess from definitions':30} {kind_accuracy(guess, gold[test]):.1%}")
    print(f"  {'always neither':30} {kind_accuracy(np.zeros_like(guess), gold[test]):.1%}")


if __name__ == "__main__":
    main()
