"""Write tags into the YAML front matter of Markdown files, and leave every other byte as it is."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from aikind.errors import DocumentError
from aikind.records import Tagging
from aikind.serve.results import Result
from aikind.serve.writers.table import printable

__all__ = ["FrontMatterWriter", "with_tags"]

_SUFFIXES = {".md", ".markdown"}
# As the reader of Markdown sees it: what stands between the rules begins with a line like "key: value".
_FRONT_MATTER = re.compile(r"\A(\ufeff?---[ \t]*\r?\n)((?:[\w-]+[ \t]*:.*?\r?\n)?)(---[ \t]*(?:\r?\n|\Z))", re.DOTALL)
_OURS = re.compile(r"^aikind[ \t]*:[^\n]*\n(?:(?:[ \t]|-[ \t])[^\n]*\n)*", re.MULTILINE)
_TOML = re.compile(r"\+\+\+[ \t]*\r?\n")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*")
_SPECIAL = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


class FrontMatterWriter:
    """Writes each result into the Markdown file that its document came from; other documents are passed over.

    Attributes:
        written, unchanged: How many files got other tags than they had, and how many had the same.
        failures: Why files could not be written, a line each.
    """

    def __init__(self) -> None:
        self.written = 0
        self.unchanged = 0
        self.failures: list[str] = []

    def write(self, result: Result) -> None:
        path = Path(result.source)
        if result.tagging.error is not None or path.suffix.lower() not in _SUFFIXES or not path.is_file():
            return
        try:
            changed = _rewrite(path, result.tagging)
        except UnicodeDecodeError:
            self.failures.append(f"{path}: its tags were not written: the file is not UTF-8")
        except DocumentError as error:
            self.failures.append(f"{path}: its tags were not written: {error}")
        except OSError as error:
            self.failures.append(f"{path}: its tags were not written: {error.strerror or error}")
        else:
            self.written += changed
            self.unchanged += not changed

    def lines(self) -> list[str]:
        """What became of the files, for the summary."""
        return [f"front matter: {self.written} files written, {self.unchanged} had these tags already", *map(printable, self.failures)]


def with_tags(text: str, tagging: Tagging) -> str:
    """The Markdown ``text`` with the tags under the key ``aikind`` of its front matter, which is made where there is none.

    An earlier entry is replaced where it stands. Line ends are those of the first line.
    """
    newline = "\r\n" if re.match(r"[^\n]*\r\n", text) else "\n"
    entry = _entry(tagging).replace("\n", newline)
    found = _FRONT_MATTER.match(text)
    if found is None:
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        return f"{mark}---{newline}{entry}---{newline}{text.removeprefix(mark)}"
    opening, inner, closing = found.groups()
    # The opening rule may end in spaces, which the entry must not copy.
    inner = _OURS.sub(lambda _: entry, inner, count=1) if _OURS.search(inner) else inner + entry
    return opening + inner + closing + text[found.end() :]


def _entry(tagging: Tagging) -> str:
    scores = ", ".join(f"{name}: {round(score, 4)}" for name, score in tagging.scores.items())
    return (
        "aikind:\n"
        f"  kind: {_scalar(tagging.kind)}\n"
        f"  labels: [{', '.join(map(_scalar, tagging.labels))}]\n"
        f"  scores: {{{scores}}}\n"
        f"  doubts: [{', '.join(tagging.doubts)}]\n"
    )


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _SPECIAL else "'" + text.replace("'", "''") + "'"


def _rewrite(path: Path, tagging: Tagging) -> bool:
    """Give a file its tags, by a draft that takes its place.

    Returns:
        Whether the file had other tags.

    Raises:
        OSError, UnicodeDecodeError: It could not be read or replaced; it is as it was.
        DocumentError: It has front matter in TOML, which would become text below one in YAML; it is as it was.
    """
    target = path.resolve()  # a link stays a link
    raw = target.read_bytes()
    text = raw.decode("utf-8")
    if _TOML.match(text.removeprefix("\ufeff")):
        raise DocumentError("its front matter is TOML; they go into YAML only")
    changed = with_tags(text, tagging).encode("utf-8")
    if changed == raw:
        return False
    status = target.stat()
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(changed)
            file.flush()
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            with suppress(PermissionError):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fsync(file.fileno())
        Path(draft).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise
    return True
