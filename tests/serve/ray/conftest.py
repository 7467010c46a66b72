from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.serve.s3 import s3_store

NO_RAY = "needs Ray: pip install -c constraints.txt -e '.[ray]'"


@dataclass
class Nodes:
    """A cluster on this machine: a head without CPUs, and nodes with one CPU each."""

    cluster: Any
    workers: list[Any]
    store: Any


@pytest.fixture(scope="session")
def nodes() -> Iterator[Nodes]:
    ray = pytest.importorskip("ray", reason=NO_RAY)
    from ray.cluster_utils import Cluster

    with s3_store() as store, pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_BACKEND_LOG_LEVEL", "fatal")
        memory = {"object_store_memory": 100 * 2**20, "include_dashboard": False}
        try:
            cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **memory})
            workers = [cluster.add_node(num_cpus=1, **memory) for _ in range(2)]
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
            pytest.skip("Ray gives its nodes 30 seconds to start, which was too short on a machine as busy as this one")
        patch.setenv("RAY_ADDRESS", cluster.address)
        ray.init(log_to_driver=False, logging_level="ERROR")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        try:
            yield Nodes(cluster, workers, store)
        finally:
            ray.shutdown()
            cluster.shutdown()
