"""What ``make bench`` counts, and how it tells it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from aikind.model_folder import default_model
from benchmarks.bench.__main__ import bench
from benchmarks.bench.commands import run
from benchmarks.bench.documents import corpus_documents, draw, many_short
from benchmarks.bench.operations import Network, read_network
from benchmarks.bench.table import Claim, Measured, Row, render


def test_operations_are_those_of_the_shapes() -> None:
    assert Network({(2, 3): 5}, [4]).operations(tokens=10) == 2 * 10 * 2 * 3 * 5 + 2 * 2 * 10 * 10 * 4


def test_the_shipped_network_is_a_minilm() -> None:
    network = read_network(default_model())
    assert network.weights == {(384, 384): 24, (384, 1536): 6, (1536, 384): 6}
    assert network.attention == [384] * 6


def test_documents_are_drawn_alike_and_differ() -> None:
    documents = corpus_documents()
    assert draw(documents, 50) == draw(documents, 50)
    assert len({document.text for document in draw(documents, 50)}) == 50
    short = [document.text for document in many_short(1000, ["a", "b"])]
    assert len(set(short)) == 1000


def test_a_ratio_is_that_of_the_documents_both_had() -> None:
    slow, fast = Measured(10, 1000, 20.0, 100), Measured(10, 1000, 2.0, 100)
    text = render([Row("slow", "all", slow, fast, 500.0)], [], [Claim("speed", 0.5, 0.6, True), Claim("size", 50, 60, False)], ["a note"])
    assert "| slow | all | 10 | 0.5 | 50 | 0.1 | 100 | 500 |" in text
    assert "| speed | >= 0.6 | 0.5 | **missed** |" in text
    assert "| size | <= 60 | 50 | held |" in text
    assert text.endswith("- a note\n")


def test_a_folder_without_texts_is_a_plain_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(bench, ["--pool", str(tmp_path), "-o", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "holds no *.jsonl.gz" in result.output
    assert "Traceback" not in result.output


def test_memory_is_that_of_the_command_alone(tmp_path: Path) -> None:
    ballast = bytearray(200_000_000)
    small = run([sys.executable, "-c", "pass"], tmp_path / "log")
    large = run([sys.executable, "-c", "x = bytearray(b'1') * 100_000_000"], tmp_path / "log")
    assert small.megabytes < 60 < large.megabytes < 200
    assert len(ballast) > 0
    with pytest.raises(RuntimeError, match="ended with 3: told why"):
        run([sys.executable, "-c", "import sys; print('told why'); sys.exit(3)"], tmp_path / "log")


@pytest.mark.parametrize("value", ["1", "99"])
def test_too_few_documents_are_refused(value: str) -> None:
    assert CliRunner().invoke(bench, ["--documents", value]).exit_code == 2
