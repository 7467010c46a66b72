"""Bearer tokens: where they come from, and who may pass."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

from aikind.errors import AikindError

__all__ = ["ENVIRONMENT", "Tokens", "read_tokens"]

ENVIRONMENT = "AIKIND_TOKENS"
_SHORTEST = 16


class Tokens:
    """The tokens that are let in; with none, everybody is."""

    def __init__(self, tokens: Iterable[str]) -> None:
        # Digests are of one length, so that a comparison tells nothing of the length either.
        self._digests = [hashlib.sha256(token.encode()).digest() for token in tokens]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def admit(self, given: str) -> bool:
        """Whether ``given`` is one of the tokens, in a time that does not depend on which, or on how much of it is right."""
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
        found = [hmac.compare_digest(digest, one) for one in self._digests]
        return any(found)


def read_tokens(file: Path | None, environment: str | None) -> Tokens:
    """Tokens from a file, one a line, and from the value of an environment variable, separated by spaces or commas.

    Blank lines of the file, and those that begin with #, are passed over.

    Raises:
        AikindError: The file cannot be read, either holds no token, or one is too short or has unusual characters.
    """
    tokens: list[str] = []
    for where, found in _sources(file, environment):
        if not found:
            raise AikindError(f"{where}: holds no token; give at least one, or leave it out")
        for number, token in enumerate(found, 1):
            # A message must not show a token.
            if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
                raise AikindError(f"{where}: token {number} is not of {_SHORTEST} or more printable ASCII characters without spaces")
        tokens += found
    return Tokens(tokens)


def _sources(file: Path | None, environment: str | None) -> Iterable[tuple[str, list[str]]]:
    if file is not None:
        try:
            lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise AikindError(f"{file}: cannot read the tokens: {error}") from error
        yield str(file), [line for line in lines if line and not line.startswith("#")]
    if environment is not None:
        yield ENVIRONMENT, environment.replace(",", " ").split()
