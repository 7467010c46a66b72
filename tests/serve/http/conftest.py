from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .running import Server, Start, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server with small limits, for all tests that do not change it."""
    limits = ["--max-documents", "20", "--max-characters", "5000", "--max-body-bytes", "50000", "--max-stream-documents", "40"]
    with running("--jobs", "2", *limits) as started:
        yield started


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server with options of one's own; it ends with the test."""
    with ExitStack() as stack:
        yield lambda *options, **more: stack.enter_context(running(*options, **more))
