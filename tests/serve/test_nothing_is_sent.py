"""Tagging tells nobody of itself: no telemetry, and no id of the machine kept for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_tagging_leaves_nothing_in_the_home_of_its_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    # This process has imported aikind, so its own environment has the variable that is to be set.
    inherited = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY" and not name.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-m", "aikind", "tag", "-"],
        input="We asked a language model to write the speech.",
        env={**inherited, "HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"kind"' in done.stdout
    assert not list(home.rglob("*"))
