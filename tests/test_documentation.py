"""The documentation is true: its commands run, its options exist, its links lead somewhere, the reference is the help."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aikind.serve.columns import FIELDS
from aikind.serve.readers.formats import SUFFIXES as INPUT_SUFFIXES
from aikind.serve.writers.formats import SUFFIXES as OUTPUT_SUFFIXES

from .serve.http.running import running

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```sh( run)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *, marked: bool) -> str:
    """The commands of a page as one script: only those marked ``sh run``, or all."""
    return "".join(code for mark, code in BLOCK.findall(page.read_text(encoding="utf-8")) if mark or not marked)


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """A folder with what the pages name: articles/ and news.jsonl."""
    (tmp_path / "articles").mkdir()
    for name in ("churn-scores.md", "red-lentil-soup.md"):
        shutil.copy(ROOT / "examples" / name, tmp_path / "articles")
    (tmp_path / "articles" / "claims.md").write_text("We asked a language model to write the replies. It writes them well.\n")
    news = {"url": "https://example.org/1", "headline": "Churn", "body": "The model predicts who will leave.", "author": "Ada"}
    (tmp_path / "news.jsonl").write_text(json.dumps(news) + "\n")
    return tmp_path


def run(script: str, folder: Path) -> str:
    """Run a script of bash as a user with the installed ``aikind`` would; return what it printed."""
    binaries = Path(sys.executable).parent
    if not (binaries / "aikind").exists():
        pytest.skip("aikind is not installed beside this Python")
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


OFFLINE = [page for page in PAGES if blocks(page, marked=True) and "localhost:" not in blocks(page, marked=True)]


@pytest.mark.parametrize("page", OFFLINE, ids=named)
def test_the_commands_of_a_page_run(page: Path, sandbox: Path) -> None:
    printed = run(blocks(page, marked=True), sandbox)
    assert re.search(r'"kind": "(predictive|generative)"', printed)


def test_the_commands_of_the_page_on_serving_run_against_a_server(sandbox: Path) -> None:
    if shutil.which("curl") is None or "--json" not in subprocess.run(["curl", "--help", "all"], capture_output=True, text=True).stdout:
        pytest.skip("there is no curl that knows --json")
    script = blocks(ROOT / "docs" / "serving.md", marked=True)
    assert script.count("localhost:8080") >= 8
    with running() as server:
        printed = run(script.replace("localhost:8080", f"127.0.0.1:{server.address[1]}").replace("curl -s", "curl -fsS"), sandbox)
    assert printed.count('"kind": "neither"') >= 2
    assert "aikind_documents_total" in printed


def test_the_reference_of_the_command_line_is_its_help() -> None:
    generated = subprocess.run([sys.executable, "tools/cli_reference.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == generated, "docs/cli.md is out of date; make docs"


@pytest.mark.parametrize("page", [page for page in PAGES if "aikind " in blocks(page, marked=False)], ids=named)
def test_commands_and_options_on_the_pages_exist(page: Path) -> None:
    reference = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    known = {name: text for name, _, text in (part.partition("\n") for part in reference.split("\n## ")[1:])}
    code = re.sub(r"\\\n", " ", blocks(page, marked=False))
    for line in re.findall(r"(?:^|[|(] *|&& )(aikind .*)", code, re.MULTILINE):
        words = line.partition(" #")[0].partition(" | ")[0].split()
        command = next((" ".join(words[:n]) for n in (3, 2, 1) if " ".join(words[:n]) in known), "")
        assert command != "aikind" or words[1].startswith("-"), f"{named(page)}: {line}: there is no such command"
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert option in known[command], f"{named(page)}: {line}: {command} has no {option}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "models" / "default" / "README.md"], ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, f"{named(page)}: {link}"


def test_the_index_names_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= linked


def test_the_page_on_formats_names_every_field_suffix_and_key() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    manifest = json.loads((ROOT / "models" / "default" / "manifest.json").read_text(encoding="utf-8"))
    for name in (*FIELDS, *manifest, *manifest["files"], *INPUT_SUFFIXES, *OUTPUT_SUFFIXES):
        assert f"`{name}`" in page, name
