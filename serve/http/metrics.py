"""What Prometheus may read."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector, generate_latest

from aikind.records import Tagging
from aikind.serve.http.live_model import fingerprint
from aikind.serve.tagger import Tagger

__all__ = ["Metrics"]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """Counts of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        kept = self.registry
        self._requests = Counter("aikind_requests", "Requests answered.", ["method", "route", "status"], registry=kept)
        self._seconds = Histogram(
            "aikind_request_seconds", "Time from a request to the end of its answer.", ["route"], buckets=_SECONDS, registry=kept
        )
        self._problems = Counter("aikind_problems", "Requests answered with a problem, by its type.", ["problem"], registry=kept)
        self._documents = Counter("aikind_documents", "Documents tagged, by kind; error where they could not be.", ["kind"], registry=kept)
        self._tokens = Counter("aikind_tokens", "Tokens of the documents tagged.", registry=kept)
        self._loads = Counter("aikind_model_loads", "Times the model folder was loaded, by outcome.", ["outcome"], registry=kept)
        self._model = Gauge("aikind_model_info", "The model in use.", ["name", "fingerprint"], registry=kept)
        self._requests_now = Gauge("aikind_requests_in_progress", "Requests to tag that are accepted and not yet answered.", registry=kept)
        self._waiting_now = Gauge("aikind_documents_waiting", "Documents that no worker has taken yet.", registry=kept)

    def watch(self, requests: Callable[[], int], documents: Callable[[], int]) -> None:
        """Read these two numbers whenever Prometheus asks."""
        self._requests_now.set_function(requests)
        self._waiting_now.set_function(documents)

    def count_request(self, method: str, route: str, status: int, seconds: float, problem: str) -> None:
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if problem:
            self._problems.labels(problem).inc()

    def count_document(self, tagging: Tagging) -> None:
        self._documents.labels(tagging.kind or "error").inc()
        self._tokens.inc(tagging.tokens)

    def count_load(self, tagger: Tagger | None) -> None:
        """A model was loaded, or with None could not be."""
        self._loads.labels("failed" if tagger is None else "loaded").inc()
        if tagger is not None:
            self._model.clear()
            self._model.labels(tagger.manifest.name, fingerprint(tagger)).set(1)

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
