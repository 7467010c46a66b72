"""A dataset recipe: a TOML file that names sources, labelling functions and how to put them together."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from aikind.errors import RecipeError
from aikind.label_set import LabelSet, default_label_set, load_label_set

__all__ = ["SPLITS", "LabellingPlan", "NearCopyPlan", "Recipe", "Source", "SplitPlan", "load_recipe"]

SPLIT_BY = ("cluster", "source", "date")
SPLITS = ("train", "validation", "test")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from, and which columns to use.

    Attributes:
        name: Named in the dataset's ``source`` column.
        path: A file or glob, relative to the recipe: .jsonl, .jsonl.gz, .csv or .parquet.
        id, text, title, genre, group, hard, date: Column names; an empty name means that there is none.
            Rows with the same ``group`` stay in one split.
        title_share: Share of rows (chosen by hash) whose title is put before the text, so that a model learns both forms.
        labels: Column that holds a list of label names: gold for every row that has it.
        gold: CSV of labels read by people, keyed by file, id and SHA-256 of the text, relative to the recipe.
        weak: Keep rows without gold, labelled by the labelling functions.
        validation, test: Shares of this source for those splits, where they differ from the recipe's.
        split: ``train``, ``validation`` or ``test``: every row with gold goes there, and whatever is a near copy of one.
    """

    name: str
    path: str
    id: str = "id"
    text: str = "text"
    title: str = ""
    genre: str = "genre"
    group: str = ""
    hard: str = "hard"
    date: str = "date"
    title_share: float = 0.0
    labels: str = ""
    gold: str = ""
    weak: bool = False
    validation: float | None = None
    test: float | None = None
    split: str = ""


