"""What the labelling functions say of texts when nothing else is asked: keyword rules as a classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aikind.data.labelling.base import apply_functions, select
from aikind.data.labelling.combine import UNKNOWN, majority
from aikind.data.rows import Row
from aikind.label_set import LabelSet

__all__ = ["rule_scores"]


def rule_scores(label_set: LabelSet, texts: Sequence[str], genres: Sequence[str] = ()) -> NDArray[np.float64]:
    """Share of the votes for each label, shape (texts, labels); 0 where no function votes.

    Args:
        genres: Of each text; empty where they are unknown.
    """
    functions = select((), label_set, "keyword rules")
    rows = [Row(str(i), text, "", "", genres[i] if genres else "unknown", str(i)) for i, text in enumerate(texts)]
    votes = apply_functions(functions, rows)
    unknown = np.full(len(rows), UNKNOWN, dtype=np.int8)
    columns = [np.nan_to_num(majority(votes.matrix[:, votes.columns(name)], unknown), nan=0.0) for name in label_set.names]
    return np.stack(columns, axis=1)
