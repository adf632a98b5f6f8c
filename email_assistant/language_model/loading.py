"""Loads a base model and its adapter from local folders; `process_settings` changes settings of the process."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedModel,
)
from transformers.pytorch_utils import Conv1D
from transformers.utils.import_utils import is_liger_kernel_available

from email_assistant.configuration.schema import Lora, Model
from email_assistant.errors import ConfigurationError, ModelError, reason_of
from email_assistant.language_model.adapter_folder import check_base, check_folder, read_settings
from email_assistant.language_model.device import choose_device, choose_dtype
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.fingerprint import model_folder
from email_assistant.language_model.lora_targets import linear_names, target_modules
from email_assistant.language_model.meta_model import linear_shape, not_quantized, text_part

# peft takes seconds to import, and llama.cpp does not need it.
if TYPE_CHECKING:
    from peft import PeftModel

# Names in the file of a model that also reads images, and in the model of its text part.
TEXT_PART_NAMES = {
    r"^(model\.)?language_model\.lm_head\.": "lm_head.",
    r"^(model\.)?language_model\.(model\.)?": "model.",
}


@dataclass
class LanguageModel:
    """A model on its device, with its chat encoder.

    Attributes:
        model: The base model, or peft's wrapper with an adapter.
        encoder: The encoder of the model.
        device: The device that the model computes on.
        dtype: The number format that the model computes in.
        dense_to_write: Whether a copy of the layers may be made to write with, as in the configuration.
    """

    model: PreTrainedModel | PeftModel
    encoder: ChatEncoder
    device: torch.device
    dtype: torch.dtype
    dense_to_write: bool = True

    @property
    def window(self) -> int | None:
        """The largest number of tokens of a prompt and its answer; None if there is no limit."""
        window = getattr(self.model.config, "max_position_embeddings", None)
        return window if isinstance(window, int) and window > 0 else None


def load_encoder(settings: Model) -> ChatEncoder:
    """The chat encoder without the model's weights.

    Raises:
        ModelError: when the folder has no usable tokenizer.
    """
    folder = model_folder(settings.path)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        generation = GenerationConfig.from_pretrained(folder) if (folder / "generation_config.json").exists() else None
    except Exception as error:
        raise ModelError(f"{folder}: the tokenizer cannot be loaded: {reason_of(error)}") from error
    return ChatEncoder(tokenizer, _stop_ids(generation))


def load_base(
    settings: Model, distributed: DistributedContext = SINGLE_PROCESS, to_shard: bool = False
) -> LanguageModel:
    """The base model in evaluation mode, with frozen weights.

    Args:
        settings: The model group of the configuration.
        distributed: The processes that train together.
        to_shard: Load it into CPU memory, from where `collectives.shard_model` spreads it over the processes.

    Raises:
        ConfigurationError: when CUDA is configured but not available.
        ModelError: when the folder has no causal model or no usable tokenizer.
    """
    folder = model_folder(settings.path)
    device = choose_device(settings, distributed)
    dtype = choose_dtype(settings, device)
    device_map: Any = {"": torch.device("cpu") if to_shard else device}
    if distributed.sharded and device.type == "cuda" and not to_shard:
        # Outside training only one process uses the model: layer by layer on all GPUs.
        device_map = "auto"
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        arguments = _load_arguments(settings, dtype, device_map) | _text_part_arguments(folder)
        loaded: Any = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, **arguments)
    except Exception as error:
        # A damaged file can make the libraries raise anything, also an Exception without a class of its own.
        raise ModelError(f"{folder}: the model cannot be loaded: {reason_of(error)}") from error
    model, report = loaded
    if missing := sorted(report["missing_keys"]):
        raise ModelError(f"{folder}: {len(missing)} weights are missing, such as {missing[0]}; copy the model again")
    if settings.quantization == "nf4" and not any(hasattr(weight, "quant_state") for weight in model.parameters()):
        raise ModelError(not_quantized(model.config))
    model.requires_grad_(False)
    model.eval()
    if device.type == "cuda" and is_liger_kernel_available():
        apply_liger_kernels(model)
    if device.type == "cpu" and settings.quantization == "nf4":
        _copy_dense_weights(model)
        for layer in model.modules():
            _forbid_repacking(layer)
    encoder = ChatEncoder(tokenizer, _stop_ids(model.generation_config))
    return LanguageModel(model, encoder, device, dtype, settings.dense_to_write)


def _text_part_arguments(folder: Path) -> dict[str, Any]:
    """How to load only the text part of a model that also reads images; nothing for other models."""
    whole = AutoConfig.from_pretrained(folder, local_files_only=True)
    text = text_part(whole)
    if text is whole:
        return {}
    causal = [MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None) for config in (whole, text)]
    # Where transformers itself loads the text part, it also renames the weights.
    return {"config": text} if causal[0] is causal[1] else {"config": text, "key_mapping": TEXT_PART_NAMES}


def _copy_dense_weights(model: PreTrainedModel) -> None:
    """Copy weights that were not quantized: while one is in the memory-mapped file, all of the file stays in memory."""
    for weight in model.parameters():
        if weight.dtype.is_floating_point:
            weight.data = weight.data.clone()


def _forbid_repacking(layer: Any) -> None:
    """Keep the layout of a layer's 4-bit weights on every CPU.

    On CPUs that multiply bfloat16, bitsandbytes would repack them for kernels that round to it: results would differ
    from those of other CPUs, and in validation from those in training.
    """
    if hasattr(layer, "support_avx512bf16_for_cpu"):
        layer.support_avx512bf16_for_cpu = False


def apply_liger_kernels(model: PreTrainedModel) -> None:
    """Use Liger's fused norm, rotary embedding and SwiGLU (Hsu et al. 2024, arXiv:2410.10989), but not its loss."""
    from transformers.integrations.liger import apply_liger_kernel

    apply_liger_kernel(model, {"cross_entropy": False, "fused_linear_cross_entropy": False})


