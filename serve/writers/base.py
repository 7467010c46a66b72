"""What every writer does, and the flat form of a result."""

from __future__ import annotations

from typing import Any, Protocol

from aikind.records import Tagging

__all__ = ["Writer", "as_record"]


class Writer(Protocol):
    def write(self, tagging: Tagging) -> None: ...


def as_record(tagging: Tagging) -> dict[str, Any]:
    """The result as JSON-ready values; ``kind`` is null where there is an error. ``encoding`` is there only where not UTF-8."""
    record = {
        "id": tagging.id,
        "kind": tagging.kind or None,
        "labels": list(tagging.labels),
        "scores": {name: round(score, 6) for name, score in tagging.scores.items()},
        "unsure": tagging.unsure,
        "doubts": list(tagging.doubts),
        "windows": tagging.windows,
        "error": tagging.error,
    }
    return record if tagging.encoding is None else {**record, "encoding": tagging.encoding}
