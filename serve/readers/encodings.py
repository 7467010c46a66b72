"""From bytes to text: UTF-8, UTF-16 and UTF-32 with their marks, else the encoding that fits best."""

from __future__ import annotations

import codecs
import io
from typing import Any, BinaryIO, cast

from charset_normalizer import from_bytes

from aikind.errors import DocumentError

__all__ = ["decode", "utf8_stream"]

# The longer mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings in which people still wrote when there was a web; without the list, those of DOS and of mainframes are guessed.
_GUESSES = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "koi8_r",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
]
_SAMPLE = 100_000


def decode(raw: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Return the text, and the name of its encoding where that is not UTF-8.

    The guess rests on these bytes alone, so that a document reads the same in any company.

    Args:
        declared: What the document says of itself, tried before a guess.

    Raises:
        DocumentError: The bytes are no text in any encoding that is known here.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise DocumentError(f"not valid {encoding.upper()} at byte {error.start + 1}, though it begins with its mark") from error
    try:
        return raw.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        if b"\0" in raw[:8192]:
            raise DocumentError("not a text file") from error
        found = _known(declared) or _guess(raw)
        if found is None:
            line = raw.count(b"\n", 0, error.start) + 1
            why = f"line {line}: not valid UTF-8 (byte 0x{raw[error.start]:02x}), and no other encoding fits"
            raise DocumentError(f"{why}; convert the file to UTF-8") from error
    return raw.decode(found, "replace"), found


def _known(declared: str | None) -> str | None:
    try:
        name = codecs.lookup(declared or "").name
        b"".decode(name)  # some codecs are from bytes to bytes
    except (LookupError, ValueError):
        return None
    # Browsers read what calls itself Latin-1 or ASCII as cp1252.
    return {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-8": None}.get(name, name)


def _guess(raw: bytes) -> str | None:
    # Around the first byte that is not ASCII, since the beginning may hold none.
    first = next((at for at in range(0, len(raw), _SAMPLE) if not raw[at : at + _SAMPLE].isascii()), 0)
    sample = raw[first : first + _SAMPLE]
    if len(raw) > len(sample):
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    matches = from_bytes(sample, cp_isolation=_GUESSES)
    best = matches.best()
    if best is None:
        return None
    for match in matches:  # where hardly anything tells them apart, the most common one
        if "cp1252" in match.could_be_from_charset and match.chaos <= best.chaos and match.coherence >= best.coherence - 0.1:
            return "cp1252"
    return best.encoding


def utf8_stream(file: BinaryIO) -> tuple[BinaryIO, str | None]:
    """A stream of lines in bytes: as it is, or as UTF-8 where it begins with the mark of UTF-16 or UTF-32, whose name comes too."""
    head = cast(io.BufferedReader, file).peek(4)[:4]
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return cast(BinaryIO, io.BufferedReader(cast(Any, _Recoded(file, encoding)))), encoding
    return file, None


class _Recoded(io.RawIOBase):
    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            chunk = self._file.read(1 << 16)
            self._ended = not chunk
            try:
                self._ready = self._decoder.decode(chunk, final=self._ended).encode()
            except UnicodeError as error:
                raise DocumentError(f"not valid {self._encoding.upper()}, though it begins with its mark") from error
        part, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
