"""What all requests share: the model, the workers, the limits, and the door that lets requests in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aikind.records import Document, Tagging
from aikind.serve.http.fair_pool import FairPool, Lane
from aikind.serve.http.limits import Limits
from aikind.serve.http.live_model import LiveModel
from aikind.serve.http.metrics import Metrics
from aikind.serve.http.openapi import RESULT_FIELDS
from aikind.serve.http.problems import Problem
from aikind.serve.http.tokens import Tokens
from aikind.serve.tagger import Tagger
from aikind.serve.writers.base import as_record

__all__ = ["Service"]

_RETRY = {"Retry-After": "1"}  # seconds


class Service:
    """Shared by all requests; its own state is touched by the thread of the event loop only."""

    def __init__(self, live: LiveModel, jobs: int, limits: Limits, tokens: Tokens, metrics: Metrics) -> None:
        self.live, self.jobs, self.limits, self.tokens, self.metrics = live, jobs, limits, tokens, metrics
        self.pool = FairPool(jobs)
        self.draining = False
        self._inside = 0
        metrics.watch(lambda: self.requests, self.pool.waiting)

    @property
    def requests(self) -> int:
        """How many requests are accepted and not yet answered."""
        return self._inside

    @contextmanager
    def accepted(self) -> Iterator[Lane]:
        """Let a request in and give it a lane; what is left of its work when it ends is dropped.

        Raises:
            Problem: The server is full, or ends.
        """
        if self.draining:
            raise Problem(503, "ending", "The server is ending; ask another one, or this one later.", _RETRY)
        if self._inside >= self.limits.requests:
            detail = f"{self.limits.requests} requests are being worked on, as many as are taken at once. Try again after a while."
            raise Problem(503, "full", detail, _RETRY)
        self._inside += 1
        try:
            with self.pool.lane() as lane:
                yield lane
        finally:
            self._inside -= 1

    def too_slow(self) -> Problem:
        seconds = self.limits.seconds
        return Problem(503, "out-of-time", f"The results were not there within {seconds:g} seconds. Send less at once, or later.", _RETRY)

    def tag(self, tagger: Tagger, document: Document) -> dict[str, Any]:
        """The result of one document, as JSON-ready values. Safe to call from any thread."""
        tagging = tagger.tag_document(document)
        self.metrics.count_document(tagging)
        return self._record(tagging)

    def example(self, document: Document) -> dict[str, Any]:
        """The result of a document that nobody sent; it is not counted."""
        return self._record(self.live.tagger.tag_document(document))

    @staticmethod
    def _record(tagging: Tagging) -> dict[str, Any]:
        whole = as_record(tagging)
        record = {name: whole[name] for name in RESULT_FIELDS}
        if tagging.error is not None:
            record["error"] = tagging.error.removeprefix(f"{tagging.id}: ")  # the id stands beside it
        return record
