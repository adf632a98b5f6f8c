"""The own decoder in bfloat16: products of rounded weights, everything between them in float32."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import model_settings
from small import LORA, PLAIN, encoded, gradients, reference_loss, relative_distance, set_lora_b

from email_assistant.configuration.schema import Lora
from email_assistant.language_model import embeddings
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoder import Decoder, same_logits
from email_assistant.language_model.decoding_linear import linear
from email_assistant.language_model.embeddings import embed_ids
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.language_model.lora_linear import FusedLinear, LoraLinear
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss

# Rounding to 8 bits of mantissa, carried through the layers.
LOSS_TOLERANCE, GRADIENT_TOLERANCE = 2e-3, 0.05


def load(path: Path, dtype: str, lora: Lora, quantization: str = "none") -> LanguageModel:
    settings: Any = dataclasses.replace(model_settings(path), dtype=dtype, quantization=quantization)
    return set_lora_b(add_adapter(load_base(settings), lora, seed=1))


@pytest.mark.parametrize(
    "values", [{}, {"target_modules": ["q_proj", "down_proj"]}, {"target_modules": ["up_proj"]}, {"layers": [1]}]
)
def test_losses_and_gradients_are_those_of_float32_but_for_rounding(either_model: Path, values: dict[str, Any]) -> None:
    lora = dataclasses.replace(PLAIN, **values)
    exact, rounded = (load(either_model, dtype, lora) for dtype in ("float32", "bfloat16"))
    batch = collate(encoded(either_model), exact.device)
    loss = CompletionLoss(rounded.model)
    found, expected = loss(batch), reference_loss(exact, batch)
    assert loss.mode == "decoder"
    assert found.dtype == torch.float32
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=LOSS_TOLERANCE)
    distance = relative_distance(gradients(rounded, found), gradients(exact, expected))
    assert 1e-5 < distance < GRADIENT_TOLERANCE


@pytest.mark.parametrize("values", [{}, {"target_modules": ["q_proj", "down_proj"]}])
def test_weights_in_four_bits_are_multiplied_in_bfloat16(either_model: Path, values: dict[str, Any]) -> None:
    model = load(either_model, "bfloat16", dataclasses.replace(PLAIN, **values), "nf4")
    batch = collate(encoded(either_model), model.device)
    loss, by_transformers = CompletionLoss(model.model), CompletionLoss(model.model, ("padded",))
    found, expected = loss(batch), by_transformers(batch)
    assert (loss.mode, by_transformers.mode) == ("decoder", "padded")
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=2 * LOSS_TOLERANCE)
    assert relative_distance(gradients(model, found), gradients(model, expected)) < 2 * GRADIENT_TOLERANCE


@pytest.mark.parametrize("recompute", [False, True])
def test_dropout_in_bfloat16_drops_what_it_drops_in_float32(either_model: Path, recompute: bool) -> None:
    lora = dataclasses.replace(LORA, dropout=0.4)
    results = []
    for dtype in ("float32", "bfloat16"):
        model = load(either_model, dtype, lora)
        model.model.train()
        loss = CompletionLoss(model.model, ("decoder",), recompute=recompute)
        torch.manual_seed(3)
        found = loss(collate(encoded(either_model), model.device))
        assert loss.mode == "decoder"
        results.append((float(found.detach()), gradients(model, found)))
    (exact, expected), (rounded, found_gradients) = results
    assert rounded == pytest.approx(exact, rel=LOSS_TOLERANCE)
    assert relative_distance(found_gradients, expected) < 2 * GRADIENT_TOLERANCE


def test_a_shared_prefix_changes_nothing(either_model: Path) -> None:
    model = load(either_model, "bfloat16", PLAIN)
    examples = encoded(either_model)
    loss = CompletionLoss(model.model, ("decoder",))
    apart, shared = (float(loss(collate(examples, model.device, share_prefix=share))) for share in (False, True))
    assert shared == pytest.approx(apart, rel=LOSS_TOLERANCE)


@pytest.mark.parametrize("layers", [1, 3])
def test_updates_far_below_the_precision_of_the_weights_count(layers: int) -> None:
    torch.manual_seed(0)
    # Each update is less than half of the distance between neighbours of a weight.
    frozen = [torch.nn.Linear(32, 16, bias=False).requires_grad_(False).bfloat16() for _ in range(layers)]
    for layer in frozen:
        layer.weight.fill_(1.0)
    factors = [(3e-4 * torch.randn(4, 32), torch.randn(16, 4)) for _ in range(layers)]
    fused = FusedLinear([LoraLinear(layer, a, b, 0.5) for layer, (a, b) in zip(frozen, factors, strict=True)])
    updates = torch.cat([0.5 * b @ a for a, b in factors])
    assert torch.equal(1.0 + updates.bfloat16(), torch.ones_like(updates).bfloat16())
    # Inputs that the frozen weights multiply to nothing show the update by itself.
    inputs = torch.randn(5, 32)
    inputs -= inputs.mean(dim=1, keepdim=True)
    inputs = torch.cat([inputs.bfloat16(), -inputs.bfloat16()])[:5]
    plain = FusedLinear([LoraLinear(layer) for layer in frozen])
    residual = torch.zeros(5, 16 * layers)
    expected = inputs.float() @ updates.t()
    in_training = fused.forward(inputs, [], residual) - plain.forward(inputs, [], residual)
    in_decoding = (linear(inputs, *fused.decoding_weights()) - linear(inputs, *plain.decoding_weights())).float()
    for found in (in_training, in_decoding):
        assert float((found - expected).norm() / expected.norm()) < 0.2


def test_decoding_in_float32_multiplies_merged_weights() -> None:
    torch.manual_seed(0)
    frozen = torch.nn.Linear(32, 16, bias=False).requires_grad_(False)
    lora_a, lora_b = torch.randn(4, 32), torch.randn(16, 4)
    weight, _, extension = FusedLinear([LoraLinear(frozen, lora_a, lora_b, 0.5)]).decoding_weights()
    assert extension is None
    assert torch.allclose(weight, frozen.weight + 0.5 * lora_b @ lora_a)


@torch.inference_mode()
def test_decoding_has_the_logits_of_float32_but_for_rounding(either_model: Path) -> None:
    exact, rounded = (
        CachedDecoder.from_model(load(either_model, dtype, PLAIN).model) for dtype in ("float32", "bfloat16")
    )
    assert exact is not None and rounded is not None
    prompts = [list(range(3, 40)), list(range(50, 61)), list(range(7, 30))]
    for decoder in (exact, rounded):
        # Caches of a batch before it leave nothing.
        decoder.prefill([[4, 5]])
        decoder.evict(0)
        decoder.release_caches()
        decoder.prefill_prefix([1, 2])
    steps = [[decoder.prefill(prompts)] for decoder in (exact, rounded)]
    for tokens in ([5, 6, 7], [8, 9, 10], [11, 12, 13]):
        for decoder, logits in zip((exact, rounded), steps, strict=True):
            logits.append(decoder.step(tokens))
    for expected, found in zip(*steps, strict=True):
        assert found.dtype == torch.float32
        assert 1e-5 < float((found - expected).norm() / expected.norm()) < 0.03


@torch.inference_mode()
def test_embeddings_are_those_of_float32_but_for_rounding(either_model: Path) -> None:
    texts = [list(range(3, 40)), [7], list(range(50, 61)), list(range(7, 30))]
    for pooling in ("last", "mean"):
        exact, rounded = (
            embed_ids(load(either_model, dtype, PLAIN), texts, pooling) for dtype in ("float32", "bfloat16")
        )
        for expected, found in zip(exact, rounded, strict=True):
            assert 0 < ((expected - found) ** 2).sum() ** 0.5 / (expected**2).sum() ** 0.5 < 0.03


def test_texts_that_do_not_fit_are_embedded_in_smaller_batches(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(tiny_model, "float32", PLAIN)
    texts = [list(range(3, 4 + length)) for length in range(1, 12)]
    expected = embed_ids(model, texts, "last")
    states = embeddings._padded_states

    def limited(model: LanguageModel, transformer: Any, batch: Any) -> Any:
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return states(model, transformer, batch)

    monkeypatch.setattr(embeddings, "_padded_states", limited)
    assert embed_ids(model, texts, "last") == pytest.approx(expected, abs=1e-5)


def test_logits_are_compared_within_rounding() -> None:
    torch.manual_seed(0)
    logits = torch.randn(10, 50)
    rounded = logits.bfloat16().float()
    assert same_logits(rounded, logits, torch.bfloat16)
    leaked = rounded.clone()
    leaked[:, :25] += 0.3 * torch.randn(10, 25)
    assert not same_logits(leaked, logits, torch.bfloat16)
    assert same_logits(logits, logits, torch.float32)
    assert not same_logits(leaked, logits, torch.float32)


def test_a_missing_token_is_more_than_rounding(either_model: Path) -> None:
    model = load(either_model, "bfloat16", PLAIN)
    ids = list(range(3, 11))
    with torch.no_grad():
        last, without = (model.model(torch.tensor([each])).logits[0, -1].float() for each in (ids, ids[:2] + ids[3:]))
    assert not same_logits(without, last, torch.bfloat16)


def test_autocast_around_it_changes_nothing(either_model: Path) -> None:
    model = load(either_model, "bfloat16", PLAIN)
    decoder = Decoder.from_model(model.model, for_training=True)
    assert decoder is not None
    embedded = model.model.get_input_embeddings()(torch.arange(20))
    plain = decoder.hidden_states(embedded, [12, 8])
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(decoder.hidden_states(embedded, [12, 8]), plain)


def test_embeddings_of_a_model_that_the_decoder_computes_otherwise_are_those_of_transformers(
    either_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [list(range(3, 40)), list(range(50, 61))]
    model = load(either_model, "bfloat16", PLAIN)
    by_decoder = embed_ids(model, texts, "mean")
    computed = Decoder.hidden_states

    def wrong(self: Decoder, *given: Any, **named: Any) -> torch.Tensor:
        return computed(self, *given, **named).flip(-1)

    monkeypatch.setattr(Decoder, "hidden_states", wrong)
    by_transformers = embed_ids(model, texts, "mean")
    error = ((by_decoder - by_transformers) ** 2).sum() ** 0.5 / (by_transformers**2).sum() ** 0.5
    assert 0 < error < 0.05
