"""The folder of results, local or at an address, by fsspec."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import fsspec

from aikind.errors import MissingExtraError
from aikind.serve.journal import differences

__all__ = ["ResultsFolder"]

_SETTINGS = "_aikind.json"  # readers of Parquet and CSV folders pass over names that begin with an underscore
_DRAFT = ".part"


class ResultsFolder:
    """A folder to which many processes write files, each of which appears when it is complete.

    Args:
        address: A path or an address such as ``s3://bucket/tags``.

    Raises:
        MissingExtraError: The address needs a package that is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            self._system, root = fsspec.core.url_to_fs(address)
        except ImportError as error:
            raise MissingExtraError(f"writing to {address.split(':')[0]} addresses", "remote") from error
        self._root = str(root).rstrip("/")
        self._is_local = "file" in _protocols(self._system)

    def begin(self, settings: Mapping[str, Any], inputs: Mapping[str, str], *, resume: bool) -> frozenset[str]:
        """Take the folder for a run.

        Args:
            settings: What results depend on besides the documents.
            inputs: A stamp for each file of the input, which changes when the file does.

        Returns:
            Names of the files of results that an earlier run has finished.

        Raises:
            click.UsageError: The folder holds something else, or results of other settings or of files that have changed.
            OSError: The folder cannot be read or written.
        """
        if self._is_local:
            self._system.makedirs(self._root, exist_ok=True)  # elsewhere this may make a bucket of a mistyped name
        self._system.invalidate_cache()
        names = {str(path).rsplit("/", 1)[-1] for path in self._system.find(self._root)}
        if not resume and not names <= {_SETTINGS}:
            raise click.UsageError(f"{self._root} is not empty. Give --resume to go on with the run that filled it, or another folder.")
        if names and _SETTINGS not in names:
            raise click.UsageError(f"Cannot resume: {self._root} holds files, and no {_SETTINGS} of an earlier run. Give another folder.")
        before = (
            json.loads(self._system.cat_file(f"{self._root}/{_SETTINGS}")) if resume and names else {"settings": settings, "inputs": {}}
        )
        if changed := differences(before["settings"], settings):
            raise click.UsageError(
                f"Cannot resume: {self._root} was made with other settings: {'; '.join(changed)}. Give the same again, or another folder."
            )
        for file, stamp in before["inputs"].items():
            if inputs.get(file, stamp) != stamp:
                raise click.UsageError(f"Cannot resume: the input has changed: {file} is not what it was. Give another folder.")
        with self.writing(_SETTINGS) as draft:
            draft.write_text(json.dumps({"settings": dict(settings), "inputs": {**before["inputs"], **inputs}}), encoding="utf-8")
        return frozenset(name for name in names if not name.startswith(("_", ".")))

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A local file to write; when the block ends it goes into the folder as ``name``, whole.

        Raises:
            OSError: The folder cannot take it.
        """
        with tempfile.TemporaryDirectory(prefix="aikind-") as place:
            draft = Path(place) / name
            yield draft
            target = f"{self._root}/{name}"
            if not self._is_local:
                self._system.put_file(str(draft), target)  # object stores show an object when all of it is there
                return
            beside = f"{self._root}/.{uuid.uuid4().hex}{_DRAFT}"  # a worker that is believed dead may still write the same
            self._system.put_file(str(draft), beside)
            Path(beside).replace(target)

    def tidy(self) -> None:
        """Remove what killed workers left half written."""
        if self._is_local:
            for draft in Path(self._root).glob(f".*{_DRAFT}"):
                draft.unlink(missing_ok=True)


def _protocols(system: Any) -> tuple[str, ...]:
    return (system.protocol,) if isinstance(system.protocol, str) else tuple(system.protocol)
