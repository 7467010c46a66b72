"""A loaded model: scores one text at a time, the same way whatever else is running."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from aikind.errors import ModelError
from aikind.model_folder import NETWORK, TOKENIZER, Manifest, load_manifest
from aikind.serve.aggregate import AGGREGATIONS
from aikind.serve.windows import Window, Windower, WindowPlan

__all__ = ["Model", "Scored"]


@dataclass(frozen=True, slots=True)
class Scored:
    """One text's scores.

    Attributes:
        tokens: Length of the text.
        window_logits: Shape (windows, labels).
        probabilities: Calibrated, shape (labels,).
    """

    tokens: int
    window_logits: NDArray[np.float32]
    probabilities: NDArray[np.float64]


class Model:
    """An exported model, ready to score. Safe to share between threads.

    A run takes one window, unpadded, on one thread, whatever quantisation the graph has: no neighbour and no padding can
    touch a text's scores. Parallelism comes from scoring several texts at once.
    """

    def __init__(self, folder: Path) -> None:
        """Load a model folder.

        Raises:
            ModelError: The folder is missing, incomplete, altered, or names something this version does not know.
        """
        self.manifest: Manifest = load_manifest(folder)
        if self.manifest.aggregation not in AGGREGATIONS:
            raise ModelError(f"{folder}: unknown aggregation {self.manifest.aggregation!r}; expected one of {', '.join(AGGREGATIONS)}")
        self._aggregate = AGGREGATIONS[self.manifest.aggregation]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(folder / NETWORK), options, providers=["CPUExecutionProvider"])
            self.windower = Windower(
                Tokenizer.from_file(str(folder / TOKENIZER)),
                WindowPlan(self.manifest.window_tokens, self.manifest.window_overlap),
            )
        except Exception as error:  # both libraries raise their own bare exceptions
            raise ModelError(f"{folder}: cannot load the model: {error}") from error
        names = self.manifest.label_set.names
        self._slope = np.array([self.manifest.calibration[n].slope for n in names])
        self._intercept = np.array([self.manifest.calibration[n].intercept for n in names])

    def score(self, text: str) -> Scored:
        """Cut a text into windows, run each, aggregate and calibrate."""
        tokens, rows = 0, []
        for window in self.windower.windows(text):
            tokens += window.new_tokens
            rows.append(self._run(window))
        logits = np.stack(rows)
        return Scored(tokens, logits, self.calibrate(self._aggregate(logits)))

    def calibrate(self, document_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities from document logits; any leading shape, labels last."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self._slope * document_logits + self._intercept))))

    def _run(self, window: Window) -> NDArray[np.float32]:
        (logits,) = self._session.run(None, {"input_ids": np.array([window.ids], dtype=np.int64)})
        return np.asarray(logits[0], dtype=np.float32)
