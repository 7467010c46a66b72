from __future__ import annotations

import doctest
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import aikind
from aikind import errors

ROOT = Path(__file__).parents[2]


def test_everything_promised_is_there_and_sorted() -> None:
    assert list(aikind.__all__) == sorted(aikind.__all__)
    assert all(hasattr(aikind, name) for name in aikind.__all__)
    assert {"Document", "Tagger", "Tagging"} <= set(aikind.__all__)


@pytest.mark.parametrize("name", aikind.__all__)
def test_every_public_name_has_an_example_that_runs(name: str) -> None:
    finder = doctest.DocTestFinder()
    tests = [test for test in finder.find(getattr(aikind, name), name, globs={}) if test.examples]
    assert name in {test.name for test in tests}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    told: list[str] = []
    for test in tests:
        runner.run(test, out=told.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(told)


def test_every_public_name_is_described_and_what_is_described_exists() -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    described = set(re.findall(r"^\| `(\w+)", page, re.MULTILINE))
    assert described == set(aikind.__all__)
    for method in re.findall(r"`tagger\.(\w+)", page):
        assert hasattr(aikind.Tagger, method), method


def test_the_examples_of_the_page_run() -> None:
    found = doctest.testfile(str(ROOT / "docs" / "python.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 10
    assert found.failed == 0


def test_every_error_is_an_aikind_error() -> None:
    assert set(errors.__all__) <= set(aikind.__all__)
    assert all(issubclass(getattr(errors, name), aikind.AikindError) for name in errors.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Taggr"):
        aikind.Taggr  # noqa: B018


def test_importing_aikind_loads_no_engine() -> None:
    code = "import sys, aikind; print('onnxruntime' in sys.modules, 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False", "False"]


def test_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == aikind.__version__
    assert f"## {aikind.__version__}" in (ROOT / "CHANGELOG.md").read_text()
