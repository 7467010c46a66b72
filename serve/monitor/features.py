"""What is compared of two collections, as columns of numbers: a group of columns for each question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aikind.errors import AikindError, MissingExtraError
from aikind.serve.monitor.collection import Collection, Observed

__all__ = ["Feature", "features_of"]

_WORD = re.compile(r"[^\W\d_]{2,}")
_MOST_WORDS = 500
_FEWEST_WITH_WORD = 5
_STEPS = 9

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Feature:
    """One question about all documents, those of the reference first.

    Attributes:
        name: ``kinds``, ``score LABEL``, ``unsure``, ``length``, ``vocabulary`` or ``embedding``.
        columns: Names of the columns.
        values: Shape (documents, columns).
        by: How differences of the columns' means become one number: their ``sum`` of squares, or the largest (``max``).
        standardised: Whether the columns are shares, and each is first divided by its spread.
        plain: The measure itself, shape (documents,), where the columns are grades of one.
    """

    name: str
    columns: tuple[str, ...]
    values: Matrix
    by: str = "sum"
    standardised: bool = True
    plain: NDArray[np.float64] | None = None


def features_of(reference: Collection, current: Collection) -> tuple[list[Feature], list[str]]:
    """The questions that can be asked of these two, and a remark for each that cannot.

    Raises:
        AikindError: The two have other labels.
    """
    if reference.labels != current.labels:
        raise AikindError(
            f"{reference.name} has the labels {', '.join(reference.labels)}, {current.name} has {', '.join(current.labels)}; "
            "compare results of models with the same labels"
        )
    documents = (*reference.documents, *current.documents)
    kinds = sorted({one.kind for one in documents})
    found = [Feature("kinds", tuple(kinds), np.array([[one.kind == kind for kind in kinds] for one in documents], dtype=np.float32))]
    for name in reference.labels:
        found.append(_graded(f"score {name}", np.array([one.scores[name] for one in documents])))
    found.append(Feature("unsure", ("unsure",), np.array([[one.unsure] for one in documents], dtype=np.float32)))
    measure, lengths = _lengths(documents)
    found.append(_graded(f"length in {measure}", lengths))
    texts = [one.text for one in documents if one.text is not None]
    if len(texts) < len(documents):
        return found, [
            "vocabulary and embeddings are not compared, since texts are missing; compare the collections themselves, "
            "or tag them with --passthrough text"
        ]
    if (vocabulary := _vocabulary(texts)) is not None:
        found.append(vocabulary)
    try:
        from aikind.static_embeddings import embed

        vectors = embed(texts)
    except (MissingExtraError, ImportError):
        return found, ["embeddings are not compared; they need: pip install 'aikind[train]'"]
    found.append(Feature("embedding", tuple(map(str, range(vectors.shape[1]))), vectors, standardised=False))
    return found, []


def _lengths(documents: Sequence[Observed]) -> tuple[str, NDArray[np.float64]]:
    """The finest measure of length that all documents have."""
    if all(one.tokens is not None for one in documents):
        return "tokens", np.array([one.tokens for one in documents], dtype=np.float64)
    if all(one.text is not None for one in documents):
        return "words", np.array([len((one.text or "").split()) for one in documents], dtype=np.float64)
    return "windows", np.array([one.windows for one in documents], dtype=np.float64)


def _graded(name: str, values: NDArray[np.float64]) -> Feature:
    """Whether the value is above each of nine steps that divide all documents evenly: this sees more than a mean does."""
    steps = np.unique(np.quantile(values, np.arange(1, _STEPS + 1) / (_STEPS + 1)))
    return Feature(name, tuple(f"above {step:.4g}" for step in steps), (values[:, None] > steps).astype(np.float32), plain=values)


def _vocabulary(texts: Sequence[str]) -> Feature | None:
    """Which of the common words each text has; None where no word is common enough."""
    words = [set(_WORD.findall(text.lower())) for text in texts]
    count = Counter(word for own in words for word in own)
    fewest = max(_FEWEST_WITH_WORD, len(texts) // 100)
    common = [word for word, times in count.most_common() if fewest <= times <= len(texts) - fewest][:_MOST_WORDS]
    if not common:
        return None
    column = {word: j for j, word in enumerate(common)}
    values = np.zeros((len(texts), len(common)), dtype=np.float32)
    for i, own in enumerate(words):
        values[i, [column[word] for word in own if word in column]] = 1
    return Feature("vocabulary", tuple(common), values, by="max")
