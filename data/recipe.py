"""A dataset recipe: a TOML file that names sources, labelling functions and how to put them together."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aikind.data.recipe_tables import Count, Seconds, check_keys, line_of, read_table
from aikind.errors import RecipeError
from aikind.label_set import LabelSet, default_label_set, load_label_set

__all__ = ["SPLITS", "EndpointPlan", "LabellingPlan", "MixPlan", "NearCopyPlan", "Recipe", "Source", "SplitPlan", "load_recipe"]

SPLIT_BY = ("cluster", "source", "date")
SHIPPED = "shipped"  # the label set that comes with aikind
SPLITS = ("train", "validation", "test")


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
        carried: Column with what is known of some labels (name: true or false), where ``labels`` is null.
        gold: CSV of labels read by people, keyed by file, id and SHA-256 of the text, relative to the recipe.
        soft: CSV of a teacher's probabilities, keyed the same way; used for training on texts without gold.
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
    carried: str = "carried"
    gold: str = ""
    soft: str = ""
    weak: bool = False
    validation: float | None = None
    test: float | None = None
    split: str = ""


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """An OpenAI-compatible chat endpoint that votes on every label.

    Attributes:
        url: Base URL, such as ``https://llm.example/v1``; ``/chat/completions`` is added to it.
        most_requests: At most so many requests are sent in one build, retries included.
        api_key_env: Environment variable that holds the key; empty where the endpoint wants none.
        most_characters: So much of the beginning of a text is sent.
        timeout_seconds: An answer must be whole within this time.
        retries: How often a request that failed in passing is sent again.
        parallel: How many requests are under way at the same time.
        gold_sample: How many rows with gold are asked about, beside all rows without, to measure the endpoint.
        cache: SQLite file of answers, relative to the recipe; recipes may share one.
    """

    url: str
    model: str
    most_requests: int
    api_key_env: str = ""
    most_characters: int = 4000
    timeout_seconds: Seconds = 30.0
    retries: Count = 4
    parallel: int = 4
    gold_sample: Count = 100
    cache: str = ".cache/endpoint.sqlite"


@dataclass(frozen=True, slots=True)
class LabellingPlan:
    """Which labelling functions vote (empty: all), how votes are combined, and what weak and soft labels weigh beside gold.

    ``endpoint`` is one voter more, whatever ``functions`` names.
    """

    functions: tuple[str, ...] = ()
    combine: str = "majority"
    weak_weight: float = 0.3
    soft_weight: float = 1.0
    gold_weight: float = 1.0
    endpoint: EndpointPlan | None = None


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
class MixPlan:
    """Extra training rows, as a share of the others, that join two short ones (of at most ``most_words``) of different labels."""

    share: float = 0.0
    most_words: int = 120


@dataclass(frozen=True, slots=True)
class Recipe:
    """A parsed recipe. Paths in it are relative to ``folder``.

    Attributes:
        label_set: The labels of the dataset.
        given_under: The label set that the sources' labels were given under; they are carried over to ``label_set``.
        exclude: Files whose texts, and near copies of them, stay out.
        readings: CSVs of labels given by two readers, whose agreement the card tells.
    """

    name: str
    path: Path
    sources: tuple[Source, ...]
    label_set: LabelSet
    given_under: LabelSet
    seed: int = 0
    labelling: LabellingPlan = field(default_factory=LabellingPlan)
    near_copies: NearCopyPlan = field(default_factory=NearCopyPlan)
    split: SplitPlan = field(default_factory=SplitPlan)
    mix: MixPlan = field(default_factory=MixPlan)
    exclude: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.path.parent


def load_recipe(path: Path, label_set_file: Path | None = None) -> Recipe:
    """Read and check a recipe.

    Args:
        label_set_file: The label set to build for, instead of the recipe's. Where the recipe names one of its own, labels
            were given under that one; where it names none, they were given under this one.

    Raises:
        RecipeError: The file cannot be read, is not TOML, or has a key or value that does not belong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"{path}: cannot read the recipe: {error}") from error
    allowed = {"name", "seed", "label_set", "exclude", "readings", "source", "labelling", "near_copies", "split", "mix"}
    check_keys(path, text, "the recipe", raw, allowed)
    sources = raw.get("source", [])
    if not isinstance(sources, list) or not sources:
        raise RecipeError(f"{path}: no [[source]] table; a recipe needs at least one, with a name and a path")
    built = tuple(read_table(path, text, "[[source]]", entry, Source) for entry in sources)
    if len({s.name for s in built}) < len(built):
        raise RecipeError(f"{path}: two sources have the same name")
    labels = raw.get("label_set", "")
    if not isinstance(labels, str):
        raise RecipeError(f"{path}:{line_of(text, 'label_set')}: label_set = {labels!r}; expected the name of a file, or {SHIPPED!r}")
    split = read_table(path, text, "[split]", raw.get("split", {}), SplitPlan)
    if split.by not in SPLIT_BY:
        raise RecipeError(f"{path}:{line_of(text, 'by')}: by = {split.by!r} in [split]; expected one of {', '.join(SPLIT_BY)}")
    for source in built:
        _check_source(path, text, source, split)
    given_under = None if not labels else default_label_set() if labels == SHIPPED else load_label_set(path.parent / labels)
    label_set = load_label_set(label_set_file) if label_set_file else given_under or default_label_set()
    return Recipe(
        name=str(raw.get("name", path.stem)),
        path=path.resolve(),
        sources=built,
        label_set=label_set,
        given_under=given_under or label_set,
        seed=_whole(path, "seed", raw.get("seed", 0)),
        labelling=_labelling(path, text, raw.get("labelling", {})),
        near_copies=read_table(path, text, "[near_copies]", raw.get("near_copies", {}), NearCopyPlan),
        split=split,
        mix=read_table(path, text, "[mix]", raw.get("mix", {}), MixPlan),
        exclude=_files(path, text, "exclude", raw),
        readings=_files(path, text, "readings", raw),
    )


