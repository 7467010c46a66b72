"""How the shipped model behaves where a user would expect it to: each rate against its floor."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .behaviours import Behaviour
from .measure import Result, Scorer

# Floors, some 3 points below what the shipped model reaches, and at least one document. They are there to be raised: whoever
# ships a better model measures it with `make behaviour` and lifts them to 3 points below its rates.
FLOORS = {
    "upper case": 0.97,
    "lower case": 0.97,
    "title case": 0.97,
    "typos": 0.90,
    "other spelling": 0.94,
    "boilerplate": 0.83,
    "paragraph order": 0.88,
    "predictive added": 0.64,
    "generative added": 0.71,
    "added paragraphs alone": 0.84,
    "other senses": 0.85,
    "negation": 0.83,
    "contrast pairs": 0.55,
    "one passage": 0.88,
}


@pytest.mark.parametrize("name", FLOORS)
def test_rate_is_not_below_its_floor(
    name: str,
    suite: dict[str, Behaviour],
    scorer: Scorer,
    measured: list[tuple[Result, float]],
    record_property: Callable[[str, object], None],
) -> None:
    result = scorer.measure(suite[name])
    measured.append((result, FLOORS[name]))
    record_property("trials", result.trials)
    record_property("rate", round(result.rate, 4))
    assert result.rate >= FLOORS[name], f"failed: {', '.join(result.failed)}"


def test_every_behaviour_has_a_floor_and_enough_trials(suite: dict[str, Behaviour]) -> None:
    assert list(FLOORS) == list(suite)
    assert min(len(behaviour.trials) for behaviour in suite.values()) >= 25
