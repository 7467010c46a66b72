"""The page and what it talks to."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from aikind.annotate.desk import Desk, Elsewhere
from aikind.annotate.guard import Guard
from aikind.annotate.store import Answer

__all__ = ["create_app"]


class _Given(BaseModel, extra="forbid"):
    document: int
    outcome: Literal["labelled", "unsure", "skipped"]
    labels: dict[str, bool] = {}
    note: str = Field("", max_length=10_000)


def create_app(desk: Desk, token: str) -> ASGIApp:
    """The ASGI application for one reader; everything is below ``/TOKEN/``."""
    app = FastAPI(title="aikind annotate", docs_url=None, redoc_url=None, openapi_url=None)
    _add_failures(app)
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")

    @app.get("/")
    def front() -> Response:
        # The page may run its own script and style and talk to this server; nothing else, whatever a text holds.
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; "
        headers = {"Content-Security-Policy": policy + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
        headers |= {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(page.replace("NONCE", nonce), headers=headers, media_type="text/html")

    @app.get("/api/about")
    def about() -> dict[str, Any]:
        return desk.about()

    @app.get("/api/turn")
    def turn() -> dict[str, Any]:
        return desk.turn()

    @app.post("/api/answer")
    def answer(given: _Given) -> dict[str, Any]:
        return desk.answer(given.document, Answer(given.outcome, given.labels, given.note))

    @app.post("/api/undo")
    def undo() -> dict[str, Any]:
        return desk.undo()

    @app.get("/api/search")
    def search(words: str) -> dict[str, Any]:
        return desk.search(words)

    @app.post("/api/open/{document}")
    def open_document(document: int) -> dict[str, Any]:
        return desk.open(document)

    @app.get("/api/guess/{document}")
    def guess(document: int) -> dict[str, Any]:
        return desk.guess(document)

    @app.get("/api/estimate")
    def estimate() -> dict[str, Any]:
        return desk.estimate()

    return Guard(app, token)


def _add_failures(app: FastAPI) -> None:
    def elsewhere(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, 409)

    def wrong(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": str(error)}, 422)

    def not_kept(_: Request, error: Exception) -> Response:
        return JSONResponse({"detail": f"The file of answers cannot be used now: {error}. Nothing was saved; try again."}, 503)

    app.add_exception_handler(Elsewhere, elsewhere)
    app.add_exception_handler(ValueError, wrong)
    app.add_exception_handler(sqlite3.Error, not_kept)
