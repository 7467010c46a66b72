"""The application: which paths there are, and what stands behind them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp

from aikind import __version__
from aikind.serve.http.envelope import Envelope
from aikind.serve.http.live_model import fingerprint
from aikind.serve.http.openapi import LABELS_ANSWER, describe, problems, tag_answers, tag_body
from aikind.serve.http.problems import Problem, add_handlers
from aikind.serve.http.service import Service
from aikind.serve.http.tag_route import tag_response

__all__ = ["create_app"]

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_BEARER = HTTPBearer(auto_error=False, description="Needed where the server was given tokens.")
_Given = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def create_app(service: Service, lifespan: Lifespan) -> ASGIApp:
    """The ASGI application around a service."""
    # The pages of documentation that FastAPI brings load scripts from elsewhere.
    app = FastAPI(
        title="aikind",
        version=__version__,
        description="Says which kind of AI a piece of writing discusses.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    add_handlers(app)
    describe(app, bool(service.tokens), service.example)
    _add_tagging(app, service)
    _add_operations(app, service)
    return Envelope(app, service.metrics)


def _add_tagging(app: FastAPI, service: Service) -> None:
    def check_token(given: _Given) -> None:
        if service.tokens and not service.tokens.admit(given.credentials if given else ""):
            detail = "This needs a token: send the header Authorization: Bearer TOKEN with one that the server knows."
            raise Problem(401, "token", detail, {"WWW-Authenticate": "Bearer"})

    guarded = [Depends(check_token)]

    @app.post("/v1/tag", dependencies=guarded, responses=tag_answers(), openapi_extra=tag_body(service.limits), response_class=Response)
    async def tag(request: Request) -> Response:
        """Tag one document, or many. Each document's result depends on that document and the model alone."""
        return await tag_response(service, request)

    @app.get("/v1/labels", dependencies=guarded, responses={**LABELS_ANSWER, **problems(401, 500)}, response_class=JSONResponse)
    async def labels() -> Response:
        """The labels that the model gives, what they mean, and how sure it must be."""
        tagger = service.live.tagger
        manifest = tagger.manifest
        each = [
            {"name": x.name, "display": x.display, "definition": x.definition, "threshold": manifest.thresholds[x.name]}
            for x in tagger.label_set.labels
        ]
        model = {"name": manifest.name, "fingerprint": fingerprint(tagger)}
        return JSONResponse({"model": model, "labels": each, "kinds": list(tagger.label_set.kinds)})

    @app.get("/metrics", dependencies=guarded, responses=problems(401, 500), response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(service.metrics.text(), media_type=_PROMETHEUS)


def _add_operations(app: FastAPI, service: Service) -> None:
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")

    @app.get("/healthz", responses=problems(500))
    async def alive() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "ok"}

    @app.get("/readyz", responses=problems(500, 503))
    async def ready() -> dict[str, str]:
        """Whether it takes requests: a model is loaded and the server does not end."""
        if service.draining:
            raise Problem(503, "ending", "The server is ending.", {"Retry-After": "1"})
        return {"status": "ready"}

    @app.get("/", include_in_schema=False)
    async def front() -> Response:
        # The page may run its own script and style and talk to this server; nothing else, whatever a text holds.
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
        headers = {"Content-Security-Policy": policy + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
        return Response(page.replace("NONCE", nonce), headers={**headers, "Referrer-Policy": "no-referrer"}, media_type="text/html")
