"""Limits of the server as a whole: who is let in, how long things take, how it ends and changes its model."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest

from aikind.model_folder import default_model
from aikind.model_store import ModelStore

from .running import Server, Slow, Start, until

Run = Callable[..., subprocess.CompletedProcess[str]]
SOUP = "Rinse the lentils, chop the onions, and let the soup simmer for half an hour."
JSON, NDJSON = {"Content-Type": "application/json"}, {"Content-Type": "application/x-ndjson"}
TOKEN, OTHER = "a-token-that-is-long-enough", "another-token-for-somebody-else"


def in_progress(server: Server) -> int:
    return int(server.metric("aikind_requests_in_progress"))


def texts(count: int, sentences: int = 3, name: str = "Soup") -> dict[str, list[dict[str, str]]]:
    return {"documents": [{"text": f"{name} {n}. " + f"{SOUP} " * sentences} for n in range(count)]}


def test_a_full_server_refuses_and_says_when_to_come_back(start: Start) -> None:
    server = start("--max-requests", "2")
    body = Slow(b'{"text": "', SOUP.encode() + b'"}')
    with ThreadPoolExecutor() as threads:
        held = [threads.submit(server.client.post, "/v1/tag", content=iter(body), headers=h) for h in (JSON, NDJSON)]
        until(lambda: in_progress(server) == 2)
        for headers in (JSON, NDJSON):
            refused = server.client.post("/v1/tag", content=json.dumps({"text": SOUP}), headers=headers)
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.json()["type"] == "urn:aikind:full"
        assert server.client.get("/readyz").status_code == 200
        body.go_on.set()
        assert [h.result().status_code for h in held] == [200, 200]
    assert server.tag({"text": SOUP}).status_code == 200


def test_a_single_document_overtakes_a_large_batch(start: Start) -> None:
    server = start("--jobs", "1", "--max-seconds", "36000")
    with ThreadPoolExecutor() as threads:
        batches = [threads.submit(server.tag, texts(150, 5, name)) for name in ("Stew", "Broth")]
        until(lambda: server.metric("aikind_documents_waiting") > 220)
        single = server.tag({"text": f"{SOUP} Alone."}).json()
        waiting = server.metric("aikind_documents_waiting")
        results = [batch.result().json()["results"] for batch in batches]
    assert waiting > 100  # without turns, nothing would be left of both batches, or of the first
    assert [[r["kind"] for r in batch] for batch in results] == [["neither"] * 150] * 2
    assert single == server.tag({"text": f"{SOUP} Alone."}).json()


def test_a_batch_that_takes_too_long_is_given_up(start: Start) -> None:
    server = start("--max-seconds", "1", "--jobs", "1")
    late = server.tag(texts(300, 30))
    assert late.status_code == 503
    assert late.json()["type"] == "urn:aikind:out-of-time"
    assert "retry-after" in late.headers
    assert server.metric("aikind_documents_waiting") == 0
    until(lambda: server.tag({"text": SOUP}).status_code == 200)


@pytest.mark.parametrize("headers", [JSON, NDJSON])
def test_a_body_that_comes_too_slowly_is_given_up(start: Start, headers: dict[str, str]) -> None:
    server = start("--max-seconds", "0.4")
    connection = http.client.HTTPConnection(*server.address, timeout=60)
    connection.putrequest("POST", "/v1/tag")
    for name, value in {**headers, "Content-Length": "100"}.items():
        connection.putheader(name, value)
    connection.endheaders(b'{"text": ')
    answer = connection.getresponse()
    assert answer.status == 408
    assert json.loads(answer.read())["type"] == "urn:aikind:slow-body"
    connection.close()


def test_only_who_has_a_token_may_tag(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# ours\n{TOKEN}\n\n")
    server = start("--tokens-file", file, environment={"AIKIND_TOKENS": OTHER})
    for given in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer \xe9"}):
        headers = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
        for method, path in (("POST", "/v1/tag"), ("GET", "/v1/labels"), ("GET", "/metrics")):
            refused = server.client.request(method, path, headers=headers)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert refused.headers["content-type"] == "application/problem+json"
    for token in (TOKEN, OTHER):
        assert server.tag({"text": SOUP}, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    for path in ("/", "/healthz", "/readyz", "/openapi.json"):
        assert server.client.get(path).status_code == 200
    assert "security" in server.client.get("/openapi.json").json()["paths"]["/v1/tag"]["post"]
    assert TOKEN not in server.raw_log
    assert OTHER not in server.raw_log


def test_what_was_accepted_is_finished_when_the_server_ends(start: Start) -> None:
    server = start("--max-seconds", "600")
    line = json.dumps({"text": SOUP}).encode() + b"\n"
    body = Slow(line, line)
    with ThreadPoolExecutor() as threads:
        batch = threads.submit(server.tag, texts(80))
        stream = threads.submit(server.client.post, "/v1/tag", content=iter(body), headers=NDJSON)
        until(lambda: in_progress(server) == 2)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("ending")
        until(lambda: refuses(server))
        body.go_on.set()
        assert [r["kind"] for r in batch.result().json()["results"]] == ["neither"] * 80
        assert [json.loads(x)["kind"] for x in stream.result().text.splitlines()] == ["neither"] * 2
    assert server.process.wait(60) == 0
    server.wait_for("ended")


def refuses(server: Server) -> bool:
    try:
        socket.create_connection(server.address, timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_ends_cleanly_while_work_that_was_given_up_still_runs(start: Start) -> None:
    server = start("--max-seconds", "0.5", "--jobs", "2")
    late = server.tag(texts(12, 500))
    assert late.json()["type"] == "urn:aikind:out-of-time"  # what waited is dropped, and what was begun goes on
    assert server.end() == 0
    server.wait_for("ended")


def test_a_batch_is_refused_at_once_where_its_results_could_not_be_there_in_time(start: Start) -> None:
    server = start("--jobs", "1")
    connection = http.client.HTTPConnection(*server.address)
    connection.request("POST", "/v1/tag", json.dumps(texts(1000, 80, "Stew")), JSON)
    until(lambda: server.metric('aikind_documents_total{kind="neither"}') > 1)  # now it knows how long one takes
    refused = server.tag(texts(900, 80, "Broth"))
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:aikind:full"
    assert "Send fewer documents" in refused.json()["detail"]
    assert int(refused.headers["retry-after"]) >= 1
    connection.close()
    until(lambda: server.metric("aikind_documents_waiting") == 0)


def test_ctrl_c_ends_it_without_a_traceback(start: Start) -> None:
    server = start()
    server.process.send_signal(signal.SIGINT)
    until(lambda: server.process.poll() is not None)
    assert server.process.returncode in {0, 130}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_model(), tmp_path / "model"))


def rename(folder: Path, name: str) -> None:
    raw = json.loads((folder / "manifest.json").read_text())
    (folder / "new.json").write_text(json.dumps({**raw, "name": name}))
    (folder / "new.json").replace(folder / "manifest.json")


def model_of(server: Server) -> str:
    return str(server.client.get("/v1/labels").json()["model"]["name"])


@pytest.mark.parametrize("by", ["SIGHUP", "the manifest"])
def test_a_new_model_is_taken_without_a_lost_request(start: Start, copy: Path, by: str) -> None:
    server = start("--model", copy, "--watch-seconds", "0" if by == "SIGHUP" else "0.1")
    done, codes = Event(), []
    with ThreadPoolExecutor() as threads, httpx.Client(base_url=server.url, timeout=60) as client:

        def keep_asking() -> None:
            while not done.is_set():
                codes.append(client.post("/v1/tag", json={"text": f"{SOUP} {len(codes)}"}).status_code)

        asking = threads.submit(keep_asking)
        try:
            for name in ("second", "third"):
                rename(copy, name)
                if by == "SIGHUP":
                    assert model_of(server) != name
                    server.process.send_signal(signal.SIGHUP)
                server.wait_for("reloaded")
                assert model_of(server) == name
        finally:
            done.set()
        asking.result()
    assert len(codes) > 2
    assert set(codes) == {200}
    assert server.metric('aikind_model_loads_total{outcome="loaded"}') == 3


def test_the_model_in_use_in_a_store_is_followed(start: Start, copy: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store")
    store.promote(store.copy_in(default_model()))
    server = start("--model", store.folder, "--watch-seconds", "0.1")
    rename(copy, "second")
    store.promote(store.copy_in(copy))
    server.wait_for("reloaded")
    assert model_of(server) == "second"
    store.rollback()
    server.wait_for("reloaded")
    assert model_of(server) == "default"


def test_a_broken_model_does_not_replace_a_good_one(start: Start, copy: Path) -> None:
    server = start("--model", copy, "--watch-seconds", "0.1")
    before = server.tag({"text": SOUP}).json()
    rename(copy, "broken")
    (copy / "tokenizer.json").write_text("{}")
    failed = server.wait_for("reload_failed")
    assert "tokenizer.json: altered or damaged" in failed["detail"]
    assert model_of(server) == "default"
    assert server.tag({"text": SOUP}).json() == before
    shutil.copy(default_model() / "tokenizer.json", copy)
    server.wait_for("reloaded")
    assert model_of(server) == "broken"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "/nowhere"], "no such model folder"),
        (["--tokens-file", "/nowhere"], "cannot read the tokens"),
        (["--tokens-file", "empty"], "holds no token"),
        (["--tokens-file", "short"], "token 2 is not of 16 or more printable ASCII characters"),
        (["--port", "taken"], "Cannot listen on 127.0.0.1"),
        (["--host", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
        (["--max-requests", "0"], "not in the range"),
    ],
)
def test_what_it_cannot_begin_with_is_explained(aikind: Run, tmp_path: Path, options: list[str], message: str) -> None:
    (tmp_path / "empty").write_text("# none\n")
    (tmp_path / "short").write_text(f"{TOKEN}\nhunter2\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = {"taken": str(taken.getsockname()[1]), "empty": tmp_path / "empty", "short": tmp_path / "short"}
        done = aikind("serve", *(words.get(word, word) for word in options))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_without_the_extra_the_install_line_is_told() -> None:
    code = "import sys; sys.modules['fastapi'] = None; sys.argv = ['aikind', 'serve']; from aikind.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "aikind: serving over HTTP needs packages that are not installed. Install them with: pip install 'aikind[http]'\n"
    )
