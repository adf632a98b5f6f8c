import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from email_assistant.config import Lora, Model
from email_assistant.config import Trainer as Settings
from email_assistant.errors import DataError
from email_assistant.language_model.encoding import Encoded
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.training import trainer as trainer_module
from email_assistant.training.batches import collate, micro_batches, order_of_epoch, steps_of_epoch
from email_assistant.training.loss import CompletionLoss
from email_assistant.training.trainer import Trainer, learning_rate

LORA = Lora(r=2, alpha=4, dropout=0.1, target_modules="all-linear", use_rslora=False, use_dora=False)
SETTINGS = Settings(
    learning_rate=0.01,
    scheduler="cosine",
    warmup_fraction=0.1,
    optimizer="adamw",
    weight_decay=0.0,
    epochs=3,
    max_steps=None,
    batch_size=4,
    micro_batch_tokens=10_000,
    max_length=300,
    too_long="drop",
    max_grad_norm=1.0,
    gradient_checkpointing="auto",
    validations_per_epoch=2,
    patience=None,
    checkpoint_steps=2,
    scored_mails=2,
)


def settings(**values: Any) -> Settings:
    return dataclasses.replace(SETTINGS, **values)


def fresh(path: Path, lora: Lora = LORA) -> LanguageModel:
    base = load_base(Model(path=str(path), quantization="none", dtype="float32", device="cpu", threads=None))
    model = add_adapter(base, lora, seed=1)
    # B starts at zero; other values make every gradient count.
    for name, weight in model.model.named_parameters():
        if "lora_B" in name:
            torch.manual_seed(len(name))
            torch.nn.init.normal_(weight, std=0.1)
    return model


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[Encoded]:
    encoder = fresh(tiny_model).encoder
    mails = [
        "Send rope.",
        "Bo, the lamp on the north pier is mended.",
        "No.",
        "Come to tea on Saturday at four o'clock!",
    ]
    found = [
        encoder.example(f"Ask {number}", mails[number % 4] * (1 + number % 3), 400, "drop") for number in range(10)
    ]
    return [example for example in found if example is not None]


def trained(
    path: Path, examples: list[Encoded], folder: Path, **values: Any
) -> tuple[Trainer, dict[str, torch.Tensor]]:
    model = fresh(path)
    loop = Trainer(model, examples[:8], examples[8:], settings(**values), 5, folder, lambda metrics, step: None)
    loop.fit()
    return loop, {name: weight.detach().clone() for name, weight in loop.weights.items()}


