"""Settings of the whole process for working with a model: threads, precision, library logs and malloc.

`loading.load_base` changes none of them, for libraries and tests. Programs call `set_up_base`.
"""

import ctypes
import platform

import torch
from transformers.utils import logging as transformers_logging

from email_assistant.configuration.schema import Model
from email_assistant.language_model.device import choose_device
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.loading import LanguageModel, load_base

# Parameters of mallopt(3).
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8
# Freed blocks up to this size are kept.
KEPT_BYTES = 2**26
# Models of this size or more keep only blocks of an eighth of that.
LARGE_MODEL_BYTES = 2**31


def set_up_base(
    settings: Model, distributed: DistributedContext = SINGLE_PROCESS, to_shard: bool = False
) -> LanguageModel:
    """Configure the process for a model, and load the model.

    Args:
        settings: The model group of the configuration.
        distributed: The processes that train together.
        to_shard: See `load_base`.

    Raises:
        ConfigurationError: when CUDA is configured but not available.
        ModelError: as `load_base`.
    """
    configure(settings, choose_device(settings, distributed))
    base = load_base(settings, distributed, to_shard)
    if base.device.type == "cpu":
        keep_freed_memory(sum(weight.numel() * weight.element_size() for weight in base.model.parameters()))
    return base


def configure(settings: Model, device: torch.device) -> None:
    """Set threads or precision and the current GPU, and silence the logs and progress bars of transformers."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    if device.type == "cpu":
        torch.set_num_threads(settings.threads or torch.get_num_threads())
        return
    # With another format only the adapter is in float32, and the tensor cores' TF32 is exact enough for it. If float32
    # is configured, it has to be exact: TF32 has 10 bits of mantissa, and scores would depend on the card.
    torch.set_float32_matmul_precision("highest" if settings.dtype == "float32" else "high")
    if device.index is not None:
        torch.cuda.set_device(device)


def keep_freed_memory(weight_bytes: int) -> None:
    """Let malloc keep freed memory from now on instead of returning it to the kernel after every step.

    Call it after the model is loaded, so that the memory that loading needed is returned first. Large blocks are always
    returned, or small blocks that outlive them would fragment the heap. A large model keeps only small blocks: for it
    the memory matters more than the time.

    Args:
        weight_bytes: Size of the model.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.malloc_trim(0)
    # The backward pass runs in a thread of its own, which would have an arena of its own.
    libc.mallopt(M_ARENA_MAX, 1)
    libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES if weight_bytes < LARGE_MODEL_BYTES else KEPT_BYTES // 8)
    libc.mallopt(M_TRIM_THRESHOLD, -1)
    libc.mallopt(M_TOP_PAD, KEPT_BYTES)
