"""Models on the Hugging Face hub, named by ``organisation/name``; the hub's own library fetches and caches them.

A repository has the layout that others expect: the network for transformers at the top, and in ``onnx/`` the whole model
folder that tagging takes.
"""

from __future__ import annotations

import re
from pathlib import Path

from aikind.errors import MissingExtraError, ModelError

__all__ = ["ONNX", "fetch_model", "is_hub_id"]

ONNX = "onnx"
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_hub_id(name: Path) -> bool:
    """Whether a path that is not there could be a hub id. Beside a folder that is there, it is a mistyped path."""
    return bool(_ID.fullmatch(str(name))) and not name.parent.exists()


def fetch_model(repo_id: str) -> Path:
    """The model folder of a repository: from the local cache, or fetched into it.

    Raises:
        MissingExtraError: The hub's library is not installed.
        ModelError: The repository cannot be had, or holds no aikind model.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise MissingExtraError(f"{repo_id}: no such model folder, and loading it from the hub", "hub") from error
    try:
        folder = Path(snapshot_download(repo_id, allow_patterns=[f"{ONNX}/*"])) / ONNX
    except (OSError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise ModelError(f"{repo_id}: no such model folder, and not to be had from the hub: {str(error).splitlines()[0]}") from error
    if not folder.is_dir():
        raise ModelError(f"{repo_id}: the repository holds no aikind model (a folder {ONNX}/); `aikind model push` makes such repositories")
    return folder
