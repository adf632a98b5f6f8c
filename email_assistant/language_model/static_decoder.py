"""Token-by-token decoding on a GPU, for a batch whose rows come and go.

A GPU computes a step for a few rows sooner than Python can start its operations. Here keys and values are at fixed
places, and nothing in a step depends on numbers that Python has to read, so a step is recorded once as a CUDA graph for
each number of rows and tokens, and then replayed. 4-bit weights are dequantized once; otherwise a step would spend most
of its time on that.
"""

import functools
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from email_assistant.console import StageLogger
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoder import Decoder
from email_assistant.language_model.device import available_memory, is_out_of_memory
from email_assistant.language_model.loading import LanguageModel

log = StageLogger(__name__, "model")
# The tokens that a row has room for grow by this many at a time, and its numbers of rows are powers of two.
TOKEN_STEP = 256
# What has to stay free beside the dense weights, for keys, values and logits.
SPARE_BYTES = 4 * 2**30
# Logits of the token after each row, (rows, vocabulary), from ids and positions, (rows,) each.
Step = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def batch_decoder(model: LanguageModel) -> CachedDecoder | None:
    """This project's decoder of a model, without rows; None if transformers has to generate."""
    fits = model.device.type == "cuda" and dense_copy_bytes(model, available_memory(model.device)) > 0
    return decoder_on(model.device, model.model, fits)


def decoder_on(device: torch.device, model: nn.Module, is_dense: bool) -> CachedDecoder | None:
    """As `batch_decoder`, where it is known whether a GPU has room for a dense copy of the weights."""
    if device.type != "cuda":
        return CachedDecoder.from_model(model)
    return StaticDecoder.from_model(model) if is_dense else None


def dense_copy_bytes(model: LanguageModel, free: int) -> int:
    """The memory of the dense weights that a GPU with `free` bytes writes with; 0 if transformers has to generate."""
    decoder = Decoder.from_model(model.model, for_training=True, device_type="cuda") if model.dense_to_write else None
    return fitting_dense_bytes(decoder, free)


def fitting_dense_bytes(decoder: Decoder | None, free: int) -> int:
    """The memory of the weights that a `StaticDecoder` makes, if `free` bytes have room for them and for rows; or 0.

    Args:
        decoder: The weights, on a GPU or on the meta device; None: those of a model that only transformers runs.
        free: Bytes that are free on the GPU.
    """
    needed = dense_bytes(decoder) if decoder else 0
    return needed if free >= needed + SPARE_BYTES else 0


def dense_bytes(decoder: Decoder) -> int:
    """The memory of the weights that a `StaticDecoder` makes."""
    fused = [
        linear
        for layer in decoder.layers
        for linear in (layer.qkv_proj, layer.o_proj, layer.gate_up_proj, layer.down_proj)
    ]
    return sum(each.out_features * each.input_width for each in fused) * fused[0].dtype.itemsize


def record(step: Step, *inputs: torch.Tensor) -> Step:
    """Record a step as a CUDA graph.

    Args:
        step: What to record. It may read nothing but its inputs, and tensors that stay where they are.
        inputs: Inputs of the shapes that it will be replayed with.

    Returns:
        A function that copies its arguments to the recorded inputs, replays the graph, and returns the recorded output,
        which the next replay overwrites.
    """
    static = [each.clone() for each in inputs]
    side, stream = _side_stream(), torch.cuda.current_stream()
    side.wait_stream(stream)
    with torch.cuda.stream(side):
        # Libraries allocate their workspaces in the first calls, which may not be recorded.
        for _ in range(2):
            step(*static)
    stream.wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.graph(graph):
            output = step(*static)
    except Exception:
        # torch leaves the stream of a failed recording as the current one.
        torch.cuda.set_stream(stream)
        torch.cuda.synchronize()
        raise

    def replay(*inputs: torch.Tensor) -> torch.Tensor:
        for to, given in zip(static, inputs, strict=True):
            to.copy_(given)
        graph.replay()
        return output

    return replay


