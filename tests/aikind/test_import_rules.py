"""Data flows one way: data -> train -> models -> serve -> annotate, on the ground floor of aikind itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "datasets", "sklearn", "accelerate", "onnx", "datasketch", "cleanlab"}
MAY_IMPORT = {
    "aikind": {"aikind"},
    "data": {"aikind", "aikind.data"},
    "train": {"aikind", "aikind.data", "aikind.serve", "aikind.train"},
    "serve": {"aikind", "aikind.serve"},
    "annotate": {"aikind", "aikind.data", "aikind.train", "aikind.serve", "aikind.annotate"},
    "models": set(),
}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(module: str) -> str:
    """The folder of ours that a module belongs to; empty for other people's modules."""
    if module.split(".")[0] != "aikind":
        return ""
    parts = module.split(".")
    return f"aikind.{parts[1]}" if len(parts) > 1 and parts[1] in {"data", "train", "serve", "annotate", "models"} else "aikind"


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_folders_import_only_what_stands_before_them(folder: str) -> None:
    modules = sorted((ROOT / folder).rglob("*.py"))
    assert modules
    # The command line and the lazy Tagger reach up by design, when a command is called.
    lazy = {ROOT / "aikind" / "__init__.py": {"aikind.serve"}, ROOT / "aikind" / "model_folder.py": {"aikind.models"}}
    for path in modules:
        used = {part_of(name) for name in imports(path)} - {""}
        assert used <= MAY_IMPORT[folder] | lazy.get(path, set()), path


@pytest.mark.parametrize("folder", ["aikind", "serve"])
def test_tagging_never_imports_training_packages(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & HEAVY, path


def test_a_tagging_process_loads_nothing_heavy() -> None:
    code = (
        "import sys; from aikind import Tagger; Tagger().tag('A short text.');"
        f"print([m for m in {sorted(HEAVY | {'aikind.data', 'aikind.train'})!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
