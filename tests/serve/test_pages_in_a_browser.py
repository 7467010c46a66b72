"""The pages as a browser sees them: they fit a phone, run nothing and fetch nothing, and print."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from aikind import Document, Tagger
from aikind.records import Explanation
from aikind.serve.highlight import parts_of
from aikind.serve.pages import colours, render_page
from aikind.serve.report.page import CollectionReport

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium")

EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
LONG = "a-very-long-name-without-any-place-to-break-" * 4
PREDICTIVE = "We trained a gradient boosting classifier on past invoices to predict which customers will cancel next month."
MEASURE = """<!DOCTYPE html><iframe id="page" src="{page}" style="width: {width}px; height: 800px"></iframe><pre id="found"></pre>
<script>onload = () => {{ const inside = document.getElementById("page").contentDocument;
document.getElementById("found").textContent = [inside.documentElement.scrollWidth, inside.documentElement.clientWidth,
inside.title, inside.images.length, inside.scripts.length, getComputedStyle(inside.body).backgroundColor].join("|"); }}</script>"""


@pytest.fixture(scope="module")
def pages(tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    texts = [f"{EVIL} {LONG} {PREDICTIVE}", "A large language model writes the letters.", "The bridge is repaired."]
    documents = [Document(f"{EVIL}{LONG}{n}", text, {"source": f"{n}{EVIL}{LONG}", "date": f"20{n + 10}"}) for n, text in enumerate(texts)]
    documents += [documents[0], Document("broken", "", error=f"broken: {LONG}{EVIL}")]
    report = CollectionReport(tagger)
    explained: list[Explanation] = []
    for document, tagging in zip(documents, tagger.tag_many(documents), strict=True):
        report.add(tagging, document)
        if document.text:
            explained.append(tagger.explain(document.text, id=document.id))
    shown = [
        {"id": e.tagging.id, "kind": e.tagging.kind, "scores": e.tagging.scores, "doubts": e.tagging.doubts}
        | {"parts": parts_of(e, tagger.label_set, 300)}
        for e in explained
    ]
    explanation = render_page("explain.html", documents=shown, errors=[f"{EVIL}{LONG}"], colours=colours(tagger.label_set))
    made = {"report": report.html(), "explain": explanation}
    for name, text in made.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture
def chromium(tmp_path: Path) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--allow-file-access-from-files"]
        command = [str(CHROMIUM), *flags, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True).stdout

    return run


@pytest.mark.parametrize("width", [320, 380, 1200])
@pytest.mark.parametrize("name", ["report", "explain"])
def test_a_page_is_no_wider_than_its_window_and_runs_nothing(
    pages: dict[str, Path], chromium: Callable[..., str], tmp_path: Path, name: str, width: int
) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE.format(page=pages[name].as_uri(), width=width))
    dom = chromium("--dump-dom", "--window-size=1300,900", frame.as_uri())
    found = re.search(r'<pre id="found">(.+?)</pre>', dom)
    assert found, dom[-500:]
    scroll, client, title, images, scripts, _ = html.unescape(found[1]).split("|")
    assert int(scroll) <= int(client) <= width
    assert title == {"report": "Report on a tagged collection", "explain": "What carried the labels"}[name]
    assert (images, scripts) == ("0", "0")


def test_a_page_follows_light_and_dark(pages: dict[str, Path], chromium: Callable[..., str], tmp_path: Path) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(MEASURE.format(page=pages["report"].as_uri(), width=800))
    backgrounds = Counter(
        re.findall(r"rgb\([^)]*\)", chromium("--dump-dom", f"--blink-settings=preferredColorScheme={scheme}", frame.as_uri()))[-1]
        for scheme in (0, 1)
    )
    assert backgrounds == {"rgb(20, 23, 27)": 1, "rgb(255, 255, 255)": 1}


def test_a_page_prints(pages: dict[str, Path], chromium: Callable[..., str], tmp_path: Path) -> None:
    chromium(f"--print-to-pdf={tmp_path / 'page.pdf'}", pages["report"].as_uri())
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
