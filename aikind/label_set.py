"""The label set: which labels there are, what they mean, and what combinations of them are called."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aikind.errors import RecipeError

__all__ = ["Label", "LabelSet", "default_label_set", "load_label_set"]


_MOST_LABELS = 10  # there is a kind for each combination: 1,024 of them


@dataclass(frozen=True, slots=True)
class Label:
    """One yes-or-no question about a piece of writing.

    >>> from aikind import default_label_set
    >>> label = default_label_set().labels[0]
    >>> label.name
    'predictive'

    Attributes:
        name: Names the label in files and results.
        display: Its name for readers.
        definition: What it covers.
        terms: Words and phrases whose presence speaks for the label.
        examples, counterexamples: Sentences that stand for what it covers, and for what lies close by but outside.
        renamed_from: The name that the label had in an earlier label set, with the same meaning.
        split_from: The label of an earlier set that this one is a part of.
    """

    name: str
    display: str
    definition: str
    terms: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    renamed_from: str = ""
    split_from: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "display": self.display,
            "definition": self.definition,
            **{key: list(value) for key in _LISTS if (value := getattr(self, key))},
            **{key: value for key in _ORIGINS if (value := getattr(self, key))},
        }


_LISTS = ("terms", "examples", "counterexamples")
# A label has a column of its own in datasets and gold tables, beside these.
_COLUMNS = frozenset({"id", "text", "title", "weight", "label_origin", "source", "genre", "hard", "file", "sha256", "chars_read", "labels"})
_ORIGINS = ("renamed_from", "split_from")


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels in their fixed order, and the names of the empty and the full combination.

    A kind is ``none``, the name of a single label, ``all``, or names joined with ``+``.

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
        return tuple(self.kind(labels) for labels in self.combinations)

    @property
    def combinations(self) -> tuple[tuple[str, ...], ...]:
        """Every set of labels that a document can carry, in the order of ``kinds``."""
        some = [tuple(name for i, name in enumerate(self.names) if bits >> i & 1) for bits in range(1, 2 ** len(self.names))]
        return (*sorted(some, key=len), ())

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
            "label": [label.to_dict() for label in self.labels],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], where: str = "label set") -> LabelSet:
        """Build from the parsed form of a label set file.

        Raises:
            RecipeError: A key is missing or a label name is unusable; ``where`` names the file in the message.
        """
        entries = raw.get("label", [])
        if not isinstance(entries, list):
            raise RecipeError(f"{where}: label = {entries!r}; write each label as a [[label]] table")
        if not entries:
            raise RecipeError(f"{where}: no [[label]] entry; add at least one with a name and a definition")
        if len(entries) > _MOST_LABELS:
            raise RecipeError(f"{where}: {len(entries)} labels; a label set has {_MOST_LABELS} at most, since every combination is a kind")
        labels = tuple(_label(number, entry, where) for number, entry in enumerate(entries, 1))
        names = [label.name for label in labels]
        if len(set(names)) < len(names):
            raise RecipeError(f"{where}: two labels have the same name")
        none, every = str(raw.get("none", "neither")), str(raw.get("all", "both" if len(names) == 2 else "+".join(names)))
        if every == "both" and len(names) != 2:
            raise RecipeError(
                f'{where}: all = "both" speaks of two labels, and here are {len(names)}. Leave the line out, '
                f"and writing that carries every label is called {'+'.join(names)}"
            )
        if none == every or none in names or (len(names) > 1 and every in names):
            raise RecipeError(f"{where}: none = {none!r} and all = {every!r} must differ from each other and from every label's name")
        return cls(labels, none, every)


def _label(number: int, entry: Any, where: str) -> Label:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not name.isidentifier():
        raise RecipeError(f"{where}: label {number} has the name {name!r}; use letters, digits and underscores, beginning with a letter")
    if name in _COLUMNS:
        raise RecipeError(f"{where}: label {number} is called {name!r}, as a column of labelled files is; give it another name")
    known = [field.name for field in fields(Label)]
    for key, value in entry.items():
        if key not in known:
            raise RecipeError(f"{where}: unknown key {key!r} in the label {name}; it may have {', '.join(known)}")
        if key in _LISTS and not (isinstance(value, list) and all(isinstance(x, str) and x.strip() for x in value)):
            raise RecipeError(f"{where}: {key} = {value!r} in the label {name}; expected a list of strings, none of them empty")
        if key not in _LISTS and not isinstance(value, str):
            raise RecipeError(f"{where}: {key} = {value!r} in the label {name}; expected a string")
    if entry.get("renamed_from") and entry.get("split_from"):
        raise RecipeError(f"{where}: the label {name} has both renamed_from and split_from; a label keeps its meaning or has a part of it")
    values: dict[str, Any] = {key: tuple(value) if key in _LISTS else value.strip() for key, value in entry.items()}
    return Label(**{"display": name, "definition": "", **values})


def load_label_set(path: Path) -> LabelSet:
    """Read a label set from a TOML file.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from aikind import load_label_set
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.toml"
    ...     _ = path.write_text("[[label]]\\nname = 'weather'\\n")
    ...     load_label_set(path).kinds
    ('weather', 'neither')

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
