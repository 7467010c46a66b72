"""The application: which paths there are, and what stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp

from aikind import __version__
from aikind.serve.http.envelope import Envelope
from aikind.serve.http.examples import examples_of
from aikind.serve.http.front_page import front_page
from aikind.serve.http.guard import token_needed
from aikind.serve.http.label_studio import add_label_studio
from aikind.serve.http.label_studio_labels import LabelsFile
from aikind.serve.http.openapi import describe, labels_answer, problems, tag_answers, tag_body
from aikind.serve.http.problems import Problem, add_handlers
from aikind.serve.http.service import Service
from aikind.serve.http.tag_route import tag_response

__all__ = ["create_app"]

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def create_app(service: Service, labels: LabelsFile | None, lifespan: Lifespan) -> ASGIApp:
    """The ASGI application around a service; corrections from Label Studio go to ``labels``."""
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
    describe(app, bool(service.tokens), partial(examples_of, service))
    _add_tagging(app, service)
    _add_operations(app, service)
    add_label_studio(app, service, labels)
    return Envelope(app, service.metrics)


def _add_tagging(app: FastAPI, service: Service) -> None:
    guarded = [token_needed(service.tokens)]
    body = tag_body(service.limits)

    @app.post("/v1/tag", dependencies=guarded, responses=tag_answers(), openapi_extra=body, response_class=Response)
    async def tag(request: Request) -> Response:
        """Tag one document, or many. Each document's result depends on that document and the model alone."""
        return await tag_response(service, request, explain=False)

    @app.post("/v1/explain", dependencies=guarded, responses=tag_answers("ExplainedResult"), openapi_extra=body, response_class=Response)
    async def explain(request: Request) -> Response:
        """Tag as /v1/tag does, with the sentences that carried each label. It takes several times as long."""
        return await tag_response(service, request, explain=True)

    @app.get("/v1/labels", dependencies=guarded, responses=labels_answer(), response_class=JSONResponse)
    async def labels() -> Response:
        """The labels that the model gives, what they mean, and how sure it must be."""
        return JSONResponse(service.labels())

    @app.get("/metrics", dependencies=guarded, responses=problems(401, 500), response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(service.metrics.text(), media_type=_PROMETHEUS)


def _add_operations(app: FastAPI, service: Service) -> None:
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
        return front_page(service.live.tagger.label_set)
