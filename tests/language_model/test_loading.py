import dataclasses
import json
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import ROOT, lora, model_settings
from safetensors.torch import save_file
from transformers.utils import logging as transformers_logging

from email_assistant.errors import ConfigurationError, ModelError, reason_of
from email_assistant.language_model import loading, process_settings
from email_assistant.language_model.adapter_folder import check_base, check_folder, read_settings, request_forms
from email_assistant.language_model.fingerprint import fingerprint
from email_assistant.language_model.loading import add_adapter, apply_liger_kernels, load_adapter, load_base


def weights_of(path: Path, seed: int, **values: object) -> dict[str, torch.Tensor]:
    model = add_adapter(load_base(model_settings(path)), lora(**values), seed).model
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def test_the_same_seed_starts_the_same_adapter(tiny_model: Path) -> None:
    first, again, other = (weights_of(tiny_model, seed) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_only_the_adapter_is_trained(tiny_model: Path) -> None:
    weights = weights_of(tiny_model, 1)
    assert weights
    assert all("lora_" in name for name in weights)


@pytest.mark.parametrize(
    ("values", "substring"),
    [({"target_modules": ["q_proj"]}, "q_proj"), ({"use_dora": True}, "magnitude"), ({"r": 3}, "lora_A")],
)
def test_options_reach_the_adapter(tiny_model: Path, values: dict[str, object], substring: str) -> None:
    weights = weights_of(tiny_model, 1, **values)
    assert any(substring in name for name in weights)
    if "target_modules" in values:
        assert all(substring in name for name in weights)
    if "r" in values:
        assert all(3 in weight.shape for weight in weights.values())


def test_rslora_scales_by_the_root_of_the_rank(tiny_model: Path) -> None:
    def scale(**values: object) -> float:
        model = add_adapter(load_base(model_settings(tiny_model)), lora(r=4, alpha=8, **values), 1).model
        return next(
            module.scaling["default"]
            for module in model.modules()
            if isinstance(getattr(module, "scaling", None), dict)
        )  # type: ignore[no-any-return,index]

    assert scale() == 2.0
    assert scale(use_rslora=True) == 4.0


def test_only_chosen_layers_get_an_update(tiny_model: Path) -> None:
    weights = weights_of(tiny_model, 1, layers=[1])
    assert weights
    assert all("layers.1." in name for name in weights)
    assert len(weights) == len(weights_of(tiny_model, 1)) / 2


@pytest.mark.parametrize("layers", [[2], [0, 2]])
def test_unknown_layers_are_refused(tiny_model: Path, layers: list[int]) -> None:
    with pytest.raises(ConfigurationError, match="0 to 1"):
        weights_of(tiny_model, 1, layers=layers)


def test_dropout_reaches_the_adapter(tiny_model: Path) -> None:
    model = add_adapter(load_base(model_settings(tiny_model)), lora(dropout=0.5), 1).model
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight)
    model.train()
    ids = torch.tensor([[1, 2, 3]])
    assert not torch.equal(model(input_ids=ids).logits, model(input_ids=ids).logits)


def test_alpha_scales_the_update(tiny_model: Path) -> None:
    model = add_adapter(load_base(model_settings(tiny_model)), lora(r=4, alpha=2), 1).model
    scales = {
        module.scaling["default"] for module in model.modules() if isinstance(getattr(module, "scaling", None), dict)
    }
    assert scales == {0.5}


def test_liger_kernels_are_for_gpus_and_without_its_loss(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[tuple[object, dict[str, bool]]] = []
    # The library itself needs a GPU.
    monkeypatch.setattr("transformers.integrations.liger.apply_liger_kernel", lambda *given: applied.append(given))
    monkeypatch.setattr(loading, "is_liger_kernel_available", lambda: True)
    model = load_base(model_settings(tiny_model)).model
    assert not applied
    apply_liger_kernels(model)  # type: ignore[arg-type]
    ((changed, kernels),) = applied
    assert changed is model
    assert not kernels["cross_entropy"] and not kernels["fused_linear_cross_entropy"]
    assert kernels.get("rms_norm", True) and kernels.get("swiglu", True) and kernels.get("rope", True)


def test_unknown_target_modules_are_refused(tiny_model: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"lora\.target_modules"):
        weights_of(tiny_model, 1, target_modules=["nothing"])


def test_nf4_holds_weights_in_four_bits_and_trains(tiny_model: Path) -> None:
    base = load_base(model_settings(tiny_model, "nf4"))
    kinds = {type(module).__name__ for module in base.model.modules()}
    assert "Linear4bit" in kinds
    layer = base.model.model.layers[0].self_attn.q_proj.weight  # type: ignore[union-attr,index]
    assert layer.quant_type == "nf4"  # type: ignore[union-attr]
    assert layer.quant_state.nested  # type: ignore[union-attr]
    tuned = add_adapter(base, lora(), 1).model
    ids = torch.tensor([base.encoder.prompt("Hi")])
    tuned(input_ids=ids, labels=ids).loss.backward()
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in tuned.parameters())


def test_an_adapter_of_another_base_is_refused(tiny_model: Path, other_model: Path, tmp_path: Path) -> None:
    cache_file = tmp_path / "cache_file.json"
    mine, others = fingerprint(str(tiny_model), cache_file), fingerprint(str(other_model), cache_file)
    assert mine != others
    adapter = tmp_path / "adapter"
    add_adapter(load_base(model_settings(tiny_model)), lora(), 1).model.save_pretrained(str(adapter))
    (adapter / "base_model.json").write_text(json.dumps({"name": "tiny", "fingerprint": mine}))
    load_adapter(load_base(model_settings(tiny_model)), adapter, mine)
    with pytest.raises(ModelError, match="another base model"):
        check_base(adapter, others)
    with pytest.raises(ModelError, match="not an adapter"):
        check_folder(tmp_path)