def _load_arguments(settings: Model, dtype: torch.dtype, device_map: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"dtype": dtype, "device_map": device_map, "local_files_only": True}
    if settings.quantization == "nf4":
        # NF4 with double quantization: Dettmers et al. 2023, arXiv:2305.14314.
        arguments["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    return arguments


def quantize_nf4(layer: Any, dtype: torch.dtype, device: torch.device) -> torch.nn.Linear:
    """A linear layer in NF4, as `load_base` quantizes those of a folder."""
    from bitsandbytes.nn import Linear4bit, Params4bit

    weight = layer.weight.data.t().contiguous() if isinstance(layer, Conv1D) else layer.weight.data
    packed = Linear4bit(
        *linear_shape(layer),
        bias=layer.bias is not None,
        compute_dtype=dtype,
        compress_statistics=True,
        quant_type="nf4",
        device="meta",
    )
    packed.weight = Params4bit(weight, requires_grad=False, compress_statistics=True, quant_type="nf4", module=packed)
    packed.bias = layer.bias
    _forbid_repacking(packed)
    moved: torch.nn.Linear = packed.to(device)
    return moved


def _stop_ids(generation: GenerationConfig | None) -> list[int]:
    stops = getattr(generation, "eos_token_id", None)
    if stops is None:
        return []
    return [int(stop) for stop in stops] if isinstance(stops, list) else [int(stops)]


def add_adapter(base: LanguageModel, lora: Lora, seed: int) -> LanguageModel:
    """A new adapter on the base, determined by the seed.

    Raises:
        ConfigurationError: when `lora.target_modules` or `lora.layers` matches nothing in this model.
    """
    count = int(base.model.config.num_hidden_layers)
    if lora.layers is not None and max(lora.layers) >= count:
        raise ConfigurationError(f"lora.layers = {lora.layers}: this model has the layers 0 to {count - 1}")
    torch.manual_seed(seed)
    return replace(base, model=attach_lora(base.model, lora))


def attach_lora(model: Any, lora: Lora, low_cpu_mem_usage: bool = False) -> Any:
    """The model with a new adapter; with `low_cpu_mem_usage` the adapter's weights stay on the meta device.

    Raises:
        ConfigurationError: when `lora.target_modules` matches nothing in this model.
    """
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        r=lora.r,
        lora_alpha=lora.scale_numerator,  # type: ignore[arg-type]
        lora_dropout=lora.dropout,
        target_modules=target_modules(model, lora),
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
        use_rslora=lora.use_rslora,
        use_dora=lora.use_dora,
        init_lora_weights=True if lora.init == "default" else lora.init,
        layers_to_transform=lora.layers,
        task_type="CAUSAL_LM",
    )
    names = ", ".join(linear_names(model))
    try:
        with warnings.catch_warnings():
            # About settings that peft itself makes for the experts of a mixture.
            warnings.filterwarnings("ignore", message=".*_pattern keys did not match", category=RuntimeWarning)
            return get_peft_model(model, settings, low_cpu_mem_usage=low_cpu_mem_usage)
    except ValueError as error:
        if "ParamWrapper" in str(error):
            raise ConfigurationError(
                f"lora.use_dora = {str(lora.use_dora).lower()}, lora.dropout = {lora.dropout:g}: this model's experts "
                "support neither; use lora.use_dora=false lora.dropout=0, or lora=attention, which does not adapt them"
            ) from error
        raise ConfigurationError(
            f"lora.target_modules = {lora.target_modules}: {reason_of(error)}; this model's linear layers are {names}"
        ) from error


def load_adapter(base: LanguageModel, folder: Path, base_fingerprint: str) -> LanguageModel:
    """A trained adapter on the base that it was trained on.

    Raises:
        ModelError: when the folder has no adapter, or one for another base.
    """
    from peft import PeftModel

    check_folder(folder)
    check_base(folder, base_fingerprint)
    read_settings(folder)
    try:
        tuned = PeftModel.from_pretrained(base.model, str(folder), local_files_only=True)
    except Exception as error:
        raise ModelError(f"{folder}: the adapter does not fit the base model: {reason_of(error)}") from error
    tuned.eval()
    return replace(base, model=tuned)
