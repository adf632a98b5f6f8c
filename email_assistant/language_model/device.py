"""The device, number format and memory of a model."""

import gc

import torch

from email_assistant.configuration.schema import Model
from email_assistant.errors import ConfigurationError
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext


def choose_device(settings: Model, distributed: DistributedContext = SINGLE_PROCESS) -> torch.device:
    """The configured device; 'auto' is CUDA if there is any. With several processes each has its own GPU.

    Args:
        settings: The model group of the configuration.
        distributed: The processes that train together, all on this machine.

    Raises:
        ConfigurationError: when CUDA is configured but not available.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError(
            "model.device = cuda: this machine or this build of torch has no CUDA; use auto or cpu"
        )
    if settings.device == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda") if distributed.world_size == 1 else torch.device("cuda", distributed.local_rank)


def choose_dtype(settings: Model, device: torch.device) -> torch.dtype:
    """The configured number format; 'auto' is bfloat16 if the device has fast instructions for it, else float32."""
    if settings.dtype != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[settings.dtype]
    has_bfloat16 = torch.cuda.is_bf16_supported(False) if device.type == "cuda" else _cpu_has_bfloat16()
    return torch.bfloat16 if has_bfloat16 else torch.float32


def _cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 itself (AVX512-BF16 or AMX); without that it is over ten times slower."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that a tensor did not fit into the memory of a GPU or of the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def free_memory() -> None:
    """Free what is no longer referenced, on the GPU too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