def _files(path: Path, text: str, key: str, raw: dict[str, Any]) -> tuple[str, ...]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(e, str) and e for e in value):
        raise RecipeError(f"{path}:{line_of(text, key)}: {key} = {value!r}; expected a list of files")
    return tuple(value)


def _check_source(path: Path, text: str, source: Source, split: SplitPlan) -> None:
    if not source.name or "/" in source.name:
        raise RecipeError(f"{path}:{line_of(text, 'name')}: name = {source.name!r} in [[source]]; expected a name without a slash")
    if not source.path:
        raise RecipeError(f"{path}:{line_of(text, 'path')}: path is empty in the source {source.name!r}; expected a file or glob")
    if source.split and source.split not in SPLITS:
        raise RecipeError(f"{path}:{line_of(text, 'split')}: split = {source.split!r} in [[source]]; expected one of {', '.join(SPLITS)}")
    validation = split.validation if source.validation is None else source.validation
    test = split.test if source.test is None else source.test
    if validation + test >= 1:
        raise RecipeError(f"{path}: validation {validation} and test {test} leave nothing of the source {source.name!r} to train on")


def _labelling(path: Path, text: str, raw: Any) -> LabellingPlan:
    if not isinstance(raw, dict) or "endpoint" not in raw:
        return read_table(path, text, "[labelling]", raw, LabellingPlan)
    plan = read_table(path, text, "[labelling]", {key: value for key, value in raw.items() if key != "endpoint"}, LabellingPlan)
    endpoint = read_table(path, text, "[labelling.endpoint]", raw["endpoint"], EndpointPlan)
    if not endpoint.url.startswith(("http://", "https://")):
        raise RecipeError(
            f"{path}:{line_of(text, 'url')}: url = {endpoint.url!r} in [labelling.endpoint]; expected https://…/v1 or http://…/v1"
        )
    return replace(plan, endpoint=endpoint)


def _whole(path: Path, key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise RecipeError(f"{path}: {key} = {value!r}; expected a whole number")
    return value
