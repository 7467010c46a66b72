"""Runs that are stopped in every way, and go on to the very bytes of a run that was not."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

Aikind = Callable[..., subprocess.CompletedProcess[str]]
Write = Callable[[str, Iterable[Any]], Path]

SUBJECTS = ("a large language model writes", "the classifier predicts", "the council repairs", "a diffusion model paints")


def rows(count: int) -> list[Any]:
    """Short texts with different ids; some of them broken, some the same as others."""
    made: list[Any] = [{"id": f"d{i}", "text": f"In town {SUBJECTS[i % 4]} number {i}.", "n": i} for i in range(count)]
    made[3], made[count // 2] = {"id": "broken", "text": 5}, "not json"
    return made


def command(source: Path, target: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "aikind", "tag", str(source), "-o", str(target), "--passthrough", "n", *more]


def kill_when(process: subprocess.Popen[str], part: Path, lines: int, sign: signal.Signals = signal.SIGKILL) -> None:
    """Send the signal as soon as the journal holds so many lines, or let the run end before."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if part.exists() and part.read_bytes().count(b"\n") >= lines:
            process.send_signal(sign)
            break
        time.sleep(0.002)
    process.wait(60)


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "sqlite", "parquet", "update.jsonl"])
def test_a_run_killed_five_times_gives_the_bytes_of_an_unbroken_one(suffix: str, write_jsonl: Write, tmp_path: Path) -> None:
    draw, count = random.Random(suffix), 200
    source, more = write_jsonl("in.jsonl", rows(count)), ["--update"] if "update" in suffix else []
    whole, target = tmp_path / f"whole.{suffix}", tmp_path / f"tags.{suffix}"
    assert subprocess.run(command(source, whole, *more), capture_output=True, check=False).returncode == 1
    part, kills = target.with_name(target.name + ".part"), 0
    for point in sorted(draw.sample(range(1, count - 20), 5)):
        with subprocess.Popen(command(source, target, *more, "--resume", "--jobs", "1"), text=True, stderr=subprocess.DEVNULL) as process:
            kill_when(process, part, point)
        if process.returncode == 1:  # on a busy machine the signal may come too late
            continue
        kills += 1
        assert not target.exists()
        assert part.read_bytes().count(b"\n") >= point
        if draw.random() < 0.5:  # what a crash of the machine may leave
            with part.open("ab") as file:
                file.write(b'{"digest": "00')
    assert kills >= 3
    done = subprocess.run(command(source, target, *more, "--resume"), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{count} documents" in done.stderr
    assert "failed: 2 " in done.stderr
    assert target.read_bytes() == whole.read_bytes()
    assert not part.exists()
    if more:
        assert Path(f"{target}.state").read_bytes() == Path(f"{whole}.state").read_bytes()


def stopped_run(source: Path, target: Path, *more: str, lines: int = 100) -> None:
    with subprocess.Popen(command(source, target, *more), text=True, stderr=subprocess.DEVNULL) as process:
        kill_when(process, Path(f"{target}.part"), lines)
    assert process.returncode == -signal.SIGKILL


def test_changed_settings_and_inputs_are_refused_with_the_reason(write_jsonl: Write, tmp_path: Path) -> None:
    made = rows(900)
    source, target = write_jsonl("in.jsonl", made), tmp_path / "tags.jsonl"
    stopped_run(source, target)
    before = Path(f"{target}.part").read_bytes()

    def refusal(*more: str) -> str:
        done = subprocess.run(command(source, target, "--resume", *more), capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert Path(f"{target}.part").read_bytes() == before
        return done.stderr

    assert "thresholds was" in refusal("--threshold", "generative=0.7")
    assert "reading was" in refusal("--id-field", "n")
    assert "passthrough was" in refusal("--passthrough", "id", "--fields", "kind")
    write_jsonl("in.jsonl", [*made[:50], {**made[50], "text": "Another text."}, *made[51:]])
    assert "document 51 is 'd50', with a text, id or field that differs" in refusal()
    write_jsonl("in.jsonl", [*made[:50], {**made[50], "n": -1}, *made[51:]])
    assert "document 51" in refusal()
    write_jsonl("in.jsonl", made[:60])
    assert "it ends after 60 documents" in refusal()
    Path(f"{target}.part").write_bytes(before := b"somebody's own file\n")
    assert "was not written by this version" in refusal()


def test_without_resume_a_run_begins_anew(write_jsonl: Write, tmp_path: Path) -> None:
    source, target = write_jsonl("in.jsonl", rows(600)), tmp_path / "tags.jsonl"
    stopped_run(source, target)
    write_jsonl("in.jsonl", [{"id": "only", "text": "The council met."}])
    done = subprocess.run(command(source, target), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert [json.loads(line)["id"] for line in target.read_text().splitlines()] == ["only"]


def test_an_interrupted_run_says_how_to_go_on(write_jsonl: Write, tmp_path: Path) -> None:
    source, target = write_jsonl("in.jsonl", rows(900)), tmp_path / "tags.jsonl"
    heeds = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command(source, target), stderr=subprocess.PIPE, text=True, **heeds) as process:
        kill_when(process, Path(f"{target}.part"), 50, signal.SIGINT)
        stderr = process.stderr.read() if process.stderr else ""
    assert process.returncode == 130
    assert "the same command with --resume goes on from there" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("name", ["tags.jsonl", "tags.sqlite"])
def test_a_full_disk_ends_with_3_and_nothing_is_lost(name: str, write_jsonl: Write, tmp_path: Path) -> None:
    source = write_jsonl("in.jsonl", [{"id": f"d{i}", "text": f"The council met {i % 9}.", "n": i} for i in range(300)])
    target, whole = tmp_path / name, tmp_path / f"whole-{name}"
    assert subprocess.run(command(source, whole), capture_output=True, check=False).returncode == 0

    def cut_short(**limits: Any) -> None:
        done = subprocess.run(command(source, target, "--resume"), capture_output=True, text=True, check=False, **limits)
        assert done.returncode == 3
        assert "cut short" in done.stderr
        assert "the same command with --resume goes on from there" in done.stderr
        assert "Traceback" not in done.stderr
        assert not target.exists()

    cut_short(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000)))
    assert Path(f"{target}.part").stat().st_size == 30_000
    Path(f"{target}.new").mkdir()  # now every result fits, and the output itself cannot be written
    cut_short()
    Path(f"{target}.new").rmdir()
    assert subprocess.run(command(source, target, "--resume"), capture_output=True, check=False).returncode == 0
    assert target.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.jsonl", name, f"whole-{name}"])


