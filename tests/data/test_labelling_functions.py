from __future__ import annotations

import numpy as np
import pytest

from aikind import default_label_set
from aikind.data.labelling.analysis import analyze
from aikind.data.labelling.base import LabellingFunction, Vote, apply_functions, functions_for, join_votes
from aikind.data.labelling.combine import Combiner, by_accuracy, dawid_skene, majority
from aikind.data.rows import Row

FUNCTIONS = {f.name: f for f in functions_for(default_label_set())}


def row(text: str, title: str = "", genre: str = "news", **labels: bool) -> Row:
    return Row(f"k/{text[:9]}", text, title, "k", genre, "file:1", labels or None)


CASES = [
    ("names_generative_model", "They fine-tuned an LLM on law.", Vote.YES),
    ("names_generative_model", "The LLB is a law degree.", Vote.ABSTAIN),
    ("names_generative_product", "Midjourney and ChatGPT were both tried.", Vote.YES),
    ("names_generative_product", "The copilot took over; Claude slept.", Vote.ABSTAIN),
    ("generative_craft", "Most of it is prompt engineering.", Vote.YES),
    ("generative_craft", "A prompt answer would be welcome.", Vote.ABSTAIN),
    ("generative_task_learned", "Machine translation with neural networks.", Vote.YES),
    ("generative_task_learned", "The abstract needs summarisation by its author.", Vote.ABSTAIN),
    ("chatbot_in_title_or_twice", "A chatbot answers, and another chatbot replies.", Vote.YES),
    ("chatbot_in_title_or_twice", "A chatbot answers.", Vote.ABSTAIN),
    ("no_generative_term", "The bridge was painted.", Vote.NO),
    ("no_generative_term", "GPT-4 painted the bridge.", Vote.ABSTAIN),
    ("generates_in_another_sense", "A code generator made from templates.", Vote.NO),
    ("generates_in_another_sense", "A code generator made of an LLM.", Vote.ABSTAIN),
    ("detects_generated_content_is_generative", "A classifier to detect AI-generated essays.", Vote.YES),
    ("detects_generated_content_is_generative", "Police detect a forged essay.", Vote.ABSTAIN),
    ("written_before_generative_ai", "In 1987 the expert system was sold.", Vote.NO),
    ("written_before_generative_ai", "From 1987 until 2023 it was sold.", Vote.ABSTAIN),
    ("near_predictive_sentences", "A random forest scores each loan; accuracy, precision and recall on held-out data are given.", Vote.YES),
    ("near_predictive_sentences", "Whisk the eggs, fold in the flour and bake for half an hour.", Vote.NO),
    ("near_predictive_sentences", "Ok.", Vote.ABSTAIN),
    ("near_generative_sentences", "ChatGPT and other large language models write essays, code and answers.", Vote.YES),
    ("near_generative_sentences", "A classifier was trained on labelled records; we report its accuracy.", Vote.NO),
    ("near_generative_sentences", "Ok.", Vote.ABSTAIN),
    ("names_classical_method", "We used random forests.", Vote.YES),
    ("names_classical_method", "We walked in random order through forests.", Vote.ABSTAIN),
    ("recognition_task", "Named entity recognition in letters.", Vote.YES),
    ("recognition_task", "Recognition for long service.", Vote.ABSTAIN),
    ("forecasting_or_scoring", "Predictive maintenance of lifts.", Vote.YES),
    ("forecasting_or_scoring", "Maintenance of lifts.", Vote.ABSTAIN),
    ("ranks_or_recommends", "The recommendation engine of the shop.", Vote.YES),
    ("ranks_or_recommends", "The committee's recommendation.", Vote.ABSTAIN),
    ("learning_without_generation", "A classifier, trained on letters by machine learning.", Vote.YES),
    ("learning_without_generation", "A classifier and machine learning around ChatGPT.", Vote.ABSTAIN),
    ("language_model_that_classifies", "We prompted GPT-4 to classify complaints.", Vote.YES),
    ("language_model_that_classifies", "We prompted GPT-4 to write complaints.", Vote.ABSTAIN),
    ("detects_generated_content", "Detecting deepfakes in calls.", Vote.YES),
    ("detects_generated_content", "Making deepfakes of calls.", Vote.ABSTAIN),
    ("no_learning_term", "The bridge was painted.", Vote.NO),
    ("no_learning_term", "A classifier was painted.", Vote.ABSTAIN),
    ("only_generative_terms", "ChatGPT wrote the letter.", Vote.NO),
    ("only_generative_terms", "ChatGPT wrote about random forests.", Vote.ABSTAIN),
    ("no_word_of_ai_at_all", "The bridge was painted.", Vote.NO),
    ("no_word_of_ai_at_all", "AI painted the bridge.", Vote.ABSTAIN),
    ("no_word_of_ai_at_all_for_generative", "The bridge was painted.", Vote.NO),
    ("no_word_of_ai_at_all_for_generative", "AI painted the bridge.", Vote.ABSTAIN),
    ("control_without_prediction", "Q-learning steers the cart.", Vote.NO),
    ("control_without_prediction", "Q-learning and a model that predicts demand.", Vote.ABSTAIN),
    ("hypothesis_test_without_prediction", "The null hypothesis was rejected.", Vote.NO),
    ("hypothesis_test_without_prediction", "The null hypothesis of the regression was rejected.", Vote.ABSTAIN),
    ("learning_is_negated", "The scale works without machine learning.", Vote.NO),
    ("learning_is_negated", "The scale works without AI, by logistic regression.", Vote.ABSTAIN),
    ("fixed_rules_decide", "A rule-based engine routes the mail.", Vote.NO),
    ("fixed_rules_decide", "A rule-based engine and a classifier route the mail.", Vote.ABSTAIN),
    ("one_product_in_a_long_text", "ChatGPT came up once. " + "The council met again. " * 100, Vote.NO),
    ("one_product_in_a_long_text", "ChatGPT came up once.", Vote.ABSTAIN),
    ("product_only_inside_quotes", "She said “ask ChatGPT” and left. " + "The council met again. " * 40, Vote.NO),
    ("product_only_inside_quotes", "She asked ChatGPT and left. " + "The council met again. " * 40, Vote.ABSTAIN),
    ("bare_prompt", "Act as a travel guide and answer in rhyme.", Vote.YES),
    ("bare_prompt", "They act as guides.", Vote.ABSTAIN),
    ("generated_data_trains_a_predictor", "Synthetic scans from a GAN improve image classification.", Vote.YES),
    ("generated_data_trains_a_predictor", "Synthetic rubber improves tyres; a GAN does not.", Vote.ABSTAIN),
    ("both_sorts_of_terms", "Random forests beat GPT-4 here.", Vote.YES),
    ("both_sorts_of_terms", "Random forests win.", Vote.ABSTAIN),
    ("terms_only_in_list_items", "Menu\n" + "- item\n" * 8 + "- ChatGPT\nThe end.", Vote.NO),
    ("terms_only_in_list_items", "Menu\n" + "- item\n" * 8 + "ChatGPT wrote this.", Vote.ABSTAIN),
]


