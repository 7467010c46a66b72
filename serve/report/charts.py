"""The numbers behind the charts of a report: bars as shares of the tallest, and periods of a handy length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Bar", "Piece", "periods", "stacked"]

_MOST_BARS = 48


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar: its name and count, and its place, in percent of the chart's height from the bottom."""

    name: str
    count: int
    bottom: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    count: int
    pieces: tuple[Piece, ...]


def stacked(rows: Sequence[tuple[str, Mapping[str, int]]], names: Sequence[str]) -> list[Bar]:
    """Bars with a piece for each of ``names``; the tallest bar is 100 percent high."""
    tallest = max((sum(counts.values()) for _, counts in rows), default=0) or 1
    bars = []
    for row, counts in rows:
        pieces, bottom = [], 0.0
        for name in names:
            if count := counts.get(name, 0):
                height = 100 * count / tallest
                pieces.append(Piece(name, count, bottom, height))
                bottom += height
        bars.append(Bar(row, sum(counts.values()), tuple(pieces)))
    return bars


def periods(months: Mapping[str, Counter[str]]) -> list[tuple[str, Counter[str]]]:
    """Counts by month, or by year, or by several years: the finest that gives at most 48 bars, without a gap between them.

    Args:
        months: Counts by "2024-05"; where one key is a mere year, months cannot be told, and years are given.
    """
    if not months:
        return []
    if all(len(key) == 7 for key in months):
        numbers = {int(key[:4]) * 12 + int(key[5:]) - 1: counts for key, counts in months.items()}
        if max(numbers) - min(numbers) < _MOST_BARS:
            return [(f"{n // 12}-{n % 12 + 1:02}", numbers.get(n, Counter())) for n in range(min(numbers), max(numbers) + 1)]
    years: dict[int, Counter[str]] = {}
    for key, counts in months.items():
        years.setdefault(int(key[:4]), Counter()).update(counts)
    first, last = min(years), max(years)
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100) if last // s - first // s < _MOST_BARS)
    return [
        (str(at) if step == 1 else f"{at}–{at + step - 1}", sum((years.get(year, Counter()) for year in range(at, at + step)), Counter()))
        for at in range(first // step * step, last + 1, step)
    ]
