from __future__ import annotations

import pytest

from aikind import Tagger

from .behaviours import Behaviour, behaviours
from .measure import Result, Scorer, table

MEASURED = pytest.StashKey[list[tuple[Result, float]]]()


@pytest.fixture(scope="session")
def suite() -> dict[str, Behaviour]:
    return behaviours()


@pytest.fixture(scope="session")
def scorer(tagger: Tagger) -> Scorer:
    """The shipped model; it scores a text once for all tests."""
    return Scorer(tagger)


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> list[tuple[Result, float]]:
    """Results and their floors; what the tests put here is printed when all tests have run."""
    return pytestconfig.stash.setdefault(MEASURED, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    measured = config.stash.get(MEASURED, [])
    if measured:
        terminalreporter.section("behaviour of the shipped model")
        for line in table([result for result, _ in measured], {result.name: floor for result, floor in measured}):
            terminalreporter.write_line(line)
