"""Corrections made in Label Studio, kept as labels for training."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aikind.errors import AikindError
from aikind.label_set import LabelSet
from aikind.serve.http.label_studio_config import read_config
from aikind.serve.http.logs import log

__all__ = ["LabelsFile", "labels_of"]


def labels_of(event: Mapping[str, Any], label_set: LabelSet) -> list[dict[str, Any]]:
    """The labelled texts of an event of annotations: ``id``, ``text``, and 0 or 1 for each label.

    An annotation of which no label can be made is left out, and the log says why.

    Raises:
        ValueError: The event lacks its payload, or the project's labelling config is not for kinds.
    """
    project = event.get("project")
    if not isinstance(project, dict) or not isinstance(project.get("label_config"), str):
        raise ValueError("the event has no project with a label_config; have the webhook send the payload")
    config = read_config(project["label_config"], label_set)
    rows = []
    for annotation, task in _pairs(event):
        try:
            kind, text = config.kind_in(annotation.get("result")), config.text_of(task["data"])
        except ValueError as error:
            log.warning("label_left_out", extra={"fields": {"task": str(task.get("id")), "detail": str(error)}})
            continue
        labels = next(labels for labels in label_set.combinations if label_set.kind(labels) == kind)
        identity = f"label-studio-{project.get('id')}-{task.get('id')}"
        rows.append({"id": identity, "text": text, **{name: int(name in labels) for name in label_set.names}})
    return rows


def _pairs(event: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each annotation that was not skipped, with its task; events of many have lists of both."""
    given, told = event.get("annotation"), event.get("task")
    annotations, tasks = (given if isinstance(given, list) else [given]), (told if isinstance(told, list) else [told])
    if len(annotations) != len(tasks):
        raise ValueError(f"the event has {len(annotations)} annotations and {len(tasks)} tasks")
    for annotation, task in zip(annotations, tasks, strict=True):
        if not isinstance(annotation, dict) or not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            raise ValueError("the event has no annotation, or no task with data; have the webhook send the payload")
        if not annotation.get("was_cancelled"):
            yield annotation, task


class LabelsFile:
    """A file of JSON Lines that only grows. It may be moved away at any time; a new one is begun then.

    Raises:
        AikindError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self.append([])
        except OSError as error:
            raise AikindError(f"{path}: cannot write labels there: {error.strerror}") from error

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows: all of them, on the disk when this returns, or none.

        Raises:
            OSError: They cannot be written.
        """
        raw = "".join(json.dumps(row) + "\n" for row in rows).encode("ascii")
        with self._lock, self._path.open("a+b", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            if raw and end and os.pread(file.fileno(), 1, end - 1) != b"\n":
                raw = b"\n" + raw  # the last line was torn off, or edited by hand
            try:
                if file.write(raw) != len(raw):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise
