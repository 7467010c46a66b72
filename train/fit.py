"""Fine-tune a window classifier on a built dataset, with transformers' Trainer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset, disable_progress_bars
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments, set_seed

from aikind.base_package import base_folder
from aikind.data.store import StoredDataset
from aikind.errors import DatasetError, ModelError
from aikind.model_folder import MANIFEST
from aikind.serve.windows import WindowPlan
from aikind.train.base_weights import freeze, keep_layers, load_encoder, save_tokenizer
from aikind.train.encode import Collator, encode_rows, windower_for
from aikind.train.head_start import document_embeddings, set_head
from aikind.train.metrics import kind_accuracy
from aikind.train.network import DocumentClassifier, WindowClassifier, load_about, load_head, save_network, write_json
from aikind.train.precision import use_bf16
from aikind.train.sampling import LengthGroupedSampler
from aikind.train.settings import TrainSettings
from aikind.train.unpack import unpack_model

__all__ = ["fit"]

Say = Callable[[str], None]
_PROBE_ROWS = 4000


def fit(
    dataset: StoredDataset, run: Path, settings: TrainSettings, dataset_path: Path, say: Say = lambda _: None, progress: bool = False
) -> None:
    """Train on ``dataset`` and leave the best network in ``run/network``.

    A run that was killed goes on from its last checkpoint when it is started again with the same dataset and settings.
    Only the number of epochs may be another: the learning rate then falls to zero by the new end, and the run notes it.

    Args:
        dataset_path: Noted in the run, for export and evaluation.
        progress: Show the Trainer's progress bar with the remaining time.

    Raises:
        ModelError: The base weights cannot be loaded, or the run folder belongs to another dataset or settings.
        DatasetError: A split that training needs is empty.
    """
    for split in ("train", "validation"):
        if not dataset.splits[split]:
            raise DatasetError(f"the dataset {dataset.name} has no row in {split}; training needs train and validation")
    about: dict[str, Any] = {
        "settings": asdict(settings),
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint, "path": str(dataset_path.resolve())},
        "label_set": dataset.label_set.to_dict(),
    }
    about["extended_or_shortened"] = _earlier_lengths(run, about)
    base = _trainable(base_folder(settings.base), run)
    about["began_from"] = _earlier_training(base)
    if (run / "network" / "about.json").exists():
        say(f"{run}: already trained")
        return
    set_seed(settings.seed)
    disable_progress_bars()
    network, has_head = _network(base, dataset.label_set.names, settings)
    save_tokenizer(base, run / "network")
    windower = windower_for(run / "network", WindowPlan(settings.window_tokens, settings.window_overlap))
    write_json(run / "run.json", about)
    names = dataset.label_set.names
    train = encode_rows(dataset.splits["train"], names, windower, settings.most_windows)
    validation = encode_rows(dataset.splits["validation"], names, windower, settings.most_windows)
    last = _last_checkpoint(run)
    if last is None and not has_head:
        say("starting the head from a logistic regression on frozen embeddings")
        _start_head(network, train, settings)
    trainer = _trainer(DocumentClassifier(network, settings.label_smoothing), train, validation, run, settings, progress)
    say(
        f"{len(train)} documents, {trainer.args.device}, {'bf16' if trainer.args.bf16 else 'fp32'}"
        + (f", resuming {Path(last).name}" if last else "")
    )
    trainer.train(resume_from_checkpoint=last)
    scores = trainer.evaluate()
    save_network(network, run / "network", {**about, "validation": {k: v for k, v in scores.items() if isinstance(v, float)}})
    say(f"validation kind accuracy {scores['eval_kind_accuracy']:.4f}; network in {run / 'network'}")


def _last_checkpoint(run: Path) -> str | None:
    # The Trainer writes its state last; a checkpoint without it was cut off by a kill.
    whole = [
        state.parent
        for state in (run / "checkpoints").glob("checkpoint-*/trainer_state.json")
        if state.read_bytes().rstrip().endswith(b"}")
    ]
    return str(max(whole, key=lambda folder: int(folder.name.rsplit("-", 1)[1]))) if whole else None


def _earlier_lengths(run: Path, about: dict[str, Any]) -> list[dict[str, Any]]:
    """What the run folder notes of earlier starts with another number of epochs; any other difference is refused."""
    try:
        earlier = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    for part in ("settings", "dataset"):
        mine = about[part]
        differing = sorted(k for k in mine if k not in ("path", "epochs") and earlier[part].get(k) != mine[k])
        if differing:
            raise ModelError(f"{run}: holds a run with another {part} ({', '.join(differing)}); give another folder or delete it")
    changes: list[dict[str, Any]] = earlier.get("extended_or_shortened", [])
    last, epochs = _last_checkpoint(run), earlier["settings"]["epochs"]
    if epochs == about["settings"]["epochs"] or last is None:
        return changes
    return [*changes, {"until_step": int(last.rsplit("-", 1)[1]), "epochs_planned": epochs}]


def _earlier_training(base: str) -> dict[str, Any] | None:
    """What the base tells of its own training here, where it is the network of another run."""
    try:
        about = load_about(Path(base))
    except ModelError:
        return None
    return {"settings": about["settings"], "dataset": about["dataset"].get("fingerprint"), "began_from": about.get("began_from")}


def _trainable(base: str, run: Path) -> str:
    """The base itself, or the unpacked network where the base is a model folder."""
    if not (Path(base) / MANIFEST).exists():
        return base
    unpacked = run / "base"
    if not (unpacked / "about.json").exists():
        unpack_model(Path(base), unpacked)
    return str(unpacked)


def _network(base: str, labels: Sequence[str], settings: TrainSettings) -> tuple[WindowClassifier, bool]:
    """The network to train, and whether its head already knows the labels."""
    encoder = load_encoder(base, settings.dropout)
    if settings.layers:
        keep_layers(encoder, settings.layers)
    freeze(encoder, settings.frozen_layers, embeddings=not settings.train_embeddings)
    network = WindowClassifier(encoder, len(labels))
    head = load_head(Path(base), labels)
    if head:
        network.head.load_state_dict(head)
    return network, head is not None


def _start_head(network: WindowClassifier, train: Dataset, settings: TrainSettings) -> None:
    chosen = np.random.default_rng(settings.seed).permutation(len(train))[:_PROBE_ROWS]
    rows = train.select(chosen.tolist())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # One window a document is enough for a start.
    embeddings = document_embeddings(network.to(device), [windows[:1] for windows in rows["windows"]], precision=settings.precision)
    set_head(network, embeddings, np.array(rows["labels"], dtype=np.float32), np.array(rows["weight"], dtype=np.float32))


def _trainer(model: DocumentClassifier, train: Dataset, validation: Dataset, run: Path, settings: TrainSettings, progress: bool) -> Trainer:
    steps_per_epoch = max(1, len(train) // settings.batch_size)
    every = max(1, steps_per_epoch // settings.evaluations_per_epoch)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    arguments = TrainingArguments(
        output_dir=str(run.resolve() / "checkpoints"),
        use_cpu=device.type == "cpu",
        bf16=use_bf16(settings.precision, device),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        lr_scheduler_type="linear",
        warmup_steps=0.06,
        max_grad_norm=1.0,
        remove_unused_columns=False,
        label_names=["labels"],
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,
        metric_for_best_model="kind_accuracy",
        greater_is_better=True,
        logging_steps=max(1, min(20, every)),
        report_to="none",
        disable_tqdm=not progress,
        seed=settings.seed,
    )
    head = list(model.windows.head.parameters())
    body = [p for p in model.windows.encoder.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": settings.learning_rate}, {"params": head, "lr": settings.learning_rate * 10}],
        weight_decay=settings.weight_decay,
    )
    trainer = _SeededTrainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=validation,
        data_collator=Collator(model.windows.pad_id),
        optimizers=(optimizer, None),
        compute_metrics=_metrics,
        callbacks=[EarlyStoppingCallback(settings.patience), _JsonLog(run / "log.jsonl")],
    )
    return trainer


class _SeededTrainer(Trainer):
    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        rows: Any = self.train_dataset if train_dataset is None else train_dataset
        return LengthGroupedSampler(rows["length"], self.args.train_batch_size, self.args.seed)


def _metrics(prediction: Any) -> dict[str, float]:
    predicted, gold = prediction.predictions > 0, prediction.label_ids >= 0.5
    result = {"kind_accuracy": kind_accuracy(predicted, gold)}
    for j in range(gold.shape[1]):
        hit = float((predicted[:, j] & gold[:, j]).sum())
        result[f"f1_{j}"] = 2 * hit / max(1.0, float(predicted[:, j].sum() + gold[:, j].sum()))
    return result


class _JsonLog(TrainerCallback):
    """Appends losses and validation scores, with the seconds left, to a JSONL file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started = time.monotonic()
        self.first_step = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.started, self.first_step = time.monotonic(), state.global_step

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        done = state.global_step - self.first_step
        left = (time.monotonic() - self.started) / done * (state.max_steps - state.global_step) if done else None
        line = {"step": state.global_step, "of": state.max_steps, "seconds_left": left and round(left), **(logs or {})}
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(line) + "\n")