@functools.cache
def _side_stream() -> torch.cuda.Stream:
    """The stream of the steps before a recording: one for all, since libraries have a workspace on each."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]


class StaticDecoder(CachedDecoder):
    """A batch of rows, each with its whole sequence at a fixed place, on a GPU."""

    def __init__(self, decoder: Decoder, embed: Any, head: torch.Tensor) -> None:
        """Call `from_model` instead."""
        super().__init__(decoder, embed, head)
        self._device, self._records = head.device, True
        # The common prefix of all prompts: its length, and its keys and values by layer, (heads, tokens, head_dim).
        self._prefix_length, self._prefix_kv = 0, list[list[torch.Tensor]]()
        # The tokens of each row, with the prefix, and how many of them are its prompt's.
        self._row_lengths, self._prompt_lengths = list[int](), list[int]()
        self.release_caches()

    @staticmethod
    def _read(model: nn.Module) -> Decoder | None:
        return Decoder.from_model(model, for_training=True, device_type="cuda")

    def release_caches(self) -> None:
        """Free the memory of a batch without rows and prefix, and the graphs that refer to it."""
        shape, like = self._decoder.shape, self._head
        # Keys and values by layer, (2, rows, key-value heads, tokens, head_dim).
        self._caches = [like.new_zeros(2, 0, shape.num_kv_heads, 0, shape.head_dim) for _ in self._layers]
        self._steps: dict[tuple[int, int], Step] = {}

    def prefill_prefix(self, ids: Sequence[int]) -> None:
        """Cache the common prefix of all prompts; called before the first prompt is added."""
        if not ids:
            return
        kept: list[list[torch.Tensor]] = [[] for _ in self._layers]
        self._compute([ids], lambda number, layer, key, value: kept[layer].extend((key.clone(), value.clone())))
        self._prefix_length, self._prefix_kv = len(ids), kept

    def prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Add a row for each prompt, which is given without the common prefix.

        Returns:
            Logits of the token after each prompt, (prompts, vocabulary).
        """
        first, start = len(self._row_lengths), self._prefix_length
        lengths = [start + len(prompt) for prompt in prompts]
        self._row_lengths += lengths
        self._prompt_lengths += lengths
        self._reserve(len(self._row_lengths), max(lengths))

        def keep(number: int, layer: int, key: torch.Tensor, value: torch.Tensor) -> None:
            for cache, part, of_prefix in zip(self._caches[layer], (key, value), self._prefix_of(layer), strict=True):
                row = cache[first + number]
                row[:, start : start + part.shape[1]] = part
                if of_prefix is not None:
                    row[:, :start] = of_prefix

        return self._compute(prompts, keep)

    def _prefix_of(self, layer: int) -> Sequence[torch.Tensor | None]:
        return self._prefix_kv[layer] if self._prefix_length else (None, None)

    def _compute(
        self, sequences: Sequence[Sequence[int]], keep: Callable[[int, int, torch.Tensor, torch.Tensor], None]
    ) -> torch.Tensor:
        """Run sequences that follow the prefix, one after another without padding.

        Args:
            sequences: Token ids of each.
            keep: Called with the index of a sequence and a layer, and keys and values, (key-value heads, tokens,
                head_dim) each.

        Returns:
            Logits of the token after each sequence, (sequences, vocabulary).
        """
        lengths, device = [len(sequence) for sequence in sequences], self._device
        ids = torch.tensor([token for sequence in sequences for token in sequence]).to(device)
        positions = torch.cat([torch.arange(length) for length in lengths]) + self._prefix_length
        angles = self._decoder.angles(positions.to(device))
        last_tokens = (torch.tensor(lengths).cumsum(0) - 1).to(device)
        hidden = self._embed(ids).float()
        for index, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            for number, sequence in enumerate(torch.split(projected, lengths)):
                keep(number, index, *self._decoder.split_heads(sequence)[1:])
            prefix_kv = self._prefix_kv[index] if self._prefix_length else ()
            attended = self._decoder.varlen_attention(projected, lengths, merged.layer.window, prefix_kv)
            if index == len(self._layers) - 1:
                hidden, attended = hidden[last_tokens], attended[last_tokens]
            hidden = self._finish_layer(hidden, attended, merged)
        return self._logits(hidden)

    def fork(self, *rows: int) -> None:
        """Add a row for each of these, with its prompt and without its generated tokens."""
        if not rows:
            return
        first, lengths = len(self._row_lengths), [self._prompt_lengths[row] for row in rows]
        self._row_lengths += lengths
        self._prompt_lengths += lengths
        self._reserve(len(self._row_lengths), max(lengths))
        self._copy(rows, range(first, len(self._row_lengths)), 0, max(lengths))

    def copy_rows(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Make the generated tokens of rows those of other rows with the same prompts.

        All at once, since a GPU copies many rows in hardly more time than it takes to start copying one.

        Args:
            pairs: (source, target) each. No row is a target twice, nor both a source and a target.
        """
        if not pairs:
            return
        sources, targets = zip(*pairs, strict=True)
        # Where other rows have tokens, rows of the same prompt have the same ones, or nothing that is read.
        start, end = (
            min(self._prompt_lengths[row] for row in sources),
            max(self._row_lengths[row] for row in sources),
        )
        self._copy(sources, targets, start, end)
        for source, target in pairs:
            self._row_lengths[target] = self._row_lengths[source]

    def evict(self, row: int) -> None:
        """Remove a row; the last one takes its index."""
        last, length = len(self._row_lengths) - 1, self._row_lengths[-1]
        if row != last:
            self._copy([last], [row], 0, length)
        for lengths in (self._row_lengths, self._prompt_lengths):
            lengths[row] = lengths[-1]
            lengths.pop()

    def _copy(self, sources: Sequence[int], targets: Sequence[int], start: int, end: int) -> None:
        """Copy tokens from `start` to `end` of rows to other rows, in one operation a layer."""
        if start >= end:
            return
        source, target = torch.tensor([sources, targets]).to(self._device)
        for cache in self._caches:
            tokens = cache[:, :, :, start:end]
            tokens.index_copy_(1, target, tokens.index_select(1, source))

    def _reserve(self, rows: int, tokens: int) -> None:
        """Make room for rows and tokens; recorded steps refer to the tensors that this replaces."""
        _, room, _, length, _ = self._caches[0].shape
        if rows <= room and tokens <= length:
            return
        self._steps.clear()
        rows, tokens = max(room, power_of_two(rows)), max(length, padded_tokens(tokens))
        for layer, cache in enumerate(self._caches):
            # Zeros: what is masked has to be finite.
            self._caches[layer] = cache.new_zeros(2, rows, cache.shape[2], tokens, cache.shape[4])
            self._caches[layer][:, :room, :, :length] = cache

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Append a token to each row.

        Returns:
            Logits of the token after it, (rows, vocabulary), until the next step.
        """
        longest = max(self._row_lengths) + 1
        self._reserve(len(tokens), longest)
        rows, length = power_of_two(len(tokens)), padded_tokens(longest)
        # Rows that are not in use, up to a power of two, write to their first place.
        unused = [0] * (rows - len(tokens))
        ids, positions = (torch.tensor([*values, *unused]).to(self._device) for values in (tokens, self._row_lengths))
        if (rows, length) not in self._steps:
            self._steps[rows, length] = self._recorded(length, ids, positions)
        logits = self._steps[rows, length](ids, positions)
        self._row_lengths = [each + 1 for each in self._row_lengths]
        return logits[: len(tokens)]

    def _recorded(self, length: int, ids: torch.Tensor, positions: torch.Tensor) -> Step:
        # A step that referred to this decoder, which keeps it, would keep the dense weights in memory after their use.
        this = weakref.proxy(self)

        def step(ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
            return this._run_step(ids, positions, length)  # type: ignore[no-any-return]

        if self._records:
            try:
                return record(step, ids, positions)
            except RuntimeError as error:
                if is_out_of_memory(error):
                    raise
                self._records = False
                log.info("writing without CUDA graphs: %s", str(error).partition("\n")[0])
        return step

    def _run_step(self, ids: torch.Tensor, positions: torch.Tensor, length: int) -> torch.Tensor:
        """The logits after the ids at the positions of their rows, attending to at most `length` tokens."""
        shape, rows = self._decoder.shape, torch.arange(len(ids), device=self._device)
        masks = self._masks(positions, length, {merged.layer.window for merged in self._layers})
        hidden, angles = self._embed(ids).float(), self._decoder.angles(positions)
        for index, merged in enumerate(self._layers):
            heads = self._project(hidden, merged, angles).view(len(ids), -1, shape.head_dim)
            query, key, value = torch.split(heads, [shape.num_heads, shape.num_kv_heads, shape.num_kv_heads], dim=1)
            keys, values = self._caches[index]
            keys[rows, :, positions] = key
            values[rows, :, positions] = value
            # The query heads of a key-value head are like tokens that see the same keys.
            attended = functional.scaled_dot_product_attention(
                query.reshape(len(ids), shape.num_kv_heads, -1, shape.head_dim),
                keys[: len(ids), :, :length],
                values[: len(ids), :, :length],
                attn_mask=masks[merged.layer.window],
                scale=shape.scale,
            )
            hidden = self._finish_layer(hidden, attended.reshape(len(ids), -1), merged)
        return self._logits(hidden)

    def _masks(
        self, positions: torch.Tensor, length: int, windows: Iterable[int | None]
    ) -> dict[int | None, torch.Tensor]:
        """What the tokens at some positions see, (rows, 1, 1, length) bool, by sliding window."""
        tokens = torch.arange(length, device=self._device)
        seen = tokens <= positions[:, None]
        masks = {None: seen} | {window: seen & (tokens > positions[:, None] - window) for window in windows if window}
        return {window: mask[:, None, None] for window, mask in masks.items()}


def power_of_two(number: int) -> int:
    """The smallest power of two that is not below a positive number."""
    return 1 << (number - 1).bit_length()


def padded_tokens(number: int) -> int:
    """The tokens that a row has room for when it needs room for this many."""
    return -(-number // TOKEN_STEP) * TOKEN_STEP
