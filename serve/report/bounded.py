"""Collections that stay small however much is put in."""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import count
from typing import Generic, TypeVar

__all__ = ["Best", "CountsByKey"]

Item = TypeVar("Item")


class Best(Generic[Item]):
    """The few items of highest rank; of equal ones those that came first. An item's key is taken once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[tuple[float, int, bytes, Item]] = []
        self._keys: set[bytes] = set()
        self._order = count()

    def takes(self, rank: float, key: bytes) -> bool:
        """Whether ``add`` would keep such an item."""
        return key not in self._keys and (len(self._heap) < self._most or rank > self._heap[0][0])

    def add(self, rank: float, key: bytes, item: Item) -> None:
        if not self.takes(rank, key):
            return
        entry = (rank, -next(self._order), key, item)
        self._keys.add(key)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, entry)
        else:
            self._keys.remove(heapq.heappushpop(self._heap, entry)[2])

    def items(self) -> list[Item]:
        """Highest rank first."""
        return [entry[3] for entry in sorted(self._heap, key=lambda e: e[:2], reverse=True)]


class CountsByKey:
    """Counts by key and name, of the first ``most`` keys; what comes under further keys is counted together as ``others``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.counts: dict[str, Counter[str]] = {}
        self.others: Counter[str] = Counter()

    def add(self, key: str, name: str) -> None:
        if key not in self.counts and len(self.counts) == self._most:
            self.others[name] += 1
        else:
            self.counts.setdefault(key, Counter())[name] += 1

    def largest(self, most: int) -> tuple[list[tuple[str, Counter[str]]], Counter[str]]:
        """The keys with most in them, and the sum of the rest."""
        ranked = sorted(self.counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
        rest = Counter(self.others)
        for _, counts in ranked[most:]:
            rest.update(counts)
        return ranked[:most], rest
