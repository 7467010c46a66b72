"""Work out each thing once, while it is remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

__all__ = ["Once"]

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Remembers the values asked for last, by key. Safe to share between threads.

    Of several threads that ask for one key at the same time, one works the value out and the others wait for it.

    Args:
        most: How many values are remembered; 0 remembers none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Future[Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes, work_out: Callable[[], Value]) -> Value:
        """The value of ``key``. What ``work_out`` raises is raised here, and not remembered."""
        if not self._most:
            return work_out()
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            else:
                mine: Future[Value] = Future()
                self._known[key] = mine
                if len(self._known) > self._most:
                    self._known.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            mine.set_result(work_out())
        except BaseException as error:
            mine.set_exception(error)
            with self._lock:
                if self._known.get(key) is mine:
                    del self._known[key]
            raise
        return mine.result()
