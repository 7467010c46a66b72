"""The parts of the OpenAPI description that FastAPI cannot derive: what each path takes and answers."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aikind.serve.http.bodies import GivenDocument
from aikind.serve.http.incoming import JSON, NDJSON
from aikind.serve.http.limits import Limits
from aikind.serve.http.problems import MEDIA_TYPE, SCHEMA
from aikind.serve.http.result_schema import EXAMPLES, EXPLAINED, RESULT, TEXT

__all__ = ["LABELS_ANSWER", "describe", "problems", "tag_answers", "tag_body"]

LABELS_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The labels, and the model that gives them.",
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["model", "labels", "kinds"],
                    "properties": {
                        "model": {
                            "type": "object",
                            "required": ["name", "fingerprint"],
                            "properties": {"name": {"type": "string"}, "fingerprint": {"type": "string"}},
                        },
                        "labels": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["name", "display", "definition", "threshold"],
                                "properties": {
                                    "name": {"type": "string"},
                                    "display": {"type": "string"},
                                    "definition": {"type": "string"},
                                    "threshold": {"type": "number"},
                                },
                            },
                        },
                        "kinds": {"type": "array", "items": {"type": "string"}},
                    },
                },
                "example": {
                    "model": {"name": "default", "fingerprint": "0f3c5a9be21d7764"},
                    "labels": [{"name": "generative", "display": "Generative AI", "definition": "Systems that create.", "threshold": 0.5}],
                    "kinds": ["generative", "neither"],
                },
            }
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers with problem details, for ``responses`` of a route."""
    what = {
        400: "The body is not JSON.",
        401: "No token that is let in.",
        408: "The body came too slowly.",
        413: "Too many bytes, documents or characters.",
        415: "Neither JSON nor NDJSON, or not in UTF-8.",
        422: "Not a document, or one that holds nothing to read; errors names each fault.",
        500: "The server failed.",
        503: "Full, out of time, or ending; Retry-After says when to try again.",
    }
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": what[status], "content": content} for status in statuses}


def tag_answers(schema: str = "Result") -> dict[int | str, dict[str, Any]]:
    """``responses`` of a route that answers with results of this schema."""
    many = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": _ref(schema)}}}
    content = {
        JSON: {
            "schema": {"anyOf": [_ref(schema), many]},
            "examples": {form: {"$ref": f"#/components/examples/{name}"} for form, name in (("one", schema), ("many", f"{schema}s"))},
        },
        NDJSON: {"schema": {"type": "string"}, "example": json.dumps(EXAMPLES[schema]["value"]) + "\n"},
    }
    ok: dict[int | str, dict[str, Any]] = {
        200: {"description": "A result, or results in the order of the documents; of NDJSON, one a line.", "content": content}
    }
    return {**ok, **problems(400, 401, 408, 413, 415, 422, 500, 503)}


def tag_body(limits: Limits) -> dict[str, Any]:
    """``openapi_extra`` of the route: what may be sent."""
    documents = {"type": "array", "minItems": 1, "maxItems": limits.documents, "items": _ref("Document")}
    many = {"type": "object", "required": ["documents"], "properties": {"documents": documents}, "not": {"required": ["text"]}}
    one = {"allOf": [_ref("Document"), {"not": {"required": ["documents"]}}]}
    examples = {
        "one": {"value": {"id": "memo-7", "text": TEXT}},
        "many": {"value": {"documents": [{"text": TEXT}, {"title": "Soup", "text": "Rinse the lentils."}]}},
    }
    content = {
        JSON: {"schema": {"oneOf": [one, many]}, "examples": examples},
        NDJSON: {"schema": {"type": "string"}, "example": '{"id": "memo-7", "text": "' + TEXT + '"}\n'},
    }
    return {"requestBody": {"required": True, "content": content}}


def describe(app: FastAPI, needs_token: bool) -> None:
    """Have the application describe itself with our schemas, and with tokens only where they are asked for."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            own = {"Document": GivenDocument.model_json_schema(), "Result": RESULT, "ExplainedResult": EXPLAINED, "Problem": SCHEMA}
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(own)
            components["examples"] = EXAMPLES
            if not needs_token:
                del components["securitySchemes"]
                for operation in (each for path in schema["paths"].values() for each in path.values()):
                    operation.pop("security", None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
