"""Small random models of other architectures: the decoder agrees with transformers, or leaves the model to it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from architectures import ARCHITECTURES, GEMMA3, WINDOW, save_model
from conftest import lora, model_settings
from transformers import AutoTokenizer

from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoder import Decoder
from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.generation import generate_tokens
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base

# The model type and what distinguishes it from the Llama of the other tests.
SUPPORTED: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen2": ("qwen2", {}),
    "llama with biases": ("llama", {"attention_bias": True, "mlp_bias": True}),
    "mistral": ("mistral", {"sliding_window": None}),
    "wide heads": ("llama", {"head_dim": 32}),
    "untied head": ("llama", {"tie_word_embeddings": False}),
    "mistral with a window": ("mistral", {"sliding_window": WINDOW}),
    "qwen2 with a window in one layer": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1},
    ),
    "qwen3": ("qwen3", {"head_dim": 16}),
    "gemma3": GEMMA3,
    "phi3": ("phi3", {}),
    "smollm3": ARCHITECTURES["smollm3"][:2],
    "gemma3 with several key-value heads": ("gemma3_text", GEMMA3[1] | {"num_key_value_heads": 2}),
}
DECLINED: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma2": ("gemma2", {"head_dim": 16, "sliding_window": WINDOW, "query_pre_attn_scalar": 16}),
    "gemma3 with soft caps": ("gemma3_text", GEMMA3[1] | {"attn_logit_softcapping": 20.0}),
    **{name: ARCHITECTURES[name][:2] for name in ("granite", "mixtral", "olmo2", "gpt2", "gpt_neox", "falcon")},
}


def loaded(path: Path, tiny_model: Path, architecture: tuple[str, dict[str, Any]]) -> LanguageModel:
    return load_base(model_settings(save_model(path, AutoTokenizer.from_pretrained(tiny_model), *architecture)))


def adapted(base: LanguageModel) -> LanguageModel:
    """With an adapter whose update is not zero."""
    tuned = add_adapter(base, lora(r=2), seed=1)
    for name, weight in tuned.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return tuned


@pytest.mark.parametrize("name", SUPPORTED)
def test_logits_and_gradients_of_training_are_those_of_transformers(
    tiny_model: Path, tmp_path: Path, name: str
) -> None:
    tuned = adapted(loaded(tmp_path, tiny_model, SUPPORTED[name]))
    model: Any = tuned.model
    decoder = Decoder.from_model(model, for_training=True)
    assert decoder is not None
    sequences = [torch.arange(5, 25), torch.arange(60, 90), torch.arange(40, 45)]
    embedded = model.get_input_embeddings()(torch.cat(sequences))
    states = decoder.hidden_states(embedded, [len(ids) for ids in sequences])
    logits = model.get_output_embeddings()(states)
    expected = torch.cat([model(input_ids=ids[None]).logits[0] for ids in sequences])
    assert torch.allclose(logits, expected, rtol=1e-4, atol=1e-4)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    factors = torch.randn_like(logits)
    found, wanted = (torch.autograd.grad((each * factors).sum(), weights) for each in (logits, expected))
    for left, right in zip(found, wanted, strict=True):
        assert torch.allclose(left, right, rtol=1e-3, atol=1e-4 * float(right.abs().max()))
    assert any(float(gradient.abs().max()) > 0.1 for gradient in found)


@torch.inference_mode()
@pytest.mark.parametrize("name", SUPPORTED)
def test_logits_of_decoding_are_those_of_transformers(tiny_model: Path, tmp_path: Path, name: str) -> None:
    tuned = adapted(loaded(tmp_path, tiny_model, SUPPORTED[name]))
    decoder = CachedDecoder.from_model(tuned.model)
    assert decoder is not None
    # Longer than the window, within it, and growing out of it.
    rows = [list(range(5, 25)), list(range(60, 90)), list(range(40, 43)), list(range(50, 64))]
    logits = decoder.prefill(rows)
    for token in range(30, 40):
        expected = torch.stack([tuned.model(input_ids=torch.tensor([row])).logits[0, -1] for row in rows])
        assert torch.allclose(logits, expected, rtol=1e-3, atol=1e-3)
        rows = [[*row, token] for row in rows]
        logits = decoder.step([token] * len(rows))


@pytest.mark.parametrize("name", DECLINED)
def test_a_model_that_the_decoder_does_not_know_is_run_by_transformers(
    tiny_model: Path, tmp_path: Path, name: str
) -> None:
    base = loaded(tmp_path, tiny_model, DECLINED[name])
    assert Decoder.from_model(base.model, for_training=True) is None
    assert CachedDecoder.from_model(base.model) is None
    # Of different lengths, longer than the sliding window, with a common prefix; some rows stop before others.
    prompts = [base.encoder.prompt(f"Write an email to the harbour master. {text}") for text in ("Hi", "Ask for rope")]
    rows: dict[int, list[int]] = {}
    for row, token, _, _ in generate_tokens(base, prompts, SamplingParams(24), [0, 0], 2):
        rows.setdefault(row, []).append(token)
    for row, prompt in enumerate(prompts):
        expected = base.model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=24,
            do_sample=False,
            eos_token_id=sorted(base.encoder.stop_ids),
        )
        assert rows[row] == expected[0, len(prompt) :].tolist()
