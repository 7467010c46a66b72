"""A model store: a folder of model folders, with a small file that says which of them is in use.

v1/, v2/, …      model folders, numbered as they came
current.json     the one in use, and those that were in use before it, the latest last
reports/         what was measured of a version when it was made

Whatever takes a model folder takes a store too, and gets the model in use.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aikind.errors import ModelError
from aikind.hub import fetch_model, is_hub_id
from aikind.model_folder import MANIFEST, load_manifest

__all__ = ["POINTER", "REPORTS", "ModelStore", "resolve_model"]

POINTER, REPORTS = "current.json", "reports"
_VERSION = re.compile(r"v[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class ModelStore:
    """The models in ``folder``. Nothing is kept in memory: every call reads what is on disk."""

    folder: Path

    @property
    def exists(self) -> bool:
        return os.path.exists(self.folder / POINTER)  # noqa: PTH110  (unlike Path.exists it never raises)

    @property
    def current(self) -> str:
        """The version in use.

        Raises:
            ModelError: The folder is no store, or its pointer is damaged.
        """
        return self._in_use()[-1]

    @property
    def earlier(self) -> Sequence[str]:
        """The versions that were in use before, the latest last.

        Raises:
            ModelError: As ``current``.
        """
        return self._in_use()[:-1]

    @property
    def versions(self) -> list[str]:
        """All versions, in the order in which they came."""
        found = [path.name for path in self.folder.iterdir() if _VERSION.fullmatch(path.name) and (path / MANIFEST).exists()]
        return sorted(found, key=lambda name: int(name[1:]))

    def model(self, version: str) -> Path:
        """The model folder of a version.

        Raises:
            ModelError: There is no such version.
        """
        if version not in self.versions:
            raise ModelError(f"{self.folder}: holds no version {version!r}; it has {', '.join(self.versions) or 'none'}")
        return self.folder / version

    def next_version(self) -> str:
        """The name that the next model gets; numbers are never used again."""
        numbers = [int(path.name[1:]) for path in self.folder.glob("v*") if _VERSION.fullmatch(path.name)]
        return f"v{max(numbers, default=0) + 1}"

    def copy_in(self, model: Path) -> str:
        """Copy a model folder into the store, which is made if need be; returns its version. It is not put into use.

        Raises:
            ModelError: The model cannot be loaded, or the store's folder holds something else.
        """
        load_manifest(model)
        self.claim()
        version = self.next_version()
        draft = self.folder / f".{version}.part"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(model, draft)
        draft.rename(self.folder / version)
        return version

    def claim(self) -> None:
        """Make sure that the folder can be a store.

        Raises:
            ModelError: It is a file, or holds something that is no store.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise ModelError(f"{self.folder}: is a file; a model store is a folder")
        if (self.folder / MANIFEST).exists():
            raise ModelError(f"{self.folder}: is a model folder; give a folder for a store, which holds several models")
        known = (REPORTS, POINTER)
        if self.folder.exists() and not self.exists:
            foreign = [
                p.name for p in self.folder.iterdir() if not (p.name.startswith(".") or p.name in known or _VERSION.fullmatch(p.name))
            ]
            if foreign:
                raise ModelError(f"{self.folder}: is not empty and holds no model store ({foreign[0]}); give another folder")
        self.folder.mkdir(parents=True, exist_ok=True)

    def promote(self, version: str) -> None:
        """Put a version into use, once all of its files are found whole.

        Raises:
            ModelError: There is no such version, or it is damaged.
        """
        load_manifest(self.model(version))
        in_use = self._in_use() if self.exists else []
        if not in_use or in_use[-1] != version:
            self._point([*in_use, version])

    def rollback(self) -> str:
        """Put the version back into use that was in use before; returns it.

        Raises:
            ModelError: There was none, or it is damaged.
        """
        before = self.earlier
        if not before:
            raise ModelError(f"{self.folder}: no model was in use before {self.current}")
        load_manifest(self.model(before[-1]))
        self._point(before)
        return before[-1]

    def _point(self, in_use: Sequence[str]) -> None:
        draft = self.folder / f".{POINTER}.part"
        draft.write_text(json.dumps({"current": in_use[-1], "earlier": in_use[:-1]}, indent=2) + "\n", encoding="utf-8")
        draft.replace(self.folder / POINTER)

    def _in_use(self) -> list[str]:
        path = self.folder / POINTER
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            found = [*raw["earlier"], raw["current"]]
        except FileNotFoundError as error:
            raise ModelError(f"{self.folder}: holds no model store; `aikind retrain` and `aikind model promote` make one") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f'{path}: cannot be read: {error}; expected {{"current": "v2", "earlier": ["v1"]}}') from error
        for version in found:
            if not isinstance(version, str) or not _VERSION.fullmatch(version):
                raise ModelError(f"{path}: {version!r} is no version; versions are called v1, v2 and so on")
        return found


def resolve_model(folder: Path) -> Path:
    """The model folder to use: a store's model in use, a hub repository's where the name is one's, else ``folder`` itself.

    Raises:
        ModelError: The store's pointer is damaged or names a version that is not there, or the hub does not have the model.
        MissingExtraError: The name is that of a hub repository, and the hub's library is not installed.
    """
    store = ModelStore(folder)
    if store.exists:
        return store.model(store.current)
    if not os.path.exists(folder) and is_hub_id(folder):  # noqa: PTH110  (unlike Path.exists it never raises)
        return fetch_model(str(folder))
    return folder
