"""Combine votes into one weak label per row and label."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aikind.data.labelling.base import Vote
from aikind.errors import RecipeError

__all__ = ["COMBINERS", "combiner", "majority"]

Combiner = Callable[[NDArray[np.int8]], NDArray[np.float64]]


def majority(votes: NDArray[np.int8]) -> NDArray[np.float64]:
    """Share of yes among the votes given, per row; 0.5 on a tie and NaN where every function abstains.

    Args:
        votes: Shape (rows, functions of one label).
    """
    yes = (votes == Vote.YES).sum(axis=1)
    given = (votes != Vote.ABSTAIN).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(given > 0, yes / given, np.nan)


COMBINERS: dict[str, Combiner] = {"majority": majority}


def combiner(name: str, where: str) -> Combiner:
    """The combiner of that name.

    Raises:
        RecipeError: There is none; ``where`` names the recipe.
    """
    if name not in COMBINERS:
        raise RecipeError(f"{where}: combine = {name!r}; expected one of {', '.join(sorted(COMBINERS))}")
    return COMBINERS[name]
