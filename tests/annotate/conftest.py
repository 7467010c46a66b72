from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from starlette.testclient import TestClient

from aikind import Tagger
from aikind.annotate.app import create_app
from aikind.annotate.collect import collect
from aikind.annotate.desk import Desk, Settings, Source
from aikind.annotate.judge import Judge
from aikind.annotate.store import Store
from aikind.model_folder import default_model, file_sha256
from aikind.serve.readers.base import ReadOptions
from aikind.serve.readers.paths import read_paths

from .running import Annotator, Process, annotating

Start = Callable[..., Process]
Sit = Callable[..., Annotator]


@pytest.fixture(scope="session")
def sea_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model with three labels of other names; the third says what the first does."""
    folder = tmp_path_factory.mktemp("model") / "sea"
    shutil.copytree(default_model(), folder)
    network = onnx.load(folder / "model.onnx")
    (output,) = network.graph.output
    old, output.name = output.name, "three"
    network.graph.initializer.append(numpy_helper.from_array(np.array([0, 1, 0]), "first_again"))
    network.graph.node.append(helper.make_node("Gather", [old, "first_again"], ["three"], axis=1))
    output.type.tensor_type.shape.dim[1].dim_value = 3
    onnx.save(network, folder / "model.onnx")
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    first, second = (label["name"] for label in manifest["label_set"]["label"])
    names = {"marine": first, "alpine": second, "urban": first}
    manifest["label_set"] = {
        "none": "inland",
        "all": "everywhere",
        "label": [{"name": n, "display": n.title(), "definition": ""} for n in names],
    }
    for table in ("calibration", "thresholds"):
        manifest[table] = {name: manifest[table][old] for name, old in names.items()}
    manifest["files"]["model.onnx"] = file_sha256(folder / "model.onnx")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server on ``answers.sqlite`` in the test's folder; it ends with the test."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(annotating(tmp_path / "answers.sqlite", *arguments))


@pytest.fixture
def sit(tmp_path: Path, letters: Path, tagger: Tagger) -> Sit:
    """Seats a reader before ``answers.sqlite`` with the letters, all of them read and judged, without a process of its own."""
    path = tmp_path / "answers.sqlite"

    def seated(reader: str = "ann", **settings: Any) -> Annotator:
        store, source = Store(path, tagger.label_set), Source()
        collect(read_paths([str(letters)], ReadOptions()), store, source, Event(), lambda _: None)
        source.reading = False
        judge = Judge(store, tagger)
        while judge.judge_some():
            pass
        app = create_app(Desk(store, tagger, Settings(reader, **settings), source), "token")
        return Annotator(TestClient(app, base_url="http://127.0.0.1/token/"))

    return seated


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Twelve short documents, of which one cannot be read."""
    path = tmp_path / "letters.jsonl"
    texts = [
        "We trained a classifier to predict which customers leave next month.",
        "A large language model writes the replies to our customers.",
        "Rinse the lentils, chop the onions, and let the soup simmer for an hour.",
        "The bridge over the river is closed for repairs until the spring.",
        "A forecast of sales by gradient boosting helps the bakery to plan.",
        "The chatbot drafts a letter, and a clerk reads it before it is sent.",
        "Our hens laid fewer eggs this winter than in any year before.",
        "Diffusion models paint the covers of these books from a short prompt.",
        "The train to the coast leaves at noon from the second platform.",
        "Anomaly detection in the sensor data warns of a failing bearing.",
        "The choir meets on Thursday in the hall behind the church.",
    ]
    lines = [json.dumps({"id": f"d{n}", "text": text}) for n, text in enumerate(texts)]
    path.write_text("\n".join([*lines, "{torn"]) + "\n")
    return path
