"""The label set: which labels there are, what they mean, and what combinations of them are called."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aikind.errors import RecipeError

__all__ = ["Label", "LabelSet", "default_label_set", "load_label_set"]


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its name in results, its name for people, and what it means.

    >>> from aikind import default_label_set
    >>> label = default_label_set().labels[0]
    >>> label.name
    'predictive'
    """

    name: str
    display: str
    definition: str


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels in their fixed order, and the names of the empty and the full combination.

    >>> from aikind import LabelSet
    >>> colours = LabelSet.from_dict({"none": "grey", "all": "white", "label": [{"name": "red"}, {"name": "blue"}]})
    >>> colours.kind(["red"]), colours.kind([]), colours.kind(["blue", "red"])
    ('red', 'grey', 'white')
    """

    labels: tuple[Label, ...]
    none: str
    all: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind a document can be of: single labels first, then combinations, then none."""
        combinations = [tuple(name for i, name in enumerate(self.names) if bits >> i & 1) for bits in range(1, 2 ** len(self.names))]
        return (*(self.kind(c) for c in sorted(combinations, key=len)), self.none)

    def kind(self, names: Collection[str]) -> str:
        """The kind of a document that carries the labels ``names``.

        Raises:
            ValueError: A name is not in the label set.
        """
        unknown = set(names) - set(self.names)
        if unknown:
            raise ValueError(f"unknown label {sorted(unknown)[0]!r}; the label set has {', '.join(self.names)}")
        carried = [name for name in self.names if name in names]
        if not carried:
            return self.none
        if len(carried) == len(self.names) > 1:
            return self.all
        return "+".join(carried)

    def to_dict(self) -> dict[str, Any]:
        return {
            "none": self.none,
            "all": self.all,
            "label": [{"name": x.name, "display": x.display, "definition": x.definition} for x in self.labels],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], where: str = "label set") -> LabelSet:
        """Build from the parsed form of a label set file.

        Raises:
            RecipeError: A key is missing or a label name is unusable; ``where`` names the file in the message.
        """
        labels = []
        entries = raw.get("label", [])
        if not isinstance(entries, list):
            raise RecipeError(f"{where}: label = {entries!r}; write each label as a [[label]] table")
        for number, entry in enumerate(entries, 1):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not name.isidentifier():
                raise RecipeError(
                    f"{where}: label {number} has the name {name!r}; use letters, digits and underscores, beginning with a letter"
                )
            labels.append(Label(name, str(entry.get("display", name)), str(entry.get("definition", "")).strip()))
        if not labels:
            raise RecipeError(f"{where}: no [[label]] entry; add at least one with a name and a definition")
        if len({x.name for x in labels}) < len(labels):
            raise RecipeError(f"{where}: two labels have the same name")
        none, every = str(raw.get("none", "none")), str(raw.get("all", "all"))
        if len({none, every, *(x.name for x in labels)}) < len(labels) + 2:
            raise RecipeError(f"{where}: none = {none!r} and all = {every!r} must differ from each other and from every label's name")
        return cls(tuple(labels), none, every)


def load_label_set(path: Path) -> LabelSet:
    """Read a label set from a TOML file.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from aikind import load_label_set
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.toml"
    ...     _ = path.write_text("[[label]]\\nname = 'weather'\\n")
    ...     load_label_set(path).kinds
    ('weather', 'none')

    Raises:
        RecipeError: The file cannot be read or does not hold a label set.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: cannot read the label set: {error}") from error
    return LabelSet.from_dict(raw, str(path))


def default_label_set() -> LabelSet:
    """The label set that the shipped model answers to.

    >>> from aikind import default_label_set
    >>> default_label_set().kinds
    ('predictive', 'generative', 'both', 'neither')
    """
    return load_label_set(Path(__file__).with_name("labels.toml"))
