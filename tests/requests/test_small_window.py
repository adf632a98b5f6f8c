"""Prompts of a model with a small window: what does not fit is cut and named, or refused."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from architectures import save_model
from composed import composed_config
from conftest import model_settings
from transformers import AutoTokenizer

from benchmarks.model import configured
from email_assistant.configuration.schema import Config
from email_assistant.errors import DataError
from email_assistant.evaluation.scoring import perplexity_of
from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.generation import generate_tokens
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.requests.instruction_jobs import InstructionJob
from email_assistant.requests.instruction_writer import InstructionWriter
from email_assistant.requests.prompting import Prompter, PromptSettings
from email_assistant.stages.catalog import evaluate_depends_on

WINDOW = 256
LONG = "word " * 100
PAIR: dict[str, Any] = {"id": "m1", "instruction": LONG, "email": LONG, "thread": None}


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A GPT-2, which has learned a vector for each position of its window and no other."""
    values = {"max_position_embeddings": WINDOW}
    return save_model(tmp_path / "model", AutoTokenizer.from_pretrained(tiny_model), "gpt2", values)


@pytest.fixture
def model(folder: Path) -> LanguageModel:
    return load_base(model_settings(folder))


def small(folder: Path) -> Config:
    return configured(f"model.path={folder}", "generation.max_new_tokens=40", "summarizer=base_model")


def test_a_request_loses_its_end_and_the_mail_counts_as_far_as_it_fits(
    folder: Path, model: LanguageModel, caplog: pytest.LogCaptureFixture
) -> None:
    prompter = Prompter(PromptSettings.of(small(folder)), model.encoder, [PAIR], lambda texts: pytest.fail("embedded"))
    assert len(prompter.prompt_token_ids(PAIR, "plain")) > WINDOW
    with caplog.at_level(logging.INFO):
        prompt = prompter.fitting_prompt(PAIR, "plain")
    assert WINDOW - 44 < len(prompt) <= WINDOW - 40
    assert prompt[-len(model.encoder.prompt("")) :][-4:] == model.encoder.prompt("")[-4:]
    assert "request for m1" in caplog.text
    score = perplexity_of(model, [PAIR], [prompt], "score")
    assert 0 < score.contributions[0][1] == WINDOW - len(prompt)
    # Training examples are as long as the window at most.
    assert prompter.example(PAIR) is None


def test_shown_mails_leave_room_for_the_mail(folder: Path, model: LanguageModel) -> None:
    others = [{**PAIR, "id": f"o{number}", "instruction": "Ask", "email": 20 * "word "} for number in range(5)]
    prompter = Prompter(PromptSettings.of(small(folder)), model.encoder, others, lambda texts: pytest.fail("embedded"))
    request: dict[str, Any] = {**PAIR, "instruction": "Ask Bo"}
    plain, shown = (prompter.prompt_token_ids(request, style) for style in ("plain", "few_shot"))
    assert len(plain) < len(shown) <= WINDOW - 40


def test_writing_ends_with_the_window(model: LanguageModel) -> None:
    prompts = [[11] * (WINDOW - 3), [12] * 100]
    written = list(generate_tokens(model, prompts, SamplingParams(5), [None, None], 2))
    assert [sum(token.row == row for token in written) for row in (0, 1)] == [3, 5]
    with pytest.raises(DataError, match=f"a prompt has {WINDOW} tokens, but the context window holds {WINDOW}"):
        list(generate_tokens(model, [[11] * WINDOW], SamplingParams(5), [None], 1))


def test_a_long_mail_is_shortened_for_the_instruction_writer(folder: Path, model: LanguageModel) -> None:
    settings = replace(small(folder).summarizer, max_new_tokens=8, mail_tokens=200)
    email: Any = {"id": "m1", "text": LONG, "subject": "", "date": None, "to": [], "thread": "m1", "language": "en"}
    writer = InstructionWriter(settings, model, 1, lambda sentence: None)
    job = InstructionJob(settings, email, "basis")
    short = replace(settings, prompts={"en": "{email}"}, starts={"en": "Write"}, mentions={"en": "{facts}"})
    writer.settings = short
    assert WINDOW - 30 < len(writer._prompt(job)) <= WINDOW - 8
    writer.settings = replace(short, prompts={"en": LONG * 3 + "{email}"})
    with pytest.raises(DataError, match="summarizer=rough"):
        writer._prompt(job)


def test_typed_requests_that_are_too_long_are_named_before_anything_is_loaded(
    tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    config = composed_config(tiny_model, archive, tmp_path)
    file = tmp_path / "typed.jsonl"
    config = replace(config, evaluation=replace(config.evaluation, requests=str(file)))
    file.write_text(json.dumps({"id": "m3", "request": "Ask Bo"}) + "\n")
    assert "requests" in evaluate_depends_on(config)["inputs"]
    file.write_text(json.dumps({"id": "m3", "request": "word " * 1000}) + "\n")
    with pytest.raises(DataError, match=r"typed\.jsonl, the request for m3: the instruction has \d+ tokens"):
        evaluate_depends_on(config)
