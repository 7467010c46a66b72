"""What every writer does, and the flat form of a result."""

from __future__ import annotations

from typing import Any, Protocol

from aikind.records import Tagging

__all__ = ["Writer", "as_record"]


class Writer(Protocol):
    def write(self, tagging: Tagging) -> None: ...


def as_record(tagging: Tagging) -> dict[str, Any]:
    """The result as JSON-ready values, the same keys for every document; ``kind`` is null where there is an error."""
    return {
        "id": tagging.id,
        "kind": tagging.kind or None,
        "labels": list(tagging.labels),
        "scores": {name: round(score, 6) for name, score in tagging.scores.items()},
        "unsure": tagging.unsure,
        "doubts": list(tagging.doubts),
        "windows": tagging.windows,
        "error": tagging.error,
    }
