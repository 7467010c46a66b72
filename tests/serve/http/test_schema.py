"""The description that the server gives of itself holds, for requests made up from it and for requests that break it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import validate
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from .running import Server

WITHOUT = [positive_data_acceptance]  # a text of spaces is of the right form, and yet refused


@pytest.fixture(scope="module")
def described(server: Server) -> dict[str, Any]:
    raw: dict[str, Any] = server.client.get("/openapi.json").json()
    for path in raw["paths"].values():
        path.get("post", {}).get("requestBody", {}).get("content", {}).pop("application/x-ndjson", None)  # has tests of its own
    return raw


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("path", ["/v1/tag", "/v1/explain", "/setup", "/predict", "/webhook"])
def test_answers_are_as_described(server: Server, described: dict[str, Any], path: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_dict(described)[path]["POST"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    def ask(case: Case) -> None:
        case.call_and_validate(base_url=server.url, excluded_checks=WITHOUT, timeout=180)

    ask()


def test_what_is_only_read_is_as_described(server: Server, described: dict[str, Any]) -> None:
    paths = [path for path, operations in described["paths"].items() if "get" in operations]
    assert {"/v1/labels", "/healthz", "/readyz", "/metrics"} <= set(paths)
    for path in paths:
        schemathesis.openapi.from_dict(described)[path]["GET"].Case().call_and_validate(base_url=server.url, timeout=180)


def test_examples_are_as_their_schemas_say(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for operation in operations.values():
            for place in (operation.get("requestBody", {}), operation["responses"]["200"]):
                for content in place.get("content", {}).values():
                    schema = {**content["schema"], "components": described["components"]}
                    given = [content["example"]] if "example" in content else []
                    named = described["components"]["examples"]
                    given += [
                        named[e["$ref"].split("/")[-1]]["value"] if "$ref" in e else e["value"]
                        for e in content.get("examples", {}).values()
                    ]
                    assert given or not path.startswith("/v1/"), path
                    for example in given:
                        validate(schema, example)
