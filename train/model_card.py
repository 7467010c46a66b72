"""The model card that goes into a model folder."""

from __future__ import annotations

from typing import Any

from aikind.label_set import LabelSet
from aikind.model_folder import Manifest

__all__ = ["model_card"]


def model_card(manifest: Manifest) -> str:
    """Markdown card: what the model answers, how it was made, how it was checked, and what it is not for."""
    about: dict[str, Any] = dict(manifest.about)
    parity = about.get("parity", {})
    labels = "\n".join(f"- **{x.name}** ({x.display}): {x.definition}" for x in manifest.label_set.labels)
    calibration = "\n".join(
        f"| {n} | {c.slope:.3f} | {c.intercept:.3f} | {manifest.thresholds[n]:.2f} |" for n, c in manifest.calibration.items()
    )
    return f"""# aikind model `{manifest.name}`

Reads a piece of writing in English and answers one yes-or-no question per label:

{labels}

{_kinds(manifest.label_set)}

## How it was made

- Base weights: {about["base_model"]}. {_training(about)}
- Dataset: {about["dataset"]["name"]}, fingerprint `{about["dataset"]["fingerprint"]}`.
- Code: aikind {about["aikind"]}, commit `{about["commit"]}`.
- Texts are read whole, in windows of {manifest.window_tokens} tokens with an overlap of {manifest.window_overlap}, joined by `{manifest.aggregation}`.
- Int8: weights with a scale per output, rounded for the inputs they meet; token embeddings with a scale each; activations are scaled per token as it runs. One unpadded window a run.

## Calibration ({_calibration(about)})

| label | slope | intercept | threshold |
|---|---|---|---|
{calibration}

A score within {manifest.unsure_within:g} of its threshold marks a result as unsure; so does a text of a word or two, at which the model guesses.

## Parity with the trained network

On {parity.get("texts", 0)} texts, {parity.get("near", 0)} of them within 0.2 of a threshold: fp32 ONNX changes {parity.get("fp32_changed", 0):.2%} of the kinds, int8 {parity.get("int8_changed", 0):.2%} ({parity.get("int8_changed_easy", 0):.2%} of those not near a threshold).
{_measured(about)}
## Limits

English only. It says what a text discusses, not whether a text was itself written by a machine, nor whether what it says is true.
Do not use it to judge people, to police authorship, or to decide on legal duties under AI law.
"""


def _measured(about: dict[str, Any]) -> str:
    """What was measured of the model, and of others on the same texts; empty where nothing was."""
    parts = []
    if figures := about.get("measured"):
        names = list(figures[0]["f1"])
        parts.append("\n## How well it does\n")
        parts.append(f"| texts | documents | kinds right | {' | '.join(f'F1 {name}' for name in names)} |")
        parts.append("|---" * (3 + len(names)) + "|")
        for one in figures:
            low, high = one.get("kind_accuracy_interval", (None, None))
            right = f"{one['kind_accuracy']:.1%}" + ("" if low is None else f" ({low:.1%} to {high:.1%})")
            parts.append(f"| {one['texts']} | {one['count']} | {right} | {' | '.join(_f1(one, name) for name in names)} |")
        if "calibration_error" in figures[0]:
            errors = [f"{one['texts']} {' and '.join(f'{v:.3f}' for v in one['calibration_error'].values())}" for one in figures]
            parts.append(f"\nIn brackets, 95 % bootstrap intervals. Calibration errors of {' and '.join(names)}: {'; '.join(errors)}.")
    if peers := about.get("peers"):
        parts.append("\n## Beside others\n\nKinds right, of each way of doing it, all trained on the same rows:\n")
        parts.append(f"| | {' | '.join(peers['texts'])} |")
        parts.append("|---" * (1 + len(peers["texts"])) + "|")
        parts += [f"| {name} | {' | '.join(f'{value:.1%}' for value in values)} |" for name, values in peers["kind_accuracy"].items()]
    return "\n".join([*parts, ""]) if parts else ""


def _f1(figures: dict[str, Any], name: str) -> str:
    return f"{figures['f1'][name]:.3f}" if name in figures["f1"] else "–"


def _kinds(label_set: LabelSet) -> str:
    none = f"A text without a label is of the kind `{label_set.none}`"
    return f"{none}, one with every label is `{label_set.all}`." if len(label_set.names) > 1 else f"{none}."


def _training(about: dict[str, Any]) -> str:
    if "made" in about:
        return f"They are as they were; on top is a linear head: **{about['made']}**."
    lengths = "".join(
        f" Up to step {c['until_step']}, {c['epochs_planned']:g} epochs were planned." for c in about.get("extended_or_shortened", [])
    )
    training: list[str] = []
    stage: Any = about
    while stage:
        one = stage["settings"]
        if "epochs" in one:
            epochs = f"{one['epochs']:g} {'epoch' if one['epochs'] == 1 else 'epochs'}"
            training.insert(0, f"{epochs} at a learning rate of {one['learning_rate']:g}, batches of {one['batch_size']}")
        else:  # it went on from a few-shot model
            training.insert(0, "a linear head on few texts")
        stage = stage.get("began_from")
    averaged = about.get("averaged") or []
    mean = f" The weights are the mean of those of {len(averaged)} runs, the last of which is told here." if averaged else ""
    return f"Training: {'; then '.join(training)}.{lengths}{mean}"


def _calibration(about: dict[str, Any]) -> str:
    if "validation" in about:
        return f"fitted on {about['validation']['documents']} validation documents"
    return f"there is no validation; fitted on {about['calibrated_on']}"
