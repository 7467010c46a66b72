"""Compressed files: gzip, bzip2, xz and Zstandard, read as streams and guarded against bombs."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from aikind.errors import DocumentError, MissingExtraError
from aikind.serve.readers.base import ReadOptions

__all__ = ["COMPRESSIONS", "ForwardOnly", "decompressed", "guarded"]

# Of the packed size. Text packs to a tenth, and rows that are all alike to a hundredth.
_MOST_GROWTH = 250


def _zstd(file: Any) -> Any:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise MissingExtraError("reading .zst", "formats") from error
    return zstd.ZstdFile(file)


COMPRESSIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    ".gz": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    ".bz2": ("bzip2", bz2.BZ2File),
    ".xz": ("xz", lzma.LZMAFile),
    ".zst": ("Zstandard", _zstd),
}


def decompressed(file: BinaryIO, suffix: str, options: ReadOptions) -> BinaryIO:
    """The unpacked stream of a file compressed as its suffix, a key of ``COMPRESSIONS``, says.

    Reading raises DocumentError where the data are damaged, or grow beyond all measure and ``options.max_bytes``.

    Raises:
        MissingExtraError: Zstandard is not installed.
    """
    name, opened = COMPRESSIONS[suffix]
    packed = ForwardOnly(file)
    return guarded(opened(io.BufferedReader(cast(Any, packed))), lambda: packed.count, name, options)


def guarded(inner: Any, packed_bytes: Callable[[], int], name: str, options: ReadOptions) -> BinaryIO:
    """A stream that reads ``inner`` and raises DocumentError in place of whatever its decompressor raises."""
    return cast(BinaryIO, io.BufferedReader(cast(Any, _Guarded(inner, packed_bytes, name, options)), 1 << 16))


class ForwardOnly(io.RawIOBase):
    """Reads a stream from beginning to end, whatever it says it can do; ``count`` is how many bytes came so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self.count += len(chunk)
        return len(chunk)


class _Guarded(io.RawIOBase):
    def __init__(self, inner: Any, packed_bytes: Callable[[], int], name: str, options: ReadOptions) -> None:
        self._inner, self._packed_bytes, self._name, self._options = inner, packed_bytes, name, options
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._inner.read(len(buffer))
        except (DocumentError, KeyboardInterrupt, MemoryError):
            raise
        except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
            raise DocumentError(f"the {self._name} data are damaged: {error}") from error
        except Exception as error:  # ZstdError, and what zipfile raises, are of no common kind
            raise DocumentError(f"the {self._name} data cannot be read: {error}") from error
        buffer[: len(chunk)] = chunk
        self._total += len(chunk)
        if self._total > self._options.max_bytes and self._total > _MOST_GROWTH * self._packed_bytes():
            most = f"{self._options.max_bytes:,} bytes"
            raise DocumentError(
                f"unpacks to over {_MOST_GROWTH} times its size and {most}, as no text does; if it is sound, raise --max-bytes"
            )
        return len(chunk)
