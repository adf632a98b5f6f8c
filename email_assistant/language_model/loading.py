"""A base model, and the adapter on it, from local folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig, GenerationConfig, PreTrainedModel
from transformers.utils import logging as transformers_logging
from transformers.utils.import_utils import is_liger_kernel_available

from email_assistant.configuration.schema import Lora, Model
from email_assistant.errors import ConfigurationError, ModelError
from email_assistant.language_model import device as machine
from email_assistant.language_model import distributed
from email_assistant.language_model.adapter_folder import check_base, check_folder
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.fingerprint import model_folder

# peft is imported where it is used: it takes seconds, and llama.cpp needs none of it.
if TYPE_CHECKING:
    from peft import PeftModel


@dataclass
class LanguageModel:
    """A model on its device with the encoder that belongs to it."""

    model: PreTrainedModel | PeftModel
    encoder: ChatEncoder
    device: torch.device
    dtype: torch.dtype


def load_encoder(settings: Model) -> ChatEncoder:
    """The chat encoder alone, without the model's weights.

    Raises:
        ModelError: when the folder holds no tokenizer that can be used.
    """
    folder = model_folder(settings.path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        generation = GenerationConfig.from_pretrained(folder) if (folder / "generation_config.json").exists() else None
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder}: the tokenizer cannot be loaded: {str(error).splitlines()[0]}") from error
    return ChatEncoder(tokenizer, _stop_ids(generation))


def load_base(settings: Model, to_shard: bool = False) -> LanguageModel:
    """The base model, in evaluation mode, its weights frozen.

    Args:
        settings: As configured.
        to_shard: Leave it in the processor's memory, from where it is spread over several processes.

    Raises:
        ModelError: when the folder holds no causal model or no tokenizer that can be used.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    folder = model_folder(settings.path)
    device = machine.prepare(settings)
    dtype = machine.choose_dtype(settings, device)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, **_how_to_load(settings, device, dtype, to_shard))
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{folder}: the model cannot be loaded: {reason[0]}") from error
    model.requires_grad_(False)
    model.eval()
    if device.type == "cuda" and is_liger_kernel_available():
        apply_liger_kernels(model)
    if device.type == "cpu":
        if settings.quantization == "nf4":
            _let_the_file_go(model)
            for layer in model.modules():
                _keep_layout(layer)
        machine.keep_memory(sum(weight.numel() * weight.element_size() for weight in model.parameters()))
    return LanguageModel(model, ChatEncoder(tokenizer, _stop_ids(model.generation_config)), device, dtype)


def _let_the_file_go(model: PreTrainedModel) -> None:
    """Copy what was not quantised: as long as it lies in the mapped file, the whole of that stays in memory."""
    for weight in model.parameters():
        if weight.dtype.is_floating_point:
            weight.data = weight.data.clone()


def _keep_layout(layer: Any) -> None:
    """Let a layer's weights in 4 bit lie as they were quantised, on every processor.

    Where it multiplies bfloat16, bitsandbytes would lay them out anew for kernels that round to that: other numbers
    than elsewhere, and others in validation than in training.
    """
    if hasattr(layer, "support_avx512bf16_for_cpu"):
        layer.support_avx512bf16_for_cpu = False


def apply_liger_kernels(model: PreTrainedModel) -> None:
    """Liger's fused norm, rotation and SwiGLU (Hsu et al. 2024, arXiv:2410.10989); the loss stays this project's."""
    from transformers.integrations.liger import apply_liger_kernel

    apply_liger_kernel(model, {"cross_entropy": False, "fused_linear_cross_entropy": False})


