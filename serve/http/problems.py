"""Errors as problem details (RFC 9457), the same form for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

__all__ = ["MEDIA_TYPE", "SCHEMA", "Problem", "add_handlers", "problem_response"]

MEDIA_TYPE = "application/problem+json"

SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "What kind of problem it is; about:blank where the status says it all."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong, what was expected, and what to do."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Each fault of a body, with its place in it as a JSON pointer.",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}

_CLIENT_WENT_AWAY = 499  # by the custom of nginx; nobody gets to see it but the logs
_DETAILS = {
    404: "There is nothing at this path; GET /openapi.json describes what there is.",
    405: "This path does not take this method; the header Allow names those that it takes.",
}


class Problem(Exception):  # noqa: N818  (the name that RFC 9457 gives it)
    """A request that cannot be answered as asked.

    Args:
        status: The HTTP status.
        name: Names the kind of problem; it becomes the type ``urn:aikind:NAME``.
        detail: For the user: what was wrong, what was expected, what to do. It holds nothing of a document's text.
        headers: To be sent along.
        more: Further members of the problem details.
    """

    def __init__(self, status: int, name: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail
        self.headers, self.more = dict(headers or {}), more

    def members(self, request_id: str) -> dict[str, Any]:
        title = HTTPStatus(self.status).phrase
        kind = f"urn:aikind:{self.name}" if self.name else "about:blank"
        return {"type": kind, "title": title, "status": self.status, "detail": self.detail, "request_id": request_id, **self.more}


def problem_response(problem: Problem, request_id: str) -> Response:
    body = json.dumps(problem.members(request_id), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the application with problem details."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        request.state.problem = error.name
        return problem_response(error, request.state.request_id)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = _DETAILS.get(error.status_code, str(error.detail))
        return problem_response(Problem(error.status_code, "", detail, error.headers), request.state.request_id)

    async def on_gone(_: Request, __: Exception) -> Response:
        return Response(status_code=_CLIENT_WENT_AWAY)

    app.add_exception_handler(ClientDisconnect, on_gone)
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
