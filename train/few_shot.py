"""A model from few labelled texts, or from a label set's own words alone: frozen base weights with a linear head.

The head is linear in the mean embedding of a text's windows, so that the network of every other model carries it exactly:
its logits per window, joined by their mean, are the head's logits for the text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from aikind.base_package import base_folder
from aikind.data.gold_rows import GoldRow
from aikind.errors import DatasetError
from aikind.label_set import LabelSet
from aikind.model_folder import TOKENIZER, Calibration, Manifest
from aikind.train.background import background_texts
from aikind.train.base_weights import load_encoder, save_tokenizer
from aikind.train.calibrate import fit_platt
from aikind.train.export import ExportPlan, export_network
from aikind.train.head_start import TextEmbedder
from aikind.train.network import WindowClassifier

__all__ = ["FewShotHead", "fit_few_shot", "from_definitions", "make_few_shot_model", "sentences_of"]

FIRST_GUESS = "first guess, made from definitions only"
_STRENGTH = 0.01  # few examples in many dimensions want a strong pull towards zero
_FOLDS = 10
_FEWEST_TO_CALIBRATE = 5  # of each answer
_UNSURE_WITHIN, _UNSURE_WITHIN_FIRST_GUESS = 0.3, 0.4
# A text carries a label from so many standard deviations above what other writing reaches; 12 % of a normal curve do.
_STANDS_OUT = 1.2

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FewShotHead:
    """A linear head on embeddings of whole texts.

    Attributes:
        weights, biases: Shapes (labels, hidden) and (labels,).
        calibration: One per label; the identity where there are too few examples to fit it.
    """

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    calibration: tuple[Calibration, ...]

    def scores(self, embeddings: Vectors) -> NDArray[np.float64]:
        """Probabilities of shape (texts, labels)."""
        slope, intercept = (np.array([getattr(c, key) for c in self.calibration]) for key in ("slope", "intercept"))
        logits = embeddings @ self.weights.T + self.biases
        return np.asarray(1 / (1 + np.exp(-(slope * logits + intercept))))


def sentences_of(label_set: LabelSet) -> list[tuple[list[str], list[str]]]:
    """For each label the texts that stand for it (definition, terms, examples), and those that stand for what it is not.

    The latter are its counterexamples; where it has none, what stands for the other labels.

    Raises:
        DatasetError: A label says nothing of itself.
    """
    stand_for = []
    for label in label_set.labels:
        texts = [label.definition, ", ".join(label.terms), *label.examples]
        stand_for.append([text for text in texts if text])
        if not stand_for[-1]:
            raise DatasetError(
                f"the label {label.name} has no definition, terms or examples in its label set; give it at least a definition"
            )
    return [
        (own, list(label.counterexamples) or [text for other in stand_for if other is not own for text in other])
        for label, own in zip(label_set.labels, stand_for, strict=True)
    ]


def from_definitions(sentences: Sequence[tuple[Vectors, Vectors]], background: Vectors) -> FewShotHead:
    """A head without any labelled text: how far a text lies from other writing in a label's direction.

    The direction leads from the sentences outside a label to those that stand for it (a prototype classifier, as in Snell
    et al. 2017, "Prototypical Networks for Few-shot Learning", on embeddings that nobody trained for it).

    Args:
        sentences: For each label the embeddings of what ``sentences_of`` gives.
        background: Embeddings of writing of all sorts, which say what is usual in that direction.
    """
    usual = background.mean(axis=0)
    weights, biases = [], []
    for yes, no in sentences:
        direction = _unit(yes - usual).mean(axis=0) - (_unit(no - usual).mean(axis=0) if len(no) else 0)
        along = background @ direction
        spread = max(float(along.std()), 1e-9)
        weights.append(direction / spread)
        biases.append(-float(along.mean()) / spread - _STANDS_OUT)
    return FewShotHead(np.stack(weights), np.array(biases), (Calibration(1.0, 0.0),) * len(weights))


def fit_few_shot(embeddings: Vectors, gold: NDArray[np.bool_], sentences: Sequence[tuple[Vectors, Vectors]]) -> FewShotHead:
    """One logistic regression per label on labelled texts and the label's own sentences.

    Calibration is fitted on the scores that each text gets from the others, since there is no validation.

    Args:
        embeddings, gold: Shapes (texts, hidden) and (texts, labels).
        sentences: As in ``from_definitions``.

    Raises:
        ValueError: All texts give the same answer to a label, and its sentences do not help; the number of the label is its argument.
    """
    centre, spread = embeddings.mean(axis=0), embeddings.std(axis=0) + 1e-3 * embeddings.std() + 1e-9
    scaled = (embeddings - centre) / spread
    fold = np.arange(len(gold)) % min(_FOLDS, len(gold))
    weights, biases, calibration = [], [], []
    for j, (yes, no) in enumerate(sentences):
        extra = (np.concatenate([yes, no]) - centre) / spread
        answers = np.arange(len(extra)) < len(yes)
        if len({*gold[:, j].tolist(), *answers.tolist()}) < 2:
            raise ValueError(j)
        held_out = np.zeros(len(gold))
        for k in range(fold.max() + 1):
            slope, intercept = _regression(scaled[fold != k], gold[fold != k, j], extra, answers)
            held_out[fold == k] = scaled[fold == k] @ slope + intercept
        slope, intercept = _regression(scaled, gold[:, j], extra, answers)
        weights.append(slope / spread)
        biases.append(intercept - float(slope @ (centre / spread)))
        enough = min(gold[:, j].sum(), (~gold[:, j]).sum()) >= _FEWEST_TO_CALIBRATE
        calibration.append(fit_platt(held_out, gold[:, j]) if enough else Calibration(1.0, 0.0))
    return FewShotHead(np.stack(weights), np.array(biases), tuple(calibration))


def _regression(
    texts: NDArray[Any], gold: NDArray[np.bool_], extra: NDArray[Any], answers: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    features, target = np.concatenate([texts, extra]), np.concatenate([gold, answers])
    if len(set(target.tolist())) < 2:  # the only text of one answer is held out
        return np.zeros(features.shape[1]), 0.0
    found = LogisticRegression(C=_STRENGTH, max_iter=2000).fit(features, target)
    return np.asarray(found.coef_[0]), float(found.intercept_[0])


def make_few_shot_model(
    label_set: LabelSet, rows: Sequence[GoldRow], target: Path, base: str, source: str = "", say: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write a model folder for ``label_set``, from ``rows`` or, where there are none, from the label set's own words.

    Args:
        base: Base weights: the packaged default, a local folder, or a hub id.
        source: The name of the file that the rows come from.

    Raises:
        DatasetError: A label says nothing of itself, or no row tells what it is not.
        ModelError, ParityError, MissingExtraError: As in ``aikind.train.export``, or the base cannot be loaded.
    """
    groups = sentences_of(label_set)
    embedder = TextEmbedder(base)
    sentences = [(embedder(yes), _embed(embedder, no)) for yes, no in groups]
    texts = [row.text for row in rows] or background_texts()
    say(f"embedding {len(texts)} texts")
    embeddings = embedder(texts)
    if rows:
        gold = np.array([[row.labels[name] for name in label_set.names] for row in rows])
        try:
            head = fit_few_shot(embeddings, gold, sentences)
        except ValueError as error:
            name = label_set.names[error.args[0]]
            raise DatasetError(
                f"every text carries the label {name!r}; add texts that do not, or counterexamples to the label set"
            ) from None
    else:
        head = from_definitions(sentences, embeddings)
    made = f"few-shot, {len(rows)} {'example' if len(rows) == 1 else 'examples'}" if rows else FIRST_GUESS
    known = json.dumps([label_set.to_dict(), [[row.text, dict(row.labels)] for row in rows]], sort_keys=True)
    about = {
        "made": made,
        "calibrated_on": "the scores that texts get from heads that did not see them, where there are enough" if rows else "nothing",
        "label_set": label_set.to_dict(),
        "settings": {"base": base, "window_tokens": embedder.plan.tokens, "window_overlap": embedder.plan.overlap},
        "dataset": {"name": source or "the label set alone", "fingerprint": hashlib.sha256(known.encode()).hexdigest()},
    }

    def calibrate(manifest: Manifest, _: object) -> Manifest:
        within = _UNSURE_WITHIN if rows else _UNSURE_WITHIN_FIRST_GUESS
        calibration = dict(zip(label_set.names, head.calibration, strict=True))
        return replace(manifest, aggregation="mean", calibration=calibration, unsure_within=within)

    with TemporaryDirectory() as folder:
        weights = base_folder(base)
        save_tokenizer(weights, Path(folder))
        network = WindowClassifier(load_encoder(weights, attn_implementation="eager"), len(label_set.names)).eval()
        with torch.no_grad():
            network.head.weight.copy_(torch.tensor(head.weights))
            network.head.bias.copy_(torch.tensor(head.biases))
        everything = [*texts, *(text for yes, no in groups for text in (*yes, *no))]
        plan = ExportPlan(target, Path(folder) / TOKENIZER, calibrate, everything, everything, parity_texts=300)
        return export_network(network, about, plan, say)


def _embed(embedder: TextEmbedder, texts: Sequence[str]) -> Vectors:
    return embedder(texts) if texts else np.zeros((0, embedder.dimensions), dtype=np.float32)


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
