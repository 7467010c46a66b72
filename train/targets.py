"""What each text of a retraining teaches: new labels, and the current model's own answers wherever nobody gave a new one.

Distilling the current model into its successor keeps what it knew (Li and Hoiem 2016, "Learning without Forgetting"):
at its own answers the loss is at its least, so that only the new labels pull.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aikind.data.join import Joined
from aikind.data.texts import Answered
from aikind.serve.aggregate import log_mean_exp
from aikind.serve.cpus import available_cpus
from aikind.serve.model import Model
from aikind.train.comparison import gold_of
from aikind.train.head_start import document_embeddings
from aikind.train.network import load_network
from aikind.train.resemblance import FEWEST, resembling

__all__ = ["Targets", "targets_for"]

_SURE = 0.99  # what a new label teaches: label smoothing, for the new labels alone


@dataclass(frozen=True, slots=True)
class Targets:
    """Values per text and label: 0 to 1, or NaN where there is no answer. Names are those of ``Joined``.

    Attributes:
        train, replay: For the network before calibration.
        validation, replay_validation: For calibrated probabilities.
        gold_set_aside: Gold texts of a sort that the new labels see otherwise; they no longer tell right from wrong.
        notes: What was left out, for the user.
    """

    train: NDArray[np.float64]
    validation: NDArray[np.float64]
    replay: NDArray[np.float64]
    replay_validation: NDArray[np.float64]
    gold_set_aside: NDArray[np.bool_]
    notes: list[str]


def targets_for(model: Model, network_folder: Path, joined: Joined, labels: Sequence[str], most_windows: int) -> Targets:
    """Ask the current model about every text, and take out what would contradict the new labels.

    Where new labels turn the model's answer over, known texts of the same sort still have the old answer: they teach
    nothing on that label. For a label that the model does not know, known texts have no answer, unless every new text
    carries it; then those of another sort count as texts without it.

    Args:
        network_folder: The model's network, unpacked, for embeddings.
        labels: Names of all labels, those that are new to the model included.
    """
    raw_train, _ = _ask(model, joined.train, labels, most_windows)
    _, sure_validation = _ask(model, joined.validation, labels, most_windows)
    raw_replay, sure_replay = _ask(model, joined.replay, labels, most_windows)
    _, sure_known = _ask(model, joined.replay_validation, labels, most_windows)
    given = gold_of(joined.train, labels)
    result = Targets(
        train=np.where(np.isnan(given), raw_train, np.where(given == 1, _SURE, 1 - _SURE)),
        validation=np.where(np.isnan(gold := gold_of(joined.validation, labels)), sure_validation, gold),
        replay=raw_replay,
        replay_validation=sure_known,
        gold_set_aside=np.zeros(len(joined.gold), dtype=np.bool_),
        notes=[],
    )
    _settle(result, joined, given, raw_train, np.concatenate([sure_replay, sure_known]), labels, _Embedder(model, network_folder))
    return result


def _settle(
    targets: Targets,
    joined: Joined,
    given: NDArray[np.float64],
    before: NDArray[np.float64],
    known_before: NDArray[np.float64],
    labels: Sequence[str],
    embed: _Embedder,
) -> None:
    known = [*joined.replay, *joined.replay_validation]
    gold = gold_of(joined.gold, labels)
    for j, name in enumerate(labels):
        new_label = bool(np.isnan(before[:, j]).all())
        for value in (0.0, 1.0):
            other_before = np.isnan(before[:, j]) if new_label else (before[:, j] >= 0.5) != value
            turned = np.flatnonzero((given[:, j] == value) & other_before)
            if new_label and (value == 0 or (given[:, j] == 0).any()):
                continue
            if len(turned) < FEWEST:
                continue
            alike, gold_alike = resembling(embed([joined.train[i] for i in turned]), embed(known), embed(joined.gold))
            if new_label:
                answer = np.where(alike, np.nan, 1 - _SURE)
                targets.replay[:, j], targets.replay_validation[:, j] = answer[: len(joined.replay)], np.round(answer[len(joined.replay) :])
                targets.notes.append(f"{name}: every new text carries it, so known texts of another sort count as texts without it")
                continue
            opposed = alike & ((known_before[:, j] >= 0.5) != value)
            targets.replay[opposed[: len(joined.replay)], j] = np.nan
            targets.replay_validation[opposed[len(joined.replay) :], j] = np.nan
            set_aside = gold_alike & (gold[:, j] == 1 - value)
            targets.gold_set_aside[set_aside] = True
            targets.notes.append(
                f"{name}: new labels say {'yes' if value else 'no'} of {len(turned)} texts where the model says otherwise; "
                f"{opposed.sum()} known texts of that sort teach it no longer, {set_aside.sum()} gold texts of that sort are set aside"
            )


def _ask(
    model: Model, rows: Sequence[Answered], labels: Sequence[str], most_windows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of the network itself, over as much of a text as trains, and calibrated ones over all of it."""
    names = model.manifest.label_set.names
    raw, calibrated = (np.full((len(rows), len(labels)), np.nan) for _ in range(2))
    with ThreadPoolExecutor(available_cpus()) as pool:
        for i, scored in enumerate(pool.map(model.score, (row.text for row in rows))):
            logits = log_mean_exp(scored.window_logits[:most_windows])
            for k, name in enumerate(names):
                raw[i, labels.index(name)] = 1 / (1 + np.exp(-logits[k]))
                calibrated[i, labels.index(name)] = scored.probabilities[k]
    return raw, calibrated


class _Embedder:
    """Embeds the first window of texts, each once; loads the network when it is first asked."""

    def __init__(self, model: Model, folder: Path) -> None:
        self._model, self._folder = model, folder
        self._done: dict[str, NDArray[np.float32]] = {}

    def __call__(self, rows: Sequence[Answered]) -> NDArray[np.float32]:
        """Shape (texts, dimensions)."""
        missing = [row for row in rows if row.key not in self._done]
        network, _ = load_network(self._folder)
        if missing:
            vectors = document_embeddings(network, [[self._model.windower.cut(row.text)[0].ids] for row in missing])
            self._done |= {row.key: vector for row, vector in zip(missing, vectors, strict=True)}
        return np.array([self._done[row.key] for row in rows], dtype=np.float32).reshape(len(rows), network.head.in_features)