def _how_to_load(settings: Model, device: torch.device, dtype: torch.dtype, to_shard: bool) -> dict[str, Any]:
    place: Any = {"": torch.device("cpu") if to_shard else device}
    if distributed.shards() and device.type == "cuda" and not to_shard:
        # One process alone uses it, layer by layer on all GPUs.
        place = "auto"
    how: dict[str, Any] = {"dtype": dtype, "device_map": place, "local_files_only": True}
    if settings.quantization == "nf4":
        # NF4 with double quantisation: Dettmers et al. 2023, arXiv:2305.14314.
        how["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    return how


def quantize_nf4(layer: torch.nn.Linear, dtype: torch.dtype, device: torch.device) -> torch.nn.Linear:
    """A linear layer in NF4, as `load_base` makes it from a folder."""
    from bitsandbytes.nn import Linear4bit, Params4bit

    packed = Linear4bit(
        *(layer.in_features, layer.out_features),
        bias=layer.bias is not None,
        compute_dtype=dtype,
        compress_statistics=True,
        quant_type="nf4",
        device="meta",
    )
    packed.weight = Params4bit(
        layer.weight.data, requires_grad=False, compress_statistics=True, quant_type="nf4", module=packed
    )
    packed.bias = layer.bias
    _keep_layout(packed)
    moved: torch.nn.Linear = packed.to(device)
    return moved


def _stop_ids(generation: GenerationConfig | None) -> list[int]:
    stops = getattr(generation, "eos_token_id", None)
    if stops is None:
        return []
    return [int(stop) for stop in stops] if isinstance(stops, list) else [int(stops)]


def add_adapter(base: LanguageModel, lora: Lora, seed: int) -> LanguageModel:
    """A fresh adapter on the base, the same for the same seed.

    Raises:
        ConfigurationError: when `lora.target_modules` or `lora.layers` names nothing in this model.
    """
    count = int(base.model.config.num_hidden_layers)
    if lora.layers is not None and (not lora.layers or max(lora.layers) >= count):
        raise ConfigurationError(f"lora.layers = {lora.layers}: this model's {count} layers are 0 to {count - 1}")
    torch.manual_seed(seed)
    return LanguageModel(attach_lora(base.model, lora), base.encoder, base.device, base.dtype)


def attach_lora(model: Any, lora: Lora, low_cpu_mem_usage: bool = False) -> Any:
    """The model with a fresh adapter; with `low_cpu_mem_usage` its weights stay on the meta device.

    Raises:
        ConfigurationError: when `lora.target_modules` names nothing in this model.
    """
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=lora.r,
        lora_alpha=lora.scale_numerator,  # type: ignore[arg-type]
        lora_dropout=lora.dropout,
        target_modules=_target_modules(model, lora),
        use_rslora=lora.use_rslora,
        use_dora=lora.use_dora,
        init_lora_weights=True if lora.init == "default" else lora.init,
        layers_to_transform=lora.layers,
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(model, settings, low_cpu_mem_usage=low_cpu_mem_usage)
    except ValueError as error:
        raise ConfigurationError(
            f"lora.target_modules = {lora.target_modules}: {str(error).splitlines()[0]}"
        ) from error


def _target_modules(model: Any, lora: Lora) -> str | list[str]:
    """The configured modules; 'all-linear' by their names where layers are chosen, for peft takes both only so."""
    if lora.target_modules != "all-linear" or lora.layers is None:
        return lora.target_modules
    layers = model.base_model.layers
    linear = {name.rpartition(".")[2] for name, module in layers.named_modules() if isinstance(module, torch.nn.Linear)}
    return sorted(linear)


def load_adapter(base: LanguageModel, folder: Path, base_fingerprint: str) -> LanguageModel:
    """A trained adapter on the base that it was trained on.

    Raises:
        ModelError: when the folder holds no adapter, or one for another base.
    """
    from peft import PeftModel

    check_folder(folder)
    check_base(folder, base_fingerprint)
    try:
        tuned = PeftModel.from_pretrained(base.model, str(folder), local_files_only=True)
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(f"{folder}: the adapter does not fit the base model: {str(error).splitlines()[0]}") from error
    tuned.eval()
    return LanguageModel(tuned, base.encoder, base.device, base.dtype)
