"""Addresses such as s3://, gs:// and https://, by fsspec (extra ``remote``)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, cast

from aikind.errors import MissingExtraError
from aikind.records import Document
from aikind.serve.readers.base import ReadOptions, failed
from aikind.serve.readers.compression import ForwardOnly
from aikind.serve.readers.dates import iso_date
from aikind.serve.readers.formats import kind_of, read_stream

__all__ = ["files_at", "is_address", "read_address"]

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")


def is_address(path: str) -> bool:
    return _ADDRESS.match(path) is not None and "://" in path


def read_address(address: str, options: ReadOptions, input_format: str | None) -> Iterator[Document]:
    """Yield the documents at an address: a file, a glob, or a folder where the protocol knows folders."""
    try:
        system, files = files_at(address)
    except ImportError:
        yield failed(address, str(MissingExtraError(f"reading {address.split(':')[0]} addresses", "remote")))
        return
    except Exception as error:  # every protocol raises its own
        yield failed(address, _reason(error))
        return
    if not files:
        yield failed(address, "no file to read there")
    for name, file in files.items():
        try:
            # Web servers need not serve parts of a file, so it is read as it comes.
            opened = system.open(file, "rb", **({"block_size": 0} if _is_web(address) else {}))
        except Exception as error:
            yield failed(name, _reason(error))
            continue
        with opened:
            path = name.partition("?")[0]
            # A streamed web file says that it can seek, and cannot.
            stream = io.BufferedReader(ForwardOnly(opened)) if _is_web(address) else opened
            yield from read_stream(cast(Any, stream), path, options, input_format, _day(system, file))


def files_at(address: str) -> tuple[Any, dict[str, str]]:
    """The file system of an address, and the files there: by name, the path that the system knows each by.

    A file that was named by itself keeps its name; others are named by their whole address.

    Raises:
        ImportError: The protocol needs a package that is not installed.
        Exception: Whatever the protocol raises.
    """
    system, files = _found(address)
    if len(files) == 1 and not system.isdir(files[0]) and "*" not in address:
        return system, {address: files[0]}
    return system, {system.unstrip_protocol(file): file for file in files}


def _found(address: str) -> tuple[Any, list[str]]:
    import fsspec

    system, path = fsspec.core.url_to_fs(address)
    if "*" in path:
        matches = sorted(system.glob(path))
        return system, [file for file in matches if system.isfile(file) and (kind_of(file).known or "." in path.rsplit("/", 1)[-1])]
    if not _is_web(address) and system.isdir(path):
        inside = sorted(system.find(path))
        root = len(path.rstrip("/"))
        return system, [file for file in inside if kind_of(file).known and "/." not in file[root:]]
    return system, [path]


def _is_web(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _day(system: Any, file: str) -> str | None:
    try:
        return iso_date(system.modified(file))
    except Exception:  # many protocols do not know
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    return f"cannot be read: {type(error).__name__}: {str(error)[:200]}"
