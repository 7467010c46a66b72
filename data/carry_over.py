"""Carry labels that were given under one label set over to another, as far as the new set says what became of each label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aikind.errors import RecipeError
from aikind.label_set import Label, LabelSet

__all__ = ["Carried", "CarryOver"]


@dataclass(frozen=True, slots=True)
class Carried:
    """What is known of one text under the new label set.

    Attributes:
        known: Value (0 to 1) of each label that follows from the old ones.
        left_open: Labels that somebody must still say.
    """

    known: Mapping[str, float]
    left_open: tuple[str, ...]


class CarryOver:
    """The way from label set ``old`` to ``new``.

    A label keeps its values under its own name or the one it was renamed from. A part of a split label is ruled out where
    the whole was; where the whole was given, all its parts are open. A label without an origin is open everywhere.

    Raises:
        RecipeError: A label names an origin that ``old`` lacks, two labels have the same one, or it was both renamed and split.
    """

    def __init__(self, old: LabelSet, new: LabelSet) -> None:
        self.old, self.new = old, new
        self.origin = {label.name: label.name if old == new else _origin(label, old) for label in new.labels}
        split = {label.split_from for label in new.labels if label.split_from} if old != new else set()
        self.parts = frozenset(name for name, origin in self.origin.items() if origin in split)
        whole = [origin for name, origin in self.origin.items() if origin and name not in self.parts]
        for origin in whole:
            if whole.count(origin) > 1:
                raise RecipeError(f"two labels of the new set come from {origin!r}; if they are parts of it, write split_from in both")
        for label in new.labels:
            if label.name in self.parts and label.renamed_from:
                raise RecipeError(f"{label.renamed_from!r} was split, and {label.name!r} is renamed_from it; write split_from")

    @property
    def dropped(self) -> tuple[str, ...]:
        """Labels of the old set that nothing in the new one comes from."""
        return tuple(name for name in self.old.names if name not in self.origin.values())

    def carry(self, values: Mapping[str, float]) -> Carried:
        """What the old labels' values (those that are known) tell of the new labels."""
        known: dict[str, float] = {}
        for name, origin in self.origin.items():
            if origin in values and (name not in self.parts or values[origin] == 0):
                known[name] = float(values[origin])
        return Carried(known, tuple(name for name in self.new.names if name not in known))


def _origin(label: Label, old: LabelSet) -> str:
    """The old label that a new one comes from; empty where there is none."""
    named = label.renamed_from or label.split_from
    if named in old.names:
        return named
    if label.name in old.names:
        return label.name
    if named:
        key = "renamed_from" if label.renamed_from else "split_from"
        raise RecipeError(f"the label {label.name} has {key} = {named!r}, which is no label of the old set; it has {', '.join(old.names)}")
    return ""
