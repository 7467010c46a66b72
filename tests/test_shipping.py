"""What people install and run: the images, the Compose file, the workflow, the list of licences."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SECRET = re.compile(r"(?i)(token|password|passwd|secret|api_?key)\w*\s*[=:]\s*\S")


def stages() -> dict[str, dict[str, list[str]]]:
    """The Dockerfile's stages by name, each with the instructions of those it stands on before its own."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    found: dict[str, dict[str, list[str]]] = {}
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            here = found[name] = {key: list(values) for key, values in found.get(base, {"FROM": [base]}).items()}
        elif word and not word.startswith("#"):
            here.setdefault(word, []).append(rest.strip())
    return found


def test_every_image_stands_on_a_pinned_slim_python() -> None:
    bases = {stage["FROM"][0] for stage in stages().values()}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+(\.\d+)?-slim-[a-z]+", bases.pop())


def test_images_run_without_rights_and_say_whether_they_are_well() -> None:
    for name in ("tag", "serve"):
        stage = stages()[name]
        user = stage["USER"][-1].partition(":")[0]
        assert user.isdigit()
        assert int(user) > 0
        assert "pip uninstall" in " ".join(stage["RUN"])
        assert stage["ENTRYPOINT"] == ['["aikind"]']
    assert stages()["tag"]["HEALTHCHECK"] == ["NONE"]
    (health,) = stages()["serve"]["HEALTHCHECK"]
    (command,) = stages()["serve"]["CMD"]
    assert "/healthz" in health
    assert re.findall(r"127\.0\.0\.1:(\d+)", health) == stages()["serve"]["EXPOSE"] == re.findall(r'"--port", "(\d+)"', command)


def test_nothing_but_what_is_installed_gets_into_an_image_and_no_secret_does() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert [line for line in ignored if not line.startswith(("#", "!"))] == ["*", "**/__pycache__"]
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    packages = {folder.split("/")[0] for folder in PROJECT["tool"]["setuptools"]["package-dir"].values()}
    assert let_in == packages | {"LICENSE", "README.md", "constraints.txt", "pyproject.toml"}
    for name in ("Dockerfile", "compose.yaml"):
        assert not SECRET.search((ROOT / name).read_text()), name


def test_compose_services_are_locked_down_and_build_what_there_is() -> None:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert set(services) == {"serve", "tag"}
    for service in services.values():
        assert service["build"]["target"] in stages()
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
    assert services["tag"]["network_mode"] == "none"
    assert all(port.startswith("127.0.0.1:") for port in services["serve"]["ports"])


def test_the_workflow_tests_the_oldest_and_the_newest_supported_python() -> None:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    (promised,) = re.findall(r"Python (3\.\d+) to (3\.\d+)", (ROOT / "README.md").read_text())
    assert PROJECT["project"]["requires-python"] == f">={promised[0]}"
    for job in ("test", "wheel"):
        assert workflow["jobs"][job]["strategy"]["matrix"]["python"] == list(promised)
    commands = {step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step}
    assert {"make lint", "make test", "make wheel-check"} <= commands


def test_every_dependency_of_the_base_install_is_listed_with_a_licence() -> None:
    base = (ROOT / "THIRD_PARTY.md").read_text().partition("## The base install")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| ([a-z0-9._-]+) \| [^|]+ \| ([^|]+) \|$", base, re.MULTILINE))
    for line in PROJECT["project"]["dependencies"]:
        name = re.split(r"[^\w.-]", line)[0].lower()
        assert listed.get(name, "not stated") != "not stated", name
