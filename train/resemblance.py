"""Find the known texts that are of the same sort as some new ones, by what the network makes of them.

Learning from positive and unlabelled examples, as in Elkan and Noto 2008, "Learning Classifiers from Only Positive and
Unlabeled Data": a logistic regression tells the new texts from the known ones; among the known ones, those are of the
same sort that it takes for new ones at least half as surely as it does the new ones themselves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from aikind.train.linear_head import EmbeddingScale

__all__ = ["FEWEST", "resembling"]

FEWEST = 8  # texts that make a sort
_STRENGTH = 0.01  # of some hundred dimensions and few texts
_TELLS_APART = 0.8  # area under the curve; below, the new texts are no sort of their own


def resembling(
    new: NDArray[np.float32], known: NDArray[np.float32], others: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the known texts, and of the others, are of the sort of the new ones.

    Nothing is where there are too few new texts, or where they are scattered among the known ones.

    Args:
        new, known, others: Embeddings of shape (texts, dimensions). ``others`` take no part in the fit.

    Returns:
        Shapes (known,) and (others,).
    """
    nothing = np.zeros(len(known), dtype=np.bool_), np.zeros(len(others), dtype=np.bool_)
    if len(new) < FEWEST or len(known) < FEWEST:
        return nothing
    scale = EmbeddingScale.of(np.concatenate([new, known]))
    features = scale(np.concatenate([new, known]))
    is_new = np.arange(len(features)) < len(new)
    regression = LogisticRegression(C=_STRENGTH, max_iter=2000)
    folds = StratifiedKFold(min(5, len(new)), shuffle=True, random_state=0)
    unseen = cross_val_predict(regression, features, is_new, cv=folds, method="predict_proba")[:, 1]
    if roc_auc_score(is_new, unseen) < _TELLS_APART:
        return nothing
    enough = 0.5 * unseen[is_new].mean()
    if not len(others):
        return unseen[~is_new] >= enough, nothing[1]
    return unseen[~is_new] >= enough, regression.fit(features, is_new).predict_proba(scale(others))[:, 1] >= enough
