"""Average the weights of networks that were trained from one beginning.

Fine-tuned networks of one base lie close enough for the mean of their weights to be as good as the mean of their answers,
at the cost of one network (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aikind.errors import ModelError
from aikind.train.base_weights import save_tokenizer
from aikind.train.network import load_network, save_network

__all__ = ["average_runs"]


def average_runs(runs: Sequence[Path], target: Path) -> None:
    """Write to ``target`` a run whose network has the mean weights of those of ``runs``; it counts as trained on the last's dataset.

    Raises:
        ModelError: A run holds no network, the networks differ in shape or labels, or ``target`` holds a run already.
    """
    if (target / "network").exists():
        raise ModelError(f"{target}: holds a run already; give another folder or delete it")
    network, about = load_network(runs[-1] / "network")
    states: list[dict[str, Tensor]] = [network.state_dict()]
    told: list[dict[str, Any]] = [about]
    for run in runs[:-1]:
        other, other_about = load_network(run / "network")
        state = other.state_dict()
        if other_about["label_set"] != about["label_set"]:
            raise ModelError(f"{run}: was trained for other labels than {runs[-1]}")
        if {k: t.shape for k, t in state.items()} != {k: t.shape for k, t in states[0].items()}:
            raise ModelError(f"{run}: has a network of another shape than {runs[-1]}")
        states.append(state)
        told.insert(-1, other_about)
    network.load_state_dict({name: _mean([state[name] for state in states]) for name in states[0]})
    save_tokenizer(str(runs[-1] / "network"), target / "network")
    save_network(network, target / "network", {**about, "averaged": [_part(a) for a in told]})


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(tensors)).mean(0) if tensors[0].is_floating_point() else tensors[0]


def _part(about: dict[str, Any]) -> dict[str, Any]:
    return {"settings": about["settings"], "dataset": about["dataset"]["fingerprint"], "began_from": about.get("began_from")}
