"""Exposure by hand, and what a model reveals that was trained to memorize."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import lora, model_settings

from email_assistant.evaluation import memorization
from email_assistant.evaluation.memorization import (
    DIGITS,
    KNOWN_TOKENS,
    canaries,
    canaries_extracted,
    canary_exposures,
    continuation_nats,
    exposure,
    extraction_score,
)
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """More threads do not make so small a model faster, and slow it down when processes compete for cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return add_adapter(load_base(model_settings(tiny_model)), lora(r=16), 1)


def test_exposure_by_hand() -> None:
    references = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    assert exposure(0.5, references) == 3.0
    assert exposure(8.0, references) == 0.0
    assert exposure(1.5, references) == 2.0
    assert exposure(3.5, references) == 1.0


def test_canaries_depend_on_the_seed_and_differ() -> None:
    planted = canaries(5, 1)
    assert planted == canaries(5, 1) != canaries(5, 2)
    assert len({canary.room for canary in planted}) == len({canary.secret for canary in planted}) == 5
    assert all(len(canary.secret) == DIGITS and canary.secret.isdigit() for canary in planted)
    assert planted[0].email == f"The door code of room {planted[0].room} is {planted[0].secret}."
    assert canaries(0, 1) == []


def test_continuations_whose_logits_do_not_fit_are_scored_in_smaller_batches(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [model.encoder.text_ids(f"the code is {number}.") for number in range(90, 120)]
    prompt = model.encoder.prompt("say it")
    expected = continuation_nats(model, prompt, texts)
    score = memorization._nats_after
    sizes = list[int]()

    def limited(model: LanguageModel, prefix: list[int], rows: list[list[int]]) -> np.ndarray:
        sizes.append(len(rows))
        if len(rows) > 8:
            raise torch.AcceleratorError("CUDA error: out of memory")
        return score(model, prefix, rows)

    monkeypatch.setattr(memorization, "_nats_after", limited)
    assert continuation_nats(model, prompt, texts) == pytest.approx(expected, rel=1e-5)
    assert sizes == [30, 15, 7, 7, 7, 7, 2]


def test_continuations_have_the_likelihood_of_whole_sequences(model: LanguageModel) -> None:
    prompt = model.encoder.prompt("say it")
    texts = ["the code is 12.", "the code is 3456!", "the code is 12", "the cord"]
    measured = continuation_nats(model, prompt, [model.encoder.text_ids(text) for text in texts])
    loss = CompletionLoss(model.model)
    for text, nats in zip(texts, measured, strict=True):
        whole = model.encoder.completed(prompt, text)
        ids = whole.ids[:-1]
        shared = len(prompt) + len("the co")
        with torch.no_grad():
            wanted = loss(collate([type(whole)(ids, shared)], model.device))
        assert nats == pytest.approx(float(wanted), rel=1e-4)


def test_a_model_reveals_a_secret_only_after_training_on_it(model: LanguageModel) -> None:
    planted = canaries(2, 1)
    fresh = canary_exposures(model, planted, 1)
    assert all(value < 9 for value in fresh)
    assert canaries_extracted(model, planted) == [False, False]
    texts = [canary.email for canary in planted]
    long = "a mail that is long enough to know one part of it and to look for the other part of it, and a bit more"
    prompt = model.encoder.prompt("write")
    before = extraction_score(model, [prompt], [long])
    assert before is not None
    assert before.value == 0.0

    examples = [
        model.encoder.completed(model.encoder.prompt(canary.instruction), text)
        for canary, text in zip(planted, texts, strict=True)
    ]
    examples.append(model.encoder.completed(prompt, long))
    weights = [weight for weight in model.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=3e-3)
    loss = CompletionLoss(model.model)
    for _ in range(200):
        optimizer.zero_grad()
        (loss(collate(examples, model.device)) / 100).backward()
        optimizer.step()
    model.model.eval()
    assert canary_exposures(model, planted, 1) == [10.0, 10.0]
    assert canaries_extracted(model, planted) == [True, True]
    after = extraction_score(model, [prompt, prompt], [long, "too short"])
    assert after is not None
    assert after.value == 1.0
    assert len(after.contributions) == 1
    assert extraction_score(model, [prompt], ["x" * (KNOWN_TOKENS + 1)]) is None
