"""Of a model that also reads images, the part that writes text is loaded and planned."""

import re
from pathlib import Path

import pytest
import torch
from conftest import model_settings
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, Gemma3Config, Gemma3ForConditionalGeneration

from email_assistant.errors import ModelError
from email_assistant.language_model.loading import load_base
from email_assistant.language_model.meta_model import architecture, build_on_meta, weight_bytes

IDS = torch.arange(10, 40)[None]
WEIGHTS = "model.safetensors"


@pytest.fixture
def whole(tiny_model: Path, tmp_path: Path) -> Gemma3ForConditionalGeneration:
    """A tiny Gemma 3 that reads images, saved to the folder `model`."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "sliding_window": 16,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
    }
    tokens = {"image_token_index": 5, "boi_token_index": 6, "eoi_token_index": 7}
    torch.manual_seed(3)
    model = Gemma3ForConditionalGeneration(
        Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, **tokens)
    ).eval()
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return model


@pytest.mark.parametrize("prefix", ["language_model.model.", "model.language_model."])
def test_its_logits_are_those_of_the_whole(whole: Gemma3ForConditionalGeneration, tmp_path: Path, prefix: str) -> None:
    # Names of the hub, and of newer libraries.
    folder = tmp_path / "model"
    saved = load_file(folder / WEIGHTS)
    renamed = {re.sub(r"^(model\.)?language_model\.(model\.)?", prefix, name): weight for name, weight in saved.items()}
    save_file(renamed, folder / WEIGHTS, {"format": "pt"})
    text = load_base(model_settings(folder)).model
    assert type(text).__name__ == "Gemma3ForCausalLM"
    assert not any("vision" in name for name, _ in text.named_parameters())
    with torch.no_grad():
        assert torch.equal(text(input_ids=IDS).logits, whole(input_ids=IDS).logits)
    planned = weight_bytes(build_on_meta(architecture(model_settings(folder)), torch.float32, nf4=False))
    stored = sum(tensor.numel() * tensor.element_size() for tensor in [*text.parameters(), *text.buffers()])
    assert sum(planned.values()) == stored


def test_weights_that_are_missing_are_named(whole: Gemma3ForConditionalGeneration, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    saved = load_file(folder / WEIGHTS)
    lost = next(name for name in saved if name.endswith("1.mlp.down_proj.weight"))
    save_file({name: weight for name, weight in saved.items() if name != lost}, folder / WEIGHTS, {"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are missing, such as .*1\.mlp\.down_proj"):
        load_base(model_settings(folder))
