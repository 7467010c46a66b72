"""Says which kind of AI a piece of writing discusses.

>>> from aikind import Tagger
>>> Tagger().tag("We fine-tuned a diffusion model to paint in the style of our illustrators.").kind
'generative'
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aikind.errors import (
    AikindError,
    DatasetError,
    DocumentError,
    MissingExtraError,
    ModelError,
    ParityError,
    RecipeError,
)
from aikind.label_set import Label, LabelSet, default_label_set, load_label_set
from aikind.records import Document, Evidence, Explanation, Tagging

if TYPE_CHECKING:
    from aikind.serve.tagger import Tagger

# onnxruntime would send events about its use to its maker, and keep an id of the machine. It looks here once, when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "AikindError",
    "DatasetError",
    "Document",
    "DocumentError",
    "Evidence",
    "Explanation",
    "Label",
    "LabelSet",
    "MissingExtraError",
    "ModelError",
    "ParityError",
    "RecipeError",
    "Tagger",
    "Tagging",
    "default_label_set",
    "load_label_set",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # The tagger loads onnxruntime; `import aikind` alone stays instant.
    if name == "Tagger":
        from aikind.serve.tagger import Tagger

        return Tagger
    raise AttributeError(f"module 'aikind' has no attribute {name!r}")
