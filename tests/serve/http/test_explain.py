"""The sentences that carried a label, over HTTP."""

from __future__ import annotations

import json

from aikind import Tagger
from aikind.records import join_title

from .running import Server, documented

DULL = "The hall was painted in spring, and the chairs were mended by the caretaker."
PREDICTIVE = "We trained a classifier on past orders to predict which customers will cancel."
GENERATIVE = "A large language model writes the product texts from a short prompt."
TEXT = f"😀 {DULL}\n\n{PREDICTIVE} {DULL} {GENERATIVE}"


def test_a_result_has_the_sentences_of_each_label_with_their_places(server: Server, tagger: Tagger) -> None:
    answer = server.client.post("/v1/explain", json={"id": "a", "text": TEXT})
    assert answer.status_code == 200
    assert answer.json() == documented(tagger.explain(TEXT, id="a").tagging, "evidence")
    evidence = answer.json()["evidence"]
    assert {name: found[0]["text"] for name, found in evidence.items()} == {"predictive": PREDICTIVE, "generative": GENERATIVE}
    for one in (one for found in evidence.values() for one in found):
        assert TEXT[one["start"] : one["end"]] == one["text"]


def test_places_count_the_title_and_a_text_without_labels_has_none(server: Server, tagger: Tagger) -> None:
    documents = [{"title": "Orders", "text": PREDICTIVE}, {"text": DULL}, {"text": " "}]
    titled, dull, empty = server.client.post("/v1/explain", json={"documents": documents}).json()["results"]
    (one,) = titled["evidence"]["predictive"]
    assert join_title("Orders", PREDICTIVE)[one["start"] : one["end"]] == one["text"]
    assert one["text"].endswith(PREDICTIVE)
    assert dull == documented(tagger.tag(DULL, id="1"), "evidence")
    assert (empty["error"], empty["evidence"]) == ("the text is empty", {})


def test_a_stream_is_explained_line_by_line(server: Server, tagger: Tagger) -> None:
    body = "".join(json.dumps({"text": text}) + "\n" for text in (TEXT, DULL))
    answer = server.client.post("/v1/explain", content=body, headers={"Content-Type": "application/x-ndjson"})
    expected = [documented(tagger.explain(text, id=str(n)).tagging, "evidence") for n, text in enumerate((TEXT, DULL))]
    assert [json.loads(line) for line in answer.text.splitlines()] == expected


def test_one_that_cannot_be_explained_is_a_problem(server: Server) -> None:
    answer = server.client.post("/v1/explain", json={"text": " "})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:aikind:unusable-document"
