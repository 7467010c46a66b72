"""The page in a headless Chromium: by keyboard alone, in light and dark, on a phone, whatever a text holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from .browser import CHROMIUM, Browser, browsing
from .running import Process, annotating

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium")

EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> A large language model drafts the minutes."
LONG = "a-very-long-name-without-any-place-to-break-" * 4
STATUS, TEXT = "document.getElementById('status').textContent", "document.getElementById('text').textContent"
PICKED = "[...document.querySelectorAll('#choices [aria-pressed=true]')].map((b) => b.dataset.label ?? 'none').join()"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers") / "answers.sqlite"


@pytest.fixture(scope="module")
def process(answers: Path, sea_model: Path) -> Iterator[Process]:
    path = answers.with_name("texts.jsonl")
    records = [{"id": f"{LONG}{n}", "text": f"{EVIL} {LONG} Minutes of meeting number {n}."} for n in range(25)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    with annotating(answers, path, "--model", sea_model, "--reader", "ann") as process:
        process.until_read()
        yield process


@pytest.fixture(scope="module")
def page(process: Process, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as browser:
        browser.look(1200)
        browser.open(process.url)
        browser.until(f"document.querySelector('#choices button') && {TEXT}.includes('Minutes')")
        yield browser


def saved(answers: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(answers)) as database:
        return database.execute("SELECT outcome, marine, alpine, urban, note, reader FROM labels").fetchall()


def test_all_is_done_by_keyboard(page: Browser, answers: Path) -> None:
    page.press("Enter")
    page.until(f"{STATUS}.startsWith('Choose a label, or 0 for inland')")
    assert saved(answers) == []
    page.press("1", "3", "2", "2")
    assert page.value(PICKED) == "marine,urban"
    page.press("Enter")
    page.until(f"{STATUS} === 'Saved: Marine + Urban.'")
    page.press("1", "0")
    assert page.value(PICKED) == "none"
    page.press("n", *"none of 2", "Enter")
    page.until(f"{STATUS} === 'Saved: inland.'")
    page.press("u")
    page.until(f"{STATUS} === 'Saved as unsure.'")
    page.press("s")
    page.until(f"{STATUS} === 'Skipped.'")
    page.press("2", "Enter")
    page.until(f"{STATUS} === 'Saved: Alpine.'")
    assert saved(answers) == [
        ("labelled", 1, 0, 1, "", "ann"),
        ("labelled", 0, 0, 0, "none of 2", "ann"),
        ("unsure", None, None, None, "", "ann"),
        ("skipped", None, None, None, "", "ann"),
        ("labelled", 0, 1, 0, "", "ann"),
    ]
    page.press("z")
    page.until(f"{STATUS}.startsWith('Taken back')")
    assert page.value(PICKED) == "alpine"
    assert len(saved(answers)) == 4
    page.press("Enter")
    page.until(f"{STATUS} === 'Saved: Alpine.'")


def test_a_click_does_the_same_and_gives_the_keys_back(page: Browser, answers: Path) -> None:
    before = len(saved(answers))
    page.click("#choices button")
    assert page.value(PICKED) == "marine"
    page.press("Enter")
    page.until(f"{STATUS} === 'Saved: Marine.'")
    assert len(saved(answers)) == before + 1


def test_tab_reaches_every_control_and_shows_where_it_is(page: Browser) -> None:
    page.value("document.activeElement.blur()")
    seen = set()
    for _ in range(15):
        page.press("Tab")
        place = "document.activeElement.id || document.activeElement.textContent"
        style = "getComputedStyle(document.activeElement)"
        seen.add(page.value(place))
        if page.value("document.activeElement !== document.body"):
            assert page.value(f"{style}.outlineStyle !== 'none' || {style}.boxShadow !== 'none'"), page.value(place)
    assert {"to-search", "to-estimate", "to-help", "main", "note", "unsure", "skip", "undo", "save", "1Marine", "0inland"} <= seen


def test_search_and_help_and_estimate_open_by_key_and_close_by_escape(page: Browser, process: Process) -> None:
    process.until_judged()
    page.value("document.getElementById('main').focus()")
    for key, dialog in (("?", "help"), ("e", "estimate"), ("/", "search")):
        page.press(key)
        page.until(f"document.getElementById('{dialog}').open")
        if dialog == "search":
            page.press(*"number 7", "Tab")
            page.until("document.getElementById('count').textContent === '1 found'")
        page.press("Escape")
        page.until("!document.querySelector('dialog[open]')")


def test_evidence_is_marked_when_the_guess_is_shown_and_a_text_runs_nothing(page: Browser) -> None:
    shown = page.value(TEXT)
    assert shown.startswith(EVIL)
    page.press("g")
    page.until("document.querySelector('#guess b')")
    assert page.value("document.querySelector('#guess b').textContent") == "alpine"
    assert "language model drafts" in page.value("document.querySelector('mark').textContent")
    assert page.value(TEXT) == shown
    assert page.value("document.title") == "Label documents"
    assert page.value("document.images.length") == 0


@pytest.mark.parametrize("width", [320, 400, 1200])
def test_it_fits_the_window(page: Browser, width: int) -> None:
    page.look(width, 800)
    page.value("document.querySelectorAll('dialog').forEach((d) => d.showModal())")
    wide = "[...document.querySelectorAll('html, main, dialog, button')].filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.id || e.outerHTML)"
    assert page.value(wide) == []
    page.value("document.querySelectorAll('dialog').forEach((d) => d.close())")
    assert page.value("document.querySelector('main').clientHeight") > 200
    bottom = page.value("document.getElementById('save').getBoundingClientRect().bottom")
    assert bottom <= 800


def test_it_follows_light_and_dark(page: Browser) -> None:
    found = []
    for dark in (False, True):
        page.look(1200, dark=dark)
        found.append(page.value("getComputedStyle(document.body).backgroundColor"))
    assert found == ["rgb(253, 253, 252)", "rgb(20, 23, 26)"]


def test_when_the_server_is_gone_nothing_is_lost_without_a_word(page: Browser, process: Process, answers: Path) -> None:
    assert page.errors == []
    before = saved(answers)
    shown = page.value(TEXT)
    page.press("3")
    process.kill()
    page.press("Enter")
    page.until(f"{STATUS}.startsWith('The server does not answer; nothing was saved.')")
    assert (page.value(PICKED), page.value(TEXT)) == ("urban", shown)
    assert saved(answers) == before
