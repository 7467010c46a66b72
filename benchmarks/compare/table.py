"""The figures of all peers, as JSON and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aikind.train.intervals import bootstrap_intervals
from aikind.train.metrics import kind_accuracy

from .export import Measured
from .runner import Result

__all__ = ["figures", "render"]


def figures(results: Sequence[Result], measured: Sequence[Measured], labels: Sequence[str], about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that is known, ready for JSON; ``about`` is put first."""
    peers = []
    for result in results:
        record = {name: value for name, value in asdict(result).items() if name != "answers"}
        speed, reference = result.documents_per_second, result.reference_documents_per_second
        record["speed_ratio"] = speed / reference if speed and reference else None
        record["sets"] = [] if result.failed else [_measure(m, a, labels) for m, a in zip(measured, result.answers, strict=True)]
        peers.append(record)
    sets = [{"name": m.name, "sha256": m.gold.sha256, "documents": len(m.gold.rows), "elsewhere": m.elsewhere} for m in measured]
    return {**about, "labels": list(labels), "sets": sets, "peers": peers}


def _measure(measured: Measured, answers: Sequence[Sequence[str]], labels: Sequence[str]) -> dict[str, Any]:
    predicted: NDArray[np.bool_] = np.array([[n in said for n in labels] for said in answers], dtype=np.bool_)
    gold = np.array([[row.labels[n] for n in labels] for row in measured.gold.rows], dtype=np.bool_)
    intervals = bootstrap_intervals(predicted, gold)
    f1 = {}
    for j, name in enumerate(labels):
        either = int(predicted[:, j].sum() + gold[:, j].sum())
        f1[name] = {"f1": 2 * int((predicted[:, j] & gold[:, j]).sum()) / max(1, either), "interval": intervals.f1[j]}
    return {
        "name": measured.name,
        "kind_accuracy": kind_accuracy(predicted, gold),
        "kind_accuracy_interval": intervals.kind_accuracy,
        "labels": f1,
    }


def render(report: Mapping[str, Any]) -> str:
    """The report in Markdown: a table per measured set, one of cost, and what a reader must know."""
    lines = [
        "# Compared",
        "",
        f"Trained on {report['train_rows']} rows of {report['dataset']['name']}. In brackets: 95 % bootstrap intervals.",
        "",
    ]
    for number, found in enumerate(report["sets"]):
        where = "; from elsewhere, totals only" if found["elsewhere"] else ""
        lines += [f"## {found['name']}: {found['documents']} documents{where}", ""]
        lines += _rows(["peer", "accuracy of kinds", *(f"F1 {name}" for name in report["labels"])])
        for peer in report["peers"]:
            if peer["failed"]:
                continue
            figures = peer["sets"][number]
            shares = [(figures["kind_accuracy"], figures["kind_accuracy_interval"])]
            shares += [(figures["labels"][name]["f1"], figures["labels"][name]["interval"]) for name in report["labels"]]
            lines.append(
                _row([peer["name"], *(f"{100 * share:.1f} ({100 * low:.1f} to {100 * high:.1f})" for share, (low, high) in shares)])
            )
        lines.append("")
    lines += [f"## Cost: one process, {_cpus(report)}", ""]
    lines += _rows(["peer", "model, MB", "environment, MB", "documents / s", "tokens / s", "speed, shipped = 1", "training, s"])
    for peer in report["peers"]:
        if peer["failed"]:
            continue
        sizes = [_number(peer[name], 1e6, ".1f") for name in ("model_bytes", "environment_bytes")]
        speeds = [_number(peer[name], 1, form) for name, form in (("documents_per_second", ".1f"), ("tokens_per_second", ".0f"))]
        lines.append(
            _row([peer["name"], *sizes, *speeds, _number(peer["speed_ratio"], 1, ".2f"), _number(peer["training_seconds"], 1, ".0f")])
        )
    lines.append("")
    notes = [*report["notes"], *(f"{p['name']}: {p['failed']}" for p in report["peers"] if p["failed"])]
    notes += [f"{p['name']}: {p['note']}" for p in report["peers"] if p["note"] and not p["failed"]]
    lines += ["## Notes", "", *(f"- {note}" for note in notes)]
    return "\n".join(lines).rstrip() + "\n"


def _cpus(report: Mapping[str, Any]) -> str:
    counts = sorted({peer["cpus"] for peer in report["peers"] if peer["cpus"]})
    return " or ".join(map(str, counts)) + (" CPU" if counts == [1] else " CPUs") if counts else "nothing was timed"


def _number(value: float | None, unit: float, form: str) -> str:
    return "–" if value is None else format(value / unit, form)


def _rows(header: Sequence[str]) -> list[str]:
    return [_row(header), "|" + "---|" * len(header)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
