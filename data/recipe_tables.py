"""Read the tables of a recipe into dataclasses; what a key may hold is told by the type its field declares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from aikind.errors import RecipeError

__all__ = ["Count", "Seconds", "check_keys", "line_of", "read_table"]

T = TypeVar("T")

Count = int
Seconds = float
_EXPECTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("a string", lambda v: isinstance(v, str)),
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "int": ("a whole number above 0", lambda v: _is_number(v, int) and v > 0),
    "Count": ("a whole number, 0 or more", lambda v: _is_number(v, int) and v >= 0),
    "float": ("a number from 0 to 1", lambda v: _is_number(v, int | float) and 0 <= v <= 1),
    "Seconds": ("a number of seconds above 0, at most 3600", lambda v: _is_number(v, int | float) and 0 < v <= 3600),
    "tuple": ("a list of strings", lambda v: isinstance(v, list) and all(isinstance(x, str) for x in v)),
}


def read_table(path: Path, text: str, where: str, raw: Any, kind: type[T]) -> T:
    """A table of the recipe ``path``, whose whole content is ``text``, as a dataclass of that kind.

    Raises:
        RecipeError: ``raw`` is no table, lacks a key that has no default, or has a key or value that does not belong.
    """
    if not isinstance(raw, dict):
        raise RecipeError(f"{path}: {where} must be a table, not {raw!r}")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    check_keys(path, text, where, raw, set(known))
    for key, value in raw.items():
        expected, fits = _EXPECTED[str(known[key].type).split("[")[0].removesuffix(" | None")]
        if not fits(value):
            raise RecipeError(f"{path}:{line_of(text, key)}: {key} = {value!r} in {where}; expected {expected}")
    missing = [f.name for f in known.values() if f.default is MISSING and f.default_factory is MISSING and f.name not in raw]
    if missing:
        raise RecipeError(f"{path}: {where} lacks {' and '.join(missing)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()})


def check_keys(path: Path, text: str, where: str, raw: dict[str, Any], allowed: set[str]) -> None:
    """Refuse keys that are not allowed.

    Raises:
        RecipeError: There is one; the message has its line.
    """
    for key in raw:
        if key not in allowed:
            raise RecipeError(f"{path}:{line_of(text, key)}: unknown key {key!r} in {where}; it may have {', '.join(sorted(allowed))}")


def line_of(text: str, key: str) -> int:
    """The first line of a TOML text that begins with the key, or 1."""
    return next((n for n, line in enumerate(text.splitlines(), 1) if line.lstrip(" [").startswith(key)), 1)


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # to Python, True is a number
