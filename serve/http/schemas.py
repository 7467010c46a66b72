"""The form of what the service answers, for its description."""

from __future__ import annotations

from typing import Any

__all__ = ["EXPLAINED_FIELDS", "RESULT_FIELDS", "SCHEMAS"]

_NAMES = {"type": "array", "items": {"type": "string"}}

RESULT_FIELDS = ("id", "kind", "labels", "scores", "unsure", "doubts", "windows", "tokens", "error")
_RESULT: dict[str, Any] = {
    "type": "object",
    "required": list(RESULT_FIELDS),
    "properties": {
        "id": {"type": "string", "description": "As it was sent, else the document's position in the request, counted from 0."},
        "kind": {"type": ["string", "null"], "description": "Name of the combination of labels; null where there is an error."},
        "labels": {**_NAMES, "description": "Names of the labels that the document carries."},
        "scores": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            "description": "Calibrated probability of each label.",
        },
        "unsure": {"type": "boolean", "description": "Whether there is any doubt."},
        "doubts": {**_NAMES, "description": "close_call, too_short, unlike_training, not_english"},
        "windows": {"type": "integer", "description": "How many windows of text the scores rest on."},
        "tokens": {"type": "integer", "description": "Length of the text as the model reads it."},
        "error": {"type": ["string", "null"], "description": "Why the document could not be tagged, or null."},
    },
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
_EXPLAINED: dict[str, Any] = {
    "type": "object",
    "required": list(EXPLAINED_FIELDS),
    "properties": {
        **_RESULT["properties"],
        "evidence": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _SENTENCE},
            "description": "For each label of the document, the sentences that carried it, the strongest first.",
        },
    },
}

_LABEL = {
    "type": "object",
    "required": ["name", "display", "definition", "threshold"],
    "properties": {
        "name": {"type": "string"},
        "display": {"type": "string"},
        "definition": {"type": "string"},
        "threshold": {"type": "number", "description": "A document carries the label from this score on."},
    },
}
_LABELS = {
    "type": "object",
    "required": ["model", "labels", "kinds"],
    "properties": {
        "model": {
            "type": "object",
            "required": ["name", "fingerprint"],
            "properties": {"name": {"type": "string"}, "fingerprint": {"type": "string"}},
        },
        "labels": {"type": "array", "items": _LABEL},
        "kinds": _NAMES,
    },
}

SCHEMAS = {"Result": _RESULT, "ExplainedResult": _EXPLAINED, "Labels": _LABELS}
