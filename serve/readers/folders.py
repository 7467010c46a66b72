"""The files in a folder or behind a glob, in an order that depends on their names alone."""

from __future__ import annotations

import fnmatch
import glob
import os
import stat
from collections.abc import Iterator

from aikind.serve.readers.formats import kind_of

__all__ = ["files_in_folder", "files_in_glob", "is_glob"]


def files_in_folder(folder: str) -> Iterator[str | OSError]:
    """Yield the files of known suffix, deep; and an error for each folder or link that cannot be read."""
    return (file for file in _walk(folder) if isinstance(file, OSError) or kind_of(file).known)


def is_glob(path: str) -> bool:
    """Whether a path is a pattern, and not the name of something that happens to hold ``*``, ``?`` or ``[``."""
    return glob.has_magic(path) and not os.path.lexists(path)


def files_in_glob(pattern: str) -> Iterator[str | OSError]:
    """Yield the files that match, deep in folders that match; ``**`` stands for any number of folders.

    Where the pattern's last part holds a dot it names what is wanted, else only files of known suffix are.
    """
    parts = pattern.split("/")
    by_suffix = "." not in parts[-1]
    if "**" not in parts:
        for path in sorted(glob.glob(pattern)):  # noqa: PTH207  (Path.glob takes no absolute pattern)
            if os.path.isdir(path):  # noqa: PTH112
                yield from files_in_folder(path)
            elif (_readable_kind(path) or not os.path.exists(path)) and (kind_of(path).known or not by_suffix):  # noqa: PTH110
                yield path
        return
    fixed = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base = "/".join(parts[:fixed]) or ("/" if pattern.startswith("/") else ".")
    for file in _walk(base):
        if isinstance(file, OSError):
            yield file
        elif _matches(os.path.relpath(file, base).split("/"), parts[fixed:]) and (kind_of(file).known or not by_suffix):
            yield os.path.normpath(file) if base == "." else file


def _matches(names: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**":
        if len(patterns) == 1:
            return bool(names)
        return any(_matches(names[at:], patterns[1:]) for at in range(len(names)))
    return bool(names) and fnmatch.fnmatchcase(names[0], patterns[0]) and _matches(names[1:], patterns[1:])


def _walk(folder: str) -> Iterator[str | OSError]:
    unreadable: list[OSError] = []
    visited: set[tuple[int, int]] = set()
    for at, folders, names in os.walk(folder, onerror=unreadable.append, followlinks=True):
        try:
            here = os.stat(at)  # noqa: PTH116
        except OSError as error:  # it vanished meanwhile
            yield error
            continue
        if (here.st_dev, here.st_ino) in visited:  # a link that leads back up
            folders.clear()
            continue
        visited.add((here.st_dev, here.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(at, name)  # noqa: PTH118
            if not name.startswith(".") and _readable_kind(path):
                yield path
    yield from unreadable


def _readable_kind(path: str) -> bool:
    """False for pipes, sockets and devices. What cannot be looked at counts as readable, so that its error shows."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return True
