"""The device, number format and memory of a model."""

import gc
import logging
import statistics
import time
from functools import cache

import torch

from email_assistant.configuration.schema import Model
from email_assistant.errors import ConfigurationError
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.meta_model import architecture

# bfloat16 is chosen on a CPU that computes it this many times as fast as float32.
MIN_BFLOAT16_GAIN = 1.2
# The products that are measured: their rows, the largest width, and how often.
MEASURED_ROWS, MEASURED_WIDTH, MEASURED_ROUNDS = (256, 16), 2048, 5
log = logging.getLogger(__name__)


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
    """The configured number format; 'auto' is bfloat16 if the device computes it faster than float32."""
    if settings.dtype != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[settings.dtype]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float32
    config = architecture(settings).get_text_config()
    width = int(config.hidden_size)
    gain = bfloat16_gain(width, int(getattr(config, "intermediate_size", None) or 4 * width))
    dtype = torch.bfloat16 if gain >= MIN_BFLOAT16_GAIN else torch.float32
    reason = f"bfloat16 is {gain:.1f} times as fast as float32" if gain else "it has no instructions for bfloat16"
    log.info("%-10s computing in %s on this CPU: %s", "model", str(dtype).removeprefix("torch."), reason)
    return dtype


@cache
def bfloat16_gain(inputs: int, outputs: int) -> float:
    """How many times as fast the CPU multiplies in bfloat16 as in float32: a measurement of some 20 ms.

    Args:
        inputs: Width of a linear layer's input.
        outputs: Width of its output.

    Returns:
        The ratio for a product of many rows, as in training, and one of few rows, as in generation: the smaller one. 0
        without measuring if the CPU has no instructions for it: it would be over ten times slower.
    """
    if not _cpu_has_bfloat16():
        return 0.0
    inputs, outputs = min(inputs, MEASURED_WIDTH), min(outputs, MEASURED_WIDTH)
    return min(
        _seconds_of_product(rows, inputs, outputs, torch.float32)
        / _seconds_of_product(rows, inputs, outputs, torch.bfloat16)
        for rows in MEASURED_ROWS
    )


def _seconds_of_product(rows: int, inputs: int, outputs: int, dtype: torch.dtype) -> float:
    """The median time of a linear layer."""
    states, weight = torch.ones(rows, inputs, dtype=dtype), torch.ones(outputs, inputs, dtype=dtype)
    seconds = []
    for _ in range(MEASURED_ROUNDS + 1):
        started = time.perf_counter()
        torch.nn.functional.linear(states, weight)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


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
