"""Labelling functions: small named functions that vote yes, no or abstain on one label of one row."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from aikind.data.rows import Row
from aikind.errors import RecipeError
from aikind.label_set import LabelSet

__all__ = [
    "LabellingFunction",
    "Vote",
    "Votes",
    "apply_functions",
    "functions_for",
    "join_votes",
    "labelling_function",
    "registered_functions",
    "select",
]


class Vote(IntEnum):
    ABSTAIN = -1
    NO = 0
    YES = 1


@dataclass(frozen=True, slots=True)
class LabellingFunction:
    """A voter on one label; ``basis`` is what its votes depend on besides its code, such as a label set's terms."""

    name: str
    label: str
    vote: Callable[[Row], Vote]
    basis: str = ""


_REGISTRY: dict[str, LabellingFunction] = {}


def labelling_function(label: str) -> Callable[[Callable[[Row], Vote]], Callable[[Row], Vote]]:
    """Register the decorated function under its own name as a voter on ``label``."""

    def register(function: Callable[[Row], Vote]) -> Callable[[Row], Vote]:
        name = function.__name__
        if name in _REGISTRY:
            raise ValueError(f"two labelling functions are called {name}")
        _REGISTRY[name] = LabellingFunction(name, label, function)
        return function

    return register


def registered_functions() -> tuple[LabellingFunction, ...]:
    """Every labelling function that is written in code, in the order of their definition."""
    from aikind.data.labelling import context_functions, genre_functions, term_functions  # noqa: F401  (importing registers them)

    return tuple(_REGISTRY.values())


def functions_for(label_set: LabelSet) -> tuple[LabellingFunction, ...]:
    """The functions in code that vote on a label of the set, and those that its terms and examples make.

    Functions in code follow a label to its new name (``renamed_from``).
    """
    from aikind.data.labelling.label_set_functions import label_set_functions

    now = {label.renamed_from: label.name for label in label_set.labels} | {name: name for name in label_set.names}
    in_code = (replace(f, label=now[f.label]) for f in registered_functions() if f.label in now)
    return (*in_code, *label_set_functions(label_set))


def select(names: Sequence[str], label_set: LabelSet, where: str) -> tuple[LabellingFunction, ...]:
    """The functions of those names (all, if none are named) whose label is in the label set.

    Raises:
        RecipeError: There is no function of a name; ``where`` names the recipe.
    """
    usable = {f.name: f for f in functions_for(label_set)}
    known = {f.name for f in registered_functions()} | set(usable)
    for name in names:
        if name not in known:
            raise RecipeError(f"{where}: no labelling function is called {name!r}; there are {', '.join(sorted(known))}")
    return tuple(usable[name] for name in names if name in usable) if names else tuple(usable.values())


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes of every function on every row.

    Attributes:
        functions: The voters, one per column.
        matrix: int8 of shape (rows, functions) with the values of ``Vote``.
        crashes: How often each function raised, by name; a crash counts as no vote and is reported.
        first_crash: The last line of the first traceback of each crashed function.
        remarks: What else the user should know of how the votes came about, a line each.
    """

    functions: tuple[LabellingFunction, ...]
    matrix: NDArray[np.int8]
    crashes: Counter[str] = field(default_factory=Counter)
    first_crash: dict[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def columns(self, label: str) -> list[int]:
        return [i for i, f in enumerate(self.functions) if f.label == label]


def apply_functions(functions: Sequence[LabellingFunction], rows: Sequence[Row]) -> Votes:
    """Let every function vote on every row."""
    votes = Votes(tuple(functions), np.full((len(rows), len(functions)), Vote.ABSTAIN, dtype=np.int8))
    for i, row in enumerate(rows):
        for j, function in enumerate(functions):
            try:
                votes.matrix[i, j] = function.vote(row)
            except Exception:  # a user's function may raise anything; it is counted and shown, not hidden
                votes.crashes[function.name] += 1
                votes.first_crash.setdefault(function.name, f"{row.where}: {traceback.format_exc().splitlines()[-1]}")
    return votes


def join_votes(*parts: Votes) -> Votes:
    """The votes of several groups of voters on the same rows, side by side.

    Raises:
        ValueError: Two voters have the same name.
    """
    functions = tuple(f for part in parts for f in part.functions)
    if len({f.name for f in functions}) < len(functions):
        raise ValueError(f"two voters have the same name among {', '.join(f.name for f in functions)}")
    return Votes(
        functions,
        np.hstack([part.matrix for part in parts]),
        crashes=sum((part.crashes for part in parts), Counter()),
        first_crash={name: where for part in parts for name, where in part.first_crash.items()},
        remarks=tuple(remark for part in parts for remark in part.remarks),
    )
