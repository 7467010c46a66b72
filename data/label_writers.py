"""Write label rows to a file, in the canonical form or in that of another tool. What is written is read back the same."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from aikind.data.label_rows import LabelRow
from aikind.data.label_tools import to_doccano, to_label_studio
from aikind.errors import DatasetError, MissingExtraError
from aikind.label_set import LabelSet

__all__ = ["WRITERS", "write_json_lines", "write_labels"]


def write_labels(path: Path, rows: Sequence[LabelRow], label_set: LabelSet, file_format: str) -> None:
    """Write rows to ``path``; it appears whole or not at all, and takes the place of what was there.

    Args:
        file_format: A key of ``WRITERS``.

    Raises:
        DatasetError: It cannot be written, a folder that holds no saved dataset is in the way, or the format needs texts
            and a row has none.
        MissingExtraError: Writing the format needs a package that is not installed.
    """
    if file_format in _NEED_TEXTS:
        for row in rows:
            if not row.text:
                raise DatasetError(f"{row.where}: has no text, and {file_format} needs the texts themselves; leave the row out or fill it")
    try:
        WRITERS[file_format](path, rows, label_set)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written: {error}") from error


def write_json_lines(path: Path, records: Iterable[Any]) -> None:
    with _finished(path) as file:
        for record in records:
            try:
                line = json.dumps(record, ensure_ascii=False, default=str)
                line.encode()
            except UnicodeEncodeError:  # half of a surrogate pair
                line = json.dumps(record, default=str)
            file.write(line + "\n")


@contextmanager
def _finished(path: Path) -> Iterator[TextIO]:
    """A text file that takes its name when everything was written."""
    draft = path.with_name(path.name + ".part")
    with (
        gzip.open(draft, "wt", encoding="utf-8", newline="")
        if path.name.endswith(".gz")
        else draft.open("w", encoding="utf-8", newline="") as file
    ):
        yield file
    draft.replace(path)


def _write_csv(path: Path, rows: Sequence[LabelRow], label_set: LabelSet) -> None:
    columns = _columns(rows, label_set)
    with _finished(path) as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\r\n")  # so that a lone carriage return is quoted
        writer.writeheader()
        writer.writerows(row.to_record() for row in rows)


def _write_jsonl(path: Path, rows: Sequence[LabelRow], _: LabelSet) -> None:
    write_json_lines(path, (row.to_record() for row in rows))


def _write_doccano(path: Path, rows: Sequence[LabelRow], label_set: LabelSet) -> None:
    write_json_lines(path, (to_doccano(row, label_set) for row in rows))


def _write_label_studio(path: Path, rows: Sequence[LabelRow], label_set: LabelSet) -> None:
    with _finished(path) as file:
        json.dump([to_label_studio(row, label_set) for row in rows], file, ensure_ascii=False, indent=1)
        file.write("\n")


def _write_parquet(path: Path, rows: Sequence[LabelRow], label_set: LabelSet) -> None:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("writing Parquet", "parquet") from error
    schema = pyarrow.schema([(n, pyarrow.int8() if n in label_set.names else pyarrow.string()) for n in _columns(rows, label_set)])
    draft = path.with_name(path.name + ".part")
    parquet.write_table(pyarrow.Table.from_pylist([row.to_record() for row in rows], schema), draft)
    draft.replace(path)


def _write_dataset(path: Path, rows: Sequence[LabelRow], label_set: LabelSet) -> None:
    try:
        from datasets import Dataset, Features, Value, disable_progress_bars
    except ImportError as error:
        raise MissingExtraError("writing a dataset", "train") from error
    if path.exists() and not (path / "dataset_info.json").exists() and not (path.is_dir() and not any(path.iterdir())):
        raise DatasetError(f"{path}: is there already and holds no saved dataset; give another folder")
    disable_progress_bars()
    columns = _columns(rows, label_set)
    features = Features({name: Value("int8" if name in label_set.names else "string") for name in columns})
    records = [row.to_record() for row in rows]
    draft = path.with_name(path.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    Dataset.from_dict({name: [record.get(name) for record in records] for name in columns}, features=features).save_to_disk(draft)
    shutil.rmtree(path, ignore_errors=True)
    draft.rename(path)


def _columns(rows: Sequence[LabelRow], label_set: LabelSet) -> list[str]:
    """Every field that a row has: those that belong to the form in its order, then the others as they come."""
    found = dict.fromkeys(name for row in rows for name in row.to_record())
    front = [n for n in ("id", "text", "sha256") if n in found or n == "text"]
    back = [n for n in ("note", "reader") if n in found]
    own = (*front, *label_set.names, *back)
    return [*own, *(name for name in found if name not in own)]


WRITERS: dict[str, Callable[[Path, Sequence[LabelRow], LabelSet], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "label-studio": _write_label_studio,
    "doccano": _write_doccano,
    "datasets": _write_dataset,
}
_NEED_TEXTS = ("label-studio", "doccano")
