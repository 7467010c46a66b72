"""The parts of the OpenAPI description that FastAPI cannot derive, with examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aikind.records import Document
from aikind.serve.http.bodies import GivenDocument
from aikind.serve.http.incoming import JSON, NDJSON
from aikind.serve.http.limits import Limits
from aikind.serve.http.problems import MEDIA_TYPE, SCHEMA

__all__ = ["LABELS_ANSWER", "RESULT_FIELDS", "describe", "problems", "tag_answers", "tag_body"]

_TEXT = "We prompt a language model to sort complaints by urgency."
_LABELS = {"type": "array", "items": {"type": "string"}}

RESULT_FIELDS = ("id", "kind", "labels", "scores", "unsure", "doubts", "windows", "tokens", "error")
_RESULT = {
    "type": "object",
    "required": list(RESULT_FIELDS),
    "properties": {
        "id": {"type": "string", "description": "As it was sent, else the document's position in the request, counted from 0."},
        "kind": {"type": ["string", "null"], "description": "Name of the combination of labels; null where there is an error."},
        "labels": {**_LABELS, "description": "Names of the labels that the document carries."},
        "scores": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            "description": "Calibrated probability of each label.",
        },
        "unsure": {"type": "boolean", "description": "Whether there is any doubt."},
        "doubts": {**_LABELS, "description": "close_call, too_short, unlike_training, not_english"},
        "windows": {"type": "integer", "description": "How many windows of text the scores rest on."},
        "tokens": {"type": "integer", "description": "Length of the text as the model reads it."},
        "error": {"type": ["string", "null"], "description": "Why the document could not be tagged, or null."},
    },
}
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
                        "kinds": _LABELS,
                    },
                }
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


def tag_answers() -> dict[int | str, dict[str, Any]]:
    many = {"type": "object", "required": ["results"], "properties": {"results": {"type": "array", "items": _ref("Result")}}}
    content = {
        JSON: {
            "schema": {"anyOf": [_ref("Result"), many]},
            "examples": {name: {"$ref": f"#/components/examples/{name}"} for name in ("one", "many")},
        },
        NDJSON: {"schema": {"type": "string"}},
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
        "one": {"value": {"id": "memo-7", "text": _TEXT}},
        "many": {"value": {"documents": [{"text": _TEXT}, {"title": "Soup", "text": "Rinse the lentils."}]}},
    }
    content = {
        JSON: {"schema": {"oneOf": [one, many]}, "examples": examples},
        NDJSON: {"schema": {"type": "string"}, "example": '{"id": "memo-7", "text": "' + _TEXT + '"}\n'},
    }
    return {"requestBody": {"required": True, "content": content}}


def describe(app: FastAPI, needs_token: bool, example: Callable[[Document], dict[str, Any]]) -> None:
    """Have the application describe itself with our schemas, and with tokens only where they are asked for.

    Args:
        example: Gives the result of a document, so that the examples speak of the labels that the model has.
    """

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            own = {"Document": GivenDocument.model_json_schema(), "Result": _RESULT, "Problem": SCHEMA}
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(own)
            # FastAPI drops what is null from examples that stand in a route, hence these stand apart.
            result = example(Document("memo-7", _TEXT))
            components["examples"] = {"one": {"value": result}, "many": {"value": {"results": [result]}}}
            if not needs_token:
                del components["securitySchemes"]
                for operation in (each for path in schema["paths"].values() for each in path.values()):
                    operation.pop("security", None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
