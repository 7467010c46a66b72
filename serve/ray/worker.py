"""A worker's tagger: each process of a pool loads the driver's model once."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aikind.errors import MissingExtraError
from aikind.model_folder import MANIFEST, default_model, load_manifest
from aikind.serve.tagger import Tagger

try:
    import ray
    import ray.data
except ImportError as error:
    raise MissingExtraError("tagging with Ray", "ray") from error

__all__ = ["Worker", "model_for_workers", "pool"]


class Worker:
    """What a pool's classes have in common.

    Args:
        model: As ``model_for_workers`` gives it.
        thresholds, explain: As of ``Tagger``.
    """

    def __init__(self, model: Any, thresholds: Mapping[str, float], explain: bool = False) -> None:
        with tempfile.TemporaryDirectory(prefix="aikind-") as folder:
            for name, content in ray.get(model).items():
                (Path(folder) / name).write_bytes(content)
            self.tagger = Tagger(folder, jobs=1, thresholds=thresholds, explain=explain)


def model_for_workers(folder: Path | str | None) -> Any:
    """Put a model folder's files, 25 MB of the shipped one, where every worker can get them: all nodes then use the very same.

    Raises:
        ModelError: The folder is missing, incomplete or altered.
    """
    where = Path(folder) if folder is not None else default_model()
    names = [MANIFEST, *load_manifest(where).files]
    return ray.put({name: (where / name).read_bytes() for name in names})


def pool(workers: int | None) -> dict[str, Any]:
    """Arguments of Ray Data's ``map`` and ``map_batches`` for a class: a worker for each CPU, ``workers`` at most.

    Raises:
        ValueError: ``workers`` is below 1.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}; expected 1 or more")
    return {"compute": ray.data.ActorPoolStrategy(min_size=1, max_size=workers), "num_cpus": 1}
