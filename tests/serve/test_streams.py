"""Streams: first results early, memory bounded, each text once, CPUs as allowed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from aikind import Document, Tagger
from aikind.model_folder import default_model
from aikind.serve.cpus import available_cpus
from aikind.serve.once import Once
from aikind.serve.ordered import map_in_order
from aikind.serve.pieces import WHOLE, pieces
from aikind.serve.windows import Windower, WindowPlan

NEITHER = "The council met on Tuesday to discuss the repair of the old bridge, and the mayor thanked the volunteers."


@pytest.mark.parametrize("more", [[], ["--input-format", "jsonl", "--format", "csv"], ["-o", "/dev/stdout", "--format", "jsonl"]])
def test_a_slow_writer_sees_each_result_within_a_second(more: list[str]) -> None:
    command = [sys.executable, "-m", "aikind", "tag", "-", *more]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if "csv" in more:
            process.stdout.readline()
        waits = []
        for number in range(4):
            process.stdin.write(json.dumps({"id": str(number), "text": f"{NEITHER} {number}"}).encode() + b"\n")
            process.stdin.flush()
            began = time.monotonic()
            line = process.stdout.readline().decode()
            assert str(number) in line
            waits.append(time.monotonic() - began)
            time.sleep(0.2)
        process.stdin.close()
        assert process.stdout.read() == b""
    assert min(waits) < 1  # before the first result the model is loaded, and a busy machine may stall any of them


def peak_megabytes(code: str, *arguments: str) -> float:
    """Most memory that a Python process held while it ran ``code``."""
    code += "\nimport resource, sys; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != 'darwin' else 1024 ** 2))"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def test_memory_does_not_grow_with_the_number_of_documents() -> None:
    code = (
        "import sys\nfrom aikind import Tagger\n"
        "texts = ('The council met. ' * 20 + 'x' * 100_000 + str(i % 50) for i in range(int(sys.argv[1])))\n"
        "for _ in Tagger(jobs=2).tag_many(texts): pass"
    )
    assert peak_megabytes(code, "3000") < peak_megabytes(code, "200") + 60  # the texts alone take 300 MB


def test_a_very_long_text_is_not_held_as_tokens() -> None:
    code = (
        "import sys\nfrom tokenizers import Tokenizer\nfrom aikind.model_folder import default_model\n"
        "from aikind.serve.windows import Windower, WindowPlan\n"
        "windower = Windower(Tokenizer.from_file(str(default_model() / 'tokenizer.json')), WindowPlan())\n"
        "text = 'The council met on Tuesday. It was about the bridge, and it took long.\\n' * (int(sys.argv[1]) // 72)\n"
        "print(sum(window.new_tokens for window in windower.windows(text)))"
    )
    assert peak_megabytes(code, "4000000") < peak_megabytes(code, "1050000") + 60


def test_pieces_make_up_the_text_and_end_where_something_ends() -> None:
    sentence = "This is a sentence of a very long text. "
    for text in (sentence * 30_000, (sentence * 10).strip().join(["\n\n"] * 3000), "x" * (WHOLE + 1), "word " * 300_000):
        found = list(pieces(text))
        assert "".join(piece for _, piece in found) == text
        assert [at for at, _ in found] == [sum(len(p) for _, p in found[:i]) for i in range(len(found))]
        assert max(len(piece) for _, piece in found) <= 200_000
    assert all(piece.endswith(". ") for _, piece in list(pieces(sentence * 30_000)))
    assert list(pieces("a" * WHOLE)) == [(0, "a" * WHOLE)]


def test_windows_of_a_very_long_text_hold_all_its_tokens() -> None:
    tokenizer = Tokenizer.from_file(str(default_model() / "tokenizer.json"))
    text = "".join(f"Sentence {i} is about the weather in the valley. " for i in range(24_000))
    assert len(text) > WHOLE
    at = end = count = 0
    for window in Windower(tokenizer, WindowPlan()).windows(text):
        assert window.start <= end + 1  # no gap but a space
        end, at, count = window.end, window.start, count + window.new_tokens
        assert len(window.ids) <= 256
    assert end >= len(text) - 1
    assert count == len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert at


def test_each_text_runs_once_and_equal_texts_get_equal_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger, plain = Tagger(jobs=3), Tagger(jobs=3, remember=0)
    runs: list[str] = []
    score = tagger._model.score

    def counted(text: str) -> Any:
        runs.append(text)
        return score(text)

    monkeypatch.setattr(tagger._model, "score", counted)
    documents = [Document(str(i), f"{NEITHER} {i % 3}") for i in range(12)]
    assert list(tagger.tag_many(documents)) == list(plain.tag_many(documents))
    assert sorted(runs) == sorted({d.text for d in documents})


def test_what_is_remembered_is_bounded_and_failures_are_not() -> None:
    once: Once[int] = Once(2)
    asked: list[bytes] = []

    def work_out(key: bytes) -> int:
        asked.append(key)
        if key == b"bad":
            raise ValueError(key)
        return len(asked)

    for key in (b"a", b"b", b"a", b"c", b"a", b"b"):  # c pushes b out, which was used longest ago
        once.get(key, lambda key=key: work_out(key))
    assert asked == [b"a", b"b", b"c", b"b"]
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            once.get(b"bad", lambda: work_out(b"bad"))
    assert asked.count(b"bad") == 2


def test_threads_that_ask_together_wait_for_one_answer() -> None:
    once: Once[int] = Once(8)
    gate, calls = threading.Event(), []

    def slow() -> int:
        calls.append(1)
        gate.wait(10)
        return 7

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(once.get, b"k", slow) for _ in range(4)]
        gate.set()
        assert [future.result(10) for future in futures] == [7] * 4
    assert len(calls) == 1


def test_heavy_items_are_read_one_at_a_time() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for weight in (60, 60, 200, 10, 10):
            taken.append(weight)
            yield weight

    results = map_in_order(lambda item: item, items(), 4, lambda item: item, 100)
    assert next(results) == 60
    time.sleep(0.2)
    assert len(taken) <= 3  # one being worked on, and one that waits for room
    assert list(results) == [60, 200, 10, 10]


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        ("0::/a/b\n", {"a/cpu.max": "150000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "50000 100000\n"}, 1),
        ("0::/on/the/host\n", {"cpu.max": "max 100000\n"}, None),
        (
            "4:cpu,cpuacct:/x\n3:memory:/y\n",
            {"cpu,cpuacct/x/cpu.cfs_quota_us": "100000\n", "cpu,cpuacct/x/cpu.cfs_period_us": "100000\n"},
            1,
        ),
        ("4:cpu:/gone\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ("nonsense", {"cpu.max": "nonsense"}, None),
    ],
)
def test_cpus_heed_quotas_of_control_groups(
    groups: str, files: dict[str, str], quota: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(6)), raising=False)
    (tmp_path / "own").write_text(groups)
    for name, content in files.items():
        path = tmp_path / "mounted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert available_cpus(tmp_path / "own", tmp_path / "mounted") == (quota or 6)
    assert available_cpus(tmp_path / "nowhere", tmp_path / "mounted") == 6
