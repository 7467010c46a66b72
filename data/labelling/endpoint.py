"""A chat endpoint takes part as ordinary voters, one per label: which rows it is asked about, and what came of it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from typing import TYPE_CHECKING

from aikind.data.labelling.base import LabellingFunction, Vote, Votes, apply_functions
from aikind.data.labelling.endpoint_answers import ANSWERS, InvalidAnswerError, NoAnswerError, prompt, read_answer
from aikind.data.labelling.endpoint_cache import AnswerCache, answer_key, open_cache
from aikind.data.recipe import EndpointPlan, Recipe
from aikind.data.rows import Row, share_of
from aikind.errors import MissingExtraError, RecipeError
from aikind.label_set import LabelSet
from aikind.records import join_title

if TYPE_CHECKING:
    from aikind.data.labelling.endpoint_client import ChatClient

__all__ = ["check_endpoint", "vote_by_endpoint"]

_TELL_EVERY = 100

Say = Callable[[str], None]
Outcome = Mapping[str, str] | NoAnswerError | None  # None: not asked


def check_endpoint(recipe: Recipe) -> None:
    """Find out, before any work is done and without sending anything, whether the recipe's endpoint could be asked.

    Raises:
        RecipeError: The URL, the key or the cache is unusable.
        MissingExtraError: The packages for asking are not installed.
    """
    plan = recipe.labelling.endpoint
    if plan is not None:
        _client(recipe, plan)
        with open_cache(recipe.folder / plan.cache):
            pass


def vote_by_endpoint(recipe: Recipe, rows: Sequence[Row], usable: Sequence[bool], say: Say = lambda _: None) -> Votes:
    """Votes of ``endpoint_<label>`` for every label; no voter at all where the recipe names no endpoint.

    It is asked about the rows without gold and about a sample of those with gold, and abstains on the others. A failed
    request and an invalid answer count as crashes of every voter; ``remarks`` tell them apart, and what was not asked.

    Args:
        usable: For each row whether its votes will be used; about the others nothing is asked.
        say: Receives a line of progress now and then.

    Raises:
        RecipeError: The endpoint refuses whatever is asked, or as ``check_endpoint``.
        MissingExtraError: The packages for asking are not installed.
    """
    plan, label_set = recipe.labelling.endpoint, recipe.label_set
    if plan is None:
        return apply_functions((), rows)
    wanted = {i: _text(rows[i], plan) for i in _rows_to_ask(recipe, plan, rows, usable)}
    question = prompt(label_set)
    keys = {i: answer_key(plan.model, question, text) for i, text in wanted.items()}
    with _client(recipe, plan) as client, open_cache(recipe.folder / plan.cache) as cache:
        stored: dict[int, Outcome] = {i: answer for i, key in keys.items() if (answer := _stored(cache, key, label_set)) is not None}
        left = {i: text for i, text in wanted.items() if i not in stored}
        say(f"asking {plan.model} about {len(left)} texts; the cache answers {len(stored)} more")
        asked = _ask(client, cache, plan, left, keys, say)
        say(f"{client.requests} requests sent to {plan.model}")
    outcomes = {**stored, **asked}
    return replace(_votes(label_set, rows, outcomes), remarks=_remarks(plan, rows, outcomes, client.spent))


def _client(recipe: Recipe, plan: EndpointPlan) -> ChatClient:
    try:
        from aikind.data.labelling.endpoint_client import ChatClient
    except ImportError as error:
        raise MissingExtraError("asking a chat endpoint", "llm") from error
    key = os.environ.get(plan.api_key_env, "").strip() if plan.api_key_env else ""
    if plan.api_key_env and not (key and key.isascii() and key.isprintable()):  # no message ever shows the key
        raise RecipeError(
            f"{recipe.path}: api_key_env = {plan.api_key_env!r} in [labelling.endpoint], but that environment variable "
            f"{'holds no usable key' if key else 'is not set'}. Put the key into it, or leave api_key_env out if {plan.url} wants none"
        )
    return ChatClient(plan, recipe.label_set, key, str(recipe.path))


def _rows_to_ask(recipe: Recipe, plan: EndpointPlan, rows: Sequence[Row], usable: Sequence[bool]) -> list[int]:
    """Gold first, since votes nobody can measure are worth less; each in an order by hash, so that a small budget is fair."""
    drawn = sorted((i for i in range(len(rows)) if usable[i]), key=lambda i: share_of(recipe.seed, "endpoint", rows[i].key))
    gold = [i for i in drawn if rows[i].labels is not None]
    return gold[: plan.gold_sample] + [i for i in drawn if rows[i].labels is None]


def _text(row: Row, plan: EndpointPlan) -> str:
    # A title from scraped text may hold half of a surrogate pair, which cannot be sent.
    return join_title(row.title, row.text)[: plan.most_characters].encode(errors="replace").decode()


def _stored(cache: AnswerCache, key: str, label_set: LabelSet) -> Mapping[str, str] | None:
    found = cache.get(key)
    try:
        return None if found is None else read_answer(found, label_set)
    except InvalidAnswerError:  # someone else wrote to the file
        return None


def _ask(
    client: ChatClient, cache: AnswerCache, plan: EndpointPlan, texts: Mapping[int, str], keys: Mapping[int, str], say: Say
) -> dict[int, Outcome]:
    def ask(i: int) -> Outcome:
        try:
            answer = client.ask(texts[i])
        except NoAnswerError as error:
            return error
        if answer is not None:
            cache.put(keys[i], json.dumps(answer))
        return answer

    outcomes: dict[int, Outcome] = {}
    with ThreadPoolExecutor(plan.parallel) as pool:
        futures = {pool.submit(ask, i): i for i in texts}
        try:
            for future in as_completed(futures):
                outcomes[futures[future]] = future.result()
                if len(outcomes) % _TELL_EVERY == 0:
                    say(f"{len(outcomes)} of {len(texts)} texts done")
        finally:
            client.stop()
            pool.shutdown(cancel_futures=True)
    return outcomes


def _failed(outcome: Outcome) -> bool:
    return isinstance(outcome, NoAnswerError) and not isinstance(outcome, InvalidAnswerError)


def _votes(label_set: LabelSet, rows: Sequence[Row], outcomes: Mapping[int, Outcome]) -> Votes:
    answers = {rows[i].key: outcome for i, outcome in outcomes.items() if isinstance(outcome, Mapping)}

    def voter(label: str) -> LabellingFunction:
        def vote(row: Row) -> Vote:
            return ANSWERS[answers[row.key][label]] if row.key in answers else Vote.ABSTAIN

        return LabellingFunction(f"endpoint_{label}", label, vote)

    voters = [voter(label) for label in label_set.names]
    broken = sum(isinstance(outcome, NoAnswerError) for outcome in outcomes.values())
    return replace(apply_functions(voters, rows), crashes=Counter({v.name: broken for v in voters if broken}))


def _remarks(plan: EndpointPlan, rows: Sequence[Row], outcomes: Mapping[int, Outcome], spent: bool) -> tuple[str, ...]:
    # These lines go into the card, so they tell nothing that differs when the same rows come from the cache.
    failed = [(rows[i].where, outcome) for i, outcome in sorted(outcomes.items()) if _failed(outcome)]
    invalid = [(rows[i].where, outcome) for i, outcome in sorted(outcomes.items()) if isinstance(outcome, InvalidAnswerError)]
    not_asked = sum(outcome is None for outcome in outcomes.values())
    answered = len(outcomes) - len(failed) - len(invalid) - not_asked
    me = f"endpoint {plan.model}"
    remarks = [
        f"{me}: {len(outcomes)} rows: {answered} answered, {len(failed)} failed, {len(invalid)} invalid answers, {not_asked} not asked"
    ]
    for what, found in (("failure", failed), ("invalid answer", invalid)):
        remarks += [f"{me}: first {what} at {where}: {error}" for where, error in found[:1]]
    if not_asked:
        why = f"most_requests = {plan.most_requests} is used up" if spent else "too many on end had failed"
        remarks.append(f"{me}: {not_asked} rows were not asked about, since {why}; another build goes on from here")
    return tuple(remarks)
