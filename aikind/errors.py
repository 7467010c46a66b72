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
    """Base of every error that aikind raises on purpose. Its message is written for the user.

    >>> from aikind import AikindError, Tagger
    >>> try:
    ...     Tagger("no/such/folder")
    ... except AikindError as error:
    ...     print(type(error).__name__)
    ModelError
    """


class DocumentError(AikindError):
    """One document cannot be read or tagged.

    >>> from aikind import Tagger
    >>> Tagger().tag("")
    Traceback (most recent call last):
    aikind.errors.DocumentError: the text is empty
    """


class ModelError(AikindError):
    """A model folder cannot be loaded.

    >>> from aikind import Tagger
    >>> Tagger("nowhere")
    Traceback (most recent call last):
    aikind.errors.ModelError: ...nowhere: no such model folder; a model folder holds manifest.json, model.onnx and tokenizer.json
    """


class RecipeError(AikindError):
    """A dataset recipe or a label set cannot be used as written.

    >>> from aikind import LabelSet
    >>> LabelSet.from_dict({})
    Traceback (most recent call last):
    aikind.errors.RecipeError: label set: no [[label]] entry; add at least one with a name and a definition
    """


class DatasetError(AikindError):
    """A labelled file or a built dataset cannot be used.

    >>> from aikind import DatasetError
    >>> raise DatasetError("gold.jsonl:3: no field 'labels'")
    Traceback (most recent call last):
    aikind.errors.DatasetError: gold.jsonl:3: no field 'labels'
    """


class ParityError(AikindError):
    """The exported model's answers differ too much from the trained model's.

    >>> from aikind import AikindError, ParityError
    >>> issubclass(ParityError, AikindError)
    True
    """


class MissingExtraError(AikindError):
    """A feature needs an optional dependency.

    >>> from aikind import MissingExtraError
    >>> raise MissingExtraError("tagging tables", "tables")
    Traceback (most recent call last):
    aikind.errors.MissingExtraError: tagging tables needs packages that are not installed. Install them with: pip install 'aikind[tables]'
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed. Install them with: pip install 'aikind[{extra}]'")
