"""The answer to a request that is not streamed: the mail that stage=infer would choose, unless the request samples."""

import asyncio
import dataclasses
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from composed import composed_config
from conftest import model_settings
from scripted import WorkerClient

from email_assistant.compose.conversation import Answerer, sampled_job
from email_assistant.compose.messages import Job
from email_assistant.compose.model_client import Answer
from email_assistant.compose.openai_types import ChatRequest
from email_assistant.compose.worker import Worker
from email_assistant.compose.writing import Wish, Writer
from email_assistant.configuration.schema import Config
from email_assistant.evaluation import best_of_n
from email_assistant.evaluation.generate_mails import generate_best
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.metrics.usual import Usual
from email_assistant.requests.reading import Reading

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
    return asyncio.run(
        Answerer(client, config.generation, config.seed, Reading.of(config.summarizer)).whole(chat)
    ), client


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


def prompts_of(config: Config, model: LanguageModel, jobs: list[Job], training: str | None = None) -> list[str]:
    worker = Worker(config, model, training, BytesIO())
    return [model.encoder.tokenizer.decode(worker._prompt(job)) for job in jobs]


def api_job(config: Config, subjects: bool = True, **values: Any) -> Job:
    return sampled_job(asked(**values), 1.0, Reading(subjects, subjects and config.summarizer.orders_as_notes))


def page_job(config: Config, model: LanguageModel, note: str) -> Job:
    client: Any = WorkerClient(config, model)
    writer = Writer(config, client, Usual())

    async def write() -> None:
        async for _ in writer.first(Wish(note)):
            pass

    asyncio.run(write())
    return client.jobs[0]


@pytest.mark.parametrize(
    "note",
    ["needs amending: the form", "bo: need the ladder\n\nwill come at 7 ", " ask Bo to come", "савва: нужна лестница"],
)
@pytest.mark.parametrize("subjects", [True, False])
def test_a_note_gets_the_prompt_of_the_page(
    note: str, subjects: bool, model: LanguageModel, configured: Callable[..., Config]
) -> None:
    config = configured()
    config.summarizer.subjects = subjects
    page = page_job(config, model, note)
    (expected,) = prompts_of(config, model, [page])
    assert ("i need" in expected) == (subjects and "need the" in note)
    for values in ({}, {"temperature": 0.5}):
        _, client = answer(config, model, asked(messages=[{"role": "user", "content": note}], **values))
        assert prompts_of(config, model, client.jobs) == [expected]
    begun = [{"role": "user", "content": note}, {"role": "assistant", "content": "Hi"}]
    assert prompts_of(config, model, [api_job(config, subjects, messages=begun)]) == [f"{expected}Hi"]
    empty = [{"role": "system", "content": " "}, {"role": "user", "content": note}]
    assert prompts_of(config, model, [api_job(config, subjects, messages=empty)]) == [expected]


def test_a_note_is_shown_the_mails_that_the_page_retrieves(
    model: LanguageModel, configured: Callable[..., Config], tmp_path: Path
) -> None:
    config = configured()
    config.retrieval.method = "bm25"
    pair = {"id": "1", "thread": "t", "instruction": "bo: ropes", "email": "Bo, three ropes.", "method": "rough"}
    (tmp_path / "train.jsonl").write_text(json.dumps(pair) + "\n")
    page = page_job(configured(), model, NOTE)
    shown, same = prompts_of(config, model, [page, api_job(config)], str(tmp_path / "train.jsonl"))
    assert shown == same and "three ropes" in shown


REPLY = 'Reply to the following email. Reply in English. "Got it. Need the ladder."'


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        # A program's own idea of a conversation is left to it.
        ([("system", "You are helpful."), ("user", "bo: need it")], None),
        ([("user", REPLY)], None),
        (
            [("user", "bo: need it"), ("assistant", "Need it."), ("user", "need it\nfriday")],
            [("user", "bo: i need it"), ("assistant", "Need it."), ("user", "i need it. friday")],
        ),
        ([("user", REPLY), ("assistant", "Hi"), ("user", "need it")], [("assistant", "Hi"), ("user", "i need it")]),
    ],
)
def test_notes_of_a_conversation_get_their_subjects(
    turns: list[tuple[str, str]], expected: list[tuple[str, str]] | None, configured: Callable[..., Config]
) -> None:
    messages = [{"role": role, "content": content} for role, content in turns]
    job = api_job(configured(), messages=messages)
    assert job.request is None
    assert [tuple(turn) for turn in job.turns][-len(expected or turns) :] == (expected or turns)
    as_sent = api_job(configured(), subjects=False, messages=messages)
    assert [tuple(turn) for turn in as_sent.turns] == turns


def test_the_note_is_judged_as_it_was_typed(
    model: LanguageModel, configured: Callable[..., Config], judged: Judged
) -> None:
    note = [{"role": "user", "content": "bo: need\n3 ropes"}]
    answer(configured(**CONFIGURED["beam_search"]), model, asked(messages=note))
    assert {(instruction, context) for instruction, _, context in judged} == {("bo: need. 3 ropes", None)}
