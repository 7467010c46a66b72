"""Hold the exported model against the trained network, on many texts and above all on close calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from aikind.errors import ParityError
from aikind.serve.aggregate import AGGREGATIONS
from aikind.serve.cpus import available_cpus
from aikind.serve.model import Model
from aikind.train.encode import Collator
from aikind.train.network import WindowClassifier

__all__ = ["ParityReport", "check_parity", "choose_texts", "score_all", "window_logits"]

NEAR = 0.2
MOST_CHANGED = 0.015
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class ParityReport:
    """Shares of texts whose kind differs between backends.

    Attributes:
        texts, near: How many texts were compared, and how many of them lie within 0.2 of a threshold.
        fp32_changed, int8_changed: Shares against PyTorch.
        int8_changed_easy: The same over the texts that are not near a threshold.
    """

    texts: int
    near: int
    fp32_changed: float
    int8_changed: float
    int8_changed_easy: float
    int8_largest_difference: float

    def to_dict(self) -> dict[str, float]:
        return {k: round(v, 5) for k, v in asdict(self).items()}


def score_all(model: Model, texts: Sequence[str]) -> NDArray[np.float64]:
    """Probabilities of all texts, shape (texts, labels), on every CPU."""
    with ThreadPoolExecutor(available_cpus()) as pool:
        return np.stack([scored.probabilities for scored in pool.map(model.score, texts)])


def choose_texts(model: Model, documents: Sequence[str], count: int, seed: int) -> list[str]:
    """Texts to compare: a quarter near a threshold, as far as there are so many; the rest at random.

    Where there are fewer documents than ``count``, their sentences fill up.
    """
    rng = np.random.default_rng(seed)
    candidates = list(dict.fromkeys(documents))
    if len(candidates) < 2 * count:
        sentences = [s for text in candidates for s in _SENTENCE_END.split(text) if len(s.split()) >= 5]
        extra = rng.permutation(len(sentences))[: 2 * count - len(candidates)]
        candidates = list(dict.fromkeys([*candidates, *(sentences[i] for i in extra)]))
    order = rng.permutation(len(candidates))[: max(3 * count, 1)]
    candidates = [candidates[i] for i in order]
    near = _near(model, score_all(model, candidates))
    close = [text for text, n in zip(candidates, near, strict=True) if n][
        : count * 27 // 100
    ]  # a little more than a quarter: PyTorch sees some of them further off
    taken = set(close)
    others = [text for text in candidates if text not in taken]
    return [*close, *others[: count - len(close)]]


def _near(model: Model, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((np.abs(probabilities - _thresholds(model)) < NEAR).any(axis=1))


def _thresholds(model: Model) -> NDArray[np.float64]:
    return np.array([model.manifest.thresholds[n] for n in model.manifest.label_set.names])


def check_parity(
    network: WindowClassifier, fp32_path: str, model: Model, texts: Sequence[str], most_changed: float = MOST_CHANGED
) -> ParityReport:
    """Compare PyTorch, fp32 ONNX and the int8 model on ``texts``.

    Raises:
        ParityError: int8 gives another kind than PyTorch on more than the share ``most_changed`` of the texts.
    """
    with ThreadPoolExecutor(available_cpus()) as pool:
        scored = list(pool.map(model.score, texts))
    int8 = np.stack([s.probabilities for s in scored])
    bags = [[list(w.ids) for w in model.windower.cut(text)] for text in texts]
    reference = _probabilities(model, window_logits(network, bags))
    fp32 = _probabilities(model, _onnx_logits(fp32_path, bags))
    thresholds = _thresholds(model)

    def changed(other: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(((other >= thresholds) != (reference >= thresholds)).any(axis=1))

    near = (np.abs(reference - thresholds) < NEAR).any(axis=1)
    int8_changed = changed(int8)
    report = ParityReport(
        texts=len(texts),
        near=int(near.sum()),
        fp32_changed=float(changed(fp32).mean()),
        int8_changed=float(int8_changed.mean()),
        int8_changed_easy=float(int8_changed[~near].mean()) if (~near).any() else 0.0,
        int8_largest_difference=float(np.abs(int8 - reference).max()),
    )
    if report.int8_changed > most_changed:
        raise ParityError(
            f"int8 gives another kind than PyTorch on {report.int8_changed:.1%} of {report.texts} texts; at most {most_changed:.1%} may differ. "
            "The model was not written; train longer or with weight decay, so that fewer texts lie near a threshold"
        )
    return report


def _probabilities(model: Model, logits: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    aggregate = AGGREGATIONS[model.manifest.aggregation]
    return model.calibrate(np.stack([aggregate(windows) for windows in logits]))


def window_logits(network: WindowClassifier, bags: Sequence[Sequence[list[int]]], batch: int = 16) -> list[NDArray[np.float32]]:
    """Logits from PyTorch; for each document (a list of windows of token ids) shape (windows, labels)."""
    flat = sorted((len(ids), d, w) for d, windows in enumerate(bags) for w, ids in enumerate(windows))
    logits = [np.zeros((len(windows), network.head.out_features), dtype=np.float32) for windows in bags]
    collate = Collator(network.pad_id)
    with torch.inference_mode():
        for at in range(0, len(flat), batch):
            part = flat[at : at + batch]
            tensors = collate([{"windows": [bags[d][w]], "labels": [0.0], "weight": 1.0} for _, d, w in part])
            out = network(tensors["input_ids"], tensors["attention_mask"]).float().numpy()
            for (_, d, w), row in zip(part, out, strict=True):
                logits[d][w] = row
    return logits


def _onnx_logits(path: str, bags: Sequence[Sequence[list[int]]]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return [np.concatenate([session.run(None, {"input_ids": np.array([ids], dtype=np.int64)})[0] for ids in windows]) for windows in bags]
