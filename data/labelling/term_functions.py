"""Labelling functions that look at terms in the text and its title."""

from __future__ import annotations

import re

from aikind.data.labelling.base import Vote, labelling_function
from aikind.data.rows import Row

_I = re.IGNORECASE

GENERATIVE_MODELS = re.compile(
    r"\b(large (?:vision[- ])?language models?|LLMs?|(?:Chat)?GPT(?:-\d\w*)?|foundation models?|text-to-(?:image|video|speech|music)"
    r"|diffusion models?|(?:latent|stable|denoising) diffusion|generative (?:AI|adversarial|model(?:s|ing|ling)?|pre-?trained)"
    r"|GANs?|variational auto-?encoders?|VAEs?|normalizing flows?|instruction[- ]tun(?:ed|ing)|in-context learning|RLHF)\b"
)
GENERATIVE_PRODUCTS = re.compile(
    r"\b(ChatGPT|GPT-?[2-5]\w*|OpenAI|Anthropic|Claude|Gemini|Bard|Copilot|Midjourney|DALL-?E|Stable Diffusion|Llama|Mistral|DeepSeek|Perplexity|ElevenLabs|Sora|Grok)\b"
)
GENERATIVE_CRAFT = re.compile(
    r"\b(prompt(?:s|ed|ing)? (?:engineering|template|injection|the model|an? (?:LLM|model))|retrieval[- ]augmented generation|RAG|hallucinat\w+"
    r"|chain[- ]of[- ]thought|jailbreak\w*|context window|system prompt|agentic|AI[- ](?:generated|written|art)|machine[- ]generated)\b",
    _I,
)
GENERATIVE_TASKS = re.compile(
    r"\b(deepfakes?|voice clon\w+|machine translation|text generation|image (?:generation|synthesis|captioning|inpainting)|summari[sz]ation"
    r"|speech synthesis|language model(?:s|ing|ling)?|novel view synthesis|super-?resolution|dialog(?:ue)? generation|code generation model)\b",
    _I,
)
CHATBOTS = re.compile(r"\b(chatbots?|conversational AI|virtual assistants?|AI (?:writing|companion|image)s?)\b", _I)
LEARNED = re.compile(
    r"\b(machine learning|deep learning|neural networks?|learn(?:ed|ing|s)\b.{0,40}\bdata|trained (?:on|to|using|with)|training (?:data|set)|supervised|classifiers?)\b",
    _I | re.DOTALL,
)
CLASSICAL = re.compile(
    r"\b(random forests?|XGBoost|LightGBM|gradient boost\w+|logistic regression|support vector|SVMs?|naive bayes|decision trees?|k-?nearest|k-?means|kernel (?:methods?|regression)"
    r"|cross[- ]validation|feature (?:selection|engineering|importance)|AutoML|matrix factori[sz]ation|ridge regression|lasso)\b",
    _I,
)
RECOGNITION = re.compile(
    r"\b((?:image|text|sentiment|document|sequence|video|audio|binary|multi-?label|node|graph) classification|object detection|semantic segmentation"
    r"|(?:face|facial|speech|character|action|emotion|activity|entity|speaker|pattern) recognition|re-?identification|named entity|OCR|pose estimation|anomaly detection|fraud detection|question answering)\b",
    _I,
)
FORECASTING = re.compile(
    r"\b(forecast(?:s|ing)? (?:model|demand|sales|error|accuracy)|time[- ]series forecasting|predictive (?:model\w*|analytics|maintenance|policing)|risk (?:score|scoring|prediction)"
    r"|churn|credit scor\w+|demand forecasting|predict(?:s|ed|ing)? (?:the )?(?:risk|probability|likelihood|outcomes?|whether|mortality|failures?))\b",
    _I,
)
RANKING = re.compile(
    r"\b(recommend(?:er|ation) (?:system|engine|algorithm|model)s?|collaborative filtering|learning to rank|click-through rate|personali[sz]ed recommendations?)\b",
    _I,
)
LLM_AS_PREDICTOR = re.compile(
    r"\b(?:LLMs?|language models?|GPT-?\w*|ChatGPT|prompt\w*|zero-shot|few-shot)\b.{0,120}\b(?:classif\w+|extract\w*|annotat\w+|label(?:s|l?ing)|forecast\w*|rank\w*|detect\w*|scor(?:e|es|ing)|predict\w*)\b",
    _I | re.DOTALL,
)
DETECTS_GENERATED = re.compile(
    r"\b(?:detect\w*|classif\w+|identif\w+|distinguish\w*)\b.{0,60}\b(?:deepfakes?|(?:AI|machine|LLM)[- ](?:generated|written)|synthetic (?:voice|speech|image|media|face)s?)\b",
    _I | re.DOTALL,
)
OTHER_SENSES = re.compile(
    r"\b(code generators?|random (?:number )?generat\w+|procedural(?:ly)? generat\w+|generative grammar|power generation|electricity generation|prediction markets?|next[- ]generation|Monte Carlo simulation)\b",
    _I,
)


