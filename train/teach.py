"""Let a trained network score texts that nobody has read, so that a smaller one can learn from its probabilities.

Distillation (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"), with the teacher's answers kept in a
file, so that a student can be trained where the teacher is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from aikind.data.recipe import Recipe
from aikind.data.rows import Row, Skipped, text_hash
from aikind.data.soft_labels import SoftLabel, write_soft_labels
from aikind.data.sources import read_source
from aikind.errors import DatasetError, ModelError
from aikind.serve.windows import WindowPlan
from aikind.train.encode import Collator, windower_for
from aikind.train.network import DocumentClassifier, load_network
from aikind.train.precision import use_bf16

__all__ = ["score_unread"]

Say = Callable[[str], None]
_CHUNK = 1000


def score_unread(run: Path, recipe: Recipe, target: Path, everything: bool = False, say: Say = lambda _: None) -> int:
    """Write the probabilities of the network of ``run`` for the texts of the recipe's sources that have no gold.

    A text is read as far as the run read its training texts (its windows, and how many of them). Work is kept chunk by
    chunk in ``target`` + ``.part``, from where a killed run goes on.

    Args:
        everything: Score the texts with gold as well.

    Returns:
        How many texts were scored in all.

    Raises:
        ModelError: The run holds no network, its labels are not the recipe's, or the unfinished work is another network's.
        DatasetError: A source cannot be read, or nothing in the sources lacks gold.
    """
    teacher = _Teacher(run)
    if teacher.labels != recipe.label_set.names:
        raise ModelError(f"{run}: knows the labels {', '.join(teacher.labels)}; the recipe has {', '.join(recipe.label_set.names)}")
    part = target.with_name(target.name + ".part")
    done = _unfinished(part, teacher.mark)
    rows = [row for row in _unread(recipe, everything) if (_file(row), _identity(row)) not in done]
    if not rows and not done:
        part.unlink()
        raise DatasetError(f"{recipe.path}: every text has gold; there is nothing for a teacher to score")
    with part.open("a", encoding="utf-8") as handle:
        for at in range(0, len(rows), _CHUNK):
            for label in teacher.score(rows[at : at + _CHUNK]):
                handle.write(json.dumps(asdict(label)) + "\n")
                done[label.file, label.id] = label
            handle.flush()
            say(f"{min(at + _CHUNK, len(rows))} of {len(rows)} texts scored")
    write_soft_labels(target, teacher.labels, (done[key] for key in sorted(done)))
    part.unlink()
    return len(done)


class _Teacher:
    def __init__(self, run: Path) -> None:
        network, about = load_network(run / "network")
        settings = about["settings"]
        self.labels: tuple[str, ...] = tuple(label["name"] for label in about["label_set"]["label"])
        self.mark = {"dataset": about["dataset"]["fingerprint"], "settings": settings}
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = DocumentClassifier(network).to(self._device).eval()
        self._bf16 = use_bf16(settings["precision"], self._device)
        self._windower = windower_for(run / "network", WindowPlan(settings["window_tokens"], settings["window_overlap"]))
        self._most = int(settings["most_windows"])
        self._batch = int(settings["batch_size"])

    def score(self, rows: Sequence[Row]) -> Iterator[SoftLabel]:
        cut = [self._windower.cut(row.text)[: self._most] for row in rows]
        order = sorted(range(len(rows)), key=lambda i: sum(len(w.ids) for w in cut[i]))
        collate = Collator(self._model.windows.pad_id)
        for at in range(0, len(order), self._batch):
            batch = order[at : at + self._batch]
            tensors = collate(
                [{"windows": [list(w.ids) for w in cut[i]], "labels": [0.0] * len(self.labels), "weight": 1.0} for i in batch]
            )
            with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
                logits = self._model(**{name: tensor.to(self._device) for name, tensor in tensors.items()})["logits"]
            for i, values in zip(batch, torch.sigmoid(logits.float()).tolist(), strict=True):
                row = rows[i]
                probabilities = {name: round(value, 5) for name, value in zip(self.labels, values, strict=True)}
                yield SoftLabel(_file(row), _identity(row), text_hash(row.text), cut[i][-1].end, probabilities)


def _unread(recipe: Recipe, everything: bool) -> Iterator[Row]:
    for source in recipe.sources:
        if source.labels:
            continue
        # Gold may have been given to the beginning of a text; a teacher that scores it too must hash the whole.
        kept = replace(source, weak=True, soft="", gold="" if everything else source.gold)
        for row in read_source(recipe, kept, Skipped()):
            if row.labels is None:
                yield row


def _file(row: Row) -> str:
    return row.source.rpartition("/")[2]


def _identity(row: Row) -> str:
    return row.key[len(row.source) + 1 :]


def _unfinished(part: Path, mark: dict[str, Any]) -> dict[tuple[str, str], SoftLabel]:
    """What ``part`` holds of the work of the network with that mark; begins it where it is not there."""
    lines = part.read_text(encoding="utf-8").splitlines(keepends=True) if part.exists() else []
    whole = [json.loads(line) for line in lines if line.endswith("}\n")]  # a kill cuts off the last line
    if whole and whole[0] != mark:
        raise ModelError(f"{part}: holds the unfinished work of another network; delete it to begin anew")
    labels = [SoftLabel(**record) for record in whole[1:]]
    part.write_text("".join(json.dumps(x) + "\n" for x in (mark, *map(asdict, labels))), encoding="utf-8")
    return {(label.file, label.id): label for label in labels}
