"""Make a model folder of a trained run: graph, int8, calibration, parity, card, manifest."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from aikind import __version__
from aikind.data.store import StoredDataset
from aikind.errors import DatasetError, ModelError
from aikind.label_set import LabelSet
from aikind.model_folder import CARD, MANIFEST, NETWORK, TOKENIZER, Calibration, Manifest, file_sha256
from aikind.serve.cpus import available_cpus
from aikind.serve.doubt import tokens_per_word
from aikind.serve.model import Model
from aikind.serve.windows import WindowPlan
from aikind.train.calibrate import choose_aggregation
from aikind.train.encode import windower_for
from aikind.train.model_card import model_card
from aikind.train.network import WindowClassifier, load_network
from aikind.train.onnx_graph import export_fp32, fused_attention_blocks
from aikind.train.parity import MOST_CHANGED, check_parity, choose_texts
from aikind.train.quantise import quantise

__all__ = ["ExportPlan", "export_network", "export_run"]

Say = Callable[[str], None]
UNSURE_WITHIN = 0.15
_SAMPLE = 150
FAMILIAR = 0.995  # share of validation that must not be called unlike training


def export_run(
    run: Path,
    target: Path,
    dataset: StoredDataset,
    parity_texts: int = 2000,
    say: Say = lambda _: None,
    made_from: Mapping[str, Any] | None = None,
    most_changed: float = MOST_CHANGED,
) -> Manifest:
    """Export ``run`` to the model folder ``target``, which appears whole or not at all.

    Args:
        dataset: The dataset of the run; its validation split fits calibration, its held-out texts serve the parity check.
        made_from: More to note in the manifest of what the model was made from.
        most_changed: Share of the parity texts on which int8 may give another kind than the trained network.

    Raises:
        ModelError: The run holds no network, or ``target`` holds something that is not a model.
        DatasetError: The dataset is not the one that the run was trained on.
        ParityError: int8 differs too much from the trained network.
    """
    network, about = load_network(run / "network")
    if dataset.fingerprint != about["dataset"]["fingerprint"]:
        raise DatasetError(
            f"the run was trained on the dataset {about['dataset']['fingerprint'][:16]}, this one is {dataset.fingerprint[:16]}"
        )

    def calibrate(manifest: Manifest, model: Model) -> Manifest:
        say("calibrating on validation")
        return _calibrated(manifest, model, dataset)

    texts = [row["text"] for row in dataset.rows("validation", "test")]
    about["made_from"] = dict(made_from or {})
    sample = [row["text"] for row in dataset.splits["train"]]
    plan = ExportPlan(target, run / "network" / TOKENIZER, calibrate, sample, texts, parity_texts, most_changed)
    return export_network(network, about, plan, say)


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What goes into a model folder besides the network.

    Attributes:
        target: The folder, which appears whole or not at all.
        tokenizer: The network's ``tokenizer.json``.
        calibrate: Completes the manifest with the help of the int8 model.
        sample: Usual texts, to round the network's weights for; some of them are taken.
        texts: Texts to compare the network and the int8 model on; ``parity_texts`` of them, and of their sentences, are taken.
    """

    target: Path
    tokenizer: Path
    calibrate: Callable[[Manifest, Model], Manifest]
    sample: Sequence[str]
    texts: Sequence[str]
    parity_texts: int
    most_changed: float = MOST_CHANGED


