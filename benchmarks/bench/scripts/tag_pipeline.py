"""tag_pipeline.py transformers|optimum all|truncate MODEL IN OUT: tag JSON Lines by the text-classification pipeline.

``all`` reads whole documents, in windows of as many tokens as the model takes with a quarter shared, whose best score counts;
``truncate`` reads the first window, which is the pipeline's own way with long texts.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import AutoTokenizer, pipeline

BATCH = 16
library, reading, model, source, target = sys.argv[1:]
torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
tokenizer = AutoTokenizer.from_pretrained(model)
rows = [json.loads(line) for line in Path(source).read_text(encoding="utf-8").splitlines()]


def windows() -> Iterator[tuple[int, str]]:
    most = tokenizer.model_max_length - 2
    for number, row in enumerate(rows):
        offsets = tokenizer(row["text"], add_special_tokens=False, return_offsets_mapping=True, verbose=False)["offset_mapping"]
        for at in range(0, max(1, len(offsets) - most // 4), most - most // 4):
            part = offsets[at : at + most]
            yield number, row["text"][part[0][0] : part[-1][1]] if part else ""


pieces = list(windows()) if reading == "all" else [(number, row["text"]) for number, row in enumerate(rows)]
pieces.sort(key=lambda piece: len(piece[1]))  # of one length, as a careful user would batch them
if library == "optimum":
    from optimum.onnxruntime import ORTModelForSequenceClassification

    loaded = ORTModelForSequenceClassification.from_pretrained(model)
    classify = pipeline("text-classification", model=loaded, tokenizer=tokenizer, device="cpu")
else:
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
scores: list[dict[str, float]] = [{} for _ in rows]
found = classify([text for _, text in pieces], batch_size=BATCH, truncation=True, top_k=None, function_to_apply="sigmoid")
for (number, _), labels in zip(pieces, found, strict=True):
    for label in labels:
        scores[number][label["label"]] = max(label["score"], scores[number].get(label["label"], 0.0))
with Path(target).open("w", encoding="utf-8") as file:
    file.writelines(json.dumps({"id": row["id"], "scores": score}) + "\n" for row, score in zip(rows, scores, strict=True))