def test_a_closed_pipe_ends_the_table_and_keeps_the_results(write_jsonl: Write, tmp_path: Path) -> None:
    source, target = write_jsonl("in.jsonl", rows(900)), tmp_path / "tags.jsonl"
    shell = " ".join([*command(source, target, "--table"), "|", "head -n 2;", "exit ${PIPESTATUS[0]}"])
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "--resume goes on" in done.stderr
    assert "Traceback" not in done.stderr
    assert Path(f"{target}.part").read_bytes().count(b"\n") > 1


def test_pipes_and_terminals_cannot_be_resumed(aikind: Aikind, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The council met.")
    os.mkfifo(tmp_path / "pipe.jsonl")
    for option in ("--resume", "--update"):
        for arguments in (
            [tmp_path / "a.txt"],
            [tmp_path / "a.txt", "-o", "/dev/stdout"],
            [tmp_path / "a.txt", "-o", tmp_path / "pipe.jsonl"],
        ):
            done = aikind("tag", *arguments, option, "--format", "jsonl")
            assert done.returncode == 2
            assert f"{option} needs results in a file" in done.stderr
        for source in ("-", tmp_path / "pipe.jsonl"):
            done = aikind("tag", source, "-o", tmp_path / "tags.jsonl", option)
            assert done.returncode == 2
            assert f"{option} needs an input that can be read again" in done.stderr


def test_two_runs_do_not_write_one_output(write_jsonl: Write, tmp_path: Path) -> None:
    source, target = write_jsonl("in.jsonl", rows(900)), tmp_path / "tags.jsonl"
    part = Path(f"{target}.part")
    with subprocess.Popen(command(source, target), stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        second = subprocess.run(command(source, target), capture_output=True, text=True, check=False)
        process.kill()
    assert second.returncode == 2
    assert "another run is writing there" in second.stderr
