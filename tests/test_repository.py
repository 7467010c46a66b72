"""What a user of the repository relies on: the wheel, the Makefile, the README, the recipes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
TRAINING = {"torch", "transformers", "datasets", "scikit-learn", "accelerate", "onnx"}


def requirement_name(line: str) -> str:
    found = re.match(r"[A-Za-z0-9_.-]+", line)
    assert found
    return found.group().lower()


def test_a_wheel_holds_model_and_corpus_and_works_outside_the_checkout(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT], check=True, timeout=120)
    (wheel,) = tmp_path.glob("aikind-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "aikind/models/default/model.onnx",
        "aikind/models/default/manifest.json",
        "aikind/labels.toml",
        "aikind/train/report_page.html",
        "aikind/annotate/page.html",
        "aikind/serve/pages/report.html",
        "aikind/serve/pages/style.html",
        *(f"aikind/{path.relative_to(ROOT)}" for path in (ROOT / "serve").rglob("*.py")),
    } <= names
    for folder in ("corpus", "gold"):
        assert sum(name.startswith(f"aikind/data/{folder}/") for name in names) == len(list((ROOT / "data" / folder).rglob("*.jsonl"))) > 0
    assert not [name for name in names if name.startswith(("tests/", "annotate/", "data/", "serve/", "train/"))]
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "import aikind; print(aikind.__file__); print(aikind.Tagger().tag('We asked ChatGPT to write the speech.').kind)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)
    where, kind = done.stdout.split()
    assert where.startswith(str(tmp_path / "site"))
    assert kind == "generative"
    command = [sys.executable, "-m", "aikind", "tag", "-", "--format", "csv", "--fields", "kind"]
    done = subprocess.run(
        command, input="We asked ChatGPT to write it.", capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert done.stdout == "kind\ngenerative\n"


def test_the_base_install_is_light_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = {requirement_name(line) for line in project["dependencies"]}
    assert base == {
        "charset-normalizer",
        "click",
        "jinja2",
        "numpy",
        "onnxruntime",
        "py3langid",
        "pyyaml",
        "sentencex",
        "tokenizers",
    }
    pinned = {requirement_name(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    wanted = {requirement_name(line) for lines in project["optional-dependencies"].values() for line in lines} - {"aikind"}
    assert base | wanted <= pinned
    assert wanted >= TRAINING


def test_the_formats_extra_stays_below_90_mb() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = {requirement_name(line) for line in project["dependencies"]} | {"tqdm", "click"}
    waiting = [requirement_name(line) for line in project["optional-dependencies"]["formats"]]
    sizes: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        if name in sizes or name in base or (name == "backports.zstd" and sys.version_info >= (3, 14)):
            continue
        found = distribution(name)
        sizes[name] = sum(file.locate().stat().st_size for file in found.files or () if Path(file.locate()).is_file())
        waiting += [requirement_name(line) for line in found.requires or () if "extra ==" not in line and "platform" not in line]
    assert {"resiliparse", "fastwarc", "arro3-io", "pypdfium2"} <= set(sizes)
    assert sum(sizes.values()) < 90_000_000, sizes


def test_make_help_lists_every_command_of_the_readme() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  make (\w+) +\S", listed, re.MULTILINE))
    assert commands >= {"tag", "test", "dataset", "train", "export", "evaluate", "compare", "bench", "lint", "clean"}
    assert set(re.findall(r"make (\w+)", (ROOT / "README.md").read_text())) - {"help"} <= commands | {"it"}


def test_make_evaluate_shows_totals_only_of_files_from_elsewhere_and_logs_their_use(tmp_path: Path) -> None:
    (tmp_path / "file.jsonl").touch()
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "aikind.json").touch()

    def command(*variables: str) -> str:
        arguments = ["make", "--dry-run", "evaluate", f"DATASET={tmp_path / 'dataset'}", *variables]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
        (line,) = (line for line in done.stdout.splitlines() if " model evaluate " in line)
        return line

    totals, log = "--totals-only", "--log benchmarks/evaluations.jsonl"
    assert "models/default data/gold/test.jsonl data/gold/everyday.jsonl data/gold/long.jsonl --baselines" in command()
    for eval_ in ("", "data/gold/test.jsonl", f"{ROOT}/data/gold/long.jsonl"):
        assert totals not in command(f"EVAL={eval_}")
        assert log not in command(f"EVAL={eval_}")
    assert command("EVAL=data/corpus/news.jsonl").endswith(totals + " ")
    for eval_ in (f"{tmp_path}/file.jsonl", f"data/gold/test.jsonl {tmp_path}/file.jsonl", "nowhere.jsonl"):
        assert command(f"EVAL={eval_}").endswith(f"{eval_} --baselines {tmp_path}/dataset -o build/evaluation {totals} {log}")
    assert command(f"EVAL={tmp_path}/dataset").endswith(f"build/evaluation  {log}")


def test_every_option_in_the_readme_exists(aikind: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    readme = (ROOT / "README.md").read_text()
    options = set(re.findall(r"(--[a-z-]+)", " ".join(re.findall(r"aikind tag[^\n]*", readme))))
    shown = aikind("tag", "--help").stdout
    assert options
    assert all(option in shown for option in options)


def test_both_recipes_set_the_same_gold_aside() -> None:
    """The gold test of the default recipe must be rows that the shipped model never saw."""
    recipes = [tomllib.loads((ROOT / "data" / "recipes" / f"{n}.toml").read_text()) for n in ("corpus", "shipped")]
    for name in ("corpus", "gold"):
        ours, theirs = (next(s for s in recipe["source"] if s["name"] == name) for recipe in recipes)
        shares = recipes[0]["split"] if name == "corpus" else {}
        assert theirs == {**ours, **shares}
    assert next(s for s in recipes[0]["source"] if s["name"] == "gold")["split"] == "test"
    assert {recipe["seed"] for recipe in recipes} == {7}


def test_the_examples_get_the_kinds_they_were_written_for(aikind: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    expected = json.loads((ROOT / "tests" / "fixtures" / "examples_expected.json").read_text())
    done = aikind("tag", "examples", cwd=ROOT)
    assert done.returncode == 0
    found = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        found[record["id"].removeprefix("examples/")] = record["kind"]
    found = {(name if "." in name else f"notes.jsonl:{name}"): kind for name, kind in found.items()}
    assert found == expected
    lengths = [len(path.read_text().split()) for path in (ROOT / "examples").iterdir() if path.suffix in {".md", ".txt"}]
    assert max(lengths) > 1500
    assert min(lengths) < 60
    assert len(list((ROOT / "examples").iterdir())) >= 12


def test_no_pickle_and_no_remote_code() -> None:
    ours = [
        path for folder in ("aikind", "annotate", "data", "train", "serve", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    assert len(ours) > 40
    for path in ours:
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"import pickle|pickle\.load|joblib\.load|torch\.load|trust_remote_code", source), path
