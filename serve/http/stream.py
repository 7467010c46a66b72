"""NDJSON in, NDJSON out: results go out while documents still come in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import aclosing
from functools import partial

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from aikind.records import Document
from aikind.serve.http.bodies import line_document, split_lines
from aikind.serve.http.fair_pool import Lane
from aikind.serve.http.incoming import NDJSON, slow_body
from aikind.serve.http.live_model import fingerprint
from aikind.serve.http.problems import Problem
from aikind.serve.http.service import Service

__all__ = ["TaggedStream"]

_AHEAD = 4  # documents of one stream that are with the workers at once, for each worker


class TaggedStream(Response):
    """Answers a stream of documents with a line for each, in their order.

    At most a few documents are held at once. Results that the client does not read yet are held, up to the limit of
    documents, since many clients read nothing before they have sent everything. What ends the stream early is told by a
    last line ``{"problem": ...}``; where no result has gone out yet, by the status.
    """

    def __init__(self, service: Service, explain: bool) -> None:
        super().__init__(media_type=NDJSON)
        self._service, self._explain = service, explain
        self._tagger = service.live.tagger
        self._documents: asyncio.Queue[Future[bytes] | Problem | None] = asyncio.Queue(_AHEAD * service.jobs)
        self._lines: asyncio.Queue[bytes | Problem | None] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        limits = self._service.limits
        with self._service.accepted() as lane:
            async with asyncio.timeout(limits.stream_seconds + limits.seconds), asyncio.TaskGroup() as tasks:
                taking = tasks.create_task(self._take_in(request, lane))
                tasks.create_task(self._await_results())
                problem = await self._send(request, send)
                taking.cancel()  # it may still wait for documents that nobody will tag
        if problem is not None:
            raise problem

    async def _take_in(self, request: Request, lane: Lane) -> None:
        limits, position = self._service.limits, 0
        end: Problem | None = None
        try:
            async with asyncio.timeout(limits.stream_seconds), aclosing(self._raw_lines(request)) as lines:
                async for raw in lines:
                    if position == limits.stream_documents:
                        detail = f"At most {position} documents are taken in one stream; what came after them was not read."
                        raise Problem(413, "too-many-documents", detail)
                    document = line_document(raw, position, limits)
                    await self._documents.put(lane.put(partial(self._tag, document)))
                    position += 1
        except ClientDisconnect:
            pass
        except Problem as problem:
            end = problem
        except TimeoutError:
            end = Problem(408, "slow-body", f"The stream did not end within {limits.stream_seconds:g} seconds.", {"Connection": "close"})
        request.state.documents = position
        await self._documents.put(end)

    async def _raw_lines(self, request: Request) -> AsyncGenerator[bytes | None]:
        limits = self._service.limits
        lines = split_lines(request.stream(), limits.body_bytes)
        while True:
            try:
                async with asyncio.timeout(limits.seconds):
                    raw = await anext(lines)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise slow_body(limits) from None
            if raw is None or raw.strip():
                yield raw

    def _tag(self, document: Document) -> bytes:
        record = self._service.tag(self._tagger, self._explain, document)
        return json.dumps(record, ensure_ascii=False).encode() + b"\n"

    async def _await_results(self) -> None:
        while isinstance(item := await self._documents.get(), Future):
            try:
                async with asyncio.timeout(self._service.limits.seconds):
                    line = await asyncio.wrap_future(item)
            except TimeoutError:
                item = self._service.too_slow()
                break
            self._lines.put_nowait(line)
        self._lines.put_nowait(item)

    async def _send(self, request: Request, send: Send) -> Problem | None:
        """Send every line; return the problem that came before the first one."""
        item = await self._lines.get()
        if isinstance(item, Problem):
            return item
        headers = [(b"content-type", NDJSON.encode()), (b"x-aikind-model", fingerprint(self._tagger).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while isinstance(item, bytes):
            await send({"type": "http.response.body", "body": item, "more_body": True})
            item = await self._lines.get()
        if isinstance(item, Problem):
            request.state.problem = item.name
            last = json.dumps({"problem": item.members(request.state.request_id)}, ensure_ascii=False).encode() + b"\n"
            await send({"type": "http.response.body", "body": last, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return None
