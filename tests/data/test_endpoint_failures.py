"""A chat endpoint that fails, stalls, refuses, is down, or cannot be asked at all."""

from __future__ import annotations

import re
import sys
import time
from itertools import pairwise
from typing import Any

import pytest

from aikind import MissingExtraError, RecipeError
from aikind.data.card import dataset_card
from aikind.data.labelling import endpoint_client


def test_passing_failures_are_retried_with_growing_waits(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_client, "_FIRST_WAIT", 0.1)
    trial.server.script = lambda text, before: {"status": 500 + before} if before < 3 else trial.truth(text)
    trial.write("marine")
    assert trial.weak_labels(trial.build(retries=3)) == {"s/u0": (1.0, 0.0)}
    times = [r["time"] for r in trial.server.requests]
    waits = [later - sooner for sooner, later in pairwise(times)]
    assert len(waits) == 3
    assert all(wait >= 0.1 * 2**i for i, wait in enumerate(waits))


@pytest.mark.parametrize(("status", "header"), [(429, "0"), (503, "0.01"), (429, "Fri, 31 Dec 1999 23:59:59 GMT")])
def test_the_server_says_when_to_try_again(trial: Any, monkeypatch: pytest.MonkeyPatch, status: int, header: str) -> None:
    monkeypatch.setattr(endpoint_client, "_FIRST_WAIT", 60.0)
    trial.server.script = lambda text, before: trial.truth(text) if before else {"status": status, "headers": {"Retry-After": header}}
    trial.write("alpine", "alpine")
    start = time.monotonic()
    assert len(trial.weak_labels(trial.build())) == 2
    assert time.monotonic() - start < 30
    assert len(trial.server.requests) == 4


@pytest.mark.parametrize(
    ("reply", "requests", "message"),
    [
        ({"status": 500}, 3, "HTTP 500 Internal Server Error"),
        ({"status": 400, "raw": b"no such option"}, 1, "HTTP 400 Bad Request: 'no such option'"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, 1, "HTTP 429 Too Many Requests: .*; asks to wait 3600 seconds"),
        ({"stalls": True}, 3, "no answer within 0.3 seconds"),
        ({"trickles": True}, 3, "no answer within 0.3 seconds"),
    ],
    ids=["fails", "rejects", "wants a long wait", "stalls", "trickles"],
)
def test_a_row_without_an_answer_is_counted_and_shown_and_the_others_go_on(
    trial: Any, reply: dict[str, Any], requests: int, message: str
) -> None:
    trial.server.script = lambda text, _: reply if "cursed" in text else trial.truth(text)
    trial.write("marine", "marine", "cursed", "marine")
    dataset = trial.build(retries=2, timeout_seconds=0.3)
    assert trial.server.texts.count(trial.text(2, "cursed")) == requests
    assert trial.weak_labels(dataset) == {f"s/u{i}": (1.0, 0.0) for i in (0, 1, 3)}
    assert dataset.votes.crashes == {"endpoint_marine": 1, "endpoint_alpine": 1}
    counted, first = dataset.votes.remarks
    assert counted == "endpoint tiny: 4 rows: 3 answered, 1 failed, 0 invalid answers, 0 not asked"
    assert re.search(r"endpoint tiny: first failure at .*s\.jsonl:3: " + message, first)
    assert first in dataset_card(dataset)


def test_a_server_that_stalls_once_is_asked_again(trial: Any) -> None:
    trial.server.script = lambda text, before: trial.truth(text) if before else {"stalls": True}
    trial.write("marine")
    assert trial.weak_labels(trial.build(timeout_seconds=1)) == {"s/u0": (1.0, 0.0)}
    assert len(trial.server.requests) == 2


@pytest.mark.parametrize(("status", "advice"), [(401, "api_key_env"), (403, "may not use this model"), (404, "mostly in /v1")])
def test_a_refusal_stops_everything_at_once(trial: Any, status: int, advice: str) -> None:
    trial.server.script = lambda _text, _: {"status": status, "raw": b"go away"}
    trial.write(*["marine"] * 30)
    with pytest.raises(RecipeError, match=rf"recipe\.toml: {trial.url}/chat/completions answers HTTP {status} .*'go away'; .*{advice}"):
        trial.build(parallel=1)
    assert len(trial.server.requests) == 1
    with pytest.raises(RecipeError, match="answers HTTP"):
        trial.build(parallel=4)
    assert len(trial.server.requests) <= 1 + 4


def test_a_server_that_is_down_is_given_up_but_the_cache_still_answers(trial: Any) -> None:
    trial.write(*["marine"] * 3, gold=1)
    trial.build()
    trial.server.shutdown()
    trial.server.server_close()
    trial.write(*["marine"] * 33, gold=1)
    dataset = trial.build(retries=1, parallel=1)
    assert len(trial.weak_labels(dataset)) == 3
    counted, first, why = dataset.votes.remarks
    assert counted == "endpoint tiny: 34 rows: 4 answered, 10 failed, 0 invalid answers, 20 not asked"
    assert "ConnectError" in first
    assert "since too many on end had failed" in why


def test_a_missing_key_is_told_before_anything_is_read(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    with pytest.raises(RecipeError, match=r"api_key_env = 'TEST_KEY' .* that environment variable is not set\. Put the key into it"):
        trial.build(api_key_env="TEST_KEY")  # there is no source file
    monkeypatch.setenv("TEST_KEY", "geheim-ß")
    with pytest.raises(RecipeError, match="holds no usable key") as raised:
        trial.build(api_key_env="TEST_KEY")
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_server_that_sends_the_key_back_does_not_bring_it_into_messages(trial: Any, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setenv("TEST_KEY", "k-123")
    trial.server.script = lambda text, _: {"status": status, "raw": b"bad k-123"} if "cursed" in text else trial.truth(text)
    trial.write("cursed", gold=1)
    try:
        shown = str(trial.build(api_key_env="TEST_KEY").votes.remarks)
    except RecipeError as error:
        shown = str(error)
    assert "bad [key]" in shown
    assert "k-123" not in shown


def test_missing_packages_are_named(trial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "aikind.data.labelling.endpoint_client")
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(MissingExtraError, match=r"asking a chat endpoint needs .* pip install 'aikind\[llm\]'"):
        trial.build()


def test_a_file_that_is_no_cache_is_left_alone(trial: Any) -> None:
    (trial.folder / "letters.txt").write_text("Dear reader, " * 100)
    with pytest.raises(RecipeError, match=r"letters\.txt: cannot keep the endpoint's answers here: .* Name another file with cache ="):
        trial.build(cache="letters.txt")
    assert (trial.folder / "letters.txt").read_text() == "Dear reader, " * 100
