"""The dataset of a retraining, made of new labels and replayed texts, and kept in a file so that a stopped run goes on from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from aikind.data.join import Conflict, join
from aikind.data.store import StoredDataset
from aikind.data.texts import Answered, own_corpus, own_gold, read_answered, read_texts
from aikind.errors import DatasetError, RecipeError
from aikind.label_set import LabelSet
from aikind.serve.model import Model
from aikind.train.network import write_json
from aikind.train.retrain_work import Work
from aikind.train.targets import targets_for
from aikind.train.unpack import unpack_model

if TYPE_CHECKING:
    from aikind.train.retrain import RetrainPlan

__all__ = ["MOST_WINDOWS", "Prepared", "load_prepared", "prepare"]

Say = Callable[[str], None]
MOST_WINDOWS = 4  # of a text that trains
_FEWEST = 20  # new texts, below which nothing can be learned and measured
_MOST_TIMES = 8  # a new text trains at most so often an epoch
_SHARE = 0.4  # about so many new texts for each replayed one
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Prepared:
    """What to train on and to measure on.

    Attributes:
        dataset: Values may be NaN, where there is no answer. Its test split is the new texts that are held out.
        gold: Texts to measure on what the model knew.
        gold_set_aside: Positions of those whose sort the new labels see otherwise.
        notes, problems: For the report.
    """

    dataset: StoredDataset
    train: list[Answered]
    held_out: list[Answered]
    known: list[Answered]
    gold: list[Answered]
    gold_set_aside: list[int]
    conflicts: list[Conflict]
    notes: list[str]
    problems: list[str]


def prepare(plan: RetrainPlan, current: Path, work: Work, say: Say) -> Prepared:
    """Read, join, ask the current model, and write the result to the unfinished work.

    Raises:
        DatasetError, RecipeError, ModelError: As ``retrain``.
    """
    model = Model(current)
    label_set = plan.label_set or model.manifest.label_set
    known_labels = model.manifest.label_set
    if lost := [name for name in known_labels.names if name not in label_set.names]:
        raise RecipeError(f"the label set lacks the model's label {lost[0]!r}; a retraining may add labels, but not drop any")
    new, found = read_answered(plan.labels, label_set)
    problems = [f"{problem.where}: {problem.message}" for problem in found]
    for problem in problems[:_SHOWN]:
        say(f"warning: {problem}")
    if len(problems) > _SHOWN:
        say(f"warning: and {len(problems) - _SHOWN} more; all of them are in the report")
    if len(new) < _FEWEST:
        raise DatasetError(f"{', '.join(map(str, plan.labels))}: {len(new)} labelled texts can be used; at least {_FEWEST} are needed")
    unheard = [name for name in label_set.names if name not in known_labels.names and not any(row.labels.get(name) for row in new)]
    if unheard:
        raise DatasetError(f"no new text carries the label {unheard[0]!r}, which the model does not know yet; label some that do")
    replay = read_texts(plan.replay, known_labels) if plan.replay else own_corpus(known_labels)
    gold = read_texts(plan.gold, known_labels) if plan.gold else own_gold(known_labels)
    joined = join(new, replay, [row for row in gold if row.labels], plan.join)
    for name, rows in (("train", joined.train), ("be held out", joined.held_out)):
        if not rows:
            raise DatasetError(
                f"of {len(new)} new texts none is left to {name}: they are near copies of one another. Label texts that differ more"
            )
    say(
        f"{len(new)} new texts: {len(joined.train)} train, {len(joined.validation)} calibrate, {len(joined.held_out)} are held out; "
        f"{len(joined.replay)} known texts are replayed; {len(joined.conflicts)} conflicts with known labels, in which the new ones win"
    )
    if not joined.replay:
        say("warning: there are no known texts to replay, so the model may forget; name some with --replay")
    say("asking the current model about every text")
    network = work.run / "base"
    if not (network / "about.json").exists():
        unpack_model(current, network)
    targets = targets_for(model, network, joined, label_set.names, MOST_WINDOWS)
    for note in targets.notes:
        say(note)
    times = max(1, min(_MOST_TIMES, round(_SHARE * len(joined.replay) / len(joined.train))))
    names = label_set.names
    train = _records(joined.train, targets.train, names, "new")
    splits = {
        "train": [{**record, "id": f"{record['id']}#{n}"} for n in range(times) for record in train]
        + _records(joined.replay, targets.replay, names, "replay"),
        "validation": _records(joined.validation, targets.validation, names, "new")
        + _records(joined.replay_validation, targets.replay_validation, names, "replay"),
        "test": _records(joined.held_out, None, names, "new"),
    }
    digest = hashlib.sha256(json.dumps([names, splits]).encode()).hexdigest()
    prepared = Prepared(
        dataset=StoredDataset("retrain", digest, label_set, splits),
        train=joined.train,
        held_out=joined.held_out,
        known=joined.replay_validation,
        gold=joined.gold,
        gold_set_aside=targets.gold_set_aside.nonzero()[0].tolist(),
        conflicts=joined.conflicts,
        notes=[f"Each new text trains {times} times an epoch.", *targets.notes],
        problems=problems,
    )
    _write(prepared, work.prepared)
    return prepared


def _records(rows: Sequence[Answered], values: NDArray[Any] | None, names: Sequence[str], origin: str) -> list[dict[str, Any]]:
    """Rows as those of a built dataset."""
    return [
        {
            "id": f"{origin}/{row.key[:16]}",
            "text": row.text,
            **{name: float(row.labels.get(name, float("nan")) if values is None else values[i, j]) for j, name in enumerate(names)},
            "weight": 1.0,
            "label_origin": origin,
        }
        for i, row in enumerate(rows)
    ]


def _write(prepared: Prepared, path: Path) -> None:
    raw = {**asdict(prepared), "dataset": {**asdict(prepared.dataset), "label_set": prepared.dataset.label_set.to_dict()}}
    write_json(path, raw)


def load_prepared(path: Path) -> Prepared | None:
    """What an earlier start wrote; None where it did not come so far."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    texts: dict[str, Any] = {name: [Answered(**row) for row in raw.pop(name)] for name in ("train", "held_out", "known", "gold")}
    dataset = raw.pop("dataset")
    return Prepared(
        **texts,
        **{**raw, "conflicts": [Conflict(**conflict) for conflict in raw["conflicts"]]},
        dataset=StoredDataset(**{**dataset, "label_set": LabelSet.from_dict(dataset["label_set"])}),
    )
