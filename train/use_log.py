"""A log of what was measured on what, so that it is seen how often a set of documents was used."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aikind.errors import DatasetError

if TYPE_CHECKING:
    from aikind.train.report import Report

__all__ = ["append_lines", "append_uses", "check_log"]


def check_log(log: Path) -> None:
    """Make sure, before anything is measured, that the log can be written.

    Raises:
        DatasetError: It cannot.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.open("a", encoding="utf-8").close()
    except OSError as error:
        raise DatasetError(f"{log}: cannot write the log of uses: {error.strerror}") from error


def append_uses(log: Path, report: Report) -> None:
    """Append one line per set: which model, on what, and the model's main figures."""
    uses = []
    for found in report.sets:
        model = found.evaluations[0]
        uses.append(
            {
                "model": report.manifest.name,
                "manifest_sha256": report.manifest_sha256,
                "data": found.name,
                "data_sha256": found.sha256,
                "documents": model.documents,
                "kind_accuracy": round(model.kind_accuracy, 5),
                "f1": {name: round(figures["f1"], 5) for name, figures in model.labels.items()},
            }
        )
    append_lines(log, uses)


def append_lines(log: Path, uses: Iterable[Mapping[str, Any]]) -> None:
    """Append one JSON line per use, each with the time now put first."""
    time = datetime.now(UTC).isoformat(timespec="seconds")
    with log.open("a", encoding="utf-8") as file:
        file.write("".join(json.dumps({"time": time, **use}) + "\n" for use in uses))