@pytest.mark.parametrize("forms", ["5", '"rough"', "null", "[5]"])
def test_forms_of_another_program_are_unknown(forms: str, tmp_path: Path) -> None:
    (tmp_path / "base_model.json").write_text(f'{{"forms": {forms}}}')
    assert request_forms(tmp_path) == []


@pytest.mark.parametrize("settings", ['{"r": 0.5, "lora_alpha": 1}', '{"r": 8, "lora_alpha": 1e999}', '{"r": 0}'])
def test_settings_without_a_scale_are_refused(settings: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(settings)
    with pytest.raises(ModelError, match="r and lora_alpha"):
        read_settings(tmp_path)


@pytest.mark.parametrize("content", ["", '{"/a": [1,', "[]", "7"])
def test_a_corrupt_hash_cache_is_rebuilt(tiny_model: Path, tmp_path: Path, content: str) -> None:
    cache_file = tmp_path / "cache_file.json"
    expected = fingerprint(str(tiny_model), cache_file)
    intact = cache_file.read_text()
    cache_file.write_text(content)
    assert fingerprint(str(tiny_model), cache_file) == expected
    assert cache_file.read_text() == intact


def test_the_fingerprint_depends_on_the_content_and_not_on_the_folder(tiny_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for file in tiny_model.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    cache_file = tmp_path / "cache_file.json"
    assert fingerprint(str(copy), cache_file) == fingerprint(str(tiny_model), cache_file)
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert fingerprint(str(copy), cache_file) != fingerprint(str(tiny_model), cache_file)


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_a_model_is_refused(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "model"
    if made:
        folder.mkdir()
    with pytest.raises(ModelError, match=str(folder)):
        load_base(model_settings(folder))


def test_a_hub_name_that_is_not_cached_is_refused() -> None:
    with pytest.raises(ModelError, match="neither a folder nor a downloaded model"):
        load_base(model_settings(Path("nobody/nothing-at-all")))


def test_loading_changes_nothing_of_the_process_and_setting_up_does(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, verbosity = torch.get_num_threads(), transformers_logging.get_verbosity()
    kept: list[int] = []
    monkeypatch.setattr(process_settings, "keep_freed_memory", kept.append)
    settings = dataclasses.replace(model_settings(tiny_model), threads=threads + 1)
    try:
        transformers_logging.set_verbosity_warning()
        base = load_base(settings)
        assert torch.get_num_threads() == threads and transformers_logging.get_verbosity() == logging.WARNING
        process_settings.set_up_base(settings)
        assert torch.get_num_threads() == threads + 1 and transformers_logging.get_verbosity() == logging.ERROR
        assert kept == [sum(weight.numel() * weight.element_size() for weight in base.model.parameters())]
    finally:
        torch.set_num_threads(threads)
        transformers_logging.set_verbosity(verbosity)


def test_processes_that_hash_at_once_keep_each_others_hashes(tmp_path: Path) -> None:
    files, cache = [tmp_path / f"weights{number}" for number in range(16)], tmp_path / "outputs" / "fingerprints.json"
    for file in files:
        file.write_bytes(file.name.encode() * 1000)
    program = (
        "import sys, pathlib; from email_assistant.language_model.fingerprint import hash_of_files\n"
        "for file in sys.argv[2:]: hash_of_files([pathlib.Path(file)], pathlib.Path(sys.argv[1]))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(cache), *map(str, half)], cwd=ROOT)
        for half in (files[:8], files[8:])
    ]
    assert [process.wait(60) for process in started] == [0, 0]
    assert set(json.loads(cache.read_text())) == {str(file) for file in files}


@pytest.mark.parametrize("settings", ['{"r": "2", "lora_alpha": 4}', '{"r": 2, "lora_alpha": 4, "peft_type": "IA3"}'])
def test_settings_of_no_lora_adapter_are_named(settings: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(settings)
    save_file({}, tmp_path / "adapter_model.safetensors")
    with pytest.raises(ModelError, match=r"adapter_config\.json: "):
        load_adapter(SimpleNamespace(model=None), tmp_path, "base")  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["empty", "cut", "longer", "no-header", "list"])
def test_weights_that_are_not_whole_are_named(damage: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 4}')
    weights = tmp_path / "adapter_model.safetensors"
    save_file({"a": torch.zeros(3)}, weights)
    check_folder(tmp_path)
    whole = weights.read_bytes()
    header = b'[{"data_offsets": [0, 12]}]'
    weights.write_bytes(
        {
            "empty": b"",
            "cut": whole[:-1],
            "longer": whole + b"\0",
            "no-header": b"\xff" * len(whole),
            "list": len(header).to_bytes(8, "little") + header + bytes(12),
        }[damage]
    )
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors: damaged or incomplete"):
        check_folder(tmp_path)


def test_a_reason_is_not_only_its_announcement() -> None:
    assert reason_of(RuntimeError("Error(s) in loading:\n\tsize mismatch for a\n\tfor b")) == (
        "Error(s) in loading: size mismatch for a"
    )
    assert reason_of(RuntimeError("cannot:")) == "cannot:"
    assert reason_of(KeyError()) == "KeyError"
