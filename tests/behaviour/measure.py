"""How often each behaviour holds, and a table of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aikind import Tagger

from .behaviours import Behaviour

__all__ = ["Result", "Scorer", "table"]


@dataclass(frozen=True, slots=True)
class Result:
    """One behaviour, measured.

    Attributes:
        failed: Ids of the trials that did not hold.
    """

    name: str
    type: str
    what: str
    trials: int
    failed: tuple[str, ...]

    @property
    def rate(self) -> float:
        return (self.trials - len(self.failed)) / self.trials


class Scorer:
    """Measures behaviours on one model, and scores no text twice, however many behaviours it is in."""

    def __init__(self, tagger: Tagger) -> None:
        self._tagger = tagger
        self._kinds: dict[str, str] = {}

    def measure(self, behaviour: Behaviour) -> Result:
        new = list(dict.fromkeys(text for trial in behaviour.trials for text in trial.texts if text not in self._kinds))
        for text, tagging in zip(new, self._tagger.tag_many(new), strict=True):
            if tagging.error is not None:
                raise ValueError(f"{behaviour.name}: {tagging.error}")
            self._kinds[text] = tagging.kind
        failed = tuple(trial.id for trial in behaviour.trials if not trial.holds([self._kinds[text] for text in trial.texts]))
        return Result(behaviour.name, behaviour.type, behaviour.what, len(behaviour.trials), failed)


def table(results: Iterable[Result], floors: Mapping[str, float] | None = None) -> list[str]:
    """The lines of a Markdown table, with the floor beside each rate where floors are given."""
    heads = ["behaviour", "type", "expected", "trials", "rate", *(["floor"] if floors else [])]
    rows = [[r.name, r.type, r.what, str(r.trials), f"{r.rate:.1%}", *([f"{floors[r.name]:.0%}"] if floors else [])] for r in results]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (heads, ["-" * w for w in widths], *rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]
