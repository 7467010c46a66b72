"""The model in use, which may be replaced while requests run."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aikind.errors import ModelError
from aikind.model_folder import default_model
from aikind.model_store import resolve_model
from aikind.serve.http.logs import log
from aikind.serve.tagger import Tagger

__all__ = ["LiveModel", "fingerprint"]


def fingerprint(tagger: Tagger) -> str:
    """Names a model by all that its answers depend on; 16 hexadecimal digits."""
    return hashlib.sha256(tagger.manifest.to_json().encode()).hexdigest()[:16]


class LiveModel:
    """Holds the tagger that new requests get. A request keeps the one it began with to its end.

    Args:
        folder: A model folder, or a model store, whose model in use is followed; the shipped model if None.
        on_load: Told of each tagger that is loaded, and of each that cannot be, with None.

    Raises:
        ModelError: The model cannot be loaded.
    """

    def __init__(self, folder: Path | None, on_load: Callable[[Tagger | None], None]) -> None:
        self._folder = folder or default_model()
        self._on_load = on_load
        self._loading = asyncio.Lock()
        self._seen = self._state()
        self.tagger = Tagger(self._folder)
        on_load(self.tagger)

    async def reload(self) -> None:
        """Load the folder anew, beside the model in use, which stays where the folder cannot be loaded."""
        async with self._loading:
            self._seen = self._state()
            try:
                self.tagger = await asyncio.to_thread(Tagger, self._folder)
            except ModelError as error:
                self._on_load(None)
                log.error("reload_failed", extra={"fields": {"detail": f"{error}; the model in use stays"}})
                return
        self._on_load(self.tagger)
        log.info("reloaded", extra={"fields": {"model": fingerprint(self.tagger)}})

    async def watch(self, seconds: float) -> None:
        """Reload whenever the folder has changed and has then stayed as it is for ``seconds``. Never returns."""
        before = self._seen
        while True:
            await asyncio.sleep(seconds)
            now = self._state()
            if now == before and now != self._seen:  # whoever writes the folder is at rest
                await self.reload()
            before = now

    def _state(self) -> tuple[Any, ...]:
        """Changes with every file of the model folder, with what a link to it points at, and with which one is in use."""
        try:
            folder = resolve_model(self._folder)
            with os.scandir(folder) as entries:
                found = sorted((e.name, e.stat()) for e in entries)
        except (OSError, ModelError):
            return ()
        return (str(folder), *((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in found))