def _title_and_text(row: Row) -> str:
    return f"{row.title}\n{row.text}"


def _count(pattern: re.Pattern[str], text: str) -> int:
    return len({match.group(0).lower() for match in pattern.finditer(text)})


def _none_of(text: str, *patterns: re.Pattern[str]) -> bool:
    return not any(pattern.search(text) for pattern in patterns)


@labelling_function("generative")
def names_generative_model(row: Row) -> Vote:
    return Vote.YES if GENERATIVE_MODELS.search(_title_and_text(row)) else Vote.ABSTAIN


@labelling_function("generative")
def names_generative_product(row: Row) -> Vote:
    return Vote.YES if _count(GENERATIVE_PRODUCTS, row.text) >= 2 or GENERATIVE_PRODUCTS.search(row.title) else Vote.ABSTAIN


@labelling_function("generative")
def generative_craft(row: Row) -> Vote:
    return Vote.YES if _count(GENERATIVE_CRAFT, row.text) >= 1 else Vote.ABSTAIN


@labelling_function("generative")
def generative_task_learned(row: Row) -> Vote:
    text = _title_and_text(row)
    return Vote.YES if GENERATIVE_TASKS.search(text) and (LEARNED.search(text) or GENERATIVE_MODELS.search(text)) else Vote.ABSTAIN


@labelling_function("generative")
def chatbot_in_title_or_twice(row: Row) -> Vote:
    return Vote.YES if CHATBOTS.search(row.title) or len(CHATBOTS.findall(row.text)) >= 2 else Vote.ABSTAIN


@labelling_function("generative")
def no_generative_term(row: Row) -> Vote:
    text = _title_and_text(row)
    silent = _none_of(text, GENERATIVE_MODELS, GENERATIVE_PRODUCTS, GENERATIVE_CRAFT, GENERATIVE_TASKS, CHATBOTS)
    return Vote.NO if silent else Vote.ABSTAIN


@labelling_function("generative")
def generates_in_another_sense(row: Row) -> Vote:
    text = _title_and_text(row)
    return Vote.NO if OTHER_SENSES.search(text) and _none_of(text, GENERATIVE_MODELS, GENERATIVE_PRODUCTS) else Vote.ABSTAIN


@labelling_function("generative")
def detects_generated_content_is_generative(row: Row) -> Vote:
    return Vote.YES if DETECTS_GENERATED.search(row.text) else Vote.ABSTAIN


@labelling_function("predictive")
def names_classical_method(row: Row) -> Vote:
    return Vote.YES if _count(CLASSICAL, _title_and_text(row)) >= 1 else Vote.ABSTAIN


@labelling_function("predictive")
def recognition_task(row: Row) -> Vote:
    return Vote.YES if RECOGNITION.search(_title_and_text(row)) else Vote.ABSTAIN


@labelling_function("predictive")
def forecasting_or_scoring(row: Row) -> Vote:
    return Vote.YES if FORECASTING.search(_title_and_text(row)) else Vote.ABSTAIN


@labelling_function("predictive")
def ranks_or_recommends(row: Row) -> Vote:
    return Vote.YES if RANKING.search(_title_and_text(row)) else Vote.ABSTAIN


@labelling_function("predictive")
def learning_without_generation(row: Row) -> Vote:
    text = _title_and_text(row)
    return Vote.YES if _count(LEARNED, text) >= 2 and _none_of(text, GENERATIVE_MODELS, GENERATIVE_PRODUCTS) else Vote.ABSTAIN


@labelling_function("predictive")
def language_model_that_classifies(row: Row) -> Vote:
    return Vote.YES if LLM_AS_PREDICTOR.search(row.text) else Vote.ABSTAIN


@labelling_function("predictive")
def detects_generated_content(row: Row) -> Vote:
    return Vote.YES if DETECTS_GENERATED.search(row.text) else Vote.ABSTAIN


@labelling_function("predictive")
def no_learning_term(row: Row) -> Vote:
    text = _title_and_text(row)
    return Vote.NO if _none_of(text, LEARNED, CLASSICAL, RECOGNITION, FORECASTING, RANKING, LLM_AS_PREDICTOR) else Vote.ABSTAIN


@labelling_function("predictive")
def only_generative_terms(row: Row) -> Vote:
    text = _title_and_text(row)
    generative = GENERATIVE_MODELS.search(text) or GENERATIVE_PRODUCTS.search(text)
    return Vote.NO if generative and _none_of(text, CLASSICAL, RECOGNITION, FORECASTING, RANKING, LLM_AS_PREDICTOR) else Vote.ABSTAIN
