"""What the model is expected to do beyond being right on average, in the manner of CheckList.

Ribeiro, Wu, Guestrin and Singh (2020), "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", ACL. Their three
types: an invariance changes the text and must leave the answer, a direction must change it in a known way, and a plain case has
one right answer. Each behaviour here is a list of trials, and the share of trials that hold is its rate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Literal

from aikind import default_label_set

from .perturb import PERTURBATIONS, Perturbation

__all__ = ["CASES", "GOLD", "Behaviour", "Trial", "behaviours", "read_rows"]

CASES = Path(__file__).parent / "cases"
GOLD = Path(__file__).parents[2] / "data" / "gold"
SEED = 20
INVARIANCE_TRIALS = 120
# How the notes on long gold documents say that their label rests on one place.
_ONE_PLACE = re.compile(r"\bcarr(?:y|ies) (?:it|both|the)\b|\bonly (?:the|one)\b|\bone (?:long )?paragraph\b", re.IGNORECASE)

_kind = default_label_set().kind
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trial:
    """Texts that are judged together.

    Attributes:
        kinds: The kind expected of each text; None where they need only be of one kind.
    """

    id: str
    texts: tuple[str, ...]
    kinds: tuple[str, ...] | None = None

    def holds(self, found: Sequence[str]) -> bool:
        return len(set(found)) == 1 if self.kinds is None else tuple(found) == self.kinds


@dataclass(frozen=True, slots=True)
class Behaviour:
    name: str
    type: Literal["invariance", "direction", "plain case"]
    what: str
    trials: tuple[Trial, ...]


def read_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def behaviours() -> dict[str, Behaviour]:
    """Every behaviour by its name; the same texts each time."""
    gold = read_rows(GOLD / "test.jsonl")
    Random(SEED).shuffle(gold)
    added = read_rows(CASES / "direction.jsonl")
    found = [
        *(
            Behaviour(name, "invariance", "the kind stays", tuple(islice(_changed(gold, name, change), INVARIANCE_TRIALS)))
            for name, change in PERTURBATIONS.items()
        ),
        Behaviour("predictive added", "direction", "generative documents become both", _appended(gold, added, "generative", "predictive")),
        Behaviour("generative added", "direction", "predictive documents become both", _appended(gold, added, "predictive", "generative")),
        Behaviour("added paragraphs alone", "plain case", "their own kind", _as_labelled(added)),
        Behaviour("other senses", "plain case", "neither", _as_labelled(read_rows(CASES / "other_senses.jsonl"))),
        Behaviour("negation", "plain case", "the kind by the guide", _as_labelled(read_rows(CASES / "negation.jsonl"))),
        Behaviour("contrast pairs", "plain case", "both members right", _pairs(gold)),
        Behaviour("one passage", "plain case", "the kind of a long document that one passage decides", _one_passage()),
    ]
    return {behaviour.name: behaviour for behaviour in found}


def _changed(rows: Sequence[Row], name: str, change: Perturbation) -> Iterator[Trial]:
    """Only documents that the change alters; the others would hold whatever the model did."""
    for row in rows:
        text = change(row["text"], Random(f"{name} {row['id']}"))
        if text != row["text"]:
            yield Trial(row["id"], (row["text"], text))


def _appended(gold: Sequence[Row], added: Sequence[Row], document_kind: str, paragraph_kind: str) -> tuple[Trial, ...]:
    documents = [row for row in gold if _kind(row["labels"]) == document_kind]
    paragraphs = [row for row in added if _kind(row["labels"]) == paragraph_kind]
    return tuple(
        Trial(f"{row['id']} + {paragraph['id']}", (f"{row['text']}\n\n{paragraph['text']}",), ("both",))
        for row, paragraph in zip(documents, cycle(paragraphs), strict=False)
    )


def _as_labelled(rows: Sequence[Row]) -> tuple[Trial, ...]:
    return tuple(Trial(row["id"], (row["text"],), (_kind(row["labels"]),)) for row in rows)


def _pairs(gold: Sequence[Row]) -> tuple[Trial, ...]:
    members: dict[str, list[Row]] = {}
    for row in gold:
        if "pair" in row:
            members.setdefault(row["pair"], []).append(row)
    return tuple(
        Trial(pair, tuple(row["text"] for row in rows), tuple(_kind(row["labels"]) for row in rows))
        for pair, rows in sorted(members.items())
    )


def _one_passage() -> tuple[Trial, ...]:
    return _as_labelled([row for row in read_rows(GOLD / "long.jsonl") if row["labels"] and _ONE_PLACE.search(row["note"])])
