"""The form of a result, with and without evidence, for the description of the service; with an example of each."""

from __future__ import annotations

from typing import Any

__all__ = ["EXAMPLES", "EXPLAINED", "EXPLAINED_FIELDS", "RESULT", "RESULT_FIELDS", "TEXT"]

TEXT = "We prompt a language model to sort complaints by urgency."
_LABELS = {"type": "array", "items": {"type": "string"}}

RESULT_FIELDS = ("id", "kind", "labels", "scores", "unsure", "doubts", "windows", "tokens", "error")
RESULT: dict[str, Any] = {
    "type": "object",
    "required": list(RESULT_FIELDS),
    "properties": {
        "id": {"type": "string", "description": "As it was sent, else the document's position in the request, counted from 0."},
        "kind": {"type": ["string", "null"], "description": "Name of the combination of labels; null where there is an error."},
        "labels": {**_LABELS, "description": "Names of the labels that the document carries."},
        "scores": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            "description": "Calibrated probability of each label.",
        },
        "unsure": {"type": "boolean", "description": "Whether there is any doubt."},
        "doubts": {**_LABELS, "description": "close_call, too_short, unlike_training, not_english"},
        "windows": {"type": "integer", "description": "How many windows of text the scores rest on."},
        "tokens": {"type": "integer", "description": "Length of the text as the model reads it."},
        "error": {"type": ["string", "null"], "description": "Why the document could not be tagged, or null."},
    },
}
_ONE = {
    "id": "memo-7",
    "kind": "both",
    "labels": ["predictive", "generative"],
    "scores": {"predictive": 0.993, "generative": 1.0},
    "unsure": True,
    "doubts": ["too_short"],
    "windows": 1,
    "tokens": 11,
    "error": None,
}

EXPLAINED_FIELDS = (*RESULT_FIELDS, "evidence")
_SENTENCE = {
    "type": "object",
    "required": ["start", "end", "score", "text"],
    "properties": {
        "start": {
            "type": "integer",
            "minimum": 0,
            "description": "Where it begins in the text, in Unicode characters. A title comes first.",
        },
        "end": {"type": "integer", "minimum": 1, "description": "Where it has ended."},
        "score": {"type": "number", "minimum": -0.5, "maximum": 1, "description": "How much it carries."},
        "text": {"type": "string"},
    },
}
EXPLAINED: dict[str, Any] = {
    "type": "object",
    "required": list(EXPLAINED_FIELDS),
    "properties": {
        **RESULT["properties"],
        "evidence": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _SENTENCE},
            "description": "For each label of the document, the sentences that carried it, the strongest first.",
        },
    },
}
_ONE_EXPLAINED = {
    **_ONE,
    "evidence": {
        "predictive": [{"start": 0, "end": 57, "score": 0.993, "text": TEXT}],
        "generative": [{"start": 0, "end": 57, "score": 1.0, "text": TEXT}],
    },
}

# FastAPI drops what is null from examples that stand in a route, hence these stand elsewhere.
EXAMPLES = {
    f"{name}{form}": {"value": value}
    for name, example in (("Result", _ONE), ("ExplainedResult", _ONE_EXPLAINED))
    for form, value in (("", example), ("s", {"results": [example]}))
}
