"""`lora.target_modules` and `lora.layers` mean the same layers in every architecture."""

from pathlib import Path
from typing import Any

import pytest
from architectures import ARCHITECTURES, save_model
from conftest import lora, model_settings
from transformers import AutoTokenizer

from email_assistant.errors import ConfigurationError, ModelError
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base

ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]


def base(name: str, tiny_model: Path, folder: Path, quantization: str = "none") -> LanguageModel:
    kind, values, _ = ARCHITECTURES[name]
    path = save_model(folder, AutoTokenizer.from_pretrained(tiny_model), kind, values)
    return load_base(model_settings(path, quantization))


def adapted(model: LanguageModel, **values: Any) -> set[str]:
    """The layers that get an update, without what stands before their number."""
    names = add_adapter(model, lora(**values), seed=1).model.named_parameters()
    found = {name.partition(".lora_")[0] for name, weight in names if weight.requires_grad and ".lora_A" in name}
    return {name.rpartition("layers.")[2].rpartition("h.")[2] for name in found}


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("llama", [f"self_attn.{name}" for name in ATTENTION]),
        ("phi3", ["self_attn.qkv_proj", "self_attn.o_proj"]),
        ("mixtral", [f"self_attn.{name}" for name in ATTENTION]),
        ("gpt2", ["attn.c_attn", "attn.c_proj"]),
        ("gpt_neox", ["attention.query_key_value", "attention.dense"]),
        ("falcon", ["self_attention.query_key_value", "self_attention.dense"]),
    ],
)
@pytest.mark.parametrize("layers", [None, [1]])
def test_attention_is_that_of_the_architecture(
    tiny_model: Path, tmp_path: Path, name: str, modules: list[str], layers: list[int] | None
) -> None:
    found = adapted(base(name, tiny_model, tmp_path), target_modules=ATTENTION, layers=layers)
    assert found == {f"{layer}.{module}" for layer in layers or (0, 1) for module in modules}


@pytest.mark.parametrize("name", ["llama", "phi3", "gpt2", "gpt_neox", "falcon"])
def test_single_layers_of_every_architecture_can_be_adapted(tiny_model: Path, tmp_path: Path, name: str) -> None:
    every = adapted(base(name, tiny_model, tmp_path / "all"))
    one = adapted(base(name, tiny_model, tmp_path / "one"), layers=[1])
    assert one == {module for module in every if module.startswith("1.")} and 2 * len(one) == len(every)


def test_names_that_a_model_lacks_are_answered_with_those_it_has(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="c_attn, c_fc, c_proj"):
        adapted(base("gpt2", tiny_model, tmp_path), target_modules=["in_proj"])


@pytest.mark.parametrize("values", [{"use_dora": True}, {"dropout": 0.1}])
def test_what_experts_do_not_take_has_a_remedy(tiny_model: Path, tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="lora=attention"):
        adapted(base("mixtral", tiny_model, tmp_path / "all"), **values)
    assert adapted(base("mixtral", tiny_model, tmp_path / "attention"), target_modules=ATTENTION, **values)


def test_a_model_whose_layers_cannot_be_quantized_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="bitsandbytes cannot quantize any layer of a falcon model; use none"):
        base("falcon", tiny_model, tmp_path, "nf4")
