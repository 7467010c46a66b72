"""One document, many, and what is wrong with them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aikind import Tagger
from aikind.records import join_title

from .running import Server, documented

GENERATIVE = "We asked a chatbot to write the speech, and it generated every word of the text from a prompt."
PREDICTIVE = "We trained a classifier to predict which customers leave, and rank them by the risk that it estimates."
NEITHER = "Rinse the lentils, chop the onions, and let the soup simmer for half an hour."


def test_one_document_gets_the_result_of_the_tagger(server: Server, tagger: Tagger) -> None:
    answer = server.tag({"text": GENERATIVE, "id": "speech"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == documented(tagger.tag(GENERATIVE, id="speech"))
    assert answer.json()["kind"] == "generative"


def test_many_documents_come_back_in_order_each_with_its_own_scores(server: Server, tagger: Tagger) -> None:
    texts = [GENERATIVE, NEITHER, PREDICTIVE, NEITHER + GENERATIVE]
    answer = server.tag({"documents": [{"text": text} for text in texts]})
    assert answer.json() == {"results": [documented(tagger.tag(text, id=str(n))) for n, text in enumerate(texts)]}


def test_requests_at_the_same_time_change_nothing_of_each_other(server: Server, tagger: Tagger) -> None:
    texts = [f"{opening} {rest}" * times for opening in "AB" for rest in (GENERATIVE, NEITHER, PREDICTIVE) for times in (1, 40)]
    alone = [documented(tagger.tag(text, id="x")) for text in texts]
    with ThreadPoolExecutor(len(texts)) as threads:
        together = list(threads.map(lambda text: server.tag({"id": "x", "text": text}).json(), texts * 3))
    assert together == alone * 3


def test_a_title_is_put_before_the_text_and_ids_may_be_numbers(server: Server, tagger: Tagger) -> None:
    sent = {"id": 7, "title": "Image generators are here", "text": NEITHER, "author": "anybody"}
    assert server.tag(sent).json() == documented(tagger.tag(join_title(sent["title"], NEITHER), id="7"))


def test_half_a_surrogate_pair_is_read_as_the_command_line_reads_it(server: Server, tagger: Tagger) -> None:
    body = '{"id": "\\ud83d half", "text": "An emoji cut in two: \\ud83d"}'
    answer = server.client.post("/v1/tag", content=body, headers={"Content-Type": "application/json"})
    assert answer.json() == documented(tagger.tag("An emoji cut in two: \ud83d", id="? half"))


def test_one_broken_document_does_not_lose_the_results_of_the_others(server: Server) -> None:
    texts = ["  ", NEITHER, "\u200b\ufeff", "x" * 5001, GENERATIVE]
    results = server.tag({"documents": [{"text": text} for text in texts]}).json()["results"]
    assert [r["kind"] for r in results] == [None, "neither", None, None, "generative"]
    assert [r["error"] for r in results if r["error"]] == [
        "the text is empty",
        "the text is empty: it holds invisible characters only",
        "the document has 5001 characters; at most 5000 are taken. Send it in parts",
    ]


def test_the_labels_are_told(server: Server, tagger: Tagger) -> None:
    told = server.client.get("/v1/labels").json()
    assert [x["name"] for x in told["labels"]] == list(tagger.label_set.names)
    assert [x["definition"] for x in told["labels"]] == [x.definition for x in tagger.label_set.labels]
    assert {x["name"]: x["threshold"] for x in told["labels"]} == tagger.manifest.thresholds
    assert told["kinds"] == list(tagger.label_set.kinds)
    assert server.tag({"text": NEITHER}).headers["x-aikind-model"] == told["model"]["fingerprint"]


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "detail"),
    [
        ("GET", "/v1/tags", {}, b"", 404, "There is nothing at this path"),
        ("GET", "/v1/tag", {}, b"", 405, "does not take this method"),
        ("POST", "/v1/tag", {}, b"{}", 415, "The content type is not given; expected application/json"),
        ("POST", "/v1/tag", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=b", 415, "x-www-form-urlencoded; expected"),
        ("POST", "/v1/tag", {"Content-Type": "application/json; charset=latin-1"}, b"{}", 415, "The charset is latin-1"),
        ("POST", "/v1/tag", {**JSON, "Content-Encoding": "gzip"}, b"{}", 415, "The content coding is gzip"),
        ("POST", "/v1/tag", JSON, b'{"text": ', 400, "not JSON: Expecting value at line 1, column 10"),
        ("POST", "/v1/tag", JSON, b"\xff", 400, "not valid UTF-8 (byte 0xff at position 1)"),
        ("POST", "/v1/tag", JSON, b"[" * 20_000, 400, "a nesting is beyond all measure"),
        ("POST", "/v1/tag", JSON, b"[1]", 400, "a JSON list; expected an object"),
        ("POST", "/v1/tag", JSON, b"{}", 422, "/text: Field required"),
        ("POST", "/v1/tag", JSON, b'{"text": 5}', 422, "/text: Input should be a valid string"),
        ("POST", "/v1/tag", JSON, b'{"text": "a", "id": true}', 422, "/id: expected text or a whole number"),
        ("POST", "/v1/tag", JSON, b'{"text": "a", "documents": []}', 422, "both 'text' and 'documents'"),
        ("POST", "/v1/tag", JSON, b'{"documents": [{"text": "a"}, {"txt": "b"}]}', 422, "/documents/1/text: Field required"),
        ("POST", "/v1/tag", JSON, b'{"text": "  "}', 422, "the text is empty"),
        ("POST", "/v1/tag", JSON, json.dumps({"text": "x" * 5001}).encode(), 413, "5001 characters; at most 5000"),
        ("POST", "/v1/tag", JSON, json.dumps({"documents": [{"text": "a"}] * 21}).encode(), 413, "21 documents; at most 20"),
        ("POST", "/v1/tag", JSON, b'{"text": "' + b"x" * 50_000 + b'"}', 413, "more than 50000 bytes"),
    ],
)
def test_every_error_is_told_as_problem_details(
    server: Server, method: str, path: str, headers: dict[str, str], body: bytes, status: int, detail: str
) -> None:
    answer = server.client.request(method, path, headers=headers, content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"].startswith("urn:aikind:" if path == "/v1/tag" and method == "POST" else "about:blank")
    assert detail in problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if status == 405:
        assert answer.headers["allow"] == "POST"


def test_a_body_without_an_announced_length_is_limited_too(server: Server) -> None:
    answer = server.client.post("/v1/tag", content=iter([b'{"text": "', *[b"x" * 10_000] * 6, b'"}']), headers=JSON)
    assert answer.status_code == 413
    assert "more than 50000 bytes" in answer.json()["detail"]


def test_each_fault_has_its_place_in_the_body(server: Server) -> None:
    answer = server.tag({"documents": [{"text": NEITHER}, {"text": None}, {"text": NEITHER, "title": []}]})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/documents/1/text", "/documents/2/title"]


@pytest.mark.parametrize(("given", "kept"), [("batch-7.a_B", True), ("x" * 65, False), ("two words", False), ("", False)])
def test_a_sane_request_id_is_kept_and_any_other_replaced(server: Server, given: str, kept: bool) -> None:
    answers = [server.client.get("/healthz", headers={"X-Request-ID": given}).headers["x-request-id"] for _ in range(2)]
    assert (answers == [given, given]) is kept
    assert kept or (len(answers[0]) == 32 and answers[0] != answers[1])


def test_the_log_tells_of_each_request_and_nothing_of_its_text(server: Server) -> None:
    secret = "zanzibarquartz"
    server.tag({"text": f"The {secret} is a soup.", "id": secret, "title": secret}, headers={"X-Request-ID": "log-1"})
    server.client.post("/v1/tag", content=f'{{"text": "{secret}', headers={**JSON, "X-Request-ID": "log-2"})
    server.client.get(f"/{secret}?q={secret}", headers={"X-Request-ID": "log-3"})
    lines: dict[str, dict[str, Any]] = {}
    while len(lines) < 3:
        line = server.wait_for("request")
        if line["request_id"].startswith("log-"):
            lines[line["request_id"]] = line
    assert {k: (x["status"], x["route"], x["documents"]) for k, x in lines.items()} == {
        "log-1": (200, "/v1/tag", 1),
        "log-2": (400, "/v1/tag", 0),
        "log-3": (404, "none", 0),
    }
    assert lines["log-2"]["problem"] == "unreadable-body"
    assert secret not in server.raw_log


def test_prometheus_reads_what_happened(server: Server) -> None:
    before = server.metric('aikind_documents_total{kind="neither"}'), server.metric('aikind_problems_total{problem="media-type"}')
    server.tag({"documents": [{"text": f"{NEITHER} Once."}, {"text": f"{NEITHER} Twice."}]})
    server.client.post("/v1/tag", content=b"x")
    after = server.metric('aikind_documents_total{kind="neither"}'), server.metric('aikind_problems_total{problem="media-type"}')
    assert (after[0] - before[0], after[1] - before[1]) == (2, 1)
    assert server.metric('aikind_requests_total{method="POST",route="/v1/tag",status="200"}') > 0
    assert server.metric("aikind_requests_in_progress") == 0
    assert server.client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


def test_health_and_readiness_are_told(server: Server) -> None:
    assert server.client.get("/healthz").json() == {"status": "ok"}
    assert server.client.get("/readyz").json() == {"status": "ready"}
    for path in ("/docs", "/redoc"):  # these would load scripts from elsewhere
        assert server.client.get(path).status_code == 404


def test_the_page_asks_nothing_of_anybody_else(server: Server) -> None:
    answer = server.client.get("/")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert answer.text.count(f'nonce="{nonce}"') == 3
    assert "NONCE" not in answer.text
    assert "//" not in answer.text.replace("<!DOCTYPE", "")
    assert nonce not in server.client.get("/").text
