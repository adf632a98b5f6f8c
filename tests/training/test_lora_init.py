import dataclasses
import json
from pathlib import Path

import pytest
import torch
from adapters import base, logits, moved
from conftest import lora
from pretended_gpu import module_to_gpu, pretended_gpu, to_cpu

from email_assistant.language_model.loading import add_adapter, load_adapter
from email_assistant.training.lora_init import load_or_save_init, lora_factors, save_as_standard_lora

LORA = lora(alpha=6)


@pytest.mark.parametrize("init", ["pissa", "olora"])
@pytest.mark.parametrize("use_rslora", [False, True])
def test_what_is_saved_gives_on_the_untouched_base_what_was_trained(
    tiny_model: Path, tmp_path: Path, init: str, use_rslora: bool
) -> None:
    lora = dataclasses.replace(LORA, init=init, use_rslora=use_rslora)
    model = add_adapter(base(tiny_model), lora, 1)
    assert torch.allclose(logits(model), logits(base(tiny_model)), atol=1e-4)
    path = tmp_path / "start.safetensors"
    assert all(float(factor.abs().max()) > 0 for factor in load_or_save_init(model.model, path).values())
    save_as_standard_lora(model.model, tmp_path / "untrained", path)
    again = load_adapter(base(tiny_model), tmp_path / "untrained", "")
    assert torch.allclose(logits(again), logits(base(tiny_model)), atol=1e-4)
    expected = logits(moved(model))
    assert not torch.allclose(expected, logits(base(tiny_model)), atol=0.1)
    save_as_standard_lora(model.model, tmp_path / "adapter", path)
    assert torch.allclose(logits(load_adapter(base(tiny_model), tmp_path / "adapter", "")), expected, atol=1e-4)
    assert json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())["r"] == 4


def test_pissa_starts_with_the_main_directions(tiny_model: Path) -> None:
    untouched = base(tiny_model).model.model.layers[0].self_attn.q_proj.weight  # type: ignore[union-attr,index]
    model = add_adapter(base(tiny_model), dataclasses.replace(LORA, init="pissa"), 1)
    factors = lora_factors(model.model)
    name = "model.layers.0.self_attn.q_proj"
    part = 3.0 * factors[f"{name}.lora_B"] @ factors[f"{name}.lora_A"]
    left, values, right = torch.linalg.svd(untouched)
    assert torch.allclose(part, left[:, :2] @ torch.diag(values[:2]) @ right[:2], atol=1e-4)


def test_a_resumed_run_takes_the_start_of_the_first(tiny_model: Path, tmp_path: Path) -> None:
    lora = dataclasses.replace(LORA, init="pissa")
    path = tmp_path / "start.safetensors"
    model = add_adapter(base(tiny_model), lora, 1)
    first = load_or_save_init(model.model, path)
    expected = logits(moved(model))
    trained = lora_factors(model.model)
    # A decomposition that came out otherwise: here a start of another kind.
    resumed = add_adapter(base(tiny_model), dataclasses.replace(lora, init="olora"), 1)
    assert all(torch.equal(factor, first[name]) for name, factor in load_or_save_init(resumed.model, path).items())
    with torch.no_grad():
        for name, weight in resumed.model.named_parameters():
            if weight.requires_grad:
                factor = name.removeprefix("base_model.model.").removesuffix(".default.weight")
                weight.copy_(trained[factor])
    assert torch.allclose(logits(resumed), expected, atol=1e-4)


def test_the_start_of_a_training_on_a_gpu_is_kept_and_read_again(tiny_model: Path, tmp_path: Path) -> None:
    """The file's factors are on the CPU, and the weights that a resumed run corrects by them on the GPU."""
    lora = dataclasses.replace(LORA, init="pissa")
    path = tmp_path / "start.safetensors"
    first = add_adapter(base(tiny_model), lora, 1)
    resumed = add_adapter(base(tiny_model), dataclasses.replace(lora, init="olora"), 1)
    with pretended_gpu():
        module_to_gpu(first.model)
        kept = load_or_save_init(first.model, path)
        assert all(factor.device.type == "cpu" for factor in kept.values())
        module_to_gpu(resumed.model)
        load_or_save_init(resumed.model, path)
        for name, factor in kept.items():
            module: torch.Tensor = resumed.model.get_parameter(f"base_model.model.{name}.default.weight")
            module.data.copy_(factor)
        found = to_cpu(resumed.model(input_ids=torch.arange(20, device="cuda")[None]).logits)
    assert torch.allclose(found, logits(base(tiny_model)), atol=1e-3)
