"""Examples of answers for the description of the service, made with the model in use."""

from __future__ import annotations

import json
from typing import Any

from aikind.records import Document
from aikind.serve.http.service import Service

__all__ = ["TEXT", "examples_of"]

TEXT = "We prompt a language model to sort complaints by urgency."


def examples_of(service: Service) -> dict[str, Any]:
    """Examples by the names under which the description refers to them: SCHEMA, SCHEMA.many and SCHEMA.line."""
    found: dict[str, Any] = {"Labels": service.labels()}
    for schema, explain in (("Result", False), ("ExplainedResult", True)):
        tagging = service.live.tagger.tag_document(Document("memo-7", TEXT), explain=explain)
        result = service.record(tagging, explain)
        found |= {schema: result, f"{schema}.many": {"results": [result]}, f"{schema}.line": json.dumps(result) + "\n"}
    return found
