"""The unfinished work of a retraining, kept beside the models of a store."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aikind.errors import ModelError
from aikind.train.network import write_json

__all__ = ["Work", "claim_work"]

_FOLDER, _REQUEST = ".retrain", "request.json"


@dataclass(frozen=True, slots=True)
class Work:
    folder: Path

    @property
    def prepared(self) -> Path:
        """The dataset, which is the first that is worth keeping."""
        return self.folder / "prepared.json"

    @property
    def run(self) -> Path:
        """The training run."""
        return self.folder / "run"

    @property
    def outcome(self) -> Path:
        """The decision, when there is nothing left but to move what was made to its place."""
        return self.folder / "outcome.json"

    def end(self) -> None:
        """Delete the work; after a kill half way, nothing of it counts."""
        done = self.folder.with_suffix(".done")
        self.folder.rename(done)
        shutil.rmtree(done)

    def begin(self, request: Mapping[str, Any], version: str) -> str:
        """Note what is asked for, or check that the unfinished work is for the same; returns the version it is to become.

        Raises:
            ModelError: The unfinished work is for something else.
        """
        path = self.folder / _REQUEST
        if not path.exists() or not self.prepared.exists():  # nothing is worth keeping yet
            shutil.rmtree(self.folder)
            self.folder.mkdir()
            write_json(path, {"version": version, **request})
            return version
        earlier = json.loads(path.read_text(encoding="utf-8"))
        # JSON has no tuples, so the comparison is of what JSON makes of both.
        now = json.loads(json.dumps(request))
        if self.outcome.exists():  # the new model may be in use already
            now["model"] = earlier["model"]
        if differing := sorted(key for key in now if earlier.get(key) != now[key]):
            raise ModelError(
                f"{self.folder}: holds a retraining that was stopped, with another {' and '.join(differing)}. "
                "Give the same again to go on, or delete the folder"
            )
        return str(earlier["version"])


@contextmanager
def claim_work(store: Path) -> Iterator[Work]:
    """The folder for the work, which one process at a time may have.

    Raises:
        ModelError: Another process has it.
    """
    folder = store / _FOLDER
    with (folder.with_suffix(".lock")).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ModelError(f"{store}: another process is retraining in this store; wait until it has ended") from error
        shutil.rmtree(folder.with_suffix(".done"), ignore_errors=True)
        folder.mkdir(exist_ok=True)
        yield Work(folder)
