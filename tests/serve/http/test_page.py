"""The page at / as a user meets it in a browser, by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aikind import Tagger

from .browser import CHROMIUM, Page, browsing
from .running import Server, Start

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; on Debian: apt-get install chromium")

EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
DULL = "The hall was painted in spring, and the chairs were mended by the caretaker."
PREDICTIVE = "We trained a gradient boosting classifier on past invoices to predict which customers will cancel next month."
GENERATIVE = "A large language model writes the product texts from a short prompt."
LONG = "a-very-long-name-without-any-place-to-break-" * 4
# The signs at its beginning count twice in JavaScript, and half of a pair may come from a careless cut.
TEXT = f"😀😀 {EVIL} \ud83d {LONG} {DULL}\n\n{DULL} {PREDICTIVE} {DULL}\n\n{GENERATIVE} {DULL}"
TOKEN = "a-token-that-is-long-enough"
MARKED = "[...document.querySelectorAll('mark')].map((m) => [m.className, m.textContent])"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("browser") / "profile") as opened:
        yield opened


def ask(page: Page, url: str, text: str) -> None:
    """Open the page, whose text field has the focus, paste a text and send it off by keyboard."""
    page.problems.clear()
    page.open(url)
    page.type(text)
    page.press("Enter", control=True)
    page.until("!document.getElementById('result').hidden")


def test_the_evidence_is_marked_where_it_stands_for_each_label(page: Page, server: Server, tagger: Tagger) -> None:
    page.open(server.url)
    page.value(f"document.getElementById('text').value = {js(TEXT)}")  # keys cannot type half of a pair
    page.press("Enter", control=True)
    page.until("!document.getElementById('result').hidden")
    evidence = tagger.explain(TEXT).evidence
    assert list(evidence) == ["predictive", "generative"]
    expected = sorted((one.start, css, one.text) for css, found in zip(("k0", "k1"), evidence.values(), strict=True) for one in found)
    assert {PREDICTIVE, GENERATIVE} <= {text for _, _, text in expected}
    assert page.value(MARKED) == [[css, text] for _, css, text in expected]
    plain = "(() => { const c = document.getElementById('marked').cloneNode(true); c.querySelectorAll('sup').forEach((s) => s.remove());"
    assert page.value(f"{plain} return c.textContent === {js(TEXT)}; }})()")
    assert page.value("document.getElementById('kind').textContent") == "both"
    assert page.value("document.title") == "aikind"
    assert page.value("document.images.length") == 0
    assert page.problems == []


def test_a_label_is_ticked_off_by_keyboard(page: Page, server: Server) -> None:
    ask(page, server.url, f"{DULL} {PREDICTIVE} {GENERATIVE} {DULL}")
    assert page.value("document.activeElement.id") == "kind"  # a screen reader goes on from there
    both = page.value(MARKED)
    page.press("Tab")
    assert page.value("document.activeElement.value") == "predictive"
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press(" ")
    assert page.value(MARKED) == [[css, text] for css, text in both if css == "k1"] != both
    page.press(" ")
    assert page.value(MARKED) == both


def test_a_text_without_labels_is_told_so(page: Page, server: Server) -> None:
    ask(page, server.url, DULL)
    assert page.value("document.getElementById('kind').textContent") == "neither"
    assert page.value(MARKED) == []
    assert "no sentence is marked" in page.value("document.getElementById('legend').textContent")


def test_what_is_wrong_is_told(page: Page, server: Server) -> None:
    page.open(server.url)
    page.type("x" * 5001)
    page.press("Tab")
    page.press("Enter")  # on the button
    page.until("document.getElementById('problem').textContent")
    assert "5001 characters; at most 5000" in page.value("document.getElementById('problem').textContent")
    assert page.value("document.getElementById('result').hidden")


def test_a_token_is_asked_for_where_it_is_needed(page: Page, start: Start) -> None:
    server = start(environment={"AIKIND_TOKENS": TOKEN})
    page.open(server.url)
    page.type(DULL)
    page.press("Enter", control=True)
    page.until("document.activeElement.id === 'token'")
    page.type(TOKEN)
    page.press("Enter")
    page.until("!document.getElementById('result').hidden")
    assert page.value("document.getElementById('problem').textContent") == ""


@pytest.mark.parametrize("width", [320, 380, 1200])
def test_it_is_no_wider_than_its_window(page: Page, server: Server, width: int) -> None:
    page.width(width)
    ask(page, server.url, f"{LONG} {PREDICTIVE} {LONG}")
    scroll, client = page.value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert scroll <= client <= width


def test_it_follows_light_and_dark(page: Page, server: Server) -> None:
    ask(page, server.url, PREDICTIVE)
    seen = {}
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        seen[scheme] = page.value("getComputedStyle(document.body).backgroundColor")
    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


def js(text: str) -> str:
    """The text as a JavaScript literal."""
    return "'" + "".join(f"\\u{int.from_bytes(unit, 'big'):04x}" for unit in utf16(text)) + "'"


def utf16(text: str) -> list[bytes]:
    raw = text.encode("utf-16-be", "surrogatepass")
    return [raw[i : i + 2] for i in range(0, len(raw), 2)]