@dataclass(frozen=True, slots=True)
class LabellingPlan:
    """Which labelling functions vote (empty: all), how votes are combined, and what a weak label weighs beside gold."""

    functions: tuple[str, ...] = ()
    combine: str = "majority"
    weak_weight: float = 0.3
    gold_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class NearCopyPlan:
    """Near copies: texts of which at least ``threshold`` of the shorter one's word runs stand in the other."""

    threshold: float = 0.7
    run_words: int = 4


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """Shares of the rows that go to validation and test; the rest trains.

    Attributes:
        by: ``cluster`` (near copies and groups stay together), ``source`` (whole sources and files do too), or
            ``date`` (the newest rows test, the next newest validate).
    """

    validation: float = 0.1
    test: float = 0.1
    by: str = "cluster"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A parsed recipe. Paths in it are relative to ``folder``.

    Attributes:
        exclude: Files whose texts, and near copies of them, stay out.
        readings: CSVs of labels given by two readers, whose agreement the card tells.
    """

    name: str
    path: Path
    sources: tuple[Source, ...]
    label_set: LabelSet
    seed: int = 0
    labelling: LabellingPlan = field(default_factory=LabellingPlan)
    near_copies: NearCopyPlan = field(default_factory=NearCopyPlan)
    split: SplitPlan = field(default_factory=SplitPlan)
    exclude: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.path.parent


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: The file cannot be read, is not TOML, or has a key or value that does not belong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: cannot read the recipe: {error}") from error
    allowed = {"name", "seed", "label_set", "exclude", "readings", "source", "labelling", "near_copies", "split"}
    _check_keys(path, text, "the recipe", raw, allowed)
    sources = raw.get("source", [])
    if not isinstance(sources, list) or not sources:
        raise RecipeError(f"{path}: no [[source]] table; a recipe needs at least one, with a name and a path")
    built = tuple(_table(path, text, "[[source]]", entry, Source) for entry in sources)
    if len({s.name for s in built}) < len(built):
        raise RecipeError(f"{path}: two sources have the same name")
    labels = raw.get("label_set", "")
    if not isinstance(labels, str):
        raise RecipeError(f"{path}:{_line(text, 'label_set')}: label_set = {labels!r}; expected the name of a file")
    split = _table(path, text, "[split]", raw.get("split", {}), SplitPlan)
    if split.by not in SPLIT_BY:
        raise RecipeError(f"{path}:{_line(text, 'by')}: by = {split.by!r} in [split]; expected one of {', '.join(SPLIT_BY)}")
    for source in built:
        _check_source(path, text, source, split)
    return Recipe(
        name=str(raw.get("name", path.stem)),
        path=path.resolve(),
        sources=built,
        label_set=load_label_set(path.parent / labels) if labels else default_label_set(),
        seed=_whole(path, "seed", raw.get("seed", 0)),
        labelling=_table(path, text, "[labelling]", raw.get("labelling", {}), LabellingPlan),
        near_copies=_table(path, text, "[near_copies]", raw.get("near_copies", {}), NearCopyPlan),
        split=split,
        exclude=_files(path, text, "exclude", raw),
        readings=_files(path, text, "readings", raw),
    )


def _files(path: Path, text: str, key: str, raw: dict[str, Any]) -> tuple[str, ...]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(e, str) and e for e in value):
        raise RecipeError(f"{path}:{_line(text, key)}: {key} = {value!r}; expected a list of files")
    return tuple(value)


def _check_source(path: Path, text: str, source: Source, split: SplitPlan) -> None:
    if not source.name or "/" in source.name:
        raise RecipeError(f"{path}:{_line(text, 'name')}: name = {source.name!r} in [[source]]; expected a name without a slash")
    if not source.path:
        raise RecipeError(f"{path}:{_line(text, 'path')}: path is empty in the source {source.name!r}; expected a file or glob")
    if source.split and source.split not in SPLITS:
        raise RecipeError(f"{path}:{_line(text, 'split')}: split = {source.split!r} in [[source]]; expected one of {', '.join(SPLITS)}")
    validation = split.validation if source.validation is None else source.validation
    test = split.test if source.test is None else source.test
    if validation + test >= 1:
        raise RecipeError(f"{path}: validation {validation} and test {test} leave nothing of the source {source.name!r} to train on")


def _table(path: Path, text: str, where: str, raw: Any, kind: type[T]) -> T:
    if not isinstance(raw, dict):
        raise RecipeError(f"{path}: {where} must be a table, not {raw!r}")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    _check_keys(path, text, where, raw, set(known))
    values: dict[str, Any] = {}
    for key, value in raw.items():
        declared = str(known[key].type)
        fits = (
            (declared == "str" and isinstance(value, str))
            or (declared == "bool" and isinstance(value, bool))
            or (declared == "int" and isinstance(value, int) and not isinstance(value, bool) and value > 0)
            or (declared.startswith("float") and isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1)
            or (declared.startswith("tuple") and isinstance(value, list) and all(isinstance(v, str) for v in value))
        )
        if not fits:
            wanted = {"float": "a number from 0 to 1", "tuple": "a list of strings", "str": "a string", "int": "a whole number above 0"}
            expected = next((v for k, v in wanted.items() if declared.startswith(k)), declared)
            raise RecipeError(f"{path}:{_line(text, key)}: {key} = {value!r} in {where}; expected {expected}")
        values[key] = tuple(value) if isinstance(value, list) else value
    try:
        return kind(**values)
    except TypeError as error:
        missing = [f for f in ("name", "path") if f in known and f not in raw]
        raise RecipeError(f"{path}: {where} lacks {' and '.join(missing) or error}") from error


def _check_keys(path: Path, text: str, where: str, raw: dict[str, Any], allowed: set[str]) -> None:
    for key in raw:
        if key not in allowed:
            raise RecipeError(f"{path}:{_line(text, key)}: unknown key {key!r} in {where}; it may have {', '.join(sorted(allowed))}")


def _whole(path: Path, key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RecipeError(f"{path}: {key} = {value!r}; expected a whole number")
    return value


def _line(text: str, key: str) -> int:
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.lstrip(" [").startswith(key)), 1)
