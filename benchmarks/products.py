"""How fast the products of a step of writing are, by number format and layout of the weights.

python -m benchmarks products

The weights have the shapes of the bundled model, and each layer its own, so that they come from memory as they do when
mails are written. Packed weights are in oneDNN's blocked layout. int8 products are torch's, with one factor per output.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from statistics import median
from time import perf_counter

import torch
from torch.nn import functional

from benchmarks.measure import alternate
from benchmarks.model import processor_kind
from email_assistant.language_model.decoding_linear import packed, packed_product, transposed_product

# (outputs, inputs) of the four products of a layer, and of the head.
LAYERS, LAYER_SHAPES, HEAD_SHAPE = 30, ((960, 576), (576, 576), (3072, 576), (576, 1536)), (49152, 576)
# One draft; the five beams of a request; the drafts of a request or two; the beams of twelve requests.
ROWS = (1, 5, 9, 12, 32, 60)
ROUNDS = 7
Product = Callable[[torch.Tensor], torch.Tensor]
Way = Callable[[torch.Tensor], Product]


def report() -> None:
    """Print milliseconds per step by number of rows, with one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    kind = processor_kind()
    ways = FLOAT32 if kind in {"AVX2", "AVX-512"} else {**FLOAT32, **LOWER}
    try:
        print(f"{kind}, one thread. Milliseconds per step, medians of {ROUNDS} rounds\n")
        print(f"| rows | {' | '.join(ways)} |\n|{'---|' * (len(ways) + 1)}", flush=True)
        for rows, seconds in step_times([*LAYER_SHAPES * LAYERS, HEAD_SHAPE], ways, ROWS, ROUNDS):
            print(f"| {rows} | {' | '.join(f'{1e3 * each:.1f}' for each in seconds)} |", flush=True)
    finally:
        torch.set_num_threads(threads)


@torch.inference_mode()
def step_times(
    shapes: Sequence[tuple[int, int]], ways: Mapping[str, Way], rows: Sequence[int], rounds: int
) -> Iterator[tuple[int, list[float]]]:
    """For each number of rows, the medians of the seconds that all products take in each way."""
    torch.manual_seed(1)
    weights = [torch.randn(shape) for shape in shapes]
    products = {name: list(map(way, weights)) for name, way in ways.items()}
    for count in rows:
        inputs = {size: torch.randn(count, size) for _, size in shapes}
        work = {name: partial(_seconds, each, [inputs[size] for _, size in shapes]) for name, each in products.items()}
        seconds = alternate(work, rounds)
        yield count, [median(seconds[name]) for name in ways]


def _seconds(products: Sequence[Product], inputs: Sequence[torch.Tensor]) -> float:
    start = perf_counter()
    for product, states in zip(products, inputs, strict=True):
        product(states)
    return perf_counter() - start


def in_format(dtype: torch.dtype) -> Way:
    """Products with weights in a number format, as torch has them."""

    def way(weight: torch.Tensor) -> Product:
        kept = weight.to(dtype)
        return lambda inputs: functional.linear(inputs.to(dtype), kept)

    return way


def transposed(weight: torch.Tensor) -> Product:
    """A product with the weight on the left."""
    return lambda inputs: transposed_product(inputs, weight)


def in_packed_format(dtype: torch.dtype) -> Way:
    """Products with weights in oneDNN's layout."""

    def way(weight: torch.Tensor) -> Product:
        kept = packed(weight.to(dtype))
        return lambda inputs: packed_product(inputs.to(dtype), kept)

    return way


def in_int8(weight: torch.Tensor) -> Product:
    """A product with a weight in int8 and a factor for each of its outputs."""
    factors = weight.abs().amax(dim=1) / 127
    rounded = (weight / factors[:, None]).round().to(torch.int8)
    factors = factors.bfloat16()
    return lambda inputs: torch._weight_int8pack_mm(inputs.bfloat16(), rounded, factors)


FLOAT32: Mapping[str, Way] = {
    "float32": in_format(torch.float32),
    "float32, transposed": transposed,
    "float32, packed": in_packed_format(torch.float32),
}
LOWER: Mapping[str, Way] = {
    "bfloat16": in_format(torch.bfloat16),
    "bfloat16, packed": in_packed_format(torch.bfloat16),
    "int8": in_int8,
}
