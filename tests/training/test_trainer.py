"""The training loop."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from pretended_gpu import pretended_gpu
from small import LORA, PLAIN, distance, encoded, fresh, reference_loss, settings, trained, trainer

from email_assistant.configuration.schema import Lora
from email_assistant.errors import DataError, OutOfMemoryError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.batches import Batch, collate
from email_assistant.training.loss import CompletionLoss
from email_assistant.training.optimizer import build_optimizer, learning_rate
from email_assistant.training.trainer import Trainer, TrainingData, enable_recomputation


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


@pytest.mark.parametrize("weighting", ["tokens", "mails"])
def test_many_micro_batches_equal_one(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, weighting: str
) -> None:
    assert len({example.num_target_tokens for example in examples[:8]}) > 3
    (one, at_once), (eight, by_one) = (
        trained(
            *(tiny_model, examples, tmp_path / str(budget), PLAIN),
            micro_batch_tokens=budget,
            batch_size=8,
            weighting=weighting,
            epochs=1,
        )
        for budget in (10_000, 1)
    )
    with torch.no_grad():
        untrained = fresh(tiny_model, PLAIN)
        sums = [float(reference_loss(untrained, collate([example], untrained.device))) for example in examples]
    counts = [example.num_target_tokens for example in examples]
    of_validation = sum(sums[8:]) / sum(counts[8:])
    sums, counts = sums[:8], counts[:8]
    means = sum(total / count for total, count in zip(sums, counts, strict=True)) / 8
    expected = means if weighting == "mails" else sum(sums) / sum(counts)
    assert abs(means - sum(sums) / sum(counts)) > 1e-3 * expected
    assert one.state.history[1]["train/loss"] == pytest.approx(expected, rel=1e-5)
    # Whatever a mail counts for in training, the validation loss is one a token, to compare by.
    assert one.state.history[0]["validation/loss"] == pytest.approx(of_validation, rel=1e-5)
    assert one.state.history[0]["validation/loss"] == pytest.approx(eight.state.history[0]["validation/loss"], rel=1e-6)
    assert one.state.history[1]["train/loss"] == pytest.approx(eight.state.history[1]["train/loss"], rel=1e-5)
    assert one.state.history[1]["train/gradient_norm"] == pytest.approx(
        eight.state.history[1]["train/gradient_norm"], rel=1e-5
    )
    assert distance(at_once, by_one) < 1e-4


class SmallMemory:
    """A loss that fails as without memory for batches of more than some ids; the size of every try is in `tries`."""

    def __init__(self, loss: CompletionLoss, most: int) -> None:
        self.loss, self.most, self.tries = loss, most, list[int]()

    def __call__(self, batch: Batch, per_mail: bool = False) -> torch.Tensor:
        self.tries.append(len(batch.ids))
        loss = self.loss(batch, per_mail)
        if len(batch.ids) <= self.most:
            return loss
        if loss.requires_grad:
            # As where memory runs out in the backward pass: some gradients exist already.
            loss.backward()  # type: ignore[no-untyped-call]
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
        )


def test_micro_batches_are_halved_when_memory_runs_out(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    chosen: dict[str, Any] = {"batch_size": 8, "epochs": 2}
    _, expected = trained(tiny_model, examples, tmp_path / "enough", PLAIN, **chosen)
    loop = trainer(tiny_model, examples, tmp_path / "little", PLAIN, **chosen)
    longest = max(len(example.ids) for example in examples)
    loop.loss = small = SmallMemory(loop.loss, longest + 100)  # type: ignore[assignment]
    loop.fit()
    assert distance(expected, loop.weights) < 1e-4
    # The lower limit is kept for the steps that follow.
    assert loop.batcher.max_tokens < 10_000
    assert max(small.tries[-4:]) <= max(loop.batcher.max_tokens, longest)
    assert sum(size > small.most for size in small.tries) <= 3


def test_memory_for_less_than_a_mail_is_an_error_that_names_remedies(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    loop = trainer(tiny_model, examples, tmp_path, PLAIN)
    loop.loss = SmallMemory(loop.loss, 10)  # type: ignore[assignment]
    with pytest.raises(OutOfMemoryError, match=r"lower trainer\.max_length"):
        loop.fit()


def test_memory_that_runs_out_in_the_optimizer_is_an_error_that_names_remedies(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = trainer(tiny_model, examples, tmp_path, PLAIN)

    def no_room(*arguments: Any, **named: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")

    monkeypatch.setattr(torch.optim.AdamW, "step", no_room)
    with pytest.raises(OutOfMemoryError, match=r"optimizer's state.*paged_adamw_8bit"):
        loop.train_step()


def test_the_same_seed_gives_the_same_adapter(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    _, first = trained(tiny_model, examples, tmp_path / "1")
    _, again = trained(tiny_model, examples, tmp_path / "2")
    assert distance(first, again) == 0.0


def test_a_sweep_s_second_job_trains_what_it_would_alone(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    _, alone = trained(tiny_model, examples, tmp_path / "1", PLAIN)
    trained(tiny_model, examples, tmp_path / "2", dataclasses.replace(LORA, r=5))
    _, after_another = trained(tiny_model, examples, tmp_path / "3", PLAIN)
    assert distance(alone, after_another) == 0.0


def test_the_best_weights_are_kept_and_patience_ends_it(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    loop, _ = trained(tiny_model, examples, tmp_path, learning_rate=3.0, epochs=20, patience=2, max_grad_norm=100.0)
    validations = [record for record in loop.state.history if "validation/loss" in record]
    best = min(validations, key=lambda record: record["validation/loss"])
    assert loop.state.stopped
    assert loop.state.step < loop.total_steps
    assert (loop.state.best_step, loop.state.best_loss) == (best["step"], best["validation/loss"])
    with torch.no_grad():
        batch = collate(examples[8:], loop.model.device)
        now = float(loop.loss(batch)) / batch.num_target_tokens
    assert now == pytest.approx(best["validation/loss"], rel=1e-4)


@pytest.mark.slow
def test_training_learns_what_follows_what(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    lora = dataclasses.replace(PLAIN, r=8)
    loop = trainer(tiny_model, examples, tmp_path, lora, epochs=60, learning_rate=0.02)
    with torch.no_grad():
        # As large as a trained model's: the output head is frozen, and random ones allow no confident prediction.
        loop.model.model.get_input_embeddings().weight.mul_(20)  # type: ignore[operator]
    loop.fit()
    # No guess that ignores the context can be better than this, even one that knows the tokens' frequencies here.
    tokens = torch.tensor([token for example in examples[8:] for token in example.ids[example.prompt_length :]])
    shares = torch.bincount(tokens).float() / len(tokens)
    without_context = float(torch.special.entr(shares).sum())
    assert loop.state.best_loss < without_context


@pytest.mark.parametrize("lora", [LORA, PLAIN])
def test_gradient_checkpointing_changes_nothing(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, lora: Lora
) -> None:
    _, plain = trained(tiny_model, examples, tmp_path / "1", lora, epochs=1, gradient_checkpointing=False)
    for recompute in (True, 1):
        folder = tmp_path / f"recompute {recompute}"
        _, recomputed = trained(tiny_model, examples, folder, lora, epochs=1, gradient_checkpointing=recompute)
        assert distance(plain, recomputed) < 1e-5


@pytest.mark.parametrize(("lora", "repeats"), [(LORA, True), (PLAIN, False)])
def test_random_numbers_are_repeated_only_where_there_are_any(tiny_model: Path, lora: Lora, repeats: bool) -> None:
    model: Any = fresh(tiny_model, lora).model
    enable_recomputation(model)
    layer = model.get_base_model().model.layers[0]
    assert layer.gradient_checkpointing
    assert layer._gradient_checkpointing_func.keywords == {"use_reentrant": False, "preserve_rng_state": repeats}


def test_layers_keep_their_activations_from_the_configured_one_on(tiny_model: Path) -> None:
    for layers, expected in ((1, [True, False]), (2, [True, True]), (9, [True, True]), (True, [True, True])):
        model: Any = fresh(tiny_model, PLAIN).model
        enable_recomputation(model, layers)
        assert [layer.gradient_checkpointing for layer in model.get_base_model().model.layers] == expected


def test_checkpoints_are_not_written_more_often_than_configured(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of 25 seconds, and a checkpoint after every second step, but none before the last is 60 seconds old."""
    now = [0.0]

    def clock() -> float:
        now[0] += 1e-3
        return now[0]

    monkeypatch.setattr("email_assistant.training.trainer.time.monotonic", clock)
    saved = list[int]()

    class Slow(Trainer):
        def train_step(self) -> None:
            super().train_step()
            now[0] += 25.0

    loop = trainer(tiny_model, examples, tmp_path, PLAIN, Slow, epochs=5, checkpoint_seconds=60.0)
    monkeypatch.setattr(loop.checkpointer, "save", lambda state: saved.append(state.step))
    loop.fit()
    assert loop.total_steps == 10 and saved == [4, 8]