def distance(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    return max(float((left[name] - right[name]).abs().max()) for name in left)


def gradients(model: LanguageModel, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {name: weight.grad.clone() for name, weight in model.model.named_parameters() if weight.grad is not None}


def test_logits_of_supervised_tokens_alone_give_the_loss_of_the_whole(
    tiny_model: Path, examples: list[Encoded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("email_assistant.training.loss.CHUNK", 7)
    model = fresh(tiny_model)
    model.model.eval()
    batch = collate(examples, model.encoder.pad_id, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.takes_supervised_alone
    logits = model.model(input_ids=batch.ids).logits[:, :-1]
    targets = batch.ids[:, 1:].masked_fill(~batch.supervised[:, 1:], -100)
    expected = functional.cross_entropy(logits.transpose(1, 2), targets, reduction="sum")
    assert torch.allclose(found, expected, rtol=1e-5)
    assert distance(gradients(model, found), gradients(model, expected)) < 1e-4


def test_a_model_that_changes_its_logits_takes_the_whole_pass(tiny_model: Path, examples: list[Encoded]) -> None:
    model = fresh(tiny_model)
    model.model.eval()
    base = model.model.get_base_model()  # type: ignore[operator]
    base.register_forward_hook(lambda module, inputs, output: output.__setitem__("logits", output.logits * 0.5))
    batch = collate(examples, model.encoder.pad_id, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert not loss.takes_supervised_alone
    logits = model.model(input_ids=batch.ids).logits[:, :-1][batch.supervised[:, 1:]]
    assert torch.allclose(
        found, functional.cross_entropy(logits, batch.ids[:, 1:][batch.supervised[:, 1:]], reduction="sum")
    )


def test_padding_changes_nothing(tiny_model: Path, examples: list[Encoded]) -> None:
    model = fresh(tiny_model)
    model.model.eval()
    loss = CompletionLoss(model.model)
    together = loss(collate(examples, model.encoder.pad_id, model.device))
    apart = sum(loss(collate([example], 7, model.device)) for example in examples)
    assert torch.allclose(together, torch.as_tensor(apart), rtol=1e-5)


def test_the_end_of_the_turn_is_supervised_though_padding_has_its_id(tiny_model: Path, examples: list[Encoded]) -> None:
    model = fresh(tiny_model)
    assert model.encoder.pad_id == model.encoder.end_of_turn
    batch = collate(examples, model.encoder.pad_id, model.device)
    for row, example in enumerate(examples):
        supervised = batch.ids[row][batch.supervised[row]].tolist()
        assert supervised == example.ids[example.prompt_length :]
        assert supervised[-1] == model.encoder.end_of_turn


def test_many_micro_batches_equal_one(tiny_model: Path, examples: list[Encoded], tmp_path: Path) -> None:
    lora = dataclasses.replace(LORA, dropout=0.0)
    results = []
    for budget in (10_000, 1):
        model = fresh(tiny_model, lora)
        values = settings(micro_batch_tokens=budget, batch_size=8, epochs=1)
        loop = Trainer(model, examples[:8], examples[8:], values, 5, tmp_path / str(budget), lambda metrics, step: None)
        loop.fit()
        results.append((loop.state.history, {name: weight.detach().clone() for name, weight in loop.weights.items()}))
    assert results[0][0][1]["train/loss"] == pytest.approx(results[1][0][1]["train/loss"], rel=1e-5)
    assert distance(results[0][1], results[1][1]) < 1e-4


def test_the_same_seed_gives_the_same_adapter(tiny_model: Path, examples: list[Encoded], tmp_path: Path) -> None:
    _, first = trained(tiny_model, examples, tmp_path / "1")
    _, again = trained(tiny_model, examples, tmp_path / "2")
    assert distance(first, again) == 0.0


@pytest.mark.parametrize("killed_after", [1, 2, 3, 5])
def test_a_killed_run_resumed_equals_the_uninterrupted(
    tiny_model: Path, examples: list[Encoded], tmp_path: Path, killed_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, expected = trained(tiny_model, examples, tmp_path / "whole")
    step: Callable[[Trainer], None] = trainer_module.Trainer._step

    def dying(loop: Trainer) -> None:
        if loop.state.step == killed_after:
            raise KeyboardInterrupt
        step(loop)

    monkeypatch.setattr(trainer_module.Trainer, "_step", dying)
    with pytest.raises(KeyboardInterrupt):
        trained(tiny_model, examples, tmp_path / "killed")
    monkeypatch.setattr(trainer_module.Trainer, "_step", step)
    resumed, found = trained(tiny_model, examples, tmp_path / "killed")
    assert distance(expected, found) == 0.0
    assert (resumed.state.best_step, resumed.state.best_loss) == (whole.state.best_step, whole.state.best_loss)
    losses = [[record.get("train/loss") for record in loop.state.history] for loop in (whole, resumed)]
    assert losses[0] == losses[1]


def test_the_best_weights_are_kept_and_patience_ends_it(
    tiny_model: Path, examples: list[Encoded], tmp_path: Path
) -> None:
    loop, _ = trained(tiny_model, examples, tmp_path, learning_rate=3.0, epochs=20, patience=2, max_grad_norm=100.0)
    validations = [record for record in loop.state.history if "validation/loss" in record]
    best = min(validations, key=lambda record: record["validation/loss"])
    assert loop.state.stopped
    assert loop.state.step < loop.total_steps
    assert (loop.state.best_step, loop.state.best_loss) == (best["step"], best["validation/loss"])
    with torch.no_grad():
        batch = collate(examples[8:], loop.model.encoder.pad_id, loop.model.device)
        now = float(loop.loss(batch)) / batch.supervised_tokens
    assert now == pytest.approx(best["validation/loss"], rel=1e-4)


def test_training_learns(tiny_model: Path, examples: list[Encoded], tmp_path: Path) -> None:
    loop, _ = trained(tiny_model, examples, tmp_path, epochs=30, learning_rate=0.03)
    assert loop.state.best_loss < 0.95 * loop.state.history[0]["validation/loss"]


def test_gradient_checkpointing_changes_nothing(tiny_model: Path, examples: list[Encoded], tmp_path: Path) -> None:
    _, plain = trained(tiny_model, examples, tmp_path / "1", epochs=1, gradient_checkpointing=False)
    _, recomputed = trained(tiny_model, examples, tmp_path / "2", epochs=1, gradient_checkpointing=True)
    assert distance(plain, recomputed) < 1e-5


def test_nothing_to_train_on_is_an_error(tiny_model: Path, examples: list[Encoded], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"trainer\.max_length"):
        Trainer(fresh(tiny_model), [], examples, SETTINGS, 1, tmp_path, lambda metrics, step: None)


def test_paged_optimizer_without_cuda_is_an_error(tiny_model: Path, examples: list[Encoded], tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is CUDA here")
    with pytest.raises(DataError, match="take adamw"):
        Trainer(
            fresh(tiny_model),
            examples,
            examples,
            settings(optimizer="paged_adamw_8bit"),
            1,
            tmp_path,
            lambda m, s: None,
        )


@given(st.integers(1, 50), st.integers(1, 9), st.integers(0, 5))
def test_an_epoch_sees_every_example_once(count: int, batch_size: int, epoch: int) -> None:
    steps = steps_of_epoch(count, batch_size, 3, epoch)
    assert sorted(index for step in steps for index in step) == list(range(count))
    assert all(len(step) == batch_size for step in steps[:-1])


def test_epochs_differ_and_repeat() -> None:
    assert order_of_epoch(20, 1, 0) != order_of_epoch(20, 1, 1)
    assert order_of_epoch(20, 1, 0) == order_of_epoch(20, 1, 0)
    assert order_of_epoch(20, 1, 0) != order_of_epoch(20, 2, 0)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.integers(1, 200))
def test_micro_batches_keep_the_budget_and_lose_nothing(lengths: list[int], budget: int) -> None:
    given_examples = [Encoded(list(range(length)), 0) for length in lengths]
    groups = micro_batches(given_examples, budget)
    assert sorted(len(example.ids) for group in groups for example in group) == sorted(lengths)
    for group in groups:
        assert len(group) == 1 or len(group) * max(len(example.ids) for example in group) <= budget


@pytest.mark.parametrize(
    ("scheduler", "rates"),
    [
        ("constant", [0.005, 0.01, 0.01, 0.01, 0.01, 0.01]),
        ("linear", [0.005, 0.01, 0.01, 0.0075, 0.005, 0.0025]),
        ("cosine", [0.005, 0.01, 0.01, 0.0085355, 0.005, 0.0014645]),
    ],
)
def test_learning_rates_by_hand(scheduler: str, rates: list[float]) -> None:
    values = settings(scheduler=scheduler, warmup_fraction=1 / 3)
    assert [learning_rate(values, step, 6) for step in range(6)] == pytest.approx(rates, rel=1e-4)
