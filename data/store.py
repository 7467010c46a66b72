"""A built dataset on disk: a ``datasets.DatasetDict``, its card, and a small description."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aikind.data.build import BuiltDataset
from aikind.data.card import dataset_card
from aikind.data.recipe import SPLITS
from aikind.errors import DatasetError, MissingExtraError
from aikind.label_set import LabelSet

__all__ = ["StoredDataset", "claim", "load_dataset", "read_card", "write_dataset"]

DESCRIPTION = "aikind.json"
CARD = "README.md"
WORK = ".unfinished"


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A dataset read back from disk.

    Attributes:
        splits: For each split a list of records, as ``BuiltDataset.splits``.
    """

    name: str
    fingerprint: str
    label_set: LabelSet
    splits: dict[str, list[dict[str, Any]]]

    def rows(self, *names: str) -> Iterator[dict[str, Any]]:
        for name in names:
            yield from self.splits[name]


def claim(folder: Path) -> Path:
    """Make sure, before the work begins, that a dataset can be written to ``folder``; returns its sibling for unfinished work.

    Raises:
        DatasetError: ``folder`` holds something else, or nothing can be written beside it.
    """
    folder = folder.resolve()
    work = folder.with_name(folder.name + WORK)
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / DESCRIPTION).exists():
            raise DatasetError(f"{folder}: is not empty and holds no aikind dataset; give another folder")
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be written: {error}") from error
    return work


def write_dataset(built: BuiltDataset, folder: Path) -> None:
    """Write the dataset to ``folder``; it appears whole or not at all, and replaces an earlier dataset only.

    Raises:
        DatasetError: ``folder`` holds something else, or cannot be written.
        MissingExtraError: The datasets library is not installed.
    """
    try:
        from datasets import Dataset, DatasetDict, Features, Value, disable_progress_bars
    except ImportError as error:
        raise MissingExtraError("writing a dataset", "train") from error
    work = claim(folder)
    disable_progress_bars()
    strings = {name: Value("string") for name in ("id", "text", "label_origin", "source", "genre")}
    numbers = {name: Value("float32") for name in (*built.recipe.label_set.names, "weight")}
    features = Features({**strings, **numbers, "hard": Value("bool")})
    description = {"name": built.recipe.name, "fingerprint": built.fingerprint, "label_set": built.recipe.label_set.to_dict()}
    draft = work / "dataset"
    try:
        shutil.rmtree(draft, ignore_errors=True)
        # The library cannot save a split without rows; load_dataset puts it back.
        filled = {name: rows for name in SPLITS if (rows := built.splits[name])}
        DatasetDict({name: Dataset.from_list(rows, features=features) for name, rows in filled.items()}).save_to_disk(draft)
        (draft / CARD).write_text(dataset_card(built), encoding="utf-8")
        (draft / DESCRIPTION).write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder.resolve())
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be written: {error}") from error
    shutil.rmtree(work, ignore_errors=True)


def load_dataset(folder: Path) -> StoredDataset:
    """Read a dataset that ``write_dataset`` wrote.

    Raises:
        DatasetError: There is none in ``folder``.
        MissingExtraError: The datasets library is not installed.
    """
    try:
        from datasets import DatasetDict
    except ImportError as error:
        raise MissingExtraError("reading a dataset", "train") from error
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        stored = DatasetDict.load_from_disk(str(folder))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder}: holds no dataset: {error}. Build one with: aikind dataset build RECIPE -o {folder}") from error
    return StoredDataset(
        name=description["name"],
        fingerprint=description["fingerprint"],
        label_set=LabelSet.from_dict(description["label_set"], str(folder / DESCRIPTION)),
        splits={name: stored[name].to_list() if name in stored else [] for name in SPLITS},
    )


def read_card(folder: Path) -> str:
    """The Markdown card of a built dataset.

    Raises:
        DatasetError: There is none in ``folder``.
    """
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"{folder}: holds no dataset: {error}") from error
