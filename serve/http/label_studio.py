"""Label Studio's protocol for its ML backends: pre-annotations go out, corrections come in.

The paths and bodies are those of Label Studio 1.23.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import JSONResponse, Response

from aikind.records import Document
from aikind.serve.http.bodies import bounded, check_count, invalid_body
from aikind.serve.http.guard import token_or_password_needed
from aikind.serve.http.incoming import JSON, media_type, read_object
from aikind.serve.http.label_studio_config import KindChoices, read_config
from aikind.serve.http.label_studio_labels import LabelsFile, labels_of
from aikind.serve.http.live_model import fingerprint
from aikind.serve.http.logs import log
from aikind.serve.http.openapi import label_studio_answer, label_studio_body
from aikind.serve.http.outcomes import outcomes
from aikind.serve.http.problems import Problem
from aikind.serve.http.service import Service
from aikind.serve.tagger import Tagger

__all__ = ["add_label_studio"]

_ANNOTATED = {"ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED"}


class _Task(BaseModel):
    model_config = ConfigDict(strict=True)

    data: dict[str, Any]


class _Tasks(BaseModel):
    model_config = ConfigDict(strict=True)

    tasks: list[_Task]
    label_config: str


def add_label_studio(app: FastAPI, service: Service, labels: LabelsFile | None) -> None:
    """Add the paths of the protocol.

    Args:
        labels: Where corrections go; without it, they are refused.
    """
    guarded = [token_or_password_needed(service.tokens)]

    @app.get("/health", responses=label_studio_answer({"status": "UP"}, get=True), response_class=JSONResponse)
    async def label_studio_health() -> Response:
        """For Label Studio: whether the process answers."""
        return JSONResponse({"status": "UP"})

    @app.post(
        "/setup",
        dependencies=guarded,
        responses=label_studio_answer({"model_version": "default-0f3c5a9be21d7764"}),
        openapi_extra=label_studio_body("setup"),
        response_class=JSONResponse,
    )
    async def label_studio_setup(request: Request) -> Response:
        """For Label Studio: whether a project can be pre-annotated. Of what it sends, only the labelling config is read."""
        record = await _read(request, service)
        tagger = service.live.tagger
        _config(record.get("schema"), tagger)
        return JSONResponse({"model_version": _version(tagger)})

    @app.post(
        "/predict",
        dependencies=guarded,
        responses=label_studio_answer({"model_version": "default-0f3c5a9be21d7764", "results": [[]]}),
        openapi_extra=label_studio_body("predict"),
        response_class=JSONResponse,
    )
    async def label_studio_predict(request: Request) -> Response:
        """For Label Studio: a choice for each task; none for a task that cannot be tagged."""
        with service.accepted() as lane:
            record = await _read(request, service)
            check_count(record.get("tasks"), service.limits, "Select fewer tasks, or raise --max-documents.")
            try:
                given = await asyncio.to_thread(_Tasks.model_validate, record)
            except ValidationError as error:
                raise invalid_body(error) from None
            tagger = service.live.tagger
            config = _config(given.label_config, tagger)
            documents = [_document(config, task, number, service) for number, task in enumerate(given.tasks)]
            request.state.documents = len(documents)
            results = await outcomes(service, request, lane, lambda one: _predictions(service, tagger, config, one), documents)
        return JSONResponse({"model_version": _version(tagger), "results": results})

    @app.post(
        "/webhook",
        dependencies=guarded,
        responses=label_studio_answer({"stored": 1}),
        openapi_extra=label_studio_body("webhook"),
        response_class=JSONResponse,
    )
    async def label_studio_webhook(request: Request) -> Response:
        """For Label Studio: annotations, made or changed, are stored as labels. Other events are passed over."""
        event = await _read(request, service)
        action = event.get("action")
        if not isinstance(action, str):
            raise _unusable("the body has no action")
        if action not in _ANNOTATED:
            return JSONResponse({"stored": 0})
        if labels is None:
            raise Problem(409, "no-labels-file", "The server stores no labels; start it with --label-studio-labels FILE.")
        try:
            rows = await asyncio.to_thread(labels_of, event, service.live.tagger.label_set)
            await asyncio.to_thread(labels.append, rows)
        except ValueError as error:
            raise _unusable(str(error)) from None
        except OSError as error:
            log.error("labels_not_stored", extra={"fields": {"detail": str(error)}})
            detail = "The labels cannot be written; the server's log says why. They are still in Label Studio."
            raise Problem(503, "labels-not-stored", detail, {"Retry-After": "60"}) from None
        return JSONResponse({"stored": len(rows)})


async def _read(request: Request, service: Service) -> dict[str, Any]:
    # A page of another site can have a browser post text to this server, but not JSON.
    if media_type(request) != JSON:
        raise Problem(415, "media-type", f"Expected {JSON}.", {"Accept": JSON})
    return await read_object(request, service.limits)


def _config(config: Any, tagger: Tagger) -> KindChoices:
    if not isinstance(config, str):
        raise _unusable("the body has no labelling config")
    try:
        return read_config(config, tagger.label_set)
    except ValueError as error:
        raise _unusable(str(error)) from None


def _unusable(why: str) -> Problem:
    log.warning("label_studio", extra={"fields": {"detail": why}})  # Label Studio shows its users the status only
    return Problem(422, "label-studio", f"This cannot be worked with: {why}.")


def _document(config: KindChoices, task: _Task, number: int, service: Service) -> Document:
    try:
        return bounded(str(number), config.text_of(task.data), service.limits)
    except ValueError as error:
        return Document(str(number), "", error=str(error))


def _predictions(service: Service, tagger: Tagger, config: KindChoices, document: Document) -> list[dict[str, Any]]:
    """The prediction for a task: its kind, and as score the probability of what is least sure about it."""
    result = service.tag(tagger, False, document)
    if result["error"] is not None:
        return []
    score = min(p if name in result["labels"] else 1 - p for name, p in result["scores"].items())
    return [{"model_version": _version(tagger), "score": round(score, 6), "result": [config.region(result["kind"])]}]


def _version(tagger: Tagger) -> str:
    return f"{tagger.manifest.name}-{fingerprint(tagger)}"
