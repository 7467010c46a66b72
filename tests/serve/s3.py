"""An S3-compatible store on this machine, for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

WHY = "needs {0}, of the extra dev: pip install -c constraints.txt -e '.[dev]'"


@contextmanager
def s3_store() -> Iterator[Any]:
    """Runs a store, points this process and those it starts at it, and gives the file system of a bucket ``box``."""
    for name in ("moto.server", "flask", "s3fs"):
        pytest.importorskip(name, reason=WHY.format(name))
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    ours = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in ours.items():
            patch.setenv(name, value)
        system = s3fs.S3FileSystem(skip_instance_cache=True)
        if system.exists("box"):  # stores of one process share what they hold
            system.rm("box", recursive=True)
        system.mkdir("box")
        try:
            yield system
        finally:
            server.stop()
