"""Labelling functions that look at where and how a term stands: in the title, negated, quoted, in passing, or in a pair."""

from __future__ import annotations

import re

from aikind.data.labelling.base import Vote, labelling_function
from aikind.data.labelling.term_functions import (
    CLASSICAL,
    FORECASTING,
    GENERATIVE_CRAFT,
    GENERATIVE_MODELS,
    GENERATIVE_PRODUCTS,
    GENERATIVE_TASKS,
    LEARNED,
    RANKING,
    RECOGNITION,
)
from aikind.data.rows import Row

_I = re.IGNORECASE
_NEGATED = re.compile(
    r"\b(?:no|without|not (?:use|using|involve|rely on)|does not use|rather than|never)\b.{0,30}\b(?:machine learning|deep learning|AI|artificial intelligence|neural networks?)\b",
    _I,
)
_FIXED_RULES = re.compile(r"\b(fixed rules?|rule-based|hand-written rules?|look-?up table|decision table|business rules|if-then)\b", _I)
_SYNTHETIC = re.compile(
    r"\b(?i:synthetic|generated|augment\w*)\b.{0,80}\b(?:GANs?|diffusion|LLMs?|language models?|VAEs?|generative|GPT-?\w*)\b"
    r"|\b(?:GANs?|diffusion|LLMs?|language models?|VAEs?|GPT-?\w*)\b.{0,80}\b(?i:synthetic|augment\w*)\b",
    re.DOTALL,
)
_BARE_PROMPT = re.compile(r"\A\W*(?:act as|you are (?:a|an|the)\b|i want you to act|ignore (?:all )?previous|write me a prompt)", _I)
_DRAFTING = re.compile(
    r"\b(draft(?:s|ing)?|summari[sz](?:e|es|ing)|compos(?:e|es|ing)|rewrit(?:e|es|ing)|translat(?:e|es|ing)|chat(?:s|ting)? with|answers? (?:questions|enquiries))\b",
    _I,
)
_FLAGGING = re.compile(
    r"\b(flag(?:s|ging)?|scor(?:e|es|ing)|priorit(?:ise|ize)s?|predicts?|forecasts?|detects?|classif(?:y|ies)|identif(?:y|ies)|recogni[sz]es?|estimates?)\b",
    _I,
)
_REGISTER = ("inventory", "use-case", "register")
_LINK_LIST = re.compile(r"(?m)^\s*(?:[-*•]|\d+[.)])\s")


def _predictive_terms(text: str) -> bool:
    return any(p.search(text) for p in (CLASSICAL, RECOGNITION, FORECASTING, RANKING))


def _generative_terms(text: str) -> bool:
    return any(p.search(text) for p in (GENERATIVE_MODELS, GENERATIVE_PRODUCTS, GENERATIVE_CRAFT, GENERATIVE_TASKS))


@labelling_function("generative")
def generative_term_in_title(row: Row) -> Vote:
    return Vote.YES if row.title and _generative_terms(row.title) else Vote.ABSTAIN


@labelling_function("predictive")
def predictive_term_in_title(row: Row) -> Vote:
    return Vote.YES if row.title and _predictive_terms(row.title) else Vote.ABSTAIN


@labelling_function("predictive")
def learning_is_negated(row: Row) -> Vote:
    rest = _NEGATED.sub("", row.text)
    return Vote.NO if rest != row.text and not _predictive_terms(rest) and not LEARNED.search(rest) else Vote.ABSTAIN


@labelling_function("predictive")
def fixed_rules_decide(row: Row) -> Vote:
    return Vote.NO if _FIXED_RULES.search(row.text) and not LEARNED.search(row.text) and not _predictive_terms(row.text) else Vote.ABSTAIN


@labelling_function("generative")
def one_product_in_a_long_text(row: Row) -> Vote:
    mentions = len({m.start() for pattern in (GENERATIVE_PRODUCTS, GENERATIVE_MODELS) for m in pattern.finditer(row.text)})
    return Vote.NO if mentions == 1 and len(row.text.split()) > 300 and not GENERATIVE_CRAFT.search(row.text) else Vote.ABSTAIN


@labelling_function("generative")
def product_only_inside_quotes(row: Row) -> Vote:
    unquoted = re.sub(r"[\"“][^\"”]{1,200}[\"”]", " ", row.text)
    return Vote.NO if _generative_terms(row.text) and not _generative_terms(unquoted) and len(row.text.split()) > 120 else Vote.ABSTAIN


@labelling_function("generative")
def bare_prompt(row: Row) -> Vote:
    return Vote.YES if _BARE_PROMPT.search(row.text) else Vote.ABSTAIN


@labelling_function("predictive")
def generated_data_trains_a_predictor(row: Row) -> Vote:
    return (
        Vote.YES if _SYNTHETIC.search(row.text) and (_predictive_terms(row.text) or re.search(r"\bclassif\w+", row.text)) else Vote.ABSTAIN
    )


@labelling_function("predictive")
def both_sorts_of_terms(row: Row) -> Vote:
    return Vote.YES if _predictive_terms(row.text) and _generative_terms(row.text) else Vote.ABSTAIN


@labelling_function("generative")
def register_entry_that_drafts(row: Row) -> Vote:
    return Vote.YES if any(w in row.genre for w in _REGISTER) and _DRAFTING.search(row.text) else Vote.ABSTAIN


@labelling_function("predictive")
def register_entry_that_flags(row: Row) -> Vote:
    return Vote.YES if any(w in row.genre for w in _REGISTER) and _FLAGGING.search(row.text) else Vote.ABSTAIN


@labelling_function("generative")
def terms_only_in_list_items(row: Row) -> Vote:
    lines = row.text.splitlines()
    prose = "\n".join(line for line in lines if not _LINK_LIST.match(line))
    return Vote.NO if len(lines) > 8 and _generative_terms(row.text) and not _generative_terms(prose) else Vote.ABSTAIN
