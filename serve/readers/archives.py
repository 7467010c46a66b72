"""Zip and tar archives: the members, in the archive's order. Nothing is ever unpacked to a path of their choosing."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, cast

from aikind.errors import DocumentError
from aikind.serve.readers.base import ReadOptions, seekable
from aikind.serve.readers.compression import guarded
from aikind.serve.readers.dates import day_of

__all__ = ["ARCHIVES", "Member"]


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive, to be read before the next is asked for."""

    name: str
    opened: Callable[[], BinaryIO]
    day: str | None


def _zip_members(file: BinaryIO, options: ReadOptions, wanted: Callable[[str], bool]) -> Iterator[Member]:
    with seekable(file) as source:
        try:
            archive = zipfile.ZipFile(source)
        except Exception as error:  # zipfile raises a dozen kinds at damaged files
            raise DocumentError(f"not a zip archive, or a damaged one: {error}") from error
        with archive:
            for info in archive.infolist():
                if not info.is_dir() and wanted(info.filename):
                    yield Member(info.filename, lambda info=info: _open_zipped(archive, info, options), _zip_day(info))  # type: ignore[misc]


def _open_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, options: ReadOptions) -> BinaryIO:
    _refuse_climbing(info.filename)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DocumentError("a link in the archive; only files are read")
    if info.flag_bits & 1:
        raise DocumentError("locked with a password; pack it without one")
    try:
        opened = archive.open(info)
    except Exception as error:  # see above
        raise DocumentError(f"cannot be read from the archive: {error}") from error
    return guarded(opened, lambda: info.compress_size, "zip", options)


def _zip_day(info: zipfile.ZipInfo) -> str | None:
    try:
        return date(*info.date_time[:3]).isoformat()
    except ValueError:
        return None


class _StrictTarInfo(tarfile.TarInfo):
    """Raises at a damaged header, at which tarfile itself takes the archive to end."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> _StrictTarInfo:
        try:
            return super().fromtarfile(tarfile)
        except (InvalidHeaderError, TruncatedHeaderError) as error:
            raise DocumentError(f"the tar archive is damaged or cut off: {error}; what comes after is not read") from error


InvalidHeaderError: Any = getattr(tarfile, "InvalidHeaderError")  # noqa: B009  (not in its type stubs)
TruncatedHeaderError: Any = getattr(tarfile, "TruncatedHeaderError")  # noqa: B009


def _tar_members(file: BinaryIO, options: ReadOptions, wanted: Callable[[str], bool]) -> Iterator[Member]:
    try:
        archive = tarfile.open(fileobj=file, mode="r|", tarinfo=_StrictTarInfo)  # noqa: SIM115
    except DocumentError:
        raise
    except Exception as error:
        raise DocumentError(f"not a tar archive, or a damaged one: {error}") from error
    with archive:
        while True:
            try:
                info = archive.next()
            except DocumentError:
                raise
            except Exception as error:
                raise DocumentError(f"the tar archive is damaged or cut off: {error}; what comes after is not read") from error
            if info is None:
                return
            cast(Any, archive).members = []  # tarfile would keep them all
            if not info.isdir() and wanted(info.name):
                yield Member(info.name, lambda info=info: _open_tarred(archive, info, options), day_of(info.mtime))  # type: ignore[misc]


def _open_tarred(archive: tarfile.TarFile, info: tarfile.TarInfo, options: ReadOptions) -> BinaryIO:
    _refuse_climbing(info.name)
    opened = archive.extractfile(info) if info.isreg() else None
    if opened is None:
        raise DocumentError("a link or device in the archive; only files are read")
    return guarded(cast(Any, opened), lambda: info.size, "tar", options)


def _refuse_climbing(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if parts[0] == "" or ".." in parts or parts[0].endswith(":"):
        raise DocumentError("its name leads out of the archive; it is not read")


# A function takes the open archive, the options, and which names are wanted.
ARCHIVES: dict[str, Callable[[BinaryIO, ReadOptions, Callable[[str], bool]], Iterator[Member]]] = {
    ".zip": _zip_members,
    ".tar": _tar_members,
}
