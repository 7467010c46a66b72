"""Write the licences of what aikind installs, from installed metadata: ``python tools/third_party.py > THIRD_PARTY.md``.

Every extra must be installed: ``pip install -c constraints.txt -e '.[dev,remote]'``.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
_BEGINNING = """\
# What aikind installs, and under which licences

The packages that `pip install aikind` brings, and what each extra adds to them, with the licences that their own metadata
state. None of their code is in this repository. `make licences` writes this page anew; it was made on Linux, and other systems
may get a few other packages.

The weights of the shipped model derive from all-MiniLM-L6-v2 (Apache-2.0); see [its card](models/default/README.md).
"""


def closure(requirements: list[str]) -> dict[str, Distribution]:
    """Every distribution that the requirements lead to, by its canonical name.

    Raises:
        SystemExit: One of them is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[str] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(str(wanted))
        try:
            one = distribution(wanted.name)
        except PackageNotFoundError:
            sys.exit(f"{wanted.name} is not installed. Install every extra: pip install -c constraints.txt -e '.[dev,remote]'")
        found[canonicalize_name(wanted.name)] = one
        for line in one.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
                needed.marker = None
                waiting.append(needed)
    return found


def licence(one: Distribution) -> str:
    """The licence as the metadata state it: an SPDX expression, else the classifiers, else the first line of free text."""
    expression = one.metadata.get("License-Expression")
    if expression:
        return expression
    classified = [line.rpartition(" :: ")[2] for line in one.metadata.get_all("Classifier") or () if line.startswith("License :: ")]
    classified = [name for name in classified if name != "OSI Approved"]
    free = (one.metadata.get("License") or "").strip().partition("\n")[0]
    return ", ".join(classified) or free or "not stated"


def table(packages: dict[str, Distribution]) -> str:
    """One row a package, sorted by name."""
    rows = [f"| {name} | {packages[name].version} | {licence(packages[name])} |\n" for name in sorted(packages)]
    return "\n| package | version | licence |\n|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    base = closure(project["dependencies"])
    print(_BEGINNING, "\n## The base install\n", table(base), sep="", end="")
    for extra, lines in sorted(project["optional-dependencies"].items()):
        if extra != "dev":
            more = {name: one for name, one in closure(lines).items() if name not in {*base, "aikind"}}
            print(f"\n## The extra `{extra}`\n", table(more), sep="", end="")
