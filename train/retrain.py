"""Retrain a model on new labels and promote the result if it is better: from label files to a new version in a model store.

Finished steps are kept in the store's folder ``.retrain``, from where a run that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from aikind.data.join import JoinPlan
from aikind.errors import ModelError
from aikind.label_set import LabelSet
from aikind.model_folder import MANIFEST, Manifest, default_model, file_sha256, load_manifest
from aikind.model_store import REPORTS, ModelStore, resolve_model
from aikind.train.card_figures import note_in_card
from aikind.train.export import export_run
from aikind.train.fit import fit
from aikind.train.network import write_json
from aikind.train.retrain_data import MOST_WINDOWS, load_prepared, prepare
from aikind.train.retrain_report import RetrainReport, measure, write_report
from aikind.train.retrain_work import Work, claim_work
from aikind.train.settings import TrainSettings

__all__ = ["Outcome", "RetrainPlan", "retrain"]

Say = Callable[[str], None]
# Twice as much as `aikind model export` allows: of few texts, a quarter of them close calls, as many may differ by luck,
# and whether the model is better is measured on its int8 form anyway.
_MOST_CHANGED = 0.03
_CHECKPOINTS = 8  # an epoch, from where a stopped run goes on


@dataclass(frozen=True, slots=True)
class RetrainPlan:
    """What to retrain on, and how.

    Attributes:
        labels: Label files, as ``aikind.data.label_files`` reads them.
        model: The model that a new store begins with; None for the shipped one. A store that is there goes on from its own.
        replay: Files with texts to replay, whose labels are looked at for conflicts only; none for the project's own corpus.
        gold: Files with labelled texts to measure on what would be lost; none for the project's own gold.
        label_set: The labels from now on; None for the model's.
        may_lose: By so much kind accuracy and F1 may fall on gold.
    """

    labels: Sequence[Path]
    model: Path | None
    replay: Sequence[Path] = ()
    gold: Sequence[Path] = ()
    label_set: LabelSet | None = None
    may_lose: float = 0.01
    epochs: float = 1.0
    learning_rate: float = 2e-5
    parity_texts: int = 500
    join: JoinPlan = field(default_factory=JoinPlan)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Attributes:
    version: What the new model is called in its store.
    reports: Folder of report.json, report.md and report.html.
    met, unmet: The conditions for promotion.
    """

    version: str
    promoted: bool
    reports: Path
    met: Sequence[str]
    unmet: Sequence[str]


def retrain(plan: RetrainPlan, folder: Path, say: Say = lambda _: None, progress: bool = False) -> Outcome:
    """Make a new version of the model in the store ``folder``, and put it into use if it is better.

    The same files and seed give the same model on one type of machine.

    Raises:
        ModelError: The current model cannot be loaded or is another than ``plan`` names, the store's folder holds something
            else, or unfinished work of another retraining.
        DatasetError: A file cannot be read, or there are too few labels.
        RecipeError: The label set lacks a label of the model.
        ParityError: The exported model does not answer as the trained one does.
    """
    store = ModelStore(folder)
    store.claim()
    with claim_work(folder) as work:
        current = _current(store, plan)
        manifest = load_manifest(current)
        request = _request(plan, current)
        version = work.begin(request, store.next_version())
        if not work.outcome.exists():
            candidate = work.folder / version
            _make(plan, current, manifest, work, candidate, request, say, progress)
            prepared = load_prepared(work.prepared)
            assert prepared is not None
            _complete(candidate, manifest)
            report = measure(current, candidate, prepared, manifest.label_set, plan.may_lose, say)
            _note_figures(candidate, report)
            write_report(report, work.folder / "report")
            write_json(work.outcome, report.decision.to_dict())
        return _finish(store, version, work)


