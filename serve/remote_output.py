"""An output at an address such as s3://: written on this machine, and sent there when it is complete."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path, PurePosixPath

import click

from aikind.errors import MissingExtraError

__all__ = ["RemoteOutput"]


class RemoteOutput:
    """Attributes:
        local: The file to write.

    Raises:
        click.UsageError: The address names no file.
        MissingExtraError: The address needs a package that is not installed.
    """

    def __init__(self, address: str) -> None:
        name = PurePosixPath(address).name
        if address.endswith("/") or "." not in name:
            raise click.UsageError(f"Give -o the address of a file, such as {address.rstrip('/')}/tags.jsonl.")
        try:
            import fsspec

            self._system, self._path = fsspec.core.url_to_fs(address)
        except ImportError as error:
            raise MissingExtraError(f"writing to {address.split(':')[0]} addresses", "remote") from error
        except ValueError as error:
            raise click.UsageError(f"Cannot write {address}: {error}.") from error
        self._address = address
        folder = tempfile.mkdtemp(prefix="aikind-")
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.local = Path(folder) / name

    def send(self) -> None:
        """Send the finished file.

        Raises:
            OSError: It could not be sent; it stays on this machine, and the message says where.
        """
        try:
            self._system.put_file(str(self.local), self._path)
        except Exception as error:  # every protocol raises its own
            self._remove.detach()
            reason = str(error)[:300] or type(error).__name__
            raise OSError(f"{self._address} could not be written: {reason}; the results are in {self.local}") from error
