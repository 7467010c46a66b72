"""One virtual environment for each requirements file, made when a peer first needs it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Environment", "ensure_environment", "folder_bytes"]

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).parent / "requirements"
# What a new environment holds before anything is installed is no peer's doing.
_TOOLS = ("pip", "setuptools", "wheel")


@dataclass(frozen=True, slots=True)
class Environment:
    """Attributes:
    python: The interpreter to run a peer with.
    bytes: Size of the installed packages; the project itself, which is linked, not copied, is left out.
    """

    python: Path
    bytes: int


def ensure_environment(name: str, folder: Path, limit_seconds: float) -> Environment:
    """The environment of ``requirements/<name>.txt`` in ``folder``, made anew where the file is not what it was made from.

    Raises:
        RuntimeError: It cannot be installed; the message ends with pip's last line.
    """
    requirements = REQUIREMENTS / f"{name}.txt"
    mark = hashlib.sha256(requirements.read_bytes() + (ROOT / "constraints.txt").read_bytes() + sys.version.encode()).hexdigest()
    home, done = folder / name, folder / name / "installed"
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not done.exists() or done.read_text(encoding="utf-8") != mark:
        _command([sys.executable, "-m", "venv", "--clear", str(home)], limit_seconds)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _command([*pip, "-r", str(requirements)], limit_seconds)
        done.write_text(mark, encoding="utf-8")
    (packages,) = home.glob("[Ll]ib*/**/site-packages") if sys.platform == "win32" else home.glob("lib/python*/site-packages")
    tools = sum(folder_bytes(path) for tool in _TOOLS for path in packages.glob(f"{tool}*") if path.is_dir())
    return Environment(python, folder_bytes(packages) - tools)


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in ``folder``, or of the file; compiled Python is left out, since it comes and goes."""
    if folder.is_file():
        return folder.stat().st_size
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def _command(command: list[str], limit_seconds: float) -> None:
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"its environment was not installed within {limit_seconds:.0f} s") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise RuntimeError(f"its environment cannot be installed: {lines[-1] if lines else f'pip ended with {done.returncode}'}")
