"""The description that the server gives of itself holds, for requests made up from it and for requests that break it."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from .running import Server

WITHOUT = [positive_data_acceptance]  # a text of spaces is of the right form, and yet refused


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_described(server: Server, mode: GenerationMode) -> None:
    described = server.client.get("/openapi.json").json()
    del described["paths"]["/v1/tag"]["post"]["requestBody"]["content"]["application/x-ndjson"]  # has tests of its own
    operation = schemathesis.openapi.from_dict(described)["/v1/tag"]["POST"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    def ask(case: Case) -> None:
        case.call_and_validate(base_url=server.url, excluded_checks=WITHOUT, timeout=180)

    ask()
    for path in ("/v1/labels", "/healthz", "/readyz"):
        schemathesis.openapi.from_dict(described)[path]["GET"].Case().call_and_validate(base_url=server.url, timeout=180)
