from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import model_settings

from benchmarks.model import configured
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.metrics.formulas import Array
from email_assistant.requests.prompting import Prompter, PromptSettings, configured_style, user_message
from email_assistant.requests.retrieval import Bm25, Embedding, Retriever, indexed_text


def pair(identity: str, email: str, thread: str | None = None, instruction: str = "Write") -> dict[str, Any]:
    return {"id": identity, "thread": thread, "instruction": instruction, "email": email}


PAIRS = [
    pair("1", "The rope for the north pier is wet.", "a"),
    pair("2", "Lamp oil, six barrels please.", "b"),
    pair("3", "Is the rope for the north pier dry?", "c"),
    pair("4", "The rope for the north pier is very wet.", "d"),
    pair("5", "Rope is dear this year.", "e"),
]


def retriever(pairs: list[dict[str, Any]] = PAIRS) -> Retriever:
    return Retriever(pairs, Bm25([indexed_text(each) for each in pairs]), 0.8)


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


def test_the_mails_that_share_rare_words_come_first() -> None:
    assert ids(retriever().retrieve("Order lamp oil", 1)) == ["2"]
    assert set(ids(retriever().retrieve("Ask about rope", 2))) <= {"1", "3", "4", "5"}


def test_mails_without_a_common_word_are_not_retrieved() -> None:
    assert retriever().retrieve("zzz", 3) == []


def test_the_mail_itself_its_thread_and_its_near_duplicates_are_never_retrieved() -> None:
    target = pair("1", "The rope for the north pier is wet.", "a")
    assert "1" not in ids(retriever().retrieve("rope for the north pier", 5, target))
    # 4 has nearly the same words as the target.
    assert "4" not in ids(retriever().retrieve("rope for the north pier", 5, target))
    of_thread = pair("9", "Something else about rope", "c")
    assert "3" not in ids(retriever().retrieve("rope for the north pier", 5, of_thread))
    # Without a target two near-duplicates are not both shown.
    assert len({"1", "4"} & set(ids(retriever().retrieve("rope for the north pier", 5)))) == 1


def test_embeddings_are_compared_without_their_mean() -> None:
    vectors = {"a": [10.0, 1, 0], "b": [10.0, 0, 1], "c": [10.0, -1, -1], "near b": [10.0, 0.1, 0.9]}

    def embed(texts: Sequence[str]) -> Array:
        return np.array([vectors[text] for text in texts])

    scores = Embedding(["a", "b", "c"], embed).scores("near b")
    assert np.argmax(scores) == 1
    assert scores[2] < 0


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_base(model_settings(tiny_model))


def prompter(model: LanguageModel, *overrides: str) -> Prompter:
    return Prompter(
        PromptSettings.of(configured(*overrides)), model.encoder, PAIRS, lambda texts: np.ones((len(texts), 2))
    )


def test_earlier_turns_are_whole_pairs_the_most_similar_last(model: LanguageModel) -> None:
    target = pair("9", "x", instruction="Order lamp oil for the north pier")
    turns = prompter(model, "retrieval.mails=2").turns(target, "bm25")
    assert turns[-1] == ("Write", "Lamp oil, six barrels please.")
    assert len(turns) == 2
    found = prompter(model).prompt_token_ids(target, "bm25")
    assert found == model.encoder.prompt(user_message(target), prompter(model).turns(target, "bm25"))
    assert prompter(model).prompt_token_ids(target, "plain") == model.encoder.prompt(user_message(target))


def test_the_longest_turns_are_dropped_until_the_prompt_fits(model: LanguageModel) -> None:
    target = pair("9", "x", instruction="Order lamp oil for the north pier")
    roomy = prompter(model, "retrieval.max_tokens=5000")
    whole = len(roomy.prompt_token_ids(target, "bm25"))
    tight = prompter(model, f"retrieval.max_tokens={whole - 1}").turns(target, "bm25")
    longest = max(roomy.turns(target, "bm25"), key=lambda turn: len(turn[1]))
    assert tight == [turn for turn in roomy.turns(target, "bm25") if turn != longest]
    assert prompter(model, "retrieval.max_tokens=1").turns(target, "bm25") == []


def test_few_shot_never_shows_the_mail_itself(model: LanguageModel) -> None:
    for each in PAIRS:
        turns = prompter(model, "evaluation.shots=4").turns(each, "few_shot")
        assert len(turns) == 4
        assert each["email"] not in [mail for _, mail in turns]


def test_the_configured_share_of_training_examples_has_retrieved_mails(model: LanguageModel) -> None:
    many = [pair(str(number), f"rope number {number}", instruction="Ask for rope") for number in range(200)]
    never = prompter(model, "retrieval=bm25", "retrieval.training_share=0")
    assert not any(never.training_turns(each) for each in many[:20])
    half = prompter(model, "retrieval=bm25")
    share = sum(bool(half.training_turns(each)) for each in many) / len(many)
    assert 0.4 < share < 0.6
    assert not any(prompter(model, "retrieval.training_share=1").training_turns(each) for each in many[:20])
    assert configured_style(configured("retrieval=bm25").retrieval) == "bm25"
    assert configured_style(configured().retrieval) == "plain"


def test_training_examples_begin_with_the_prompt_of_inference(model: LanguageModel) -> None:
    each = pair("9", "Six barrels.", instruction="Order lamp oil")
    always = prompter(model, "retrieval=bm25", "retrieval.training_share=1")
    example = always.example(each)
    assert example is not None
    assert example.ids[: example.prompt_length] == always.prompt_token_ids(each, "bm25")
    short = prompter(model, "retrieval=bm25", "retrieval.training_share=1", "trainer.max_length=60")
    example = short.example(each)
    assert example is not None
    assert example.ids[: example.prompt_length] == short.prompt_token_ids(each, "plain")
