"""``POST /v1/tag`` and ``POST /v1/explain``."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from aikind.serve.http.bodies import documents_of, is_one
from aikind.serve.http.fair_pool import Lane
from aikind.serve.http.incoming import JSON, NDJSON, media_type, read_object
from aikind.serve.http.live_model import fingerprint
from aikind.serve.http.outcomes import outcomes
from aikind.serve.http.problems import Problem
from aikind.serve.http.service import Service
from aikind.serve.http.stream import TaggedStream

__all__ = ["tag_response"]


async def tag_response(service: Service, request: Request, *, explain: bool) -> Response:
    """Tag the documents of a request: one, many, or a stream of them; with evidence if ``explain`` is set.

    Raises:
        Problem: They cannot be tagged as asked.
    """
    if media_type(request) == NDJSON:
        return TaggedStream(service, explain)
    with service.accepted() as lane:
        record = await read_object(request, service.limits)
        return await _tag_record(service, request, record, lane, explain)


async def _tag_record(service: Service, request: Request, record: dict[str, Any], lane: Lane, explain: bool) -> Response:
    documents = await asyncio.to_thread(documents_of, record, service.limits)
    request.state.documents = len(documents)
    if is_one(record) and documents[0].error is not None:
        raise Problem(413, "document-too-long", f"The document cannot be tagged: {documents[0].error}.")
    tagger = service.live.tagger
    results = await outcomes(service, request, lane, partial(service.tag, tagger, explain), documents)
    answer: dict[str, Any] = {"results": results}
    if is_one(record):
        (answer,) = results
        if answer["error"] is not None:
            raise Problem(422, "unusable-document", f"The document cannot be tagged: {answer['error']}.")
    content = json.dumps(answer, ensure_ascii=False).encode()
    return Response(content, headers={"X-Aikind-Model": fingerprint(tagger)}, media_type=JSON)
