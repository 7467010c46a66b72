"""The page about a collection: what it counts, what it shows, and that it stays small and harmless."""

from __future__ import annotations

import heapq
import random
import re
import subprocess
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aikind import Document, Tagger, Tagging, default_label_set
from aikind.serve.report.bounded import Best, CountsByKey
from aikind.serve.report.charts import periods, stacked
from aikind.serve.report.page import CollectionReport
from aikind.serve.report.tally import Tally
from aikind.serve.report.texts import TextIndex

Aikind = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]

PREDICTIVE = "We trained a gradient boosting classifier on past invoices to predict which customers will cancel next month."
GENERATIVE = "The studio uses a diffusion model to paint backgrounds from a prompt, and a large language model writes the dialogue."
DULL = "The council met on Tuesday to discuss the repair of the old bridge and the mayor thanked the volunteers of the fire brigade."
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EVIL = "<script>document.title='taken'</script>\"'><img src=x onerror=\"document.title='taken'\"></svg></style>{{ 7 * 7 }}"


class Page(HTMLParser):
    """The text of a page, its elements and its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += f" {data}"

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


def reported(tagger: Tagger, documents: list[Document]) -> CollectionReport:
    report = CollectionReport(tagger)
    for document, tagging in zip(documents, tagger.tag_many(documents), strict=True):
        report.add(tagging, document)
    return report


def tagging(number: int, score: float) -> Tagging:
    labels = ("predictive",) if score >= 0.5 else ()
    return Tagging(f"d{number}", labels, "predictive" if labels else "neither", {"predictive": score, "generative": 0.0}, tokens=3)


def test_a_report_beside_the_results(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    rows = [{"id": f"p{i}", "text": f"{PREDICTIVE} {i}"} for i in range(3)] + [{"id": "g", "text": GENERATIVE}]
    rows += [{"id": "n", "text": DULL}, {"id": "again", "text": DULL}, "no json", {"id": "numb", "text": 5}, {"id": "numb2", "text": 6}]
    source, page = write_jsonl("in.jsonl", rows), tmp_path / "report.html"
    plain = aikind("tag", source, "-o", tmp_path / "plain.jsonl")
    done = aikind("tag", source, "-o", tmp_path / "tags.jsonl", "--report", page)
    assert (plain.returncode, done.returncode) == (1, 1)
    assert (tmp_path / "plain.jsonl").read_bytes() == (tmp_path / "tags.jsonl").read_bytes()
    text = Page(page.read_text(encoding="utf-8")).text
    assert "9 documents" in text
    for tile in ("predictive 3 50%", "generative 1 17%", "neither 2 33%", "failed 3"):
        assert tile in text
    assert "1 texts occur more than once" in text
    assert re.search(r"\b2 n , again\b", text)
    assert re.search(r"of type int\S* 2 \S*in\.jsonl:8", text) or "the field 'text' is of type int 2" in text
    assert PREDICTIVE.split(",")[0] in text
    only = tmp_path / "only.html"
    assert aikind("tag", source, "--only", "generative", "--report", only).stdout.count("\n") == 1
    assert "9 documents" in Page(only.read_text(encoding="utf-8")).text


def test_a_resumed_run_reports_the_whole(aikind: Aikind, write_jsonl: Write, tmp_path: Path) -> None:
    source = write_jsonl("in.jsonl", [{"id": f"d{i}", "text": f"{DULL} {i}"} for i in range(6)])
    page, again, out = tmp_path / "one.html", tmp_path / "two.html", tmp_path / "tags.jsonl"
    aikind("tag", source, "-o", out, "--explain", "--report", page, "--update")
    aikind("tag", source, "-o", out, "--explain", "--report", again, "--update")
    assert page.read_bytes() == again.read_bytes()
    assert aikind("tag", source, "-o", out, "--report", again, "--update").returncode == 2  # made with evidence


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ("page.txt", "ends in .html"),
        ("in.html", "is also an input"),
        ("none/page.html", "is no folder"),
        ("out.html", "is also the file for the results"),
    ],
)
def test_a_page_that_cannot_be_is_refused_before_any_work(aikind: Aikind, tmp_path: Path, report: str, message: str) -> None:
    (tmp_path / "in.html").write_text(DULL)
    done = aikind("tag", "in.html", "-o", "out.html", "--format", "jsonl", "--report", report, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in.html"]


def test_time_and_sources_come_from_the_documents(tagger: Tagger) -> None:
    dates = ["2023-11-02", "2024-02-28T10:00:00+01:00", "2024-02", None, "yesterday"]
    documents = [Document(str(i), f"{DULL} {i}", {"date": date, "source": f"paper {i % 2}"}) for i, date in enumerate(dates)]
    documents.append(Document("x", PREDICTIVE, {"where": "letters/may/x.txt"}))
    documents.append(Document("y", PREDICTIVE, {"where": "rows.jsonl:12"}))
    text = Page(reported(tagger, documents).html()).text
    assert "2023-11 tallest: 2 documents 2024-02" in text
    assert "4 documents have no date" in text
    for group in ("paper 0 3", "paper 1 2", "letters/may 1", "rows.jsonl 1"):
        assert group in text


def test_an_empty_collection_has_a_page_too(tagger: Tagger) -> None:
    text = Page(reported(tagger, []).html()).text
    assert text.count("0 documents") >= 1
    assert "Every document was tagged" in text


def test_nothing_that_comes_from_documents_is_obeyed_and_nothing_is_fetched(tagger: Tagger) -> None:
    documents = [
        Document(EVIL, f"{EVIL} {PREDICTIVE} {EVIL}", {"source": EVIL, "date": f"2024-01{EVIL}"}),
        Document(f"{EVIL}2", f"{EVIL} {PREDICTIVE} {EVIL}", {"source": "b"}),
        Document("c", f"{EVIL} {DULL} \ud800"),
        Document("d", "", error=f"{EVIL}"),
    ]
    html = reported(tagger, documents).html()
    page = Page(html)
    assert not set(page.elements) & {"script", "img", "link", "iframe", "object", "form", "a", "base"}
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "href", "xlink:href", "action"}]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes
    assert not re.search(r"url\(|@import|https?:", html)
    assert page.text.count("document.title='taken'") >= 4
    assert "{{ 7 * 7 }}" in page.text


def test_the_least_sure_are_those_nearest_to_a_threshold() -> None:
    tally = Tally(default_label_set(), {"predictive": 0.5, "generative": 0.5})
    draw = random.Random(1)
    scores = [draw.random() for _ in range(200)]
    for number, score in enumerate(scores):
        tally.add(tagging(number, score), Document(f"d{number}", f"text {number}"))
    nearest = heapq.nsmallest(8, range(200), key=lambda i: abs(scores[i] - 0.5))
    assert [shown.tagging.id for shown in tally.least_sure.items()] == [f"d{i}" for i in nearest]
    assert sum(tally.scores["predictive"]) == 200
    assert tally.scores["predictive"][10] == sum(0.5 <= s < 0.55 for s in scores)


def test_memory_does_not_grow_with_the_collection() -> None:
    tally, draw = Tally(default_label_set(), {"predictive": 0.5, "generative": 0.5}), random.Random(2)
    long = "A sentence about bridges. " * 400

    def add(first: int, last: int) -> int:
        for n in range(first, last):
            if n % 10:
                tally.add(
                    tagging(n, draw.random()), Document(f"d{n}", f"{n} {long}", {"source": f"folder {n}", "date": f"{1000 + n % 1990}-01"})
                )
            else:
                tally.add(Tagging(f"d{n}", error=f"d{n}: cause {n}"), Document(f"d{n}", ""))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = add(0, 14_000)
        after = add(14_000, 24_000)
    finally:
        tracemalloc.stop()
    assert tally.documents == 24_000
    assert after - before < 2_000_000  # the ids alone would be more, and so would one text in fifty


@quick
@given(st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=1))), st.integers(1, 5))
def test_the_best_are_those_of_a_full_sort(items: list[tuple[int, bytes]], most: int) -> None:
    best: Best[int] = Best(most)
    first: dict[bytes, int] = {}
    for number, (_, key) in enumerate(items):
        first.setdefault(key, number)
    for number, (_, key) in enumerate(items):
        best.add(items[first[key]][0], key, number if number == first[key] else -1)
    kept = best.items()
    ranked = sorted(first.values(), key=lambda n: (-items[n][0], n))[:most]
    assert kept == ranked


@quick
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xy"))), st.integers(1, 4), st.integers(1, 4))
def test_no_count_is_lost(items: list[tuple[str, str]], most: int, shown: int) -> None:
    counts = CountsByKey(most)
    for key, name in items:
        counts.add(key, name)
    largest, rest = counts.largest(shown)
    assert len(largest) <= min(most, shown)
    assert sum((c for _, c in largest), Counter(rest)) == Counter(name for _, name in items)


@quick
@given(st.dictionaries(st.from_regex(r"[12]\d{3}(-(0[1-9]|1[0-2]))?", fullmatch=True), st.integers(1, 9)))
def test_periods_hold_every_document_in_few_bars_without_a_gap(months: dict[str, int]) -> None:
    found = periods({key: Counter(x=count) for key, count in months.items()})
    assert len(found) <= 48
    assert sum(counts.total() for _, counts in found) == sum(months.values())
    assert not found or (found[0][1] and found[-1][1])
    bars = stacked(found, ["x"])
    assert all(p.bottom >= 0 and p.bottom + p.height <= 100.001 for bar in bars for p in bar.pieces)
    assert not bars or max(bar.pieces[-1].height for bar in bars if bar.pieces) == pytest.approx(100)


def test_periods_are_as_fine_as_there_is_room_for() -> None:
    one = Counter(x=1)
    assert [name for name, _ in periods({"2023-11": one, "2024-02": one})] == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert [name for name, _ in periods({"2023-11": one, "2025": one})] == ["2023", "2024", "2025"]
    assert [name for name, _ in periods({"1950-01": one, "2024-01": one})][:2] == ["1950–1951", "1952–1953"]


def test_copies_are_counted_exactly() -> None:
    index = TextIndex()
    for number, text in enumerate(["a", "b", "a", "a ", "c", "a", "b", "a", "a", "\ud800"]):
        index.add(text, f"d{number}\ud800")
    assert index.surplus() == (2, 5)
    assert [(c.count, c.ids[:2], len(c.ids)) for c in index.commonest(9)] == [
        (5, ("d0\\ud800", "d2\\ud800"), 4),
        (2, ("d1\\ud800", "d6\\ud800"), 2),
    ]
    index.close()
