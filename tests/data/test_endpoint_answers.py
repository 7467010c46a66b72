"""What counts as an answer of a chat endpoint, and what does not."""

from __future__ import annotations

import pytest

from aikind.data.labelling.endpoint_answers import InvalidAnswerError, prompt, read_answer
from aikind.label_set import LabelSet, default_label_set

LABELS = LabelSet.from_dict({"label": [{"name": "marine", "definition": "Speaks of the sea."}, {"name": "alpine", "display": "Alps"}]})
GOOD = '{"alpine": "unsure", "marine": "yes"}'
INVALID = {
    "an unknown label": ('{"marine": "yes", "alpine": "no", "robotic": "no"}', "unknown label 'robotic', in '{"),
    "a missing label": ('{"marine": "yes"}', "no answer for 'alpine'"),
    "an unknown answer": ('{"marine": "maybe", "alpine": "no"}', "marine is 'maybe', not yes, no, unsure"),
    "a capital letter": ('{"marine": "Yes", "alpine": "no"}', "marine is 'Yes', not yes, no, unsure"),
    "an answer that is no word": ('{"marine": ["yes"], "alpine": "no"}', "marine is ['yes'], not"),
    "a label twice": ('{"marine": "yes", "marine": "no", "alpine": "no"}', "the same label twice"),
    "prose": ("It is about the sea, I think.", "no JSON object, in 'It is about the sea, I think.'"),
    "half an object": ('{"marine": "yes", "alp', "broken JSON"),
    "an object in half an object": ('{"answer": {"marine": "yes", "alpine": "no"}', "broken JSON"),
    "an object in an object": ('{"answer": {"marine": "yes", "alpine": "no"}}', "unknown label 'answer'"),
    "two objects": (f"{GOOD} or {GOOD}", "more than one JSON object"),
    "braces in prose": ("{as you wish} " + GOOD, "broken JSON"),
    "a deep nest": ('{"a":' * 100_000, "broken JSON"),
    "nothing": ("", "no JSON object, in ''"),
}


@pytest.mark.parametrize("around", ["{}", "\n\n{}", "Here it is:\n```json\n{}\n```", "{}\n\nThis text speaks of boats.", "[{}]"])
def test_prose_around_one_object_is_tolerated(around: str) -> None:
    assert list(read_answer(around.replace("{}", GOOD), LABELS).items()) == [("marine", "yes"), ("alpine", "unsure")]


@pytest.mark.parametrize("name", INVALID)
def test_anything_else_is_no_answer(name: str) -> None:
    content, message = INVALID[name]
    with pytest.raises(InvalidAnswerError) as raised:
        read_answer(content, LABELS)
    assert message in str(raised.value)
    assert len(str(raised.value)) < 300


def test_the_prompt_is_made_of_the_label_set() -> None:
    for part in ("marine: Speaks of the sea.", "alpine: Alps", '{"marine": "…", "alpine": "…"}', '"yes", "no" or "unsure"'):
        assert part in prompt(LABELS)
    for label in default_label_set().labels:
        assert label.name not in prompt(LABELS)
        assert f"{label.name}: {label.definition}" in prompt(default_label_set())
