"""What the machine computes with: device, number format, threads, memory."""

import ctypes
import gc
import os
import platform

import torch

from email_assistant.configuration.schema import Model
from email_assistant.errors import ConfigurationError
from email_assistant.language_model import distributed

# mallopt(3).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
KEPT_BYTES = 2**26
LARGE_BYTES = 2**31


def prepare(model: Model) -> torch.device:
    """Set threads or precision for this process and return the device to compute on.

    Raises:
        ConfigurationError: when CUDA is asked for and there is none.
    """
    device = choose_device(model)
    if device.type == "cpu":
        torch.set_num_threads(model.threads or torch.get_num_threads())
    else:
        torch.set_float32_matmul_precision("high")
    return device


def choose_device(model: Model) -> torch.device:
    """The configured device; auto is CUDA where there is any, and of processes that train together each has its GPU.

    Raises:
        ConfigurationError: when CUDA is asked for and there is none.
    """
    if model.device == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError(
            "model.device = cuda: this machine or this build of torch has no CUDA; take auto or cpu"
        )
    if model.device == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    if distributed.count() == 1:
        return torch.device("cuda")
    own = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    torch.cuda.set_device(own)
    return own


def choose_dtype(model: Model, device: torch.device) -> torch.dtype:
    """The configured number format; auto is bfloat16 only where the device computes it fast."""
    if model.dtype != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[model.dtype]
    fast = torch.cuda.is_bf16_supported(False) if device.type == "cuda" else _processor_has_bfloat16()
    return torch.bfloat16 if fast else torch.float32


def _processor_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself (AVX512-BF16 or AMX); else it is over ten times slower."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def keep_memory(weight_bytes: int) -> None:
    """From now on keep freed memory instead of giving it back to the kernel after every step.

    To be called when a model was read: what reading it took is given back first. Larger blocks always go
    back, or what outlives them would lie scattered among their remains; a large model, for which that
    costs memory and its time does not count, keeps small blocks alone.

    Args:
        weight_bytes: Of the model.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.malloc_trim(0)
    # The backward pass runs in a thread of its own, whose memory would lie apart.
    libc.mallopt(M_ARENA_MAX, 1)
    libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES if weight_bytes < LARGE_BYTES else KEPT_BYTES // 8)
    libc.mallopt(M_TRIM_THRESHOLD, -1)
    libc.mallopt(M_TOP_PAD, KEPT_BYTES)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a GPU or the processor had no room for a tensor."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def free_memory() -> None:
    """Give back what is no longer used, that of a GPU too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
