"""Labelling functions that look at what sort of writing a row is, and how it is built."""

from __future__ import annotations

import re

from aikind.data.labelling.base import Vote, labelling_function
from aikind.data.rows import Row

_AI = re.compile(
    r"\b(AI|A\.I\.|artificial intelligence|machine learning|deep learning|neural|learning|algorithms?|chatbots?|language models?|predict\w*|classif\w+|recogni\w+|data mining)\b",
    re.IGNORECASE,
)
_DUTY = re.compile(
    r"\b(build|develop|design|train|deploy|improve|maintain)\w*\b[^.]{0,80}\b(predictive|machine learning|statistical|classification|recommendation|forecast\w*) (?:model|algorithm|system)",
    re.IGNORECASE,
)
_CONTROL = re.compile(
    r"\b(reinforcement learning|Q-learning|policy gradient|motion planning|model predictive control|SLAM|odometry)\b", re.IGNORECASE
)
_TEST = re.compile(r"\b(t-tests?|ANOVA|chi-squared?|null hypothesis|p-values?|confidence intervals?|survey respondents)\b", re.IGNORECASE)


@labelling_function("predictive")
def job_duty_names_models(row: Row) -> Vote:
    return Vote.YES if "job" in row.genre and _DUTY.search(row.text) else Vote.ABSTAIN


@labelling_function("predictive")
def no_word_of_ai_at_all(row: Row) -> Vote:
    return Vote.ABSTAIN if _AI.search(f"{row.title}\n{row.text}") else Vote.NO


@labelling_function("generative")
def no_word_of_ai_at_all_for_generative(row: Row) -> Vote:
    return Vote.ABSTAIN if _AI.search(f"{row.title}\n{row.text}") else Vote.NO


@labelling_function("predictive")
def control_without_prediction(row: Row) -> Vote:
    quiet = not re.search(r"\b(predict|classif|recogni|estimat|detect)", row.text, re.IGNORECASE)
    return Vote.NO if _CONTROL.search(row.text) and quiet else Vote.ABSTAIN


@labelling_function("predictive")
def hypothesis_test_without_prediction(row: Row) -> Vote:
    quiet = not re.search(r"\b(predict|classif|regression|forecast|machine learning)", row.text, re.IGNORECASE)
    return Vote.NO if _TEST.search(row.text) and quiet else Vote.ABSTAIN


@labelling_function("generative")
def written_before_generative_ai(row: Row) -> Vote:
    old = re.search(r"\b(19[5-9]\d|200\d)\b", row.text)
    return Vote.NO if old and not re.search(r"\b20[12]\d\b", row.text) and "language model" not in row.text else Vote.ABSTAIN
