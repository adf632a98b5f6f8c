"""Whether weights in 8 bit would write faster: all products of a step, for few and many rows at a time.

python -m benchmarks int8

The weights have the shapes of the bundled model, and each layer its own, so that they come from memory as they do when
mails are written. Peer: the same products in bfloat16. int8 products are torch's, with one factor per output.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median
from time import perf_counter

import torch
from torch.nn import functional

from benchmarks.measure import alternate
from benchmarks.model import processor_kind

# (outputs, inputs) of the four products of a layer, and of the head.
LAYERS, LAYER_SHAPES, HEAD_SHAPE = 30, ((960, 576), (576, 576), (3072, 576), (576, 1536)), (49152, 576)
# One mail; five beams of one; the drafts of several mails.
ROWS = (1, 5, 12, 60)
ROUNDS = 7
Product = Callable[[torch.Tensor], torch.Tensor]


def report() -> None:
    """Print milliseconds per step in bfloat16 and int8, and how many times as fast int8 is."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        print(f"{processor_kind()}, one thread. Milliseconds per step, medians of {ROUNDS} rounds\n")
        print("| rows | bfloat16 | int8 | times as fast |\n|---|---|---|---|", flush=True)
        for rows, exact, rounded in step_times([*LAYER_SHAPES * LAYERS, HEAD_SHAPE], ROWS, ROUNDS):
            print(f"| {rows} | {1e3 * exact:.1f} | {1e3 * rounded:.1f} | {exact / rounded:.2f} |", flush=True)
    finally:
        torch.set_num_threads(threads)


def step_times(
    shapes: Sequence[tuple[int, int]], rows: Sequence[int], rounds: int
) -> Iterator[tuple[int, float, float]]:
    """The medians of the seconds that all products take: for each number of rows, in bfloat16 and in int8."""
    torch.manual_seed(1)
    weights = [torch.randn(shape) for shape in shapes]
    ways = {way: list(map(way, weights)) for way in (in_bfloat16, in_int8)}
    for count in rows:
        inputs = {size: torch.randn(count, size).bfloat16() for _, size in shapes}
        work = {
            way: partial(_seconds, products, [inputs[size] for _, size in shapes]) for way, products in ways.items()
        }
        seconds = alternate(work, rounds)
        yield count, median(seconds[in_bfloat16]), median(seconds[in_int8])


def _seconds(products: Sequence[Product], inputs: Sequence[torch.Tensor]) -> float:
    start = perf_counter()
    for product, states in zip(products, inputs, strict=True):
        product(states)
    return perf_counter() - start


def in_bfloat16(weight: torch.Tensor) -> Product:
    """A product with a weight in bfloat16."""
    rounded = weight.bfloat16()
    return lambda inputs: functional.linear(inputs, rounded)


def in_int8(weight: torch.Tensor) -> Product:
    """A product with a weight in int8 and a factor for each of its outputs."""
    factors = weight.abs().amax(dim=1) / 127
    rounded = (weight / factors[:, None]).round().to(torch.int8)
    factors = factors.bfloat16()
    return lambda inputs: torch._weight_int8pack_mm(inputs, rounded, factors)
