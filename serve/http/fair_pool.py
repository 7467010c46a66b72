"""Worker threads that take turns between requests."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

__all__ = ["FairPool", "Lane"]

_NEWEST = 0.05  # what the newest document weighs in the time that one takes

Outcome = TypeVar("Outcome")


class FairPool:
    """A fixed number of threads shared by all requests, document by document.

    Each request has a lane of its own. A thread that becomes free takes one document of the lane whose turn it is, so a
    lane with one document waits for at most one document of each other lane, however long those are.
    """

    def __init__(self, jobs: int) -> None:
        self._turns: deque[Lane] = deque()  # lanes with work that waits; each once
        self._changed = threading.Condition()
        self._closed = False
        self._each: float | None = None  # seconds that a document takes a thread, of late
        self._threads = [threading.Thread(target=self._work, name=f"aikind-{n}", daemon=True) for n in range(jobs)]
        for thread in self._threads:
            thread.start()

    def lane(self) -> Lane:
        """A lane for one request."""
        return Lane(self)

    def waiting(self) -> int:
        """How many documents no thread has taken yet."""
        with self._changed:
            return sum(len(lane.queue) for lane in self._turns)

    def seconds_for(self, documents: int) -> float:
        """About how long a new lane with so many documents would take; 0 where no other work waits, or nothing is known yet.

        For each of its turns every other lane has one, and on a busy server new lanes take the place of those that end.
        """
        with self._changed:
            others = len(self._turns)
            return documents * (others + 1) * (self._each or 0.0) / len(self._threads) if others else 0.0

    def close(self) -> None:
        """End the threads, and wait for the document that each is at: a process must not end in the middle of native code."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, lane: Lane, work: Callable[[], Outcome]) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        with self._changed:
            if not lane.queue:
                self._turns.append(lane)
            lane.queue.append((future, work))
            self._changed.notify()
        return future

    def _drop(self, lane: Lane) -> None:
        with self._changed:
            dropped = list(lane.queue)
            lane.queue.clear()
            if lane in self._turns:
                self._turns.remove(lane)
        for future, _ in dropped:
            future.cancel()

    def _note(self, seconds: float) -> None:
        with self._changed:
            self._each = seconds if self._each is None else self._each + _NEWEST * (seconds - self._each)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._turns or self._closed)
                if self._closed:
                    return
                lane = self._turns.popleft()
                future, work = lane.queue.popleft()
                if lane.queue:
                    self._turns.append(lane)
            if future.set_running_or_notify_cancel():
                began = time.perf_counter()
                try:
                    future.set_result(work())
                except BaseException as error:
                    future.set_exception(error)
                self._note(time.perf_counter() - began)
            del lane, future, work  # an idle thread must hold no text


class Lane:
    """The work of one request. As a context manager it drops what has not begun when it is left."""

    def __init__(self, pool: FairPool) -> None:
        self._pool = pool
        self.queue: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    def put(self, work: Callable[[], Outcome]) -> Future[Outcome]:
        """Have ``work`` done when its turn comes."""
        return self._pool._put(self, work)

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: Any) -> None:
        self._pool._drop(self)
