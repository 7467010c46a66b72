"""The parts of the OpenAPI description that FastAPI cannot derive: what each path takes and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aikind.serve.http.bodies import GivenDocument
from aikind.serve.http.examples import TEXT
from aikind.serve.http.incoming import JSON, NDJSON
from aikind.serve.http.limits import Limits
from aikind.serve.http.problems import MEDIA_TYPE, SCHEMA
from aikind.serve.http.schemas import SCHEMAS

__all__ = ["describe", "label_studio_answer", "label_studio_body", "labels_answer", "problems", "tag_answers", "tag_body"]


def labels_answer() -> dict[int | str, dict[str, Any]]:
    """``responses`` of the route that answers with the labels."""
    content = {JSON: {"schema": _ref("Labels"), "examples": {"labels": _example("Labels")}}}
    return {200: {"description": "The labels, and the model that gives them.", "content": content}, **problems(401, 500)}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Answers with problem details, for ``responses`` of a route."""
    what = {
        400: "The body is not JSON.",
        401: "No token that is let in.",
        408: "The body came too slowly.",
        409: "The server stores no labels.",
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
        JSON: {"schema": {"anyOf": [_ref(schema), many]}, "examples": {"one": _example(schema), "many": _example(f"{schema}.many")}},
        NDJSON: {"schema": {"type": "string"}, "examples": {"line": _example(f"{schema}.line")}},
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


_CONFIG = {"type": "string", "description": "The project's labelling config."}
_CONFIG_EXAMPLE = """<View><Text name="text" value="$text"/><Choices name="kind" toName="text"><Choice value="predictive"/>\
<Choice value="generative"/><Choice value="both"/><Choice value="neither"/></Choices></View>"""
_LABEL_STUDIO = {
    "setup": {"required": ["schema"], "properties": {"schema": _CONFIG}},
    "predict": {
        "required": ["tasks", "label_config"],
        "properties": {
            "tasks": {
                "type": "array",
                "items": {"type": "object", "required": ["data"], "properties": {"data": {"type": "object"}}},
            },
            "label_config": _CONFIG,
        },
    },
    "webhook": {"required": ["action"], "properties": {"action": {"type": "string"}}},
}
_LABEL_STUDIO_EXAMPLES: dict[str, dict[str, Any]] = {
    "setup": {"project": "1.1700000000", "schema": _CONFIG_EXAMPLE},
    "predict": {"tasks": [{"id": 1, "data": {"text": TEXT}}], "label_config": _CONFIG_EXAMPLE},
    "webhook": {
        "action": "ANNOTATION_CREATED",
        "annotation": {"result": [{"from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": ["generative"]}}]},
        "task": {"id": 1, "data": {"text": TEXT}},
        "project": {"id": 1, "label_config": _CONFIG_EXAMPLE},
    },
}


def label_studio_body(path: str) -> dict[str, Any]:
    """``openapi_extra`` of a route of Label Studio's protocol, which sends more than is read."""
    content = {JSON: {"schema": {"type": "object", **_LABEL_STUDIO[path]}, "example": _LABEL_STUDIO_EXAMPLES[path]}}
    return {"requestBody": {"required": True, "content": content}}


def label_studio_answer(example: dict[str, Any], *, get: bool = False) -> dict[int | str, dict[str, Any]]:
    content = {JSON: {"schema": {"type": "object", "required": list(example)}, "example": example}}
    rest = problems(500) if get else problems(400, 401, 408, 409, 413, 415, 422, 500, 503)
    return {200: {"description": "As Label Studio expects it.", "content": content}, **rest}


def describe(app: FastAPI, needs_token: bool, examples: Callable[[], dict[str, Any]]) -> None:
    """Have the application describe itself with our schemas, and with tokens only where they are asked for.

    Args:
        examples: Gives the examples by name. They are made when the description is first asked for.
    """

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            own = {**SCHEMAS, "Document": GivenDocument.model_json_schema(), "Problem": SCHEMA}
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(own)
            # FastAPI drops what is null from examples that stand in a route, hence these stand apart.
            components["examples"] = {name: {"value": value} for name, value in examples().items()}
            if not needs_token:
                del components["securitySchemes"]
                for operation in (each for path in schema["paths"].values() for each in path.values()):
                    operation.pop("security", None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _example(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/examples/{name}"}
