"""Find gold labels that are probably wrong, by confident learning.

A model that did not see a row says how probable each of its labels is. How often it confidently says otherwise tells how
many labels are wrong, and as many of those it believes least are the suspects (Northcutt, Jiang and Chuang 2021,
"Confident Learning: Estimating Uncertainty in Dataset Labels"; the library cleanlab is theirs). A suspect is worth a
second reading, no more: what the model finds hard is among them too.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np
from cleanlab.filter import find_label_issues
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from aikind.data.rows import share_of
from aikind.data.store import StoredDataset
from aikind.errors import DatasetError
from aikind.train.head_start import text_embeddings

__all__ = ["Audit", "Suspect", "audit_labels", "render", "write_suspects"]

Say = Callable[[str], None]
_FOLDS = 5
_START = 200


@dataclass(frozen=True, slots=True)
class Suspect:
    """One label of one row that is probably wrong.

    Attributes:
        row: The dataset's record.
        given: Whether the row carries the label.
        probability: That it should, by a model that did not see the row; to four digits.
    """

    row: dict[str, Any]
    label: str
    given: bool
    probability: float

    @property
    def self_confidence(self) -> float:
        """Probability of the label as it was given."""
        return self.probability if self.given else 1 - self.probability


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at and found.

    Attributes:
        rows: The gold rows.
        suspects: The least self-confident first.
        agreement: For each label that was judged, the share of rows on which the model gives it as the row does. The lower
            it is, the more suspects are the model's mistakes.
        skipped: For each label that could not be judged, why.
    """

    rows: list[dict[str, Any]]
    suspects: list[Suspect]
    agreement: dict[str, float]
    skipped: dict[str, str]


def audit_labels(dataset: StoredDataset, splits: Sequence[str], base: str, seed: int, say: Say = lambda _: None) -> Audit:
    """Suspects among the gold labels of ``splits``, each label judged on its own.

    Probabilities come from a logistic regression on frozen embeddings, fitted to four fifths of the rows and asked about
    the last. A row's fold is drawn by hash, from its group where the dataset has a column ``group``, else from its id, so
    that it stays put as the data grow. A dataset as it is built has no such column; its near copies may then stand in
    different folds, and vouch for each other where they share a mistake.

    Args:
        base: Base weights: the packaged default, a local folder, or a hub id.
        seed: Draws the folds.

    Raises:
        DatasetError: There is no gold row, or no label that can be judged.
        ModelError: The base cannot be loaded.
        MissingExtraError: The package with the default weights is not installed.
    """
    rows = [row for row in dataset.rows(*splits) if row["label_origin"].startswith("gold")]
    if not rows:
        raise DatasetError(f"the dataset {dataset.name} has no gold row in {', '.join(splits)}; there is nothing to audit")
    folds = np.array([int(share_of(seed, "fold", str(row.get("group") or row["id"])) * _FOLDS) for row in rows])
    given = {name: np.array([row[name] >= 0.5 for row in rows]) for name in dataset.label_set.names}
    skipped = {name: why for name in given if (why := _why_not(given[name], folds))}
    if len(skipped) == len(given):
        raise DatasetError(f"the dataset {dataset.name} cannot be audited: {'; '.join(f'{n}: {why}' for n, why in skipped.items())}")
    say(f"embedding {len(rows)} gold rows")
    embeddings = text_embeddings([row["text"] for row in rows], base).astype(np.float64)
    # One spread for all dimensions, as where a head is started: some are all but constant.
    embeddings = (embeddings - embeddings.mean(axis=0)) / embeddings.std()
    suspects: list[Suspect] = []
    agreement: dict[str, float] = {}
    for name in (n for n in given if n not in skipped):
        say(f"{name}: {_FOLDS} logistic regressions")
        probability = _out_of_fold(embeddings, given[name], folds)
        agreement[name] = float(((probability >= 0.5) == given[name]).mean())
        # One process: more would cost more than they save for two classes.
        wrong = find_label_issues(given[name].astype(int), np.stack([1 - probability, probability], axis=1), n_jobs=1)
        suspects += [Suspect(rows[i], name, bool(given[name][i]), round(float(probability[i]), 4)) for i in np.flatnonzero(wrong)]
    # Ranked by what is written: the last bits of a sum depend on the number of threads.
    suspects.sort(key=lambda s: (round(s.self_confidence, 4), s.row["id"], s.label))
    return Audit(rows, suspects, agreement, skipped)


def _why_not(given: NDArray[np.bool_], folds: NDArray[np.int_]) -> str:
    """Why a label cannot be judged, or an empty string: each fold's regression must see rows with and without it."""
    yes = int(given.sum())
    if all(0 < given[folds != k].sum() < (folds != k).sum() for k in range(_FOLDS)):
        return ""
    return f"carried by {yes} of {len(given)} gold rows; needs several with the label and several without"


def _out_of_fold(features: NDArray[np.float64], given: NDArray[np.bool_], folds: NDArray[np.int_]) -> NDArray[np.float64]:
    """Probability of the label for each row, shape (rows,), from a regression on the other folds."""
    result = np.zeros(len(given))
    for k in np.unique(folds):
        held_out = folds == k
        # Newton's method ends at the optimum itself; the default solver stops near it, each number of threads elsewhere.
        regression = LogisticRegression(C=1.0, solver="newton-cholesky").fit(features[~held_out], given[~held_out])
        result[held_out] = regression.predict_proba(features[held_out])[:, 1]
    return result


def write_suspects(suspects: Sequence[Suspect], file: TextIO) -> None:
    """CSV with one row a suspect: id, source, genre, label, given (0 or 1), probability, rank (from 1), label_origin, text_start."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "source", "genre", "label", "given", "probability", "rank", "label_origin", "text_start"])
    for rank, s in enumerate(suspects, 1):
        row = s.row
        start = row["text"][:_START]
        writer.writerow(
            [row["id"], row["source"], row["genre"], s.label, int(s.given), f"{s.probability:.4f}", rank, row["label_origin"], start]
        )


def render(audit: Audit) -> str:
    """Plain-text summary: suspects per label and per source, the source with the most first."""
    lines = [f"{len(audit.suspects)} suspect labels in {len(audit.rows)} gold rows"]
    for name, share in audit.agreement.items():
        given = [s.given for s in audit.suspects if s.label == name]
        lines.append(
            f"  {name.ljust(36)} {len(given)}, of which {sum(given)} given and {len(given) - sum(given)} withheld; the model agrees with {share:.1%} of all"
        )
    lines += [f"  {name.ljust(36)} not judged: {why}" for name, why in audit.skipped.items()]
    lines.append("by source")
    sizes = Counter(row["source"] for row in audit.rows)
    found = Counter(s.row["source"] for s in audit.suspects)
    lines += [f"  {source.ljust(36)} {found[source]} in {sizes[source]} rows" for source in sorted(sizes, key=lambda s: (-found[s], s))]
    return "\n".join(lines)