@pytest.mark.parametrize(("name", "text", "vote"), CASES)
def test_each_function_votes_where_it_should_and_abstains_beside_it(name: str, text: str, vote: Vote) -> None:
    assert FUNCTIONS[name].vote(row(text)) == vote


def test_job_duties_count_in_job_ads_only() -> None:
    duty = "You will build and deploy predictive models."
    assert FUNCTIONS["job_duty_names_models"].vote(row(duty, genre="job ad")) == Vote.YES
    assert FUNCTIONS["job_duty_names_models"].vote(row(duty, genre="news")) == Vote.ABSTAIN


@pytest.mark.parametrize(
    ("name", "hit"),
    [("register_entry_that_drafts", "The tool drafts replies."), ("register_entry_that_flags", "The tool flags late permits.")],
)
def test_register_entries_are_read_by_what_they_do(name: str, hit: str) -> None:
    assert FUNCTIONS[name].vote(row(hit, genre="policy/use-case inventory")) == Vote.YES
    assert FUNCTIONS[name].vote(row(hit, genre="news")) == Vote.ABSTAIN
    assert FUNCTIONS[name].vote(row("The tool stores permits.", genre="government inventory")) == Vote.ABSTAIN


@pytest.mark.parametrize(
    ("name", "title"), [("generative_term_in_title", "What ChatGPT is for"), ("predictive_term_in_title", "Demand forecasting for bakers")]
)
def test_a_term_in_the_title_counts(name: str, title: str) -> None:
    assert FUNCTIONS[name].vote(row("The rest.", title=title)) == Vote.YES
    assert FUNCTIONS[name].vote(row(title)) == Vote.ABSTAIN


