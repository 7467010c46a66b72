"""Write the data that all peers train and answer on, as JSONL rows with id, text and labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from aikind.data.gold_rows import GoldRow, GoldSet
from aikind.data.rows import normalised
from aikind.data.store import StoredDataset

__all__ = ["Exported", "Measured", "export"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A set of gold rows to answer.

    Attributes:
        elsewhere: It comes from outside the repository: no single document is shown, and its use is logged.
    """

    gold: GoldSet
    elsewhere: bool

    @property
    def name(self) -> str:
        return self.gold.name


@dataclass(frozen=True, slots=True)
class Exported:
    """Attributes:
    speed: The documents to time, and how many tokens of the shipped model's tokenizer they have.
    """

    folder: Path
    sets: list[Path]
    speed: Path
    speed_documents: int
    speed_tokens: int
    train_rows: int
    notes: list[str]


def export(dataset: StoredDataset, measured: Sequence[Measured], folder: Path, speed_documents: int, tokenizer: Path) -> Exported:
    """Write ``train.jsonl``, ``validation.jsonl``, a file per measured set, and ``speed.jsonl`` to ``folder``.

    A training text that is also in a measured set is left out. A label that is not gold counts as given from 0.5 on.
    Documents to time are drawn from the sets of the repository alone, always the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = dataset.label_set.names
    seen = {normalised(row.text) for found in measured for row in found.gold.rows}
    notes = []
    train = [row for row in dataset.splits["train"] if normalised(row["text"]) not in seen]
    if left_out := len(dataset.splits["train"]) - len(train):
        notes.append(f"{left_out} training rows are among the measured documents and were left out")
    origins = Counter(row["label_origin"].startswith("gold") for row in train)
    if origins[False]:
        notes.append(f"{origins[False]} of {len(train)} training rows have no gold; their labels count as given from 0.5 on")
    _write(folder / "train.jsonl", ({**_of(r), "labels": [n for n in names if r[n] >= 0.5]} for r in train))
    validation = [r for r in dataset.splits["validation"] if r["label_origin"].startswith("gold")]
    _write(folder / "validation.jsonl", ({**_of(r), "labels": [n for n in names if r[n] >= 0.5]} for r in validation))
    sets = []
    for number, found in enumerate(measured):
        sets.append(folder / f"set-{number}.jsonl")
        _write(sets[-1], map(_gold_record, found.gold.rows))
    own = [row for found in measured if not found.elsewhere for row in found.gold.rows]
    order = np.random.default_rng(0).permutation(len(own))[:speed_documents]
    timed = [own[i] for i in order.tolist()]
    _write(folder / "speed.jsonl", map(_gold_record, timed))
    counter = Tokenizer.from_file(str(tokenizer))
    counter.no_truncation()
    counter.no_padding()
    tokens = sum(len(counter.encode(row.text, add_special_tokens=False).ids) for row in timed)
    return Exported(folder, sets, folder / "speed.jsonl", len(timed), tokens, len(train), notes)


def _of(row: dict[str, object]) -> dict[str, object]:
    return {"id": row["id"], "text": row["text"]}


def _gold_record(row: GoldRow) -> dict[str, object]:
    return {"id": row.id, "text": row.text, "labels": [name for name, carried in row.labels.items() if carried]}


def _write(path: Path, records: Iterable[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
