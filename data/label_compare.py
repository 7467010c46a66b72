"""Hold the answers of two readers, or of two files, against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from aikind.data.agreement import Agreement, agreement_of
from aikind.data.label_rows import LabelRow
from aikind.data.rows import text_hash
from aikind.label_set import LabelSet

__all__ = ["Comparison", "by_reader", "compare_rows"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of answers.

    Attributes:
        agreement: Over the texts that both have; None where there is none.
        conflicts: The pairs of answers that differ, in the first's order.
        only_first, only_second: How many texts the other does not have.
    """

    agreement: Agreement | None
    conflicts: list[tuple[LabelRow, LabelRow]]
    only_first: int
    only_second: int


def compare_rows(name: str, first: Sequence[LabelRow], second: Sequence[LabelRow], label_set: LabelSet) -> Comparison:
    """Compare answers on the same texts; of several answers on one text, the first counts.

    Texts are the same where they agree but for case and spaces, or in their SHA-256.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    left, right = _texts(first), _texts(second)
    at = {key: row for row in reversed(right) for key in _keys(row)}
    pairs = [(row, next(at[key] for key in _keys(row) if key in at)) for row in left if any(key in at for key in _keys(row))]
    return Comparison(
        agreement_of(name, [a.labels for a, _ in pairs], [b.labels for _, b in pairs], label_set) if pairs else None,
        [(a, b) for a, b in pairs if a.labels != b.labels],
        len(left) - len(pairs),
        len(right) - len(pairs),
    )


def by_reader(rows: Sequence[LabelRow]) -> Iterator[tuple[str, list[LabelRow], list[LabelRow]]]:
    """Each pair of readers, with the answers of both."""
    readers: dict[str, list[LabelRow]] = {}
    for row in rows:
        readers.setdefault(row.reader, []).append(row)
    for a, b in combinations(readers, 2):
        yield f"{a or 'no name'} and {b or 'no name'}", readers[a], readers[b]


def _texts(rows: Sequence[LabelRow]) -> list[LabelRow]:
    """One row for each text."""
    return list({row.key: row for row in reversed(rows)}.values())[::-1]


def _keys(row: LabelRow) -> tuple[str, str]:
    return row.key, row.sha256 or text_hash(row.text)
