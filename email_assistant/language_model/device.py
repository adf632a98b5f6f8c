"""The device, number format and memory of a model."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import psutil
import torch

from email_assistant.configuration.schema import Model
from email_assistant.console import StageLogger
from email_assistant.errors import ConfigurationError, OutOfMemoryError
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.meta_model import architecture

# bfloat16 is chosen on a CPU that computes it this many times as fast as float32.
MIN_BFLOAT16_GAIN = 1.2
# The products that are measured: their rows, the largest width, and how often.
MEASURED_ROWS, MEASURED_WIDTH, MEASURED_ROUNDS = (256, 16), 2048, 5
# What torch says, besides raising OutOfMemoryError, when a tensor or a library's workspace does not fit: malloc on the
# CPU; CUDA itself, whose error is an AcceleratorError; cuBLAS and cuDNN.
OUT_OF_MEMORY = (
    "can't allocate memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
log = StageLogger(__name__, "model")
Item = TypeVar("Item")
Result = TypeVar("Result")


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
    log.info("computing in %s on this CPU: %s", str(dtype).removeprefix("torch."), reason)
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
        isinstance(error, RuntimeError) and any(text in str(error) for text in OUT_OF_MEMORY)
    )


@contextmanager
def out_of_memory_named(need: str) -> Iterator[None]:
    """Turn a library's error inside the block, when memory runs out, into one that says what did not fit.

    Args:
        need: What the memory was for, and the remedy: the rest of 'not enough memory for'.

    Raises:
        OutOfMemoryError: when memory runs out.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise OutOfMemoryError(f"not enough memory for {need}") from None


def in_batches(
    items: Sequence[Item], batch_size: int, work: Callable[[Sequence[Item]], Result], need: str
) -> Iterator[Result]:
    """Yield the result of each batch of items; when memory runs out, the batch and those after it are halved.

    Args:
        items: What to work on.
        batch_size: The largest number of items at a time.
        work: Called for each batch, again for a smaller one if it ran out of memory.
        need: As in `out_of_memory_named`, for a single item.

    Raises:
        OutOfMemoryError: when even a single item does not fit.
    """
    start = 0
    while start < len(items):
        batch = items[start : start + batch_size]
        try:
            result = work(batch)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise OutOfMemoryError(f"not enough memory for {need}") from None
        else:
            yield result
            start += len(batch)
            continue
        # Only after the except block are the tensors that the traceback referred to unreachable.
        free_memory()
        batch_size = len(batch) // 2
        log.info("out of memory: continuing with %d at a time", batch_size)


def free_memory() -> None:
    """Free what is no longer referenced, on the GPU too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def available_memory(device: torch.device) -> int:
    """Bytes of a GPU's memory, or of the CPU's, that this process can still allocate."""
    if device.type != "cuda":
        return int(psutil.virtual_memory().available)
    # Loading a model leaves torch's allocator with memory that it can use again, in pieces too small for some tensors.
    free_memory()
    free, _ = torch.cuda.mem_get_info()
    return free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()
