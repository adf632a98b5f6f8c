"""The answer to a request that is not streamed: the mail that stage=infer would choose, unless the request samples."""

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from composed import composed_config
from conftest import model_settings
from scripted import WorkerClient

from email_assistant.compose.conversation import Answerer
from email_assistant.compose.model_client import Answer
from email_assistant.compose.openai_types import ChatRequest
from email_assistant.configuration.schema import Config
from email_assistant.evaluation import best_of_n
from email_assistant.evaluation.generate_mails import generate_best
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion
from email_assistant.language_model.loading import LanguageModel, load_base

NOTE = "bo: bring 3 ropes, not 4"
# conf/generation
CONFIGURED: dict[str, dict[str, Any]] = {
    "beam_search": {"search": "beam", "candidates": 3},
    "one beam": {"search": "beam", "candidates": 1},
    "best_of_n": {"temperature": 0.7, "candidates": 3, "greedy_first": True},
    "sample": {"candidates": 2},
    "greedy": {"temperature": 0.0},
}
Judged = list[tuple[str, str, str | None]]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_base(model_settings(tiny_model))


@pytest.fixture
def configured(tiny_model: Path, archive: Path, tmp_path: Path) -> Callable[..., Config]:
    def config(**generation: Any) -> Config:
        usual = composed_config(tiny_model, archive, tmp_path)
        values: dict[str, Any] = {"max_new_tokens": 9, **generation}
        return dataclasses.replace(usual, generation=dataclasses.replace(usual.generation, **values))

    return config


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Judged:
    """Each draft is judged better than the one before; collects the request, the draft and the context of each."""
    seen: Judged = []

    def quality(instruction: str, draft: str, usual: Any, context: str | None, log_probability: float | None) -> float:
        seen.append((instruction, draft, context))
        assert log_probability is not None
        return len(seen)

    monkeypatch.setattr(best_of_n, "quality", quality)
    return seen


def asked(**values: Any) -> ChatRequest:
    return ChatRequest.model_validate({"model": "m", "messages": [{"role": "user", "content": NOTE}], **values})


def answer(config: Config, model: LanguageModel, chat: ChatRequest) -> tuple[Answer, WorkerClient]:
    client: Any = WorkerClient(config, model)
    return asyncio.run(Answerer(client, config.generation, config.seed).whole(chat)), client


def inferred(config: Config, model: LanguageModel) -> Completion:
    """The mail of stage=infer."""
    found: list[Completion] = []
    request: Any = {"id": "a", "instruction": NOTE, "context": None}
    prompt = model.encoder.prompt(NOTE)
    generate_best(model, [request], [prompt], config.generation, config.seed, lambda _, best: found.append(best))
    return found[0]


@pytest.mark.parametrize("name", CONFIGURED)
def test_the_answer_is_the_mail_of_infer(
    name: str, model: LanguageModel, configured: Callable[..., Config], judged: Judged
) -> None:
    config = configured(**CONFIGURED[name])
    expected = inferred(config, model)
    of_infer = list(judged)
    judged.clear()
    written, client = answer(config, model, asked())
    (text,) = written.texts
    assert (text.text, text.tokens, text.finish_reason) == (expected.text, expected.num_tokens, expected.finish_reason)
    assert written.completion_tokens == expected.num_tokens
    assert written.prompt_tokens == len(model.encoder.prompt(NOTE))
    # A single draft is not judged here.
    assert judged == (of_infer if config.generation.num_candidates > 1 else [])
    assert client.jobs[0].num_texts == config.generation.num_candidates


def test_the_choice_is_not_the_first_draft(
    model: LanguageModel, configured: Callable[..., Config], judged: Judged
) -> None:
    written, _ = answer(configured(**CONFIGURED["beam_search"]), model, asked())
    assert written.texts[0].text == judged[2][1] != judged[0][1]


def test_without_a_batch_it_is_the_same(
    model: LanguageModel, configured: Callable[..., Config], judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(**CONFIGURED["beam_search"])
    batched, _ = answer(config, model, asked())
    monkeypatch.setattr(CachedDecoder, "from_model", lambda model: None)
    alone, client = answer(config, model, asked())
    assert alone.texts[0].text == batched.texts[0].text == inferred(config, model).text
    assert client.jobs[0].beams == 3


@pytest.mark.parametrize(
    ("values", "texts", "temperature"),
    [({"temperature": 0}, 1, 0.0), ({"seed": 5}, 1, 1.2), ({"n": 2}, 2, 1.2), ({"top_p": 0}, 1, 1.2)],
)
def test_a_request_that_samples_is_not_judged(
    model: LanguageModel,
    configured: Callable[..., Config],
    judged: Judged,
    values: dict[str, Any],
    texts: int,
    temperature: float,
) -> None:
    written, client = answer(configured(**CONFIGURED["beam_search"]), model, asked(**values))
    assert len(written.texts) == texts and not judged
    (job,) = client.jobs
    assert not job.beams and [row.temperature for row in job.rows] == [temperature] * texts


def test_limits_and_stop_sequences_hold_for_all_drafts(
    model: LanguageModel, configured: Callable[..., Config], judged: Judged
) -> None:
    config = configured(**CONFIGURED["beam_search"])
    short, _ = answer(config, model, asked(max_completion_tokens=3, max_tokens=2))
    assert short.texts[0].tokens == 3
    letters = {draft[1] for _, draft, _ in judged if len(draft) > 1}
    judged.clear()
    answer(config, model, asked(stop=["", *sorted(letters)]))
    assert judged and not any(letter in draft for _, draft, _ in judged for letter in letters)


def test_the_last_turn_is_judged_with_what_was_said_before(
    model: LanguageModel, configured: Callable[..., Config], judged: Judged
) -> None:
    turns = [
        {"role": "system", "content": "Write mails."},
        {"role": "user", "content": "who?"},
        {"role": "assistant", "content": "Bo."},
        {"role": "user", "content": [{"type": "text", "text": "3 ropes"}, {"type": "text", "text": "now"}]},
        {"role": "assistant", "content": "Hi Bo,"},
    ]
    written, _ = answer(configured(**CONFIGURED["beam_search"]), model, asked(messages=turns))
    assert {(instruction, context) for instruction, _, context in judged} == {
        ("3 ropes\nnow", "Write mails.\n\nwho?\n\nBo.")
    }
    # The beginning counts, but is not repeated.
    assert all(draft.startswith("Hi Bo,") for _, draft, _ in judged)
    assert f"Hi Bo,{written.texts[0].text}" in {draft for _, draft, _ in judged}


def test_a_prompt_that_is_too_long_is_an_error(model: LanguageModel, configured: Callable[..., Config]) -> None:
    chat = asked(messages=[{"role": "user", "content": "rope " * 2000}])
    written, _ = answer(configured(**CONFIGURED["beam_search"]), model, chat)
    assert written.error and written.error.code == "context_length"
