"""Measure a model, and baselines beside it, on one or more sets of gold rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.data.gold_rows import GoldRow, GoldSet, is_blind, load_gold_set, require_same_labels
from aikind.data.store import load_dataset
from aikind.errors import DatasetError
from aikind.model_folder import MANIFEST, Manifest, file_sha256
from aikind.serve.tagger import Tagger
from aikind.train.answers import Answers, ask, gold_matrix
from aikind.train.baselines import Baselines, run_baselines
from aikind.train.evaluate import Evaluation, measure
from aikind.train.worst import WrongDocument, worst_documents

__all__ = ["Report", "ReportPlan", "SetReport", "make_report"]

Say = Callable[[str], None]
_FEWEST = 5  # documents in a group, where only totals may be shown


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """How to measure.

    Attributes:
        split: Which split, where the data is a dataset.
        errors: How many wrong documents to show at most.
        totals_only: Show and name no single document.
        baselines: Dataset to train the baselines on, or None for no baselines.
    """

    split: str = "test"
    errors: int = 20
    totals_only: bool = False
    baselines: Path | None = None


@dataclass(frozen=True, slots=True)
class SetReport:
    """Figures on one set of gold rows.

    Attributes:
        sha256: As in ``GoldSet``.
        evaluations: The model's, then each baseline's.
        worst: Documents on which the model is most surely wrong; empty where only totals may be shown.
        notes: What a reader must know of the set.
        complete: False where rows were skipped.
    """

    name: str
    sha256: str
    evaluations: list[Evaluation]
    worst: list[WrongDocument]
    notes: list[str]
    complete: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sha256": self.sha256,
            "documents": self.evaluations[0].documents,
            "notes": self.notes,
            "results": [evaluation.to_dict() for evaluation in self.evaluations],
            "worst": [wrong.to_dict() for wrong in self.worst],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured of one model, ready to be shown."""

    manifest: Manifest
    manifest_sha256: str
    sets: list[SetReport]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        model = {"name": self.manifest.name, "manifest_sha256": self.manifest_sha256, "about": dict(self.manifest.about)}
        return {"model": model, "notes": self.notes, "sets": [s.to_dict() for s in self.sets]}


def make_report(model_folder: Path, data: Sequence[Path], plan: ReportPlan, say: Say = lambda _: None) -> Report:
    """Tag every set with the model, train the baselines once, and measure all of them.

    Raises:
        ModelError: The model cannot be loaded.
        DatasetError: A set cannot be read, holds nothing to measure on, or has other labels than the model.
    """
    tagger = Tagger(model_folder)
    manifest = tagger.manifest
    sets = [load_gold_set(path, manifest.label_set, plan.split) for path in data]
    training = None if plan.baselines is None else load_dataset(plan.baselines)
    if training is not None:
        require_same_labels(str(plan.baselines), training.label_set, manifest.label_set)
    tagged = []
    for found in sets:
        notes = _warnings(found, manifest)
        for note in notes:
            say(f"warning: {found.path}: {note}")
        say(f"{manifest.name} tags {len(found.rows)} documents of {found.name}")
        tagged.append((*ask(tagger, found.rows, found.skipped), notes))
        _tell_skipped(found, plan.totals_only or is_blind(found.path), say)
        if not tagged[-1][0]:
            raise DatasetError(f"{found.path}: no document could be tagged")
    everything = [row for rows, _, _ in tagged for row in rows]
    baselines = Baselines({}, []) if training is None else run_baselines(training, everything, lambda line: say(f"baseline: {line}"))
    for note in baselines.notes:
        say(f"note: {note}")
    names = Counter(found.name for found in sets)
    reports, at = [], 0
    for found, (rows, answers, notes) in zip(sets, tagged, strict=True):
        beside = {name: scores[at : at + len(rows)] for name, scores in baselines.scores.items()}
        name = found.name if names[found.name] == 1 else str(found.path)
        reports.append(_measure_set(found, name, rows, answers, beside, manifest, plan, notes))
        at += len(rows)
    return Report(manifest, file_sha256(model_folder / MANIFEST), reports, baselines.notes)


def _measure_set(
    found: GoldSet,
    name: str,
    rows: list[GoldRow],
    answers: Answers,
    baselines: dict[str, NDArray[np.float64]],
    manifest: Manifest,
    plan: ReportPlan,
    notes: list[str],
) -> SetReport:
    label_set, halves = manifest.label_set, np.full(len(manifest.label_set.names), 0.5)
    totals_only = plan.totals_only or is_blind(found.path)
    if totals_only:
        notes = [*notes, "only totals are shown, no single documents"]
    if found.skipped.all:
        notes = [*notes, f"{len(found.skipped.all)} of {len(rows) + len(found.skipped.all)} rows could not be used"]
    fewest = _FEWEST if totals_only else 1
    evaluations = [measure(manifest.name, label_set, rows, answers, fewest)]
    for baseline, scores in baselines.items():
        evaluations.append(measure(baseline, label_set, rows, Answers(scores, gold_matrix(rows, label_set), halves), fewest))
    worst = [] if totals_only else worst_documents(rows, answers, label_set, plan.errors)
    return SetReport(name, found.sha256, evaluations, worst, notes, complete=not found.skipped.all)


def _warnings(found: GoldSet, manifest: Manifest) -> list[str]:
    """What speaks against taking a dataset's figures as those on unseen documents."""
    notes = []
    trained_on = str(manifest.about.get("dataset", {}).get("fingerprint", ""))
    if found.split and found.sha256 != trained_on:
        notes.append(
            f"the fingerprint {found.sha256[:16]} is not that of the dataset the model was trained on, {trained_on[:16] or 'which is unknown'}; "
            "the model may have seen some of these documents"
        )
    if found.split not in {"", "test"}:
        notes.append(f"these are the documents of the split {found.split!r}, which the model was fitted to; only 'test' is unseen")
    return notes


def _tell_skipped(found: GoldSet, totals_only: bool, say: Say) -> None:
    if not totals_only:
        for skip in found.skipped.all:
            say(f"skipped {skip.where}: {skip.why}")
        return
    for reason, count in Counter(skip.reason for skip in found.skipped.all).most_common():
        say(f"skipped {count} of {found.path}: {reason}")