def _current(store: ModelStore, plan: RetrainPlan) -> Path:
    """The store's model in use; a new store begins with the one that is asked for."""
    asked = None if plan.model is None else resolve_model(plan.model)
    if not store.exists:
        # A kill between the two leaves a copy behind, which is as good as a new one.
        versions = store.versions
        store.promote(versions[0] if versions else store.copy_in(asked or default_model()))
    current = store.model(store.current)
    if asked is not None and file_sha256(asked / MANIFEST) != file_sha256(current / MANIFEST):
        raise ModelError(
            f"{store.folder}: its model in use is {store.current}, another than {asked}. Leave --model out, give another folder "
            f"to -o, or put that model into use with: aikind model promote {store.folder} {asked}"
        )
    return current


def _request(plan: RetrainPlan, current: Path) -> dict[str, Any]:
    """What the result depends on."""

    def named(paths: Sequence[Path]) -> list[dict[str, str]]:
        return [{"file": path.name, "sha256": file_sha256(path)} for path in paths if path.is_file()]

    settings = {name: getattr(plan, name) for name in ("may_lose", "epochs", "learning_rate", "parity_texts")}
    return {
        "model": file_sha256(current / MANIFEST),
        "labels": named(plan.labels),
        "replay": named(plan.replay),
        "gold": named(plan.gold),
        "label_set": None if plan.label_set is None else plan.label_set.to_dict(),
        "settings": {**settings, **asdict(plan.join)},
    }


def _make(
    plan: RetrainPlan, current: Path, manifest: Manifest, work: Work, candidate: Path, request: Mapping[str, Any], say: Say, progress: bool
) -> None:
    """Train and export, as far as an earlier start did not."""
    if (candidate / MANIFEST).exists():
        return
    prepared = load_prepared(work.prepared) or prepare(plan, current, work, say)
    settings = TrainSettings(
        base=str(current),
        epochs=plan.epochs,
        learning_rate=plan.learning_rate,
        label_smoothing=0.0,  # the targets are smooth already
        window_tokens=manifest.window_tokens,
        window_overlap=manifest.window_overlap,
        most_windows=MOST_WINDOWS,
        evaluations_per_epoch=_CHECKPOINTS,
        keep_last=True,  # some tens of new texts are too few to choose a step by
        seed=plan.join.seed,
    )
    fit(prepared.dataset, work.run, settings, work.prepared, say, progress)
    parent = {"name": manifest.name, "version": current.name, "manifest_sha256": request["model"]}
    made_from = {"parent": parent, **{name: request[name] for name in ("labels", "replay", "gold")}, "recipe": request["settings"]}
    export_run(work.run, candidate, prepared.dataset, plan.parity_texts, say, made_from, _MOST_CHANGED)


def _complete(candidate: Path, parent: Manifest) -> None:
    """Keep what nobody asked to change: the parent's thresholds, and how odd a text may look before it is doubted."""
    manifest = load_manifest(candidate)
    thresholds = {**manifest.thresholds, **parent.thresholds}
    most_tokens = max(manifest.most_tokens_per_word, parent.most_tokens_per_word)
    _rewrite(candidate, replace(manifest, thresholds=thresholds, most_tokens_per_word=most_tokens))


def _note_figures(candidate: Path, report: RetrainReport) -> None:
    figures = [
        {"texts": c.name, "count": c.documents, "kind_accuracy": c.accuracy[1], "f1": {n: f.f1[1] for n, f in c.labels.items()}}
        for c in report.comparisons
    ]
    note_in_card(candidate, figures)


def _rewrite(folder: Path, manifest: Manifest) -> None:
    draft = folder / f"{MANIFEST}.part"
    draft.write_text(manifest.to_json(), encoding="utf-8")
    draft.replace(folder / MANIFEST)


def _finish(store: ModelStore, version: str, work: Work) -> Outcome:
    """Move what was made to its place. Each step may have been done before a kill."""
    decision = json.loads(work.outcome.read_text(encoding="utf-8"))
    reports = store.folder / REPORTS / version
    if (work.folder / version).exists():
        (work.folder / version).rename(store.folder / version)
    if (work.folder / "report").exists():
        reports.parent.mkdir(exist_ok=True)
        (work.folder / "report").rename(reports)
    if decision["promote"]:
        store.promote(version)
    work.end()
    return Outcome(version, decision["promote"], reports, decision["met"], decision["unmet"])
