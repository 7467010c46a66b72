"""Completion, as the shells ask for it."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
_PATIENCE = 120  # seconds; the machine may be busy with other things


class Bash:
    """An interactive bash on a terminal of its own, with the completion loaded."""

    def __init__(self, folder: Path) -> None:
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**os.environ, "PATH": path, "PS1": "READY$ ", "TERM": "dumb"})
        self.pid = pid
        self._expect("READY$ ")
        self.type("source <(aikind completion bash); echo load''ed\n", until="loaded")

    def type(self, keys: str, until: str) -> None:
        """Type keys, and wait until the terminal shows what is expected after them."""
        os.write(self._terminal, keys.encode())
        self._expect(until)

    def _expect(self, wanted: str) -> None:
        shown, deadline = "", time.monotonic() + _PATIENCE
        while wanted not in re.sub(r"\x1b\[[?\d;]*[a-zA-Z]|\a", "", shown):
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"bash shows {shown!r}; expected {wanted!r}"
            shown += os.read(self._terminal, 4096).decode(errors="replace")


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    if shutil.which("bash") is None or not (Path(sys.executable).parent / "aikind").exists():
        pytest.skip("this needs bash, and aikind installed beside this Python")
    shell = Bash(tmp_path)
    yield shell
    os.kill(shell.pid, 9)
    os.waitpid(shell.pid, 0)


def test_bash_completes_commands_options_choices_and_files(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / "claims-inbox.txt").touch()
    clear = "\x15"  # Ctrl-U
    bash.type("aikind expl\t", until="aikind explain ")
    bash.type(f"{clear}aikind tag --into\t", until="aikind tag --into-front-matter ")
    bash.type(f"{clear}aikind tag --format parq\t", until="aikind tag --format parquet ")
    bash.type(f"{clear}aikind tag claims\t", until="aikind tag claims-inbox.txt ")
    bash.type(f"{clear}aikind dataset val\t", until="aikind dataset validate ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_can_read(aikind: Run, tmp_path: Path, shell: str) -> None:
    done = aikind("completion", shell)
    assert done.returncode == 0, done.stderr
    assert f"_AIKIND_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here to read it")
    script = tmp_path / "script"
    script.write_text(done.stdout)
    subprocess.run([shell, "-n", script], check=True, timeout=_PATIENCE)


def test_another_shell_is_refused(aikind: Run) -> None:
    done = aikind("completion", "powershell")
    assert done.returncode == 2
    assert "'bash', 'zsh', 'fish'" in done.stderr
