import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small import LORA, PLAIN, SETTINGS, encoded, fresh, settings
from torch.nn import functional

from email_assistant.configuration.schema import Lora
from email_assistant.errors import DataError, OutOfMemoryError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.lora_linear import FusedLinear
from email_assistant.training import trainer as trainer_module
from email_assistant.training.batches import Batch, collate, epoch_batches, epoch_permutation, micro_batches
from email_assistant.training.loss import CompletionLoss, ForwardMode
from email_assistant.training.trainer import Trainer, learning_rate


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


def trained(
    path: Path, examples: list[TokenizedExample], folder: Path, lora: Lora = LORA, **values: Any
) -> tuple[Trainer, dict[str, torch.Tensor]]:
    model = fresh(path, lora)
    loop = Trainer(model, examples[:8], examples[8:], settings(**values), 5, folder, lambda metrics, step: None)
    loop.fit()
    return loop, {name: weight.detach().clone() for name, weight in loop.weights.items()}


def optimizer_state(loop: Trainer) -> list[Any]:
    """Moments, steps and rates, in order."""
    state = loop.optimizer.state_dict()
    moments = [value for _, values in sorted(state["state"].items()) for _, value in sorted(values.items())]
    return moments + [group["lr"] for group in state["param_groups"]]


def distance(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    return max(float((left[name] - right[name]).abs().max()) for name in left)


def gradients(model: LanguageModel, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    model.model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {name: weight.grad.clone() for name, weight in model.model.named_parameters() if weight.grad is not None}


def padded_logits(model: LanguageModel, batch: Batch) -> torch.Tensor:
    """The model's own logits of each sequence by itself, one after another."""
    pieces = batch.ids.split(batch.lengths)
    return torch.cat([model.model(input_ids=piece[None]).logits[0] for piece in pieces])


def whole_loss(model: LanguageModel, batch: Batch) -> torch.Tensor:
    targets = batch.ids.masked_fill(~batch.supervised, -100)[1:]
    return functional.cross_entropy(padded_logits(model, batch)[:-1], targets, reduction="sum")


@pytest.mark.parametrize("way", ["decoder", "packed", "padded", "full_logits"])
def test_every_way_gives_the_loss_and_gradients_of_each_sequence_by_itself(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch, way: ForwardMode
) -> None:
    monkeypatch.setattr("email_assistant.training.loss.CHUNK", 7)
    model = fresh(tiny_model, PLAIN)
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model, (way,))
    found = loss(batch)
    assert loss.way == way
    expected = whole_loss(model, batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert distance(gradients(model, found), gradients(model, expected)) < 1e-4


@pytest.mark.parametrize(
    ("way", "share"),
    [("decoder", False), ("decoder", True), ("packed", False), ("padded", False), ("full_logits", False)],
)
def test_by_mail_the_means_of_single_mails_are_added_up(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch, way: ForwardMode, share: bool
) -> None:
    monkeypatch.setattr("email_assistant.training.loss.CHUNK", 7)
    model = fresh(tiny_model, PLAIN)
    loss = CompletionLoss(model.model, (way,))
    found = loss(collate(examples, model.device, share=share), by_mail=True)
    assert loss.way == way
    assert len({example.num_target_tokens for example in examples}) > 3
    singles = [collate([example], model.device) for example in examples]
    expected = torch.stack([whole_loss(model, single) / single.num_target_tokens for single in singles]).sum()
    assert torch.allclose(found, expected, rtol=1e-5)
    assert distance(gradients(model, found), gradients(model, expected)) < 1e-4


@pytest.mark.parametrize(
    "values",
    [
        {"target_modules": ["q_proj", "v_proj"]},
        {"target_modules": ["up_proj"]},
        {"use_rslora": True},
        {"layers": [1]},
        {"alpha": 1.0},
    ],
)
def test_the_own_decoder_knows_every_plain_adapter(
    tiny_model: Path, examples: list[TokenizedExample], values: dict[str, Any]
) -> None:
    model = fresh(tiny_model, dataclasses.replace(PLAIN, **values))
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.way == "decoder"
    assert distance(gradients(model, found), gradients(model, whole_loss(model, batch))) < 1e-4


@pytest.mark.parametrize("values", [{}, {"target_modules": ["q_proj", "down_proj"]}])
def test_the_own_decoder_trains_on_weights_in_four_bits(
    tiny_model: Path, examples: list[TokenizedExample], values: dict[str, Any]
) -> None:
    model = fresh(tiny_model, dataclasses.replace(PLAIN, **values), "nf4")
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.way == "decoder"
    expected = whole_loss(model, batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert distance(gradients(model, found), gradients(model, expected)) < 1e-4


@pytest.mark.parametrize(("share", "quantization"), [(0.3, "none"), (0.8, "none"), (0.3, "nf4")])
def test_dropout_in_the_own_decoder_is_that_of_the_adapters_library(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch, share: float, quantization: str
) -> None:
    model = fresh(tiny_model, dataclasses.replace(PLAIN, dropout=share), quantization)
    model.model.train()
    batch = collate(examples[:1], model.device)
    drawn: list[torch.Tensor] = []
    draw = FusedLinear.dropout_masks

    def recorded(projection: FusedLinear, inputs: torch.Tensor) -> list[torch.Tensor]:
        masks = draw(projection, inputs)
        drawn.extend(masks)
        return masks

    monkeypatch.setattr(FusedLinear, "dropout_masks", recorded)
    loss = CompletionLoss(model.model)
    assert loss.choose_mode(batch) == "decoder" and not drawn
    found = loss(batch)
    dropped = [name for name, module in model.model.named_modules() if isinstance(module, torch.nn.Dropout)]
    assert len(drawn) == len(dropped) == 7 * model.model.config.num_hidden_layers
    left = float(torch.cat([mask.float().flatten() for mask in drawn]).mean())
    assert left == pytest.approx(1 - share, abs=0.02)
    # The library's modules stand in the order in which their layers are run.
    for name, mask in zip(dropped, drawn, strict=True):
        module = model.model.get_submodule(name)
        monkeypatch.setattr(module, "forward", lambda inputs, mask=mask: inputs * mask / (1 - share))
    expected = whole_loss(model, batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert distance(gradients(model, found), gradients(model, expected)) < 1e-4
    model.model.eval()
    assert torch.allclose(loss(batch), loss(batch), rtol=0, atol=0)


def test_adapters_that_are_no_plain_sum_go_through_their_library(
    tiny_model: Path, examples: list[TokenizedExample]
) -> None:
    model = fresh(tiny_model, dataclasses.replace(PLAIN, use_dora=True))
    model.model.eval()
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.way == "padded"
    assert distance(gradients(model, found), gradients(model, whole_loss(model, batch))) < 1e-4


@pytest.mark.parametrize("recompute", [False, True])
def test_what_all_prompts_begin_with_is_read_once_and_changes_nothing(
    tiny_model: Path, examples: list[TokenizedExample], recompute: bool
) -> None:
    model = fresh(tiny_model, PLAIN)
    model.model.train()
    apart, together = (collate(examples, model.device, share=share) for share in (False, True))
    assert together.shared > 5
    assert len(together.ids) == len(apart.ids) - together.shared * (len(examples) - 1)
    assert together.num_target_tokens == apart.num_target_tokens
    loss = CompletionLoss(model.model, ("decoder",), recompute=recompute)
    loss.choose_mode(apart)
    found = loss(together)
    expected = whole_loss(model, apart)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert distance(gradients(model, found), gradients(model, expected)) < 1e-4


def test_prompts_that_are_alike_keep_an_id_of_their_own() -> None:
    same = [TokenizedExample([1, 2, 3, 4], 3), TokenizedExample([1, 2, 3, 5, 6], 3)]
    batch = collate(same, torch.device("cpu"), share=True)
    assert (batch.shared, batch.ids.tolist(), batch.lengths) == (2, [1, 2, 3, 4, 3, 5, 6], [2, 3])
    assert batch.supervised.tolist() == [False, False, False, True, False, True, True]
    assert collate(same[:1], torch.device("cpu"), share=True).shared == 0


@pytest.mark.parametrize("adapter", [PLAIN, LORA])
def test_recomputing_in_the_own_decoder_changes_nothing(
    tiny_model: Path, examples: list[TokenizedExample], adapter: Lora
) -> None:
    model = fresh(tiny_model, adapter)
    model.model.train()
    batch = collate(examples, model.device)

    def found(recompute: bool) -> dict[str, torch.Tensor]:
        loss = CompletionLoss(model.model, recompute=recompute)
        torch.manual_seed(5)
        return gradients(model, loss(batch))

    assert distance(found(False), found(True)) < 1e-6


def test_a_model_that_changes_its_logits_takes_the_whole_pass(
    tiny_model: Path, examples: list[TokenizedExample]
) -> None:
    model = fresh(tiny_model)
    model.model.eval()
    base = model.model.get_base_model()  # type: ignore[operator]
    base.register_forward_hook(lambda module, inputs, output: output.__setitem__("logits", output.logits * 0.5))
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.way == "full_logits"
    assert torch.allclose(found, whole_loss(model, batch))


def test_a_model_that_does_not_keep_packed_sequences_apart_is_padded(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh(tiny_model)
    # Positions that never begin anew: every sequence sees those before it.
    monkeypatch.setattr(Batch, "positions", property(lambda batch: torch.arange(len(batch.ids))))
    loss = CompletionLoss(model.model, ("packed", "padded"))
    assert loss.choose_mode(collate(examples, model.device)) == "padded"


def test_batches_of_many_equal_one_by_one(tiny_model: Path, examples: list[TokenizedExample]) -> None:
    model = fresh(tiny_model)
    model.model.eval()
    loss = CompletionLoss(model.model)
    together = loss(collate(examples, model.device))
    apart = sum(loss(collate([example], model.device)) for example in examples)
    assert torch.allclose(together, torch.as_tensor(apart), rtol=1e-5)


def test_the_end_of_the_turn_is_supervised_though_padding_has_its_id(
    tiny_model: Path, examples: list[TokenizedExample]
) -> None:
    model = fresh(tiny_model)
    assert model.encoder.pad_id == model.encoder.end_of_turn
    batch = collate(examples, model.device)
    rows = zip(batch.ids.split(batch.lengths), batch.supervised.split(batch.lengths), strict=True)
    for (ids, supervised), example in zip(rows, examples, strict=True):
        found = ids[supervised].tolist()
        assert found == example.ids[example.prompt_length :]
        assert found[-1] == model.encoder.end_of_turn


def test_noise_on_embeddings_is_of_the_paper_s_size_and_in_training_alone(
    tiny_model: Path, examples: list[TokenizedExample]
) -> None:
    model = fresh(tiny_model, PLAIN)
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model, noise_alpha=5.0)
    model.model.eval()
    quiet = loss(batch)
    assert torch.equal(quiet, CompletionLoss(model.model)(batch))
    model.model.train()
    assert not torch.allclose(loss(batch), quiet, rtol=1e-4)
    embedded = torch.zeros(len(batch.ids), 64)
    noise = loss._noisy(embedded, batch).split(batch.lengths)
    for piece, length in zip(noise, batch.lengths, strict=True):
        most = 5.0 / (length * 64) ** 0.5
        assert 0.9 * most < float(piece.abs().max()) <= most


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
        sums = [float(whole_loss(untrained, collate([example], untrained.device))) for example in examples]
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


NO_ROOM = "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Let a loss be computed for so many ids at most; the ids of every try are in the list."""

    def limit(most: int) -> list[int]:
        tries: list[int] = []

        def limited(whole: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
            def tried(loop: Trainer, *given: Any) -> torch.Tensor:
                tries.append(len(given[-1].ids))
                # The gradients are there already, as where the backward pass finds no room.
                found = whole(loop, *given)
                if tries[-1] > most:
                    raise RuntimeError(NO_ROOM)
                return found

            return tried

        for name in ("_backward", "_forward"):
            monkeypatch.setattr(trainer_module.Trainer, name, limited(getattr(trainer_module.Trainer, name)))
        return tries

    return limit


def test_without_room_for_a_batch_it_is_halved_and_said(
    tiny_model: Path,
    examples: list[TokenizedExample],
    tmp_path: Path,
    room: Callable[[int], list[int]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen: dict[str, Any] = {"batch_size": 8, "epochs": 2}
    _, expected = trained(tiny_model, examples, tmp_path / "room", PLAIN, **chosen)
    tries = room(max(len(example.ids) for example in examples) + 100)
    with caplog.at_level("INFO"):
        loop, found = trained(tiny_model, examples, tmp_path / "little", PLAIN, **chosen)
    assert distance(expected, found) < 1e-4
    said = [message for message in caplog.messages if "out of memory: from here on at most" in message]
    # What it learned of the room it keeps in mind.
    assert 1 <= len(said) <= 3 and f"at most {loop.budget} tokens" in said[-1]
    assert max(tries[-4:]) <= loop.budget or loop.budget < max(len(example.ids) for example in examples)


def test_without_room_for_a_single_mail_it_says_what_to_do(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, room: Callable[[int], list[int]]
) -> None:
    room(10)
    with pytest.raises(OutOfMemoryError, match=r"lower trainer\.max_length"):
        trained(tiny_model, examples, tmp_path, PLAIN)


@pytest.mark.parametrize("harm", ["cut", "altered", "gone", "state", "figure"])
def test_a_checkpoint_that_was_changed_is_not_used(
    tiny_model: Path,
    examples: list[TokenizedExample],
    tmp_path: Path,
    harm: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, expected = trained(tiny_model, examples, tmp_path / "whole", PLAIN)
    step: Callable[[Trainer], None] = trainer_module.Trainer._step

    def dying(loop: Trainer) -> None:
        if loop.state.step == 3:
            raise KeyboardInterrupt
        step(loop)

    monkeypatch.setattr(trainer_module.Trainer, "_step", dying)
    with pytest.raises(KeyboardInterrupt):
        trained(tiny_model, examples, tmp_path / "killed", PLAIN)
    monkeypatch.setattr(trainer_module.Trainer, "_step", step)
    (checkpoint,) = (tmp_path / "killed").glob("checkpoint-*")
    weights, state = checkpoint / "weights.safetensors", checkpoint / "state.json"
    content = weights.read_bytes()
    if harm == "cut":
        weights.write_bytes(content[: len(content) // 2])
    elif harm == "altered":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "gone":
        weights.unlink()
    elif harm == "state":
        state.write_text(state.read_text()[:40])
    else:
        state.write_text(state.read_text().replace('"step": 2', '"step": 1', 1))
    with caplog.at_level("INFO"):
        _, found = trained(tiny_model, examples, tmp_path / "killed", PLAIN)
    assert f"{checkpoint.name} was changed or cut off" in caplog.text
    assert distance(expected, found) == 0.0


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


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(("noise", "decay"), [(None, 0.0), (5.0, 0.0), (None, 0.7)])
def test_a_killed_run_resumed_equals_the_uninterrupted(
    tiny_model: Path,
    examples: list[TokenizedExample],
    tmp_path: Path,
    killed_after: int,
    noise: float | None,
    decay: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lora = LORA if noise is None else PLAIN
    values = {"neftune_alpha": noise, "ema_decay": decay}
    whole, expected = trained(tiny_model, examples, tmp_path / "whole", lora, **values)
    step: Callable[[Trainer], None] = trainer_module.Trainer._step

    def dying(loop: Trainer) -> None:
        if loop.state.step == killed_after:
            raise KeyboardInterrupt
        step(loop)

    monkeypatch.setattr(trainer_module.Trainer, "_step", dying)
    with pytest.raises(KeyboardInterrupt):
        trained(tiny_model, examples, tmp_path / "killed", lora, **values)
    monkeypatch.setattr(trainer_module.Trainer, "_step", step)
    resumed, found = trained(tiny_model, examples, tmp_path / "killed", lora, **values)
    assert distance(expected, found) == 0.0
    for left, right in zip(optimizer_state(whole), optimizer_state(resumed), strict=True):
        assert torch.equal(torch.as_tensor(left), torch.as_tensor(right))
    assert (resumed.state.best_step, resumed.state.best_loss) == (whole.state.best_step, whole.state.best_loss)
    losses = [[record.get("train/loss") for record in loop.state.history] for loop in (whole, resumed)]
    assert losses[0] == losses[1]
    assert (whole.average is not None) == (resumed.average is not None) == (decay > 0)
    if whole.average and resumed.average:
        assert distance(whole.average.values, resumed.average.values) == 0.0


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


def test_training_learns(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    loop, _ = trained(tiny_model, examples, tmp_path, epochs=30, learning_rate=0.03)
    assert loop.state.best_loss < 0.95 * loop.state.history[0]["validation/loss"]


@pytest.mark.parametrize("lora", [LORA, PLAIN])
def test_gradient_checkpointing_changes_nothing(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, lora: Lora
) -> None:
    _, plain = trained(tiny_model, examples, tmp_path / "1", lora, epochs=1, gradient_checkpointing=False)
    _, recomputed = trained(tiny_model, examples, tmp_path / "2", lora, epochs=1, gradient_checkpointing=True)
    assert distance(plain, recomputed) < 1e-5


def test_nothing_to_train_on_is_an_error(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"trainer\.max_length"):
        Trainer(fresh(tiny_model), [], examples, SETTINGS, 1, tmp_path, lambda metrics, step: None)


def test_paged_optimizer_without_cuda_is_an_error(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
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


def test_lora_plus_lets_b_learn_faster(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    start = {name: weight.detach().clone() for name, weight in fresh(tiny_model, PLAIN).model.named_parameters()}
    moved = []
    for ratio in (1.0, 8.0):
        _, weights = trained(tiny_model, examples, tmp_path / str(ratio), PLAIN, lora_plus_ratio=ratio, max_steps=1)
        moved.append({name: float((weight - start[name]).abs().max()) for name, weight in weights.items()})
    for name, far in moved[1].items():
        assert far == pytest.approx(moved[0][name] * (8 if "lora_B" in name else 1), rel=0.01)


@given(st.integers(1, 50), st.integers(1, 9), st.integers(0, 5))
def test_an_epoch_sees_every_example_once(count: int, batch_size: int, epoch: int) -> None:
    steps = epoch_batches(count, batch_size, 3, epoch)
    assert sorted(index for step in steps for index in step) == list(range(count))
    assert all(len(step) == batch_size for step in steps[:-1])


def test_epochs_differ_and_repeat() -> None:
    assert epoch_permutation(20, 1, 0) != epoch_permutation(20, 1, 1)
    assert epoch_permutation(20, 1, 0) == epoch_permutation(20, 1, 0)
    assert epoch_permutation(20, 1, 0) != epoch_permutation(20, 2, 0)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.integers(1, 200))
def test_micro_batches_keep_the_budget_and_lose_nothing(lengths: list[int], budget: int) -> None:
    given_examples = [TokenizedExample(list(range(length)), 0) for length in lengths]
    for padded in (False, True):
        groups = micro_batches(given_examples, budget, padded)
        assert sorted(len(example.ids) for group in groups for example in group) == sorted(lengths)
        for group in groups:
            sizes = [len(example.ids) for example in group]
            assert len(group) == 1 or (len(group) * max(sizes) if padded else sum(sizes)) <= budget


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
