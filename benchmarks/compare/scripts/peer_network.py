"""A trained network as PyTorch runs it, in fp32: the teacher, or the student before its export.

Whole documents are read; a label is given where the log-mean-exp of its windows' logits is above zero, since a
network that was not exported has no calibration.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from peer_io import Ask, Job, run_peer

from aikind.serve.aggregate import log_mean_exp
from aikind.serve.windows import WindowPlan
from aikind.train.encode import windower_for
from aikind.train.network import load_network
from aikind.train.parity import window_logits


def load(job: Job) -> Ask:
    torch.set_num_threads(job.cpus)
    network, about = load_network(job.model / "network")
    settings = about["settings"]
    windower = windower_for(job.model / "network", WindowPlan(settings["window_tokens"], settings["window_overlap"]))
    names = [label["name"] for label in about["label_set"]["label"]]

    def ask(texts: Sequence[str]) -> list[list[str]]:
        bags = [[list(window.ids) for window in windower.cut(text)] for text in texts]
        documents = [log_mean_exp(np.asarray(logits)) for logits in window_logits(network, bags)]
        return [[name for name, logit in zip(names, logits, strict=True) if logit >= 0] for logits in documents]

    return ask


if __name__ == "__main__":
    run_peer(load)
