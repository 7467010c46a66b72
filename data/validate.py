"""Tell what is wrong with someone's labelled file, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aikind.data.rows import Skipped, encodable, text_hash
from aikind.data.sources import carried_values, label_names, read_records
from aikind.label_set import LabelSet

__all__ = ["Problem", "labels_problems", "text_problems", "validate_file"]

_SHORT = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. A file with errors cannot be used as it is; a warning is worth a look."""

    where: str
    message: str
    error: bool = True


def validate_file(
    path: Path, label_set: LabelSet, text_field: str = "text", labels_field: str = "labels", id_field: str = "id"
) -> list[Problem]:
    """Every problem of a .jsonl(.gz), .csv or .parquet file with an id, a text and a list of label names per row.

    Raises:
        DatasetError: The file as a whole cannot be read.
    """
    skipped = Skipped()
    problems: list[Problem] = []
    ids: dict[str, str] = {}
    texts: dict[str, tuple[str, tuple[str, ...]]] = {}
    rows = 0
    used: set[str] = set()
    for where, record in read_records(path, skipped):
        rows += 1
        found = list(_row_problems(where, record, label_set, (text_field, labels_field, id_field)))
        problems += found
        identity = "" if record.get(id_field) is None else str(record[id_field])
        if identity and identity in ids:
            problems.append(Problem(where, f"the id {identity!r} was used before, at {ids[identity]}; give each row its own"))
        ids.setdefault(identity, where)
        if any(p.error for p in found) or record[labels_field] is None:
            continue
        names = tuple(sorted(label_names(record[labels_field], label_set)))
        used |= set(names)
        digest = text_hash(" ".join(record[text_field].lower().split()))
        first, earlier = texts.setdefault(digest, (where, names))
        if first != where:
            conflict = earlier != names
            what = f"but other labels ({', '.join(earlier) or 'none'})" if conflict else "and the same labels"
            problems.append(Problem(where, f"the same text as at {first}, {what}; keep one of them", error=conflict))
    problems += [Problem(skip.where, skip.why) for skip in skipped.all]
    if rows == 0:
        problems.append(Problem(str(path), "holds no row"))
    elif not any(p.error for p in problems):
        problems += [
            Problem(str(path), f"no row carries the label {name!r}; a model cannot learn it from this file", error=False)
            for name in label_set.names
            if name not in used
        ]
    return problems


def _row_problems(where: str, record: dict[str, Any], label_set: LabelSet, fields: Sequence[str]) -> Iterator[Problem]:
    text_field, labels_field, id_field = fields
    for field, option in ((text_field, "--text-field"), (labels_field, "--labels-field"), (id_field, "--id-field")):
        if field not in record:
            has = ", ".join(map(str, record)) or "nothing"
            yield Problem(where, f"no field {field!r}; it has {has}. Name the right one with {option}")
    if id_field in record and record[id_field] in (None, ""):
        yield Problem(where, f"{id_field!r} is empty; give each row its own")
    if text_field in record:
        yield from text_problems(where, record[text_field], text_field)
    if labels_field in record:
        if record[labels_field] is None and carried_values(record.get("carried")):
            yield Problem(where, "some labels are open; they are left to the labelling functions until someone reads the text", error=False)
        else:
            yield from labels_problems(where, record[labels_field], labels_field, label_set)


def text_problems(where: str, text: Any, field: str) -> Iterator[Problem]:
    """What is wrong with the value of a field that should hold a text."""
    if text is None:
        yield Problem(where, f"{field!r} is null; leave the row out or fill it")
    elif not isinstance(text, str):
        yield Problem(where, f"{field!r} holds a {type(text).__name__}; expected text")
    elif not text.strip():
        yield Problem(where, f"{field!r} is empty; leave the row out or fill it")
    elif not encodable(text):
        yield Problem(where, f"{field!r} holds half of a surrogate pair; save the source again as UTF-8")
    elif len(text.split()) < _SHORT:
        yield Problem(where, f"{field!r} has {len(text.split())} words only; is this the right field?", error=False)
    elif "\ufffd" in text:
        yield Problem(where, f"{field!r} holds the mark of undecodable bytes (U+FFFD); convert the source anew", error=False)


def labels_problems(where: str, labels: Any, field: str, label_set: LabelSet) -> Iterator[Problem]:
    """What is wrong with the value of a field that should hold a list of label names."""
    if labels is None:
        yield Problem(where, f"{field!r} is null; expected a list, empty for {label_set.none!r}")
    elif labels == "":
        yield Problem(where, f"{field!r} is empty, which counts as not labelled; write {label_set.none!r} for a row with no label")
    elif not isinstance(labels, str | list):
        yield Problem(where, f"{field!r} holds a {type(labels).__name__}; expected a list of label names, such as {[*label_set.names[:1]]}")
    else:
        for name in sorted(set(label_names(labels, label_set)) - set(label_set.names)):
            yield Problem(where, _unknown(name, label_set))


def _unknown(name: str, label_set: LabelSet) -> str:
    known = ", ".join(label_set.names)
    if name in (label_set.none, label_set.all):
        meant = "an empty list" if name == label_set.none else f"the labels {known}"
        return f"{name!r} is a kind, not a label; write {meant}"
    if name.lower() in label_set.names:
        return f"unknown label {name!r}; write it as {name.lower()!r}"
    return f"unknown label {name!r}; the label set has {known}"
