"""Work on many items at once, and hand the results back in the order of the items."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

__all__ = ["map_in_order"]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def map_in_order(
    function: Callable[[Item], Outcome], items: Iterable[Item], jobs: int, weigh: Callable[[Item], int], most_weight: int
) -> Generator[Outcome]:
    """Yield ``function(item)`` for each item, lazily and in order.

    ``items`` is read in a thread of its own and ``function`` runs in ``jobs`` others, so that reading, working and whatever
    the caller does with the results overlap. At most twice ``jobs`` items are read ahead, and fewer where they together
    weigh more than ``most_weight``; one item at least is always let in.

    Raises:
        BaseException: What reading ``items`` raised, after the results of the items before; or what ``function`` raised.
    """
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="aikind")
    ahead: deque[tuple[Future[Outcome], int]] = deque()
    changed = threading.Condition()
    weight, stopped, finished = 0, False, False
    failure: BaseException | None = None

    def has_room(more: int) -> bool:
        return stopped or not ahead or (len(ahead) < 2 * jobs and weight + more <= most_weight)

    def feed() -> None:
        nonlocal weight, finished, failure
        try:
            for item in items:
                more = weigh(item)
                with changed:
                    changed.wait_for(partial(has_room, more))
                    if stopped:
                        return
                    ahead.append((pool.submit(function, item), more))
                    weight += more
                    changed.notify_all()
                del item
        except BaseException as error:
            failure = error
        finally:
            with changed:
                finished = True
                changed.notify_all()

    feeder = threading.Thread(target=feed, name="aikind-feeder", daemon=True)
    feeder.start()
    try:
        while True:
            with changed:
                changed.wait_for(lambda: ahead or finished)
                if not ahead:
                    break
                future, _ = ahead[0]
            outcome = future.result()
            del future
            with changed:
                weight -= ahead.popleft()[1]
                changed.notify_all()
            yield outcome
        if failure is not None:
            raise failure
    finally:
        with changed:
            stopped = True
            changed.notify_all()
        feeder.join(0.5)  # it may be waiting for input that never comes
        pool.shutdown(cancel_futures=True)
