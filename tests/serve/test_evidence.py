"""The sentences that carry a label: on documents written so that one known passage does."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aikind import DocumentError, Evidence, Explanation, Tagger
from aikind.serve.sentences import sentences

FLOOR = 0.9
FIXTURE = Path(__file__).parents[1] / "fixtures" / "evidence.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
PREDICTIVE = "We trained a classifier on past orders to predict which customers will cancel."
GENERATIVE = "A large language model writes the product texts from a short prompt."
DULL = "The hall was painted in spring, and the chairs were mended by the caretaker."


def test_the_fixture_is_what_it_says() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS) >= 60
    for label in ("predictive", "generative"):
        assert sum(row["label"] == label for row in ROWS) == len(ROWS) / 2
    assert sum(row["part"] == "test" for row in ROWS) >= 40
    assert {row["place"] for row in ROWS} == {"start", "middle", "end"}
    for row in ROWS:
        assert row["text"].count(row["passage"]) == 1
        assert 5 <= len(sentences(row["text"], 0, len(row["text"]))) <= 25, row["id"]


@pytest.mark.parametrize("part", ["dev", "test"])  # the method was chosen on dev
def test_the_strongest_sentence_lies_in_the_passage_that_carries_the_label(tagger: Tagger, part: str) -> None:
    hits: dict[str, bool] = {}
    for row in (row for row in ROWS if row["part"] == part):
        found = tagger.explain(row["text"]).evidence.get(row["label"])
        if found is None:
            continue  # the model does not give the label; there is nothing to explain
        start = row["text"].index(row["passage"])
        middle = (found[0].start + found[0].end) / 2
        hits[row["id"]] = start <= middle < start + len(row["passage"])
    rate = sum(hits.values()) / len(hits)
    print(f"{part}: the strongest sentence is in the passage in {sum(hits.values())} of {len(hits)} documents with the label ({rate:.1%})")
    assert len(hits) >= 0.75 * sum(row["part"] == part for row in ROWS)
    assert rate >= FLOOR, [name for name, hit in hits.items() if not hit]


def test_each_label_has_its_own_sentences_with_their_places(tagger: Tagger) -> None:
    text = f"\n  {DULL} {PREDICTIVE}\n\n{DULL} {GENERATIVE} {DULL}"
    explanation = tagger.explain(text, id="a")
    assert isinstance(explanation, Explanation)
    assert (explanation.text, explanation.tagging.id, explanation.tagging.kind) == (text, "a", "both")
    assert {name: found[0].text for name, found in explanation.evidence.items()} == {"predictive": PREDICTIVE, "generative": GENERATIVE}
    for found in explanation.evidence.values():
        assert list(found) == sorted(found, key=lambda e: -e.score)
        assert all(isinstance(one, Evidence) and text[one.start : one.end] == one.text and -0.5 <= one.score <= 1 for one in found)


def test_a_text_without_labels_has_no_evidence(tagger: Tagger) -> None:
    assert tagger.explain(f"{DULL} {DULL}").evidence == {}


def test_labels_that_are_near_are_explained_when_asked_for(tagger: Tagger) -> None:
    score = tagger.tag(f"{DULL} {PREDICTIVE}").scores["predictive"]
    strict = Tagger(thresholds={"predictive": min(1.0, score + 0.01)})
    assert strict.explain(f"{DULL} {PREDICTIVE}").evidence == {}
    assert strict.explain(f"{DULL} {PREDICTIVE}", near=True).evidence["predictive"][0].text == PREDICTIVE


def test_a_sentence_deep_in_a_long_text_is_found_in_few_runs(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(
        [*(f"On day {n} {DULL.lower()}" for n in range(300)), *[PREDICTIVE] * 12, *(f"In year {n} {DULL.lower()}" for n in range(300))]
    )
    runs = []
    score = type(tagger._model).score
    monkeypatch.setattr(type(tagger._model), "score", lambda model, part: runs.append(len(part)) or score(model, part))
    (found,) = tagger.explain(text).evidence.values()
    assert {one.text for one in found} == {PREDICTIVE}
    assert len({one.start for one in found}) == len(found) > 1
    assert runs[0] == len(text)
    assert sum(runs[1:]) < 2 * 10 * 256 * 6  # two windows, each nine or ten times over, of at most 256 tokens


def test_a_tagger_that_explains_gives_the_same_scores(tagger: Tagger) -> None:
    texts = [row["text"] for row in ROWS[:6]] + [DULL, ""]
    plain, explained = list(tagger.tag_many(texts)), list(Tagger(explain=True, jobs=2).tag_many(texts))
    assert [(t.scores, t.labels, t.error) for t in plain] == [(t.scores, t.labels, t.error) for t in explained]
    assert [set(t.evidence) for t in explained] == [set(t.labels) for t in plain]
    assert not any(t.evidence for t in plain)
    assert [t.evidence for t in explained[:-1]] == [tagger.explain(text).evidence for text in texts[:-1]]


def test_half_a_surrogate_pair_moves_no_place(tagger: Tagger) -> None:
    text = f"Odd \ud83d sign 😀. {DULL} {PREDICTIVE}"
    (one,) = tagger.explain(text).evidence["predictive"]
    assert text[one.start : one.end] == PREDICTIVE


def test_an_empty_text_cannot_be_explained(tagger: Tagger) -> None:
    with pytest.raises(DocumentError, match="empty"):
        tagger.explain(" ")


@given(st.text(alphabet=st.sampled_from("aB .!?\n\u2028é界😀\t-1"), max_size=900), st.integers(0, 50), st.integers(0, 900))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_sentences_hold_every_visible_character_once_and_in_order(text: str, start: int, end: int) -> None:
    end = max(start, min(end, len(text)))
    start = min(start, end)
    places = sentences(text, start, end)
    assert all(start <= a < b <= end and not text[a].isspace() and not text[b - 1].isspace() for a, b in places)
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    assert "".join("".join(text[a:b].split()) for a, b in places) == "".join(text[start:end].split())
    assert all(b - a <= 412 for a, b in places)
