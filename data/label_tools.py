"""The forms in which Label Studio and doccano take and give labels.

Both tools cannot tell a text that nobody has labelled from one that carries no label. The name for no label is therefore a
choice of its own in what is written for them, and where doccano gives an empty list, the text counts as not labelled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aikind.data.label_rows import LabelRow
from aikind.data.validate import Problem
from aikind.errors import DatasetError
from aikind.label_set import LabelSet

__all__ = ["doccano_record", "label_studio_records", "to_doccano", "to_label_studio"]

_DOCCANO_LABEL, _DOCCANO_NOTES = "label", "Comments"


def to_doccano(row: LabelRow, label_set: LabelSet) -> dict[str, Any]:
    """A line of doccano's JSONL for text classification; what is neither text nor label becomes metadata there."""
    rest = {k: v for k, v in row.to_record().items() if k not in label_set.names}
    return {**rest, _DOCCANO_LABEL: _choices(row, label_set)}


def doccano_record(record: Mapping[str, Any], label_set: LabelSet) -> Mapping[str, Any] | Problem:
    """The record of a label file that a line of doccano's JSONL amounts to."""
    rest = {k: v for k, v in record.items() if k not in (_DOCCANO_LABEL, _DOCCANO_NOTES)}
    comments = record.get(_DOCCANO_NOTES)
    if isinstance(comments, list) and comments and not rest.get("note"):
        rest["note"] = "\n".join(map(str, comments))
    found = record.get(_DOCCANO_LABEL)
    if found == []:
        return {**rest, **dict.fromkeys(label_set.names)}
    return {**rest, "labels": _names(found, label_set)}


def to_label_studio(row: LabelRow, label_set: LabelSet) -> dict[str, Any]:
    """A task of Label Studio with one annotation, for a ``Choices`` tag called ``kind`` over a ``Text`` tag called ``text``."""
    rest = {k: v for k, v in row.to_record().items() if k not in label_set.names}
    choice = {"from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": _choices(row, label_set)}}
    return {"data": rest, "annotations": [{"result": [choice]}]}


def label_studio_records(path: Path, label_set: LabelSet) -> Iterator[tuple[str, Mapping[str, Any] | Problem]]:
    """Yield ``(where, record)`` for each annotation of each task in a JSON export (the full one, not JSON-MIN).

    Raises:
        DatasetError: The file is no such export.
    """
    try:
        tasks = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: cannot read: {error}") from error
    if not isinstance(tasks, list):
        raise DatasetError(f"{path}: holds a JSON {type(tasks).__name__}; expected the list of tasks that Label Studio exports as JSON")
    for number, task in enumerate(tasks, 1):
        where = f"{path}: task {number}"
        data = task.get("data") if isinstance(task, dict) else None
        if not isinstance(data, dict):
            yield where, Problem(where, "is no task of Label Studio: it has no 'data'; export as JSON, not as JSON-MIN")
            continue
        annotations = [a for a in task.get("annotations") or [] if isinstance(a, dict) and not a.get("was_cancelled")]
        if not annotations:
            yield where, {**data, **dict.fromkeys(label_set.names)}
        for turn, annotation in enumerate(annotations, 1):
            at = where if len(annotations) == 1 else f"{where}, annotation {turn}"
            yield at, {**data, **_annotated(annotation, data, label_set)}


def _annotated(annotation: Mapping[str, Any], data: Mapping[str, Any], label_set: LabelSet) -> dict[str, Any]:
    chosen: list[Any] = []
    notes: list[str] = []
    for result in annotation.get("result") or []:
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict):
            chosen += value.get("choices") or []
            notes += map(str, value.get("text") or [] if result.get("type") == "textarea" else [])
    found: dict[str, Any] = {"labels": _names(chosen, label_set)}
    if notes:
        found["note"] = "\n".join(notes)
    by = annotation.get("completed_by")
    by = by.get("email") or by.get("id") if isinstance(by, dict) else by
    if by is not None and not data.get("reader"):
        found["reader"] = str(by)
    return found


def _choices(row: LabelRow, label_set: LabelSet) -> Sequence[str]:
    return list(row.carried) or [label_set.none]


def _names(found: Any, label_set: LabelSet) -> Any:
    return [] if found == [label_set.none] else found