def test_the_optimizer_updates_all_weights_at_once_on_a_gpu(tiny_model: Path) -> None:
    weights = {"lora_A": torch.nn.Parameter(torch.zeros(2, 2))}
    assert not build_optimizer(settings(), weights).defaults["fused"]
    with pretended_gpu():
        on_gpu = {"lora_A": torch.nn.Parameter(torch.zeros(2, 2, device="cuda"))}
        assert build_optimizer(settings(), on_gpu).defaults["fused"]


def test_nothing_to_train_on_is_an_error(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"trainer\.max_length"):
        Trainer(fresh(tiny_model), TrainingData([], examples), settings(), 1, tmp_path)


def test_paged_optimizer_without_cuda_is_an_error(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is CUDA here")
    with pytest.raises(DataError, match="use adamw"):
        trainer(tiny_model, examples, tmp_path, optimizer="paged_adamw_8bit")


def test_lora_plus_lets_b_learn_faster(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    start = {name: weight.detach().clone() for name, weight in fresh(tiny_model, PLAIN).model.named_parameters()}
    moved = []
    for ratio in (1.0, 8.0):
        _, weights = trained(tiny_model, examples, tmp_path / str(ratio), PLAIN, lora_plus_ratio=ratio, max_steps=1)
        moved.append({name: float((weight - start[name]).abs().max()) for name, weight in weights.items()})
    for name, far in moved[1].items():
        assert far == pytest.approx(moved[0][name] * (8 if "lora_B" in name else 1), rel=0.01)


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


def test_each_epoch_takes_the_next_variant_of_every_mail(tiny_model: Path, tmp_path: Path) -> None:
    """Two examples a mail: in any epoch every mail has its turn once, with the variant of that epoch."""
    examples = [TokenizedExample([mail, variant, 9], 2) for mail in range(5) for variant in (1, 2)]
    data = TrainingData(examples, encoded(tiny_model)[:2], variants=2)
    loop = Trainer(fresh(tiny_model), data, settings(epochs=3, batch_size=2), 1, tmp_path)
    assert loop.steps_per_epoch == 3 and loop.total_steps == 9
    for epoch in range(3):
        seen = [example.ids for step in range(3) for example in loop._examples_of(3 * epoch + step)]
        assert sorted(seen) == [[mail, 1 + epoch % 2, 9] for mail in range(5)]
