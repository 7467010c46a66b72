"""What can go wrong.

AikindError
├── DocumentError      one input cannot be read or tagged; the others go on
├── ModelError         a model folder is missing, incomplete or altered
├── RecipeError        a dataset recipe or label set cannot be used as written
├── DatasetError       a labelled file or a built dataset cannot be used
├── ParityError        an exported model does not answer as the trained one does
└── MissingExtraError  an optional dependency is not installed
"""

from __future__ import annotations

__all__ = [
    "AikindError",
    "DatasetError",
    "DocumentError",
    "MissingExtraError",
    "ModelError",
    "ParityError",
    "RecipeError",
]


class AikindError(Exception):
    """Base of every error that aikind raises on purpose. Its message is written for the user."""


class DocumentError(AikindError):
    """One document cannot be read or tagged."""


class ModelError(AikindError):
    """A model folder cannot be loaded."""


class RecipeError(AikindError):
    """A dataset recipe or a label set cannot be used as written."""


class DatasetError(AikindError):
    """A labelled file or a built dataset cannot be used."""


class ParityError(AikindError):
    """The exported model's answers differ too much from the trained model's."""


class MissingExtraError(AikindError):
    """A feature needs an optional dependency."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed. Install them with: pip install 'aikind[{extra}]'")