def test_every_function_is_tried_above_and_votes_on_a_label_that_exists() -> None:
    tried = {name for name, _, _ in CASES}
    tried |= {
        "job_duty_names_models",
        "register_entry_that_drafts",
        "register_entry_that_flags",
        "generative_term_in_title",
        "predictive_term_in_title",
    }
    assert tried == set(FUNCTIONS)
    assert {f.label for f in FUNCTIONS.values()} == set(default_label_set().names)
    assert len(FUNCTIONS) >= 30


def test_the_majority_is_a_share_of_the_votes_given() -> None:
    votes = np.array([[1, 1, 0], [1, -1, -1], [0, 1, -1], [-1, -1, -1]], dtype=np.int8)
    unknown = np.full(4, -1, dtype=np.int8)
    np.testing.assert_allclose(majority(votes, unknown), [2 / 3, 1.0, 0.5, np.nan])


@pytest.mark.parametrize("combine", [by_accuracy, dawid_skene])
def test_a_better_function_outweighs_two_bad_ones(combine: Combiner) -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(600) < 0.5).astype(np.int8)
    right = rng.random((600, 4)) < [0.95, 0.9, 0.55, 0.52]
    votes = np.where(right, truth[:, None], 1 - truth[:, None]).astype(np.int8)
    votes[rng.random((600, 4)) < 0.1] = Vote.ABSTAIN
    votes[7] = Vote.ABSTAIN
    gold = np.where(np.arange(600) < 200, truth, -1).astype(np.int8)
    result = combine(votes, gold)
    assert np.isnan(result[7])
    found = ((result >= 0.5) == truth)[~np.isnan(result)].mean()
    plain = ((majority(votes, gold) >= 0.5) == truth)[~np.isnan(result)].mean()
    assert found > 0.92
    assert found > plain


def test_the_analysis_measures_against_gold_and_other_functions() -> None:
    def on(word: str, name: str, vote: Vote) -> LabellingFunction:
        return LabellingFunction(name, "generative", lambda r: vote if word in r.text else Vote.ABSTAIN)

    rows = [row("a b", generative=True), row("a", generative=False), row("b"), row("c")]
    first, second = analyze(apply_functions([on("a", "yes_to_a", Vote.YES), on("b", "no_to_b", Vote.NO)], rows), rows)
    assert (first.coverage, first.overlap, first.conflict) == (0.5, 0.25, 0.25)
    assert (first.accuracy, first.gold_votes) == (0.5, 2)
    assert (second.accuracy, second.gold_votes) == (0.0, 1)


def test_votes_are_joined_side_by_side_with_their_crashes() -> None:
    def broken(_: Row) -> Vote:
        raise ZeroDivisionError

    rows = [row("a"), row("b")]
    yes = apply_functions([LabellingFunction("yes", "generative", lambda _: Vote.YES)], rows)
    crashed = apply_functions([LabellingFunction("broken", "predictive", broken)], rows)
    joined = join_votes(yes, crashed, apply_functions([], rows))
    assert joined.matrix.tolist() == [[Vote.YES, Vote.ABSTAIN]] * 2
    assert (joined.columns("generative"), joined.columns("predictive")) == ([0], [1])
    assert joined.crashes == {"broken": 2}
    assert list(joined.first_crash) == ["broken"]
    with pytest.raises(ValueError, match="two voters have the same name"):
        join_votes(yes, yes)
