"""`aikind explain`, and `aikind tag --explain`, as a user meets them."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from aikind import default_label_set
from aikind.records import Evidence, Explanation, Tagging
from aikind.serve.highlight import parts_of

Aikind = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]

PREDICTIVE = "We trained a classifier on past orders to predict which customers will cancel."
DULL = "The hall was painted in spring, and the chairs were mended by the caretaker."


class Marks(HTMLParser):
    """Collects the text inside of <mark>, and the names of all elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.marked: list[str] = []
        self.elements: set[str] = set()
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._inside = tag == "mark"
        if self._inside:
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.marked[-1] += data


def test_without_colour_the_sentences_stand_in_brackets(aikind: Aikind) -> None:
    done = aikind("explain", "-", stdin=f"{DULL} {PREDICTIVE}\n\n{DULL}\x1b[31m\n")
    assert done.returncode == 0
    first, _, rest = done.stdout.partition("\n")
    assert first.startswith("<stdin>: predictive  predictive ")
    assert f": {PREDICTIVE}]\n\n{DULL}\\x1b[31m" in rest
    assert rest.count("[predictive ") == 1
    assert "\x1b" not in done.stdout


def test_a_page_marks_the_sentences_and_tells_the_failures(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    source = write_jsonl("in.jsonl", [{"id": "<b>bold</b>", "text": f"<script>{DULL}</script> {PREDICTIVE}"}, {"id": "<i>", "text": ""}])
    page = tmp_path / "page.html"
    done = aikind("explain", source, "-o", page)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "failed: <i>: the text is empty" in done.stderr
    found = Marks(page.read_text(encoding="utf-8"))
    assert found.marked == [f"</script> {PREDICTIVE}"]
    assert not found.elements & {"script", "b", "i", "img", "link"}
    assert set(tmp_path.iterdir()) == {source, page}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "at least one file"),
        (["-", "-"], "once"),
        (["in.txt", "-o", "page.txt"], "ends in .html"),
        (["in.html", "-o", "in.html"], "is also an input"),
        (["in.txt", "-o", "nowhere/page.html"], "is no folder"),
    ],
)
def test_wrong_usage_is_told_before_any_work(aikind: Aikind, tmp_path: Path, arguments: list[str], message: str) -> None:
    for name in ("in.txt", "in.html"):
        (tmp_path / name).write_text(DULL)
    done = aikind("explain", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert (tmp_path / "in.html").read_text() == DULL


def test_tagging_adds_evidence_when_asked(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    text = f"{DULL} {PREDICTIVE}"
    source = write_jsonl("in.jsonl", [{"id": "a", "text": text}, {"id": "b", "text": DULL}, {"id": "c", "text": ""}])
    plain, told = aikind("tag", source), aikind("tag", source, "--explain")
    a, b, c = map(json.loads, told.stdout.splitlines())
    (one,) = a["evidence"]["predictive"]
    assert text[one["start"] : one["end"]] == one["text"] == PREDICTIVE
    assert 0.5 < one["score"] <= 1
    assert (b["evidence"], c["evidence"]) == ({}, {})
    assert [{k: v for k, v in row.items() if k != "evidence"} for row in (a, b, c)] == [json.loads(x) for x in plain.stdout.splitlines()]
    assert aikind("tag", source, "--explain", "-o", tmp_path / "out.csv").returncode == 1
    with (tmp_path / "out.csv").open(newline="") as file:
        assert json.loads(next(csv.DictReader(file))["evidence"]) == a["evidence"]
    refused = aikind("tag", source, "--fields", "id,evidence")
    assert refused.returncode == 2
    assert "only with --explain" in refused.stderr


def test_parts_hold_the_text_and_shorten_only_what_is_plain() -> None:
    text = "a" * 100 + "MARKED" + "b" * 100 + "BOTH" + "c" * 5
    evidence = {
        "predictive": (Evidence(100, 106, 0.9, "MARKED"), Evidence(206, 210, 0.5, "BOTH")),
        "generative": (Evidence(206, 210, 0.8, "BOTH"),),
    }
    explanation, labels = Explanation(text, Tagging("x", evidence=evidence)), default_label_set()
    whole, short = parts_of(explanation, labels, 1000), parts_of(explanation, labels, 10)
    assert "".join(part.text for part in whole) == text
    assert [part.text for part in short] == [" […] " + "a" * 10, "MARKED", "b" * 10 + " […] " + "b" * 10, "BOTH", "c" * 5]
    assert [part.kind for part in short] == ["", "predictive", "", "both", ""]
    assert short[3].note == "predictive 0.50, generative 0.80"