def export_network(network: WindowClassifier, about: dict[str, Any], plan: ExportPlan, say: Say = lambda _: None) -> Manifest:
    """Make a model folder of a network in evaluation mode with eager attention.

    Args:
        about: Settings, dataset and label set, as ``load_network`` gives them.

    Raises:
        ModelError: ``plan.target`` holds something that is not a model.
        ParityError: int8 differs too much from the network.
    """
    target = plan.target
    if target.exists() and any(target.iterdir()) and not (target / MANIFEST).exists():
        raise ModelError(f"{target}: is not empty and holds no model; give another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as scratch:
        draft, fp32 = Path(scratch) / "model", Path(scratch) / "fp32.onnx"
        draft.mkdir()
        export_fp32(network, fp32)
        say(f"graph written, {fused_attention_blocks(fp32)} attention blocks fused")
        quantise(fp32, draft / NETWORK, _windows(plan, about["settings"]))
        shutil.copyfile(plan.tokenizer, draft / TOKENIZER)
        manifest = _write(draft, _uncalibrated(target.name, about, draft))
        manifest = _write(draft, plan.calibrate(manifest, Model(draft)))
        model = Model(draft)
        say("comparing PyTorch, fp32 and int8")
        parity = check_parity(network, str(fp32), model, choose_texts(model, plan.texts, plan.parity_texts, seed=0), plan.most_changed)
        say(f"parity on {parity.texts} texts ({parity.near} near a threshold): {parity.int8_changed:.2%} of kinds differ")
        manifest = replace(manifest, about={**manifest.about, "parity": parity.to_dict()})
        (draft / CARD).write_text(model_card(manifest), encoding="utf-8")
        manifest = _write(draft, replace(manifest, files={**manifest.files, CARD: file_sha256(draft / CARD)}))
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)
    return manifest


def _windows(plan: ExportPlan, settings: Mapping[str, Any]) -> list[tuple[int, ...]]:
    """Token ids of the first window of some texts, drawn by seed."""
    windower = windower_for(plan.tokenizer.parent, WindowPlan(settings["window_tokens"], settings["window_overlap"]))
    drawn = np.random.default_rng(0).permutation(len(plan.sample))[:_SAMPLE]
    return [next(windower.windows(plan.sample[i])).ids for i in drawn.tolist()]


def _write(folder: Path, manifest: Manifest) -> Manifest:
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _uncalibrated(name: str, about: dict[str, Any], folder: Path) -> Manifest:
    settings, label_set = about["settings"], LabelSet.from_dict(about["label_set"])
    return Manifest(
        name=name,
        label_set=label_set,
        window_tokens=settings["window_tokens"],
        window_overlap=settings["window_overlap"],
        aggregation="log_mean_exp",
        calibration={n: Calibration(1.0, 0.0) for n in label_set.names},
        thresholds=dict.fromkeys(label_set.names, 0.5),
        unsure_within=UNSURE_WITHIN,
        files={n: file_sha256(folder / n) for n in (NETWORK, TOKENIZER)},
        about={
            "aikind": __version__,
            "commit": _commit(),
            **{key: about[key] for key in ("made", "calibrated_on") if key in about},
            "base_model": _first_base(about),
            "began_from": about.get("began_from"),
            "averaged": about.get("averaged"),
            "dataset": {k: about["dataset"][k] for k in ("name", "fingerprint")},
            "settings": settings,
            "extended_or_shortened": about.get("extended_or_shortened", []),
            **about.get("made_from", {}),
        },
    )


def _calibrated(manifest: Manifest, model: Model, dataset: StoredDataset) -> Manifest:
    rows = dataset.splits["validation"]
    names = manifest.label_set.names
    gold = np.array([[row[n] for n in names] for row in rows], dtype=np.float64)
    with ThreadPoolExecutor(available_cpus()) as pool:
        scored = list(pool.map(model.score, (row["text"] for row in rows)))
    logits = [s.window_logits for s in scored]
    density = [tokens_per_word(row["text"], s.tokens) for row, s in zip(rows, scored, strict=True)]
    aggregation, calibration, losses = choose_aggregation(logits, gold)
    return replace(
        manifest,
        aggregation=aggregation,
        calibration=dict(zip(names, calibration, strict=True)),
        most_tokens_per_word=round(float(np.quantile(density, FAMILIAR)), 3),
        about={**manifest.about, "validation": {"documents": len(rows), "log_loss": {k: round(v, 5) for k, v in losses.items()}}},
    )


def _first_base(about: dict[str, Any]) -> str:
    while about.get("began_from"):
        about = about["began_from"]
    return str(about["settings"]["base"])


def _commit() -> str | None:
    """The commit of the code, with ``+`` where files were changed since; None outside a repository."""
    here = Path(__file__).parent

    def git(*arguments: Sequence[str] | str) -> str:
        return subprocess.run(["git", *map(str, arguments)], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
