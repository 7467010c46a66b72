"""``aikind annotate`` over HTTP, as its page uses it: nothing is lost, nobody is in another's way, nobody else gets in."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from aikind import MissingExtraError, default_label_set
from aikind.cli import root
from aikind.data.label_files import read_labels

from ..conftest import read_jsonl
from .conftest import Sit, Start
from .running import Annotator, answered

Run = Callable[..., subprocess.CompletedProcess[str]]
READABLE = 11


def answer_all(*annotators: Annotator, outcome: str = "labelled") -> list[tuple[str, str, str]]:
    """Let annotators answer by turns until nothing is left; gives (reader, document, chosen)."""
    seen = []
    for annotator in annotators:
        annotator.until_read()
    turns = {annotator.get("about")["reader"]: (annotator, annotator.turn()) for annotator in annotators}
    while turns:
        for reader, (annotator, turn) in list(turns.items()):
            if (document := turn["document"]) is None:
                del turns[reader]
                continue
            seen.append((reader, document["id"], document["chosen"]))
            turns[reader] = annotator, annotator.answer(document["number"], outcome=outcome)
    return seen


def test_an_answer_outlives_kill_9_and_the_work_goes_on(start: Start, letters: Path, tmp_path: Path) -> None:
    first = start(letters, "--reader", "ann")
    turn = first.turn()
    for labels, note in ((["predictive"], "churn"), ([], ""), (["predictive", "generative"], "two of them")):
        turn = first.answer(turn["document"]["number"], *labels, note=note)
    waiting = turn["document"]
    first.kill()
    second = start(letters, "--reader", "ann")
    turn = second.turn()
    assert answered(turn) == 3
    assert turn["document"]["number"] == waiting["number"]
    assert turn["document"]["chosen"] == waiting["chosen"]
    rest = answer_all(second)
    assert len({document for _, document, _ in rest}) == READABLE - 3
    second.kill()
    found = read_labels(tmp_path / "answers.sqlite", default_label_set())
    assert [(row.carried, row.note) for row in found.rows[:3]] == [
        (("predictive",), "churn"),
        ((), ""),
        (("predictive", "generative"), "two of them"),
    ]
    assert (len(found.rows), found.problems, {row.reader for row in found.rows}) == (READABLE, [], {"ann"})
    assert all(row.more["chosen"] in {"random", "uncertain", "disagreement"} for row in found.rows)


def test_every_answer_is_in_the_file_before_it_is_confirmed(sit: Sit, tmp_path: Path) -> None:
    running = sit()
    document = running.turn()["document"]["number"]
    running.answer(document, "generative")
    with closing(sqlite3.connect(tmp_path / "answers.sqlite")) as other:
        assert other.execute("SELECT generative FROM labels").fetchall() == [(1,)]
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_two_readers_never_get_the_same_document(start: Start, letters: Path) -> None:
    seen = answer_all(start(letters, "--reader", "ann"), start(letters, "--reader", "bo"))
    assert sorted(document for _, document, _ in seen) == sorted(f"d{n}" for n in range(READABLE))
    assert {reader for reader, _, _ in seen} == {"ann", "bo"}


def test_with_overlap_they_get_all_of_them_and_can_be_compared(sit: Sit, tmp_path: Path, aikind: Run) -> None:
    ann, bo = (sit(name, overlap=True) for name in ("ann", "bo"))
    assert len(answer_all(ann, bo)) == 2 * READABLE
    done = aikind("labels", "compare", tmp_path / "answers.sqlite")
    assert done.returncode == 0
    assert f"ann and bo: the same kind for 100.0% of {READABLE} texts" in done.stdout


def test_what_one_reader_skips_or_doubts_another_may_answer(sit: Sit, tmp_path: Path) -> None:
    ann = sit("ann")
    assert len(answer_all(ann, outcome="unsure")) == READABLE
    bo = sit("bo")
    assert len(answer_all(bo)) == READABLE
    found = read_labels(tmp_path / "answers.sqlite", default_label_set())
    assert {row.reader for row in found.rows} == {"bo"}
    assert [p.message for p in found.problems] == ["not labelled"] * READABLE  # ann's, which are kept apart and not lost
    assert len(found.rejects) == READABLE


def test_undo_puts_the_document_back_and_the_history_keeps_both(sit: Sit, tmp_path: Path) -> None:
    running = sit()
    document = running.turn()["document"]["number"]
    running.answer(document, "generative", note="a slip")
    back = running.post("undo").json()
    assert back["document"]["number"] == document
    assert back["undone"] == {"outcome": "labelled", "labels": {"predictive": 0, "generative": 1}, "note": "a slip"}
    assert answered(back) == 0
    running.answer(document, "predictive")
    assert running.post("undo").json()["undone"]["labels"]["predictive"] == 1
    assert running.post("undo").json()["undone"] is None
    running.answer(document)
    with closing(sqlite3.connect(tmp_path / "answers.sqlite")) as other:
        history = [outcome for (outcome,) in other.execute("SELECT outcome FROM answers ORDER BY number")]
    assert history == ["labelled", "undone", "labelled", "undone", "labelled"]
    assert [row.carried for row in read_labels(tmp_path / "answers.sqlite", default_label_set()).rows] == [()]


def test_an_answer_that_is_sent_twice_counts_once(sit: Sit) -> None:
    running = sit()
    document = running.turn()["document"]["number"]
    body = {"document": document, "outcome": "labelled", "labels": {"predictive": True, "generative": False}}
    assert running.post("answer", body).status_code == 200
    assert running.post("answer", body).status_code == 409
    for wrong in (
        {"outcome": "labelled", "labels": {"predictive": True}},
        {"outcome": "labelled", "labels": {"predictive": True, "generative": False, "marine": True}},
        {"outcome": "unsure", "labels": {"predictive": True}},
        {"outcome": "maybe"},
        {"outcome": "skipped", "note": "x" * 10_001},
    ):
        assert running.post("answer", {"document": running.turn()["document"]["number"], **wrong}).status_code == 422
    assert answered(running.turn()) == 1


def test_when_an_answer_cannot_be_kept_it_is_said_and_the_history_is_as_before(sit: Sit, tmp_path: Path) -> None:
    running = sit()
    document = running.turn()["document"]["number"]
    with closing(sqlite3.connect(tmp_path / "answers.sqlite")) as other:
        other.execute("ALTER TABLE leases RENAME TO gone")
        refused = running.post("answer", {"document": document, "outcome": "skipped"})
        assert refused.status_code == 503
        assert "Nothing was saved; try again." in refused.json()["detail"]
        other.execute("ALTER TABLE gone RENAME TO leases")
        assert other.execute("SELECT count(*) FROM answers").fetchone() == (0,)
    assert running.answer(document, outcome="skipped")["progress"]["mine"]["skipped"] == 1


def test_without_the_extra_it_says_what_to_install(letters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("aikind.annotate.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = CliRunner().invoke(root, ["annotate", str(letters), "--labels", str(tmp_path / "a.sqlite")])
    assert isinstance(done.exception, MissingExtraError)
    assert "pip install 'aikind[annotate]'" in str(done.exception)


def test_a_share_is_drawn_at_random_and_the_rest_is_what_teaches_most(sit: Sit) -> None:
    running = sit(random_share=0.4)
    seen = answer_all(running)
    chosen = [why for _, _, why in seen]
    assert chosen.count("random") == 5  # of 11 answers, no fewer than 0.4
    assert {"uncertain", "disagreement"} & set(chosen)
    assert all(why == "random" for _, _, why in answer_all(sit("bo", random_share=1.0, overlap=True)))


def test_the_guess_comes_with_its_evidence_and_is_hidden_where_it_would_mislead(sit: Sit, tmp_path: Path) -> None:
    running = sit(random_share=0.5)
    turn = running.turn()
    hidden = {}
    while document := turn["document"]:
        hidden[document["number"]] = document["guess_hidden"], document["chosen"] == "random"
        if document["id"] == "d1":
            guess = running.get(f"guess/{document['number']}")
            assert guess["kind"] == "generative"
            assert "".join(part["text"] for part in guess["parts"]) == document["text"]
            assert any("language model" in part["text"] and part["kind"] == "generative" for part in guess["parts"])
        turn = running.answer(document["number"])
    assert all(is_hidden == drawn for is_hidden, drawn in hidden.values())
    assert {drawn for _, drawn in hidden.values()} == {True, False}
    shown = {row.id: row.more["guess_shown"] for row in read_labels(tmp_path / "answers.sqlite", default_label_set()).rows}
    assert shown == {f"d{n}": "1" if n == 1 else "0" for n in range(READABLE)}
    assert sit("bo", hide_guess=True, random_share=0.0, overlap=True).turn()["document"]["guess_hidden"] is True


def test_the_estimate_of_accuracy_counts_what_was_drawn_at_random(sit: Sit, tmp_path: Path, aikind: Run) -> None:
    assert aikind("labels", "accuracy", tmp_path / "answers.sqlite").returncode == 2
    running = sit(random_share=1.0)
    truth = {
        "d0": ["predictive"],
        "d4": ["predictive"],
        "d9": ["predictive"],
        "d1": ["generative"],
        "d5": ["generative"],
        "d7": ["generative"],
    }
    turn, count = running.turn(), 0
    assert aikind("labels", "accuracy", tmp_path / "answers.sqlite").returncode == 2
    while document := turn["document"]:
        count += 1
        if count == 3:
            turn = running.answer(document["number"], outcome="unsure")
        elif count == 5:
            turn = running.answer(document["number"], outcome="skipped")
        else:
            wrong = ["predictive", "generative"] if document["id"] not in truth else []
            turn = running.answer(document["number"], *(wrong if count in (1, 2) else truth.get(document["id"], [])))
    estimate = running.get("estimate")
    assert (estimate["drawn"], estimate["unsure"], estimate["skipped"], estimate["open"]) == (READABLE, 1, 1, 0)
    assert estimate["all_right"]["documents"] == READABLE - 2
    assert estimate["all_right"]["hits"] == READABLE - 4  # the model is right on each of these plain texts, the reader not on two
    low, high = estimate["all_right"]["interval"]
    assert low < estimate["all_right"]["share"] < high
    done = aikind("labels", "accuracy", tmp_path / "answers.sqlite")
    assert f"all labels right: {READABLE - 4} of {READABLE - 2}, 77.8% (95 % interval: " in done.stdout
    assert f"of {READABLE} drawn at random: 1 unsure, 1 skipped, 0 open" in done.stdout


def test_search_finds_opens_and_tells_what_was_answered(sit: Sit) -> None:
    running = sit("ann")
    other = sit("bo")
    result = running.get("search?words=LENTILS")
    assert (result["count"], result["found"][0]["id"], result["found"][0]["answer"]) == (1, "d2", "")
    number = result["found"][0]["number"]
    opened = running.post(f"open/{number}").json()["document"]
    assert (opened["id"], opened["chosen"]) == ("d2", "search")
    refused = other.post(f"open/{number}")
    assert (refused.status_code, refused.json()["detail"]) == (409, "ann has this document on the page.")
    running.answer(number, note="soup")
    assert running.get("search?words=lentils")["found"][0]["answer"] == "neither"
    again = running.post(f"open/{number}").json()["document"]["answer"]
    assert again == {"outcome": "labelled", "labels": {"predictive": 0, "generative": 0}, "note": "soup"}
    assert running.get("search?words=%25")["count"] == 0
    assert running.post("open/999").status_code == 409


def test_nobody_gets_in_without_the_token_or_from_another_page(start: Start, letters: Path) -> None:
    running = start(letters)
    port, token = httpx.URL(running.url).port, httpx.URL(running.url).path.strip("/")
    assert len(token) >= 32
    root = f"http://127.0.0.1:{port}"
    with httpx.Client(trust_env=False) as client:
        for address in ("/", "/api/turn", "/wrong/", f"/{token[:-1]}/api/turn", f"/%00/{token}/", "//", f"/é{token}/"):
            assert client.get(root + address).status_code == 403, address
        assert client.post(f"{root}/api/undo").status_code == 403
        for headers in (
            {"Host": "evil.example"},
            {"Host": f"evil.example:{port}"},
            {"Host": "127.0.0.1.evil.example"},
            {"Host": ""},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},  # another program's page on this machine
        ):
            refused = client.post(f"{running.url}api/undo", headers=headers)
            assert refused.status_code == 403, headers
        for headers in (
            {"Origin": root},
            {"Host": f"localhost:{port}"},
            {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
        ):
            assert client.post(f"{running.url}api/undo", headers=headers).status_code == 200
        page = client.get(running.url)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    listening = subprocess.run(["ss", "-ltn"], capture_output=True, text=True, check=False).stdout
    assert f"0.0.0.0:{port}" not in listening


def test_the_labels_are_those_of_the_model(start: Start, letters: Path, sea_model: Path, tmp_path: Path, aikind: Run) -> None:
    running = start(letters, "--model", sea_model)
    about = running.get("about")
    assert [label["name"] for label in about["labels"]] == ["marine", "alpine", "urban"]
    assert about["none"] == "inland"
    running.answer(running.turn()["document"]["number"], "marine", "urban")
    running.kill()
    label_set = tmp_path / "labels.toml"
    label_set.write_text("".join(f'[[label]]\nname = "{name}"\n' for name in ("marine", "alpine", "urban")))
    done = aikind("labels", "export", tmp_path / "answers.sqlite", "-o", tmp_path / "out.jsonl", "--label-set", label_set)
    assert done.returncode == 0, done.stderr
    (row,) = read_jsonl((tmp_path / "out.jsonl").read_text())
    assert (row["marine"], row["alpine"], row["urban"]) == (1, 0, 1)
    done = aikind("annotate", letters, "--labels", tmp_path / "answers.sqlite")
    assert done.returncode == 2
    assert "holds answers for schema 1, labels marine, alpine, urban; expected schema 1, labels predictive, generative" in done.stderr


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(start: Start, letters: Path) -> None:
    running = start(letters, letters.parent / "nowhere.txt")
    progress = running.until_read()
    assert (progress["documents"], progress["failed"]) == (READABLE, 2)
    running.process.send_signal(signal.SIGINT)
    _, told = running.process.communicate(timeout=60)
    assert running.process.returncode == 130
    assert f"failed: {letters}:12: not JSON" in told
    assert "nowhere.txt: no such file" in told
    assert "0 documents are labelled" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("content", [b"text,predictive\n", None])
def test_a_file_of_something_else_is_refused_and_stays_as_it_is(aikind: Run, letters: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.db"
    if content is None:
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE precious (a)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    done = aikind("annotate", letters, "--labels", path)
    assert done.returncode == 2
    assert "aikind annotate made" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_wrong_usage_is_told(letters: Path, tmp_path: Path) -> None:
    cases: list[tuple[list[Any], str]] = [
        ([letters], "Missing option '--labels'"),
        (["--labels", tmp_path / "a.sqlite"], "Give at least one file or folder"),
        ([letters, "--labels", tmp_path / "no" / "a.sqlite"], "no such folder"),
        ([letters, "--labels", letters], "is also an input"),
        ([letters, "--labels", tmp_path / "a.sqlite", "--reader", " "], "--reader needs a name"),
        ([letters, "--labels", tmp_path / "a.sqlite", "--random-share", "2"], "--random-share"),
    ]
    for arguments, message in cases:
        done = CliRunner().invoke(root, ["annotate", *map(str, arguments)])
        assert done.exit_code == 2, done.output
        assert message in done.output
    assert not (tmp_path / "a.sqlite").exists()
