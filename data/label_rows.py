"""One reader's answer on one text: the row that all label files hold, in whatever format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aikind.data.rows import encodable, normalised, text_hash
from aikind.data.sources import label_names
from aikind.data.validate import Problem, labels_problems, text_problems
from aikind.errors import RecipeError
from aikind.label_set import LabelSet

__all__ = ["LabelRow", "check_names", "row_from_record", "settle_copies"]

_OWN = ("id", "text", "sha256", "note", "reader")
_LISTS = ("labels", "label")  # fields with a list of label names, as gold files and doccano have them
_TRUTH = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What one reader said of one text.

    Attributes:
        labels: For each name of the label set, whether the text carries it.
        text: Empty where the text lives elsewhere; then ``sha256`` (of the UTF-8 text, in hex) says which it is.
        more: Further fields of the record, as text; what was not text is JSON. None of them is empty.
        where: File and line, for messages.
    """

    labels: Mapping[str, bool]
    text: str = ""
    id: str = ""
    sha256: str = ""
    note: str = ""
    reader: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    where: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """The same for rows about the same text."""
        return text_hash(normalised(self.text)) if self.text else self.sha256

    @property
    def carried(self) -> tuple[str, ...]:
        return tuple(name for name, value in self.labels.items() if value)

    def to_record(self) -> dict[str, str | int]:
        """The canonical form: a column per label with 0 or 1, and no field that is empty."""
        own = {"id": self.id, "text": self.text, "sha256": self.sha256}
        labels = {name: int(value) for name, value in self.labels.items()}
        rest = {"note": self.note, "reader": self.reader, **self.more}
        return {**{k: v for k, v in own.items() if v}, **labels, **{k: v for k, v in rest.items() if v}}


def check_names(label_set: LabelSet) -> None:
    """Refuse labels that are called like a field of a label file.

    Raises:
        RecipeError: There is one.
    """
    for name in label_set.names:
        if name in (*_OWN, *_LISTS, "reason"):
            raise RecipeError(f"a label is called {name!r}, as a field of label files is; give it another name")


def row_from_record(where: str, record: Mapping[Any, Any], label_set: LabelSet) -> tuple[LabelRow | None, list[Problem]]:
    """Read one record: a column per label with 0 or 1, or a list of label names in ``labels``.

    The note may be called ``reason``.

    Returns:
        The row, or None where the record cannot be used or holds no answer; and what there is to say of it.
    """
    if None in record:
        return None, [Problem(where, f"has more cells than there are columns; the last are {record[None]!r}")]
    problems: list[Problem] = []
    text, sha256 = record.get("text"), _plain(record.get("sha256"))
    if text not in (None, "") or not sha256:
        problems += text_problems(where, text, "text")
    if not text and sha256 and not _SHA256.fullmatch(sha256):
        problems.append(Problem(where, f"sha256 is {sha256[:80]!r}; expected 64 hexadecimal digits"))
    labels = _labels(where, record, label_set, problems)
    rest = {str(k): _plain(v) for k, v in record.items() if k not in (*_OWN[1:3], *_LISTS, *label_set.names)}
    for name, value in rest.items():
        if not encodable(name) or not encodable(value):
            problems.append(Problem(where, f"{name.encode('utf-8', 'replace').decode()!r} holds half of a surrogate pair"))
    if labels is None or any(p.error for p in problems):
        return None, problems
    text = text or ""
    if text and sha256 and text_hash(text) != sha256:
        return None, [*problems, Problem(where, "the text is not the one that was read: its SHA-256 differs")]
    identity, note, reader = (rest.pop(name, "") for name in ("id", "note", "reader"))
    note = note or rest.pop("reason", "")
    more = {name: value for name, value in rest.items() if value}
    return LabelRow(labels, text, identity, sha256, note, reader, more, where), problems


def _labels(where: str, record: Mapping[Any, Any], label_set: LabelSet, problems: list[Problem]) -> dict[str, bool] | None:
    lists = [name for name in _LISTS if name in record]
    columns = [name for name in label_set.names if name in record]
    if len(lists) + bool(columns) != 1:
        has = ", ".join(map(str, record))[:300] or "nothing"
        known = ", ".join(label_set.names)
        problems.append(Problem(where, f"expected either a column for each label ({known}) or a list of names in 'labels'; it has {has}"))
        return None
    if lists:
        value = record[lists[0]]
        found = list(labels_problems(where, value, lists[0], label_set))
        problems += found
        return None if found else {name: name in label_names(value, label_set) for name in label_set.names}
    values = {name: _plain(record.get(name)).strip().lower() for name in label_set.names}
    if not any(values.values()):
        problems.append(Problem(where, "not labelled", error=False))
        return None
    for name, value in values.items():
        if value not in _TRUTH:
            what = f"is {record[name]!r}" if value else "is missing"
            problems.append(Problem(where, f"{name} {what}; expected 0 or 1"))
    return None if any(value not in _TRUTH for value in values.values()) else {name: _TRUTH[value] for name, value in values.items()}


def _plain(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError, TypeError):
        return str(value)


def settle_copies(
    rows: Iterable[LabelRow], label_set: LabelSet, *, readers_may_differ: bool = False
) -> tuple[list[LabelRow], list[LabelRow], list[Problem]]:
    """Find texts that come more than once. Where their labels differ, none of their rows can be used.

    Args:
        readers_may_differ: Whether rows of two named readers may differ; one reader may not.

    Returns:
        The rows that stand and those that do not, in order, and what there is to say of them.
    """
    groups: dict[str, list[LabelRow]] = {}
    every = list(rows)
    for row in every:
        groups.setdefault(row.key, []).append(row)
    problems: list[Problem] = []
    refused: set[int] = set()
    for group in groups.values():
        if len(group) > 1:
            conflict = _differ(group) and not (readers_may_differ and _only_readers_differ(group))
            problems += _told(group, label_set, conflict)
            refused |= {id(row) for row in group if conflict}
    return [r for r in every if id(r) not in refused], [r for r in every if id(r) in refused], problems


def _differ(rows: Sequence[LabelRow]) -> bool:
    return len({row.carried for row in rows}) > 1


def _only_readers_differ(rows: Sequence[LabelRow]) -> bool:
    readers = {row.reader for row in rows}
    return "" not in readers and not any(_differ([row for row in rows if row.reader == reader]) for reader in readers)


def _told(group: Sequence[LabelRow], label_set: LabelSet, conflict: bool) -> list[Problem]:
    first, *others = group
    problems = []
    for row in others:
        differs = row.carried != first.carried
        what = f"but other labels ({label_set.kind(first.carried)})" if differs else "and the same labels"
        problems.append(Problem(row.where, f"the same text as at {first.where}, {what}", error=conflict))
    if conflict:
        problems.append(Problem(first.where, f"the same text with other labels is at {', '.join(r.where for r in others[:5])}"))
    return problems
