"""Around every request: its id, the time it took, its line in the log, and an answer when the code fails."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aikind.serve.http.logs import log, where
from aikind.serve.http.metrics import Metrics
from aikind.serve.http.problems import Problem, problem_response

__all__ = ["Envelope"]

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Envelope:
    """ASGI middleware that stands outside all others."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        state: dict[str, Any] = {**scope.get("state", {}), "request_id": request_id}
        scope["state"] = state
        began, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            log.error("failed", extra={"fields": {"request_id": request_id, "exception": where(error)}})
            state["problem"] = "internal"
            if not status:  # otherwise the answer ends where it is, and the server closes the connection
                problem = Problem(500, "internal", "The server failed; its log says more under this request's id.")
                await problem_response(problem, request_id)(scope, receive, send_with_id)
        finally:
            self._note(scope, state, status, time.perf_counter() - began)

    def _note(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")  # never the path itself: anything may be in it
        problem = state.get("problem", "")
        self._metrics.count_request(scope["method"], route, status, seconds, problem)
        fields = {"request_id": state["request_id"], "method": scope["method"][:16], "route": route, "status": status}
        fields |= {"seconds": round(seconds, 4), "documents": state.get("documents", 0)}
        log.info("request", extra={"fields": fields | ({"problem": problem} if problem else {})})
