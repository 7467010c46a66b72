from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aikind import RecipeError
from aikind.data.build import build
from aikind.data.recipe import load_recipe

ROOT = Path(__file__).parents[2]
SOURCE = '[[source]]\nname = "s"\npath = "s.jsonl"\nlabels = "labels"\n'
ENDPOINT = SOURCE + '[labelling.endpoint]\nurl = "http://llm/v1"\nmodel = "m"\nmost_requests = 5\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SOURCE + 'colour = "red"\n', r"recipe\.toml:5: unknown key 'colour' in \[\[source\]\]; it may have .*gold"),
        (SOURCE + "[split]\nvalidation = 2\n", r"recipe\.toml:6: validation = 2 in \[split\]; expected a number from 0 to 1"),
        (SOURCE + "[split]\ntest = true\n", "test = True .* expected a number"),
        (SOURCE + '[labelling]\nfunctions = "all"\n', "functions = 'all' .* expected a list of strings"),
        (SOURCE + "[near_copies]\nrun_words = 0\n", "expected a whole number above 0"),
        (SOURCE + '[split]\nby = "weather"\n', r"recipe\.toml:6: by = 'weather' in \[split\]; expected one of cluster, source, date"),
        ("speed = 1\n" + SOURCE, "recipe.toml:1: unknown key 'speed' in the recipe"),
        ('[[source]]\nname = "s"\n', r"\[\[source\]\] lacks path"),
        (SOURCE + "[labelling.endpoint]\n", r"\[labelling\.endpoint\] lacks url and model and most_requests"),
        (SOURCE + "[labelling]\nendpoint = 1\n", r"\[labelling\.endpoint\] must be a table, not 1"),
        (ENDPOINT + "retries = -1\n", r"recipe\.toml:9: retries = -1 in \[labelling\.endpoint\]; expected a whole number, 0 or more"),
        (ENDPOINT + "timeout_seconds = 0\n", "timeout_seconds = 0 .* expected a number of seconds above 0, at most 3600"),
        (ENDPOINT + "tokens = 5\n", r"unknown key 'tokens' in \[labelling\.endpoint\]; it may have api_key_env, cache"),
        (ENDPOINT.replace("http://", ""), r"recipe\.toml:6: url = 'llm/v1' in \[labelling\.endpoint\]; expected https://…/v1"),
        (SOURCE + SOURCE, "two sources have the same name"),
        ("seed = 1\n", r"no \[\[source\]\] table"),
        ("seed = 'x'\n" + SOURCE, "seed = 'x'; expected a whole number"),
        ("[[source\n", "cannot read the recipe: .*line 1"),
        (
            '[[source]]\nname = "a/b"\npath = "s.jsonl"\n',
            r"recipe\.toml:2: name = 'a/b' in \[\[source\]\]; expected a name without a slash",
        ),
        ('[[source]]\nname = "s"\npath = ""\n', r"recipe\.toml:3: path is empty in the source 's'"),
        (SOURCE + 'split = "exam"\n', r"recipe\.toml:5: split = 'exam' in \[\[source\]\]; expected one of train, validation, test"),
        (SOURCE + "validation = 0.5\ntest = 0.5\n", "leave nothing of the source 's' to train on"),
        ("exclude = [1]\n" + SOURCE, r"recipe\.toml:1: exclude = \[1\]; expected a list of files"),
        ("label_set = 5\n" + SOURCE, r"recipe\.toml:1: label_set = 5; expected the name of a file"),
        ('label_set = "labels.toml"\n' + SOURCE, "cannot read the label set"),
    ],
)
def test_a_broken_recipe_is_explained_with_its_line(write_recipe: Callable[[str], Path], text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        load_recipe(write_recipe(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SOURCE + '[labelling]\nfunctions = ["guess"]\n', "no labelling function is called 'guess'; there are .*names_classical_method"),
        (SOURCE + '[labelling]\ncombine = "dice"\n', "combine = 'dice'; expected one of by_accuracy, dawid_skene, majority"),
        (ENDPOINT.replace("llm", "llm:port"), r"recipe\.toml: url = 'http://llm:port/v1' in \[labelling\.endpoint\]: Invalid port"),
        (ENDPOINT.replace("llm", ""), r"recipe\.toml: url = 'http:///v1' in \[labelling\.endpoint\] names no host"),
        (SOURCE, "no file matches 's.jsonl'"),
        ('exclude = ["gone.jsonl"]\n' + SOURCE, "no file matches"),
    ],
)
def test_what_a_recipe_names_must_exist(write_recipe: Callable[[str], Path], text: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        build(load_recipe(write_recipe(text)))


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"gone\.toml: cannot read the recipe"):
        load_recipe(tmp_path / "gone.toml")


@pytest.mark.parametrize("path", sorted((ROOT / "data" / "recipes").glob("*.toml")), ids=lambda p: p.stem)
def test_the_recipes_that_come_along_can_be_read(path: Path) -> None:
    assert load_recipe(path).sources
