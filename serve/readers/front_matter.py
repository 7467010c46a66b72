"""Front matter: YAML between ``---`` or TOML between ``+++`` at the top of a Markdown file."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

__all__ = ["split_front_matter"]

# Between the rules of YAML stands a first line like "key: value"; a horizontal rule opens no front matter.
_YAML = re.compile(r"\A---[ \t]*\r?\n((?:[\w-]+[ \t]*:.*?\r?\n)?)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\A\+\+\+[ \t]*\r?\n(.*?\r?\n|)\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_MOST = 64_000  # characters that are parsed


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Return the entries of the front matter and the text below it; no entries where there is none or it cannot be parsed."""
    match = _YAML.match(text) or _TOML.match(text)
    if match is None:
        return {}, text
    inner = match.group(1)
    try:
        if len(inner) > _MOST:
            entries = None
        elif text.startswith("+"):
            entries = tomllib.loads(inner.replace("\r\n", "\n"))
        else:
            entries = yaml.safe_load(inner)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError, KeyError, OverflowError):  # PyYAML raises them all
        entries = None
    found = {str(key): value for key, value in entries.items()} if isinstance(entries, dict) else {}
    return found, text[match.end() :]
