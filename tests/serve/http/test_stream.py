"""NDJSON in, NDJSON out."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx

from aikind import Tagger

from .running import Server, Start, documented, until

NDJSON = {"Content-Type": "application/x-ndjson"}
SOUP = "Rinse the lentils, chop the onions, and let the soup simmer for half an hour."


def lines(*records: Any) -> bytes:
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records)


def post(server: Server, content: bytes | Iterator[bytes]) -> tuple[int, list[dict[str, Any]]]:
    answer = server.client.post("/v1/tag", content=content, headers=NDJSON)
    assert answer.headers["content-type"] == "application/x-ndjson"
    return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]


def test_each_line_gets_its_result_in_order(server: Server, tagger: Tagger) -> None:
    texts = [f"{SOUP} Serve {n}." * (n % 5 + 1) for n in range(30)]
    body = lines(*({"id": f"d{n}", "text": text} for n, text in enumerate(texts)))
    cut = iter([body[i : i + 777] for i in range(0, len(body), 777)])  # no chunk ends with a line
    assert post(server, cut) == (200, [documented(tagger.tag(text, id=f"d{n}")) for n, text in enumerate(texts)])


def test_a_broken_line_gets_its_error_and_the_others_their_results(server: Server) -> None:
    broken = [b"not json", b"[1]", b'{"text": 5}', b'{"body": "x"}', b"\xff", b'{"text": "' + b"x" * 60_000 + b'"}', b'{"text": " "}']
    status, results = post(server, lines({"text": SOUP}, b"", *broken, {"text": SOUP})[:-1])
    assert status == 200
    assert [r["id"] for r in results] == [str(n) for n in range(9)]
    assert [r["kind"] for r in results] == ["neither", *[None] * 7, "neither"]
    assert [r["error"] for r in results[1:-1]] == [
        "not JSON: Expecting value at line 1, column 1",
        "a JSON list; expected an object",
        "/text: Input should be a valid string",
        "/text: Field required",
        "not valid UTF-8 (byte 0xff at position 1)",
        "the line is longer than 50000 bytes",
        "the text is empty",
    ]


def test_results_go_out_while_documents_still_come_in(server: Server) -> None:
    connection = http.client.HTTPConnection(*server.address, timeout=60)
    connection.putrequest("POST", "/v1/tag")
    for name, value in {**NDJSON, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer: http.client.HTTPResponse | None = None
    for n in range(3):
        line = lines({"id": str(n), "text": f"{SOUP} {n}"})
        connection.send(b"%x\r\n%s\r\n" % (len(line), line))
        if answer is None:
            answer = http.client.HTTPResponse(connection.sock)
            answer.begin()
        assert json.loads(answer.readline())["id"] == str(n)
    connection.send(b"0\r\n\r\n")
    assert answer is not None
    assert answer.read() == b""
    connection.close()


def test_a_stream_that_is_too_long_is_told_so_after_its_results(server: Server) -> None:
    status, results = post(server, lines(*({"text": f"{SOUP} {n}"} for n in range(50))))
    assert status == 200
    assert [r.get("kind") for r in results] == ["neither"] * 40 + [None]
    assert results[-1]["problem"]["status"] == 413
    assert "At most 40 documents" in results[-1]["problem"]["detail"]


def test_an_empty_stream_has_no_results(server: Server) -> None:
    assert post(server, b"\n\n") == (200, [])


def test_many_results_wait_for_a_client_that_sends_everything_first(start: Start) -> None:
    server = start("--max-characters", "10")  # documents that are refused cost nothing
    count, padding = 5_000, "p" * 900  # over 5 MB of results, beyond what these sockets hold
    body = lines(*({"id": f"{n}-{padding}", "text": "longer than that"} for n in range(count)))
    narrow = httpx.HTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)])
    server.client = httpx.Client(base_url=server.url, timeout=180, transport=narrow)
    status, results = post(server, body)
    assert status == 200
    assert len(results) == count
    assert results[-1]["id"].startswith(f"{count - 1}-")


def test_a_client_that_goes_away_leaves_nothing_behind(start: Start) -> None:
    server = start("--max-requests", "1")
    for body in (b"", b"5\r\n{}\n{}\r\n"):
        with socket.create_connection(server.address) as client:
            head = b"POST /v1/tag HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
            client.sendall(head + body)
            until(lambda: server.metric("aikind_requests_in_progress") == 1)
        until(lambda: server.metric("aikind_requests_in_progress") == 0)
    assert server.tag({"text": SOUP}).status_code == 200
