"""What every writer does, and the plain form of a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from aikind.records import Tagging

__all__ = ["FileWriter", "Row", "Writer", "as_record", "as_text"]

Row = Mapping[str, Any]


class Writer(Protocol):
    """Takes rows one by one."""

    def write(self, row: Row) -> None: ...


class FileWriter(Writer, Protocol):
    """Makes a file of its own, which is complete after ``finish``. ``close`` lets go of it, complete or not."""

    def finish(self) -> None: ...

    def close(self) -> None: ...


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
        "tokens": tagging.tokens,
        "evidence": {
            name: [{"start": x.start, "end": x.end, "score": round(x.score, 6), "text": x.text} for x in found]
            for name, found in tagging.evidence.items()
        },
        "error": tagging.error,
        "encoding": tagging.encoding,
    }


def as_text(value: Any) -> str:
    """A value as text: strings as they are, with half surrogate pairs shown as escapes; everything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()
