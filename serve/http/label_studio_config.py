"""What Label Studio calls things in one project: read from the project's labelling config, which is XML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from aikind.label_set import LabelSet

__all__ = ["KindChoices", "read_config"]


@dataclass(frozen=True, slots=True)
class KindChoices:
    """The control that chooses a text's kind.

    Attributes:
        name, to_name: Names of the control, and of the text that it is for.
        field: Key of a task's data that holds the text.
        choices: What the project calls each kind.
    """

    name: str
    to_name: str
    field: str
    choices: Mapping[str, str]

    def text_of(self, data: Mapping[str, Any]) -> str:
        """The text of a task.

        Raises:
            ValueError: It has none.
        """
        text = data.get(self.field)
        if not isinstance(text, str):
            raise ValueError(f"the task's data has no text {self.field!r}")
        return text

    def region(self, kind: str) -> dict[str, Any]:
        """A kind as an item of a ``result``."""
        return {"from_name": self.name, "to_name": self.to_name, "type": "choices", "value": {"choices": [self.choices[kind]]}}

    def kind_in(self, result: Any) -> str:
        """The kind that somebody chose.

        Raises:
            ValueError: None was chosen, or several were.
        """
        regions = [one for one in result if isinstance(one, dict)] if isinstance(result, list) else []
        values = [one.get("value") for one in regions if one.get("from_name") == self.name]
        lists = [value.get("choices") for value in values if isinstance(value, dict)]
        chosen = [choice for choices in lists if isinstance(choices, list) for choice in choices]
        kinds = [kind for kind, choice in self.choices.items() if choice in chosen]
        if len(kinds) != 1:
            raise ValueError(f"{len(kinds)} kinds are chosen; expected one")
        return kinds[0]


def read_config(config: str, label_set: LabelSet) -> KindChoices:
    """Find the control with a choice for each kind, in whatever case they are written.

    Raises:
        ValueError: The config is no XML, or has no such control.
    """
    if "<!DOCTYPE" in config:
        raise ValueError("the labelling config declares a document type, which is not read")  # entities could grow without end
    try:
        root = ElementTree.fromstring(config)
    except ElementTree.ParseError as error:
        raise ValueError(f"the labelling config is not XML: {error}") from None
    texts = {one.get("name", ""): one.get("value", "") for one in root.iter("Text")}
    for control in root.iter("Choices"):
        name, to_name = control.get("name", ""), control.get("toName", "")
        written = {value.casefold(): value for choice in control.iter("Choice") if (value := choice.get("alias") or choice.get("value"))}
        choices = {kind: written[kind.casefold()] for kind in label_set.kinds if kind.casefold() in written}
        field = texts.get(to_name, "")
        if name and len(choices) == len(label_set.kinds) and field.startswith("$"):
            return KindChoices(name, to_name, field[1:], choices)
    kinds = ", ".join(label_set.kinds)
    raise ValueError(f"the labelling config has no <Choices> of a <Text value='$...'> with a choice for each of {kinds}")
