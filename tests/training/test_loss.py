"""Every forward mode computes the loss and gradients of each sequence by itself."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import model_settings
from pretended_gpu import GPU, module_to_gpu, pretended_gpu, to_cpu
from small import LORA, PLAIN, distance, encoded, fresh, gradients, reference_loss, relative_distance, set_lora_b
from transformers.integrations import sdpa_attention

from email_assistant.configuration.schema import Lora
from email_assistant.language_model import decoder, varlen_attention
from email_assistant.language_model.decoder_layers import DecoderLayer
from email_assistant.language_model.distributed import SINGLE_PROCESS
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.language_model.lora_linear import FusedLinear
from email_assistant.training.batches import Batch, collate
from email_assistant.training.loss import CompletionLoss, ForwardMode, neftune_noise
from email_assistant.training.micro_batching import MicroBatcher
from email_assistant.training.trainer import enable_recomputation


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


@pytest.mark.parametrize("mode", ["decoder", "packed", "padded", "full_logits"])
def test_every_mode_gives_the_loss_and_gradients_of_each_sequence_by_itself(
    either_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch, mode: ForwardMode
) -> None:
    monkeypatch.setattr("email_assistant.training.loss.CHUNK_ROWS", 7)
    model = fresh(either_model, PLAIN)
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model, (mode,))
    found = loss(batch)
    assert loss.mode == mode
    expected = reference_loss(model, batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), gradients(model, expected)) < 1e-4


@pytest.mark.parametrize(
    ("mode", "share"),
    [("decoder", False), ("decoder", True), ("packed", False), ("padded", False), ("full_logits", False)],
)
def test_per_mail_the_means_of_single_mails_are_added_up(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch, mode: ForwardMode, share: bool
) -> None:
    monkeypatch.setattr("email_assistant.training.loss.CHUNK_ROWS", 7)
    model = fresh(tiny_model, PLAIN)
    loss = CompletionLoss(model.model, (mode,))
    found = loss(collate(examples, model.device, share_prefix=share), per_mail=True)
    assert loss.mode == mode
    assert len({example.num_target_tokens for example in examples}) > 3
    singles = [collate([example], model.device) for example in examples]
    expected = torch.stack([reference_loss(model, single) / single.num_target_tokens for single in singles]).sum()
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), gradients(model, expected)) < 1e-4


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
    either_model: Path, examples: list[TokenizedExample], values: dict[str, Any]
) -> None:
    model = fresh(either_model, dataclasses.replace(PLAIN, **values))
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.mode == "decoder"
    assert relative_distance(gradients(model, found), gradients(model, reference_loss(model, batch))) < 1e-4


@pytest.mark.parametrize("values", [{}, {"target_modules": ["q_proj", "down_proj"]}])
def test_the_own_decoder_trains_on_weights_in_four_bits(
    either_model: Path, examples: list[TokenizedExample], values: dict[str, Any]
) -> None:
    model = fresh(either_model, dataclasses.replace(PLAIN, **values), "nf4")
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.mode == "decoder"
    expected = reference_loss(model, batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), gradients(model, expected)) < 1e-4


@pytest.mark.parametrize(("share", "quantization"), [(0.3, "none"), (0.8, "none"), (0.3, "nf4")])
def test_dropout_in_the_own_decoder_is_that_of_the_adapters_library(
    either_model: Path,
    examples: list[TokenizedExample],
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    quantization: str,
) -> None:
    model = fresh(either_model, dataclasses.replace(PLAIN, dropout=share), quantization)
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
    expected = reference_loss(model, batch)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), gradients(model, expected)) < 1e-4
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
    assert loss.mode == "padded"
    assert relative_distance(gradients(model, found), gradients(model, reference_loss(model, batch))) < 1e-4


@pytest.mark.parametrize("recompute", [False, True])
def test_what_all_prompts_begin_with_is_read_once_and_changes_nothing(
    either_model: Path, examples: list[TokenizedExample], recompute: bool
) -> None:
    model = fresh(either_model, PLAIN)
    model.model.train()
    apart, together = (collate(examples, model.device, share_prefix=share) for share in (False, True))
    assert together.prefix_length > 5
    assert len(together.ids) == len(apart.ids) - together.prefix_length * (len(examples) - 1)
    assert together.num_target_tokens == apart.num_target_tokens
    loss = CompletionLoss(model.model, ("decoder",), recompute=recompute)
    loss.choose_mode(apart)
    found = loss(together)
    expected = reference_loss(model, apart)
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), gradients(model, expected)) < 1e-4


@pytest.mark.parametrize("adapter", [PLAIN, LORA])
def test_recomputing_in_the_own_decoder_changes_nothing(
    either_model: Path, examples: list[TokenizedExample], adapter: Lora, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh(either_model, adapter)
    model.model.train()
    batch, checkpointed = collate(examples, model.device), list[DecoderLayer]()
    original = decoder.checkpoint

    def checkpoint(function: Any, hidden: torch.Tensor, layer: DecoderLayer, *given: Any, **named: Any) -> Any:
        checkpointed.append(layer)
        return original(function, hidden, layer, *given, **named)

    monkeypatch.setattr(decoder, "checkpoint", checkpoint)

    def found(recompute: bool | int) -> tuple[dict[str, torch.Tensor], int]:
        loss = CompletionLoss(model.model, recompute=recompute)
        torch.manual_seed(5)
        checkpointed.clear()
        return gradients(model, loss(batch)), len(checkpointed)

    plain, none = found(False)
    layers = model.model.config.num_hidden_layers
    assert layers > 1 and none == 0
    for recompute, count in ((True, layers), (1, 1), (layers + 3, layers)):
        recomputed, counted = found(recompute)
        assert distance(plain, recomputed) < 1e-6 and counted == count


def test_a_model_that_changes_its_logits_uses_full_logits(tiny_model: Path, examples: list[TokenizedExample]) -> None:
    model = fresh(tiny_model)
    model.model.eval()
    base = model.model.get_base_model()  # type: ignore[operator]
    base.register_forward_hook(lambda module, inputs, output: output.__setitem__("logits", output.logits * 0.5))
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model)
    found = loss(batch)
    assert loss.mode == "full_logits"
    assert torch.allclose(found, reference_loss(model, batch))


def test_a_model_that_does_not_keep_packed_sequences_apart_is_padded(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh(tiny_model)
    # Positions that do not start again from 0: every sequence attends to those before it.
    monkeypatch.setattr(Batch, "position_ids", property(lambda batch: torch.arange(len(batch.ids))))
    loss = CompletionLoss(model.model, ("packed", "padded"))
    assert loss.choose_mode(collate(examples, model.device)) == "padded"


def on_device(loss: CompletionLoss, batch: Batch, device: torch.device) -> torch.Tensor:
    """The loss of a batch whose tensors are on a device."""
    return loss(Batch(batch.ids.to(device), batch.loss_mask.to(device), batch.lengths))


@pytest.mark.parametrize("mode", ["packed", "padded", "full_logits"])
@pytest.mark.parametrize("per_mail", [False, True])
def test_the_loss_on_a_gpu_needs_nothing_of_the_cpu(
    either_model: Path, examples: list[TokenizedExample], mode: ForwardMode, per_mail: bool
) -> None:
    model = fresh(either_model, PLAIN)
    model.model.eval()
    batch = collate(examples, model.device)
    expected = CompletionLoss(model.model, (mode,))(batch, per_mail)
    wanted = gradients(model, expected)
    with pretended_gpu():
        module_to_gpu(model.model)
        loss = CompletionLoss(model.model, (mode,), neftune_alpha=5.0)
        # Without noise as long as it does not train.
        found = loss(collate(examples, GPU), per_mail)
        assert loss.mode == mode and found.device == GPU
        assert torch.allclose(to_cpu(found), expected, rtol=1e-5)
        moved = {name: to_cpu(gradient) for name, gradient in gradients(model, found).items()}
        assert relative_distance(moved, wanted) < 1e-4
        model.model.train()
        assert not torch.equal(to_cpu(loss(collate(examples, GPU), per_mail)), to_cpu(found))


@pytest.mark.parametrize("mode", ["packed", "padded"])
def test_layers_may_be_on_another_gpu_than_the_mails(
    tiny_model: Path, examples: list[TokenizedExample], mode: ForwardMode
) -> None:
    """As accelerate spreads a model: modules move their inputs to their device, and only the whole model moves back."""
    model = fresh(tiny_model, PLAIN)
    model.model.eval()
    expected = reference_loss(model, collate(examples, model.device))
    second = torch.device("cuda", 1)
    with pretended_gpu():
        base: Any = model.model.get_base_model()  # type: ignore[operator]
        module_to_gpu(model.model)
        for module in (base.model.norm, base.lm_head):
            module_to_gpu(module, second)
            module.register_forward_pre_hook(lambda module, inputs: tuple(each.to(second) for each in inputs))
        base.register_forward_hook(lambda module, given, out: out.__setitem__("logits", out.logits.to(GPU)))
        loss = CompletionLoss(model.model, (mode,))
        found = on_device(loss, collate(examples, model.device), GPU)
        assert loss.mode == mode and found.device == GPU
        assert torch.allclose(to_cpu(found), expected, rtol=1e-5)


def flash_loss(model: LanguageModel, monkeypatch: pytest.MonkeyPatch, *modes: ForwardMode) -> CompletionLoss:
    """The loss in modes whose attention is a kernel of GPUs, with the attention computed on the CPU."""
    monkeypatch.setattr(varlen_attention, "is_supported", lambda transformer: True)
    monkeypatch.setattr(varlen_attention, "_flash", varlen_attention._one_by_one)
    return CompletionLoss(model.model, modes)


@pytest.mark.parametrize("recompute", [False, 1, True])
def test_attention_without_a_mask_gives_the_loss_and_gradients_of_each_sequence_by_itself(
    either_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch, recompute: bool | int
) -> None:
    model = fresh(either_model, PLAIN)
    batch = collate(examples, model.device)
    expected = reference_loss(model, batch)
    wanted = gradients(model, expected)
    if recompute:
        enable_recomputation(model.model, recompute)
        model.model.train()
    loss = flash_loss(model, monkeypatch, "varlen", "packed")
    masks = list[torch.Tensor | None]()
    computed = sdpa_attention.sdpa_attention_forward
    monkeypatch.setattr(
        varlen_attention,
        "sdpa_attention_forward",
        lambda *given, **named: (masks.append(given[4]), computed(*given, **named))[1],
    )
    found = loss(batch)
    assert loss.mode == "varlen"
    assert not masks
    assert torch.allclose(found, expected, rtol=1e-5)
    assert relative_distance(gradients(model, found), wanted) < 1e-4
    # What is not packed is computed as before.
    assert torch.allclose(reference_loss(model, batch), expected, rtol=1e-5) and masks


def test_attention_without_a_mask_runs_on_a_gpu(
    either_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh(either_model, PLAIN)
    model.model.eval()
    expected = reference_loss(model, collate(examples, model.device))
    with pretended_gpu():
        module_to_gpu(model.model)
        loss = flash_loss(model, monkeypatch, "varlen", "packed")
        assert torch.allclose(to_cpu(loss(collate(examples, GPU))), expected, rtol=1e-5)
        assert loss.mode == "varlen"


def test_attention_that_mixes_sequences_is_not_used(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = varlen_attention._one_by_one

    def mixing(by_token: Any, packed: Any, *others: Any) -> torch.Tensor:
        return computed(by_token, packed._replace(lengths=[sum(packed.lengths)]), *others)

    monkeypatch.setattr(varlen_attention, "_one_by_one", mixing)
    loss = flash_loss(fresh(tiny_model), monkeypatch, "varlen", "packed")
    assert loss.choose_mode(collate(examples, torch.device("cpu"))) == "packed"


def test_modes_are_compared_and_used_in_the_same_formats(tiny_model: Path, examples: list[TokenizedExample]) -> None:
    """Outside of training's autocast, too, as for perplexities: the adapter's products are in bfloat16."""
    settings: Any = dataclasses.replace(model_settings(tiny_model), dtype="bfloat16")
    model = set_lora_b(add_adapter(load_base(settings), PLAIN, seed=1))
    formats = list[torch.dtype]()
    layer: Any = model.model.get_submodule("base_model.model.model.layers.0.self_attn.q_proj.lora_A.default")
    layer.register_forward_hook(lambda module, inputs, output: formats.append(output.dtype))
    loss = CompletionLoss(model.model, ("packed",))
    loss.choose_mode(collate(examples, model.device))
    chosen = len(formats)
    alone = loss(collate(examples, model.device))
    assert chosen > 0 and len(formats) > chosen and set(formats) == {torch.bfloat16}
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(collate(examples, model.device)), alone)


def test_a_slower_mode_than_the_first_is_reported(
    tiny_model: Path,
    examples: list[TokenizedExample],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    batch = collate(examples, torch.device("cpu"))
    CompletionLoss(fresh(tiny_model).model, ("packed", "padded")).choose_mode(batch)
    assert not caplog.messages
    monkeypatch.setattr(Batch, "position_ids", property(lambda batch: torch.arange(len(batch.ids))))
    CompletionLoss(fresh(tiny_model).model, ("packed", "padded")).choose_mode(batch)
    assert [message.endswith(": padded") for message in caplog.messages] == [True]


def test_batches_of_many_equal_one_by_one(either_model: Path, examples: list[TokenizedExample]) -> None:
    model = fresh(either_model)
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
    rows = zip(batch.ids.split(batch.lengths), batch.loss_mask.split(batch.lengths), strict=True)
    for (ids, supervised), example in zip(rows, examples, strict=True):
        found = ids[supervised].tolist()
        assert found == example.ids[example.prompt_length :]
        assert found[-1] == model.encoder.end_of_turn


def test_noise_on_embeddings_is_only_while_training(tiny_model: Path, examples: list[TokenizedExample]) -> None:
    model = fresh(tiny_model, PLAIN)
    batch = collate(examples, model.device)
    loss = CompletionLoss(model.model, neftune_alpha=5.0)
    model.model.eval()
    quiet = loss(batch)
    assert torch.equal(quiet, CompletionLoss(model.model)(batch))
    model.model.train()
    assert not torch.allclose(loss(batch), quiet, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_noise_has_the_paper_s_bound_for_each_sequence(dtype: torch.dtype) -> None:
    # bfloat16 does not have these lengths as numbers.
    lengths = [257, 301, 511, 130]
    noise = neftune_noise(torch.zeros(sum(lengths), 64, dtype=dtype), lengths, 5.0)
    assert noise.dtype == dtype and noise.shape == (sum(lengths), 64)
    for piece, length in zip(noise.split(lengths), lengths, strict=True):
        bound = 5.0 / (length * 64) ** 0.5
        assert 0.95 * bound < float(piece.abs().max()) <= 1.005 * bound


def test_the_decoder_on_a_gpu_has_the_loss_and_gradients_of_the_processor(
    either_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh(either_model, PLAIN)
    model.model.train()
    batch = collate(examples, model.device)
    expected = CompletionLoss(model.model, ("decoder",))(batch)
    wanted = gradients(model, expected)
    with pretended_gpu():
        module_to_gpu(model.model)
        loss = flash_loss(model, monkeypatch, "decoder")
        found = loss(collate(examples, GPU))
        assert loss.mode == "decoder" and found.device == GPU
        assert torch.allclose(to_cpu(found), expected, rtol=1e-5)
        moved = {name: to_cpu(gradient) for name, gradient in gradients(model, found).items()}
    assert relative_distance(moved, wanted) < 1e-4


def test_the_decoder_on_a_gpu_drops_inputs_there(
    tiny_model: Path, examples: list[TokenizedExample], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fresh(tiny_model, dataclasses.replace(LORA, dropout=0.4))
    model.model.train()
    with pretended_gpu():
        module_to_gpu(model.model)
        loss, batch = flash_loss(model, monkeypatch, "decoder"), collate(examples, GPU)
        dropped = to_cpu(loss(batch))
        model.model.eval()
        assert not torch.allclose(to_cpu(loss(batch)), dropped, rtol=1e-4)


def test_the_decoder_is_not_chosen_on_a_gpu_without_flash_attention(
    tiny_model: Path, examples: list[TokenizedExample]
) -> None:
    model = fresh(tiny_model, PLAIN)
    model.model.eval()
    with pretended_gpu():
        module_to_gpu(model.model)
        # In float32 there is none.
        assert CompletionLoss(model.model, ("decoder", "packed")).choose_mode(collate(examples, GPU)) == "packed"


def test_sequences_on_a_gpu_share_no_prefix(tiny_model: Path, examples: list[TokenizedExample]) -> None:
    loss = CompletionLoss(fresh(tiny_model).model, ("decoder",))
    loss.mode = "decoder"
    with pretended_gpu():
        on_gpu, on_cpu = (
            next(iter(MicroBatcher(loss, device, 10_000, True, SINGLE_PROCESS).batches(examples)))
            for device in (GPU, torch.device("cpu"))
        )
    assert on_cpu.prefix_length > 0 and on_gpu.prefix_length == 0
