"""Batched generation with every backend.

A prompt's completion depends only on the prompt and its seed, not on the other prompts in the batch, except for the
rounding of products: in 16 bits, and on a GPU, it depends on how many rows are multiplied together. Then a token may be
chosen that is almost as likely, and the rest of the completion follows from it.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch

from email_assistant.console import StageLogger
from email_assistant.errors import OutOfMemoryError
from email_assistant.language_model.batch_memory import fitting_rows
from email_assistant.language_model.beam_search import Hypothesis, OnFound, beam_search
from email_assistant.language_model.continuous_batch import ContinuousBatch
from email_assistant.language_model.decoding import Completion, FinishReason, GeneratedToken, SamplingParams
from email_assistant.language_model.device import free_memory, is_out_of_memory
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.static_batch import (
    beam_search_by_transformers,
    check_window,
    generate_static_batch,
)
from email_assistant.language_model.static_decoder import batch_decoder

log = StageLogger(__name__, "generate")
# What generates text: a model in this process, or llama.cpp.
TextGenerator = LanguageModel | LlamaCpp


def generate(
    model: TextGenerator,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    seeds: Sequence[int | None],
    batch_size: int,
    on_completion: Callable[[int, Completion], None],
) -> None:
    """Complete every prompt. When memory runs out, the rest is generated in smaller batches.

    Args:
        model: A model on its device, in evaluation mode.
        prompts: Token ids, none empty.
        params: How tokens are chosen.
        seeds: The seed of each prompt, from `completion_seed`; None: greedy decoding.
        batch_size: The maximum number of rows at a time; llama.cpp uses its own number of slots instead.
        on_completion: Called with the index of a prompt and its completion as soon as it is finished, once for every
            prompt and in any order.

    Raises:
        OutOfMemoryError: when even a single prompt does not fit.
    """
    if isinstance(model, LlamaCpp):
        model.generate(prompts, params, seeds, on_completion)
        return
    batch_size = _fitting_batch(model, prompts, params, batch_size, 1)

    def write(indices: Sequence[int], batch_size: int, on_written: Callable[[int, Completion], None]) -> None:
        unfinished: dict[int, list[GeneratedToken]] = {index: [] for index in indices}
        tokens = generate_tokens(
            model, [prompts[index] for index in indices], params, [seeds[index] for index in indices], batch_size
        )
        for generated in tokens:
            index = indices[generated.row]
            unfinished[index].append(generated)
            if generated.is_last:
                on_written(index, _completion(model, *_ids_and_mean(unfinished.pop(index))))

    _in_smaller_batches(len(prompts), batch_size, 1, write, on_completion)


def generate_likeliest(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    width: int,
    batch_size: int,
    on_completions: Callable[[int, list[Completion]], None],
) -> None:
    """Find the likeliest completions of every prompt by beam search. When memory runs out, in smaller batches.

    Args:
        model: A model on its device, in evaluation mode.
        prompts: Token ids, none empty.
        params: The longest completion and `no_repeat_ngram_size`; the others have no effect.
        width: Beams of each prompt, and completions of it.
        batch_size: The maximum number of beams at a time, but at least those of one prompt.
        on_completions: Called with the index of a prompt and its completions, the likeliest first, as soon as they are
            found, once for every prompt and in any order.

    Raises:
        DataError: when a prompt fills the window of a model that transformers runs.
        OutOfMemoryError: when even the beams of a single prompt do not fit.
    """

    def on_found(index: int, found: list[Hypothesis]) -> None:
        on_completions(index, [_completion(model, each.tokens, each.score) for each in found])

    find_likeliest(model, prompts, params, width, batch_size, on_found)


def find_likeliest(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    width: int,
    batch_size: int,
    on_found: OnFound,
) -> None:
    """As `generate_likeliest`, but `on_found` is called with what the search found instead of its text."""

    def search(indices: Sequence[int], batch_size: int, on_written: OnFound) -> None:
        def on_searched(number: int, found: list[Hypothesis]) -> None:
            on_written(indices[number], found)

        chosen = [prompts[index] for index in indices]
        decoder = batch_decoder(model)
        if decoder:
            beam_search(decoder, chosen, params, width, model.encoder.stop_ids, batch_size, on_searched)
        else:
            beam_search_by_transformers(model, chosen, params, width, batch_size, on_searched)

    batch_size = _fitting_batch(model, prompts, params, batch_size, width)
    _in_smaller_batches(len(prompts), batch_size, width, search, on_found)


def _fitting_batch(
    model: LanguageModel, prompts: Sequence[Sequence[int]], params: SamplingParams, batch_size: int, smallest: int
) -> int:
    """The rows to generate at a time: fewer than asked for where a GPU has no room for them.

    Args:
        model: A model on its device.
        prompts: Token ids.
        params: The length limit.
        batch_size: The maximum number of rows.
        smallest: The number of rows of one prompt.
    """
    most = min(max(1, batch_size // smallest), len(prompts)) * smallest
    if most <= smallest:
        return batch_size
    longest = max(map(len, prompts))
    fitting = max(smallest, fitting_rows(model, longest, params.max_new_tokens, most, smallest))
    if fitting >= most:
        return batch_size
    log.info("%d mails at a time fit into the free memory", fitting // smallest)
    return fitting


def _in_smaller_batches(
    count: int,
    batch_size: int,
    smallest: int,
    write: Callable[[Sequence[int], int, Callable[[int, Any], None]], None],
    on_written: Callable[[int, Any], None],
) -> None:
    """Write for all indices, and when memory runs out, for the rest of them in half the batch.

    Those that were not finished can start again: their seeds are the same, and so is what is written, except for
    rounding in a smaller batch.

    Args:
        count: The number of indices.
        batch_size: The maximum number of rows at a time.
        smallest: The number of rows of one index.
        write: Called with indices, a batch size, and what to call when an index is written.
        on_written: Called with an index and what was written for it.

    Raises:
        OutOfMemoryError: when even a single index does not fit.
    """
    pending = dict.fromkeys(range(count))

    def finished(index: int, written: Any) -> None:
        del pending[index]
        on_written(index, written)

    while pending:
        if _ran_out_of_memory(partial(write, list(pending), batch_size, finished)):
            if batch_size <= smallest:
                raise OutOfMemoryError(
                    "not enough memory to write a single mail; use a smaller model or model.quantization=nf4"
                )
            batch_size = max(smallest, min(batch_size, len(pending) * smallest) // 2)
            free_memory()
            log.info("out of memory: continuing with %d mails at a time", batch_size // smallest)


def _ran_out_of_memory(call: Callable[[], None]) -> bool:
    """Whether a call ran out of memory. Its traceback, which keeps tensors alive, is gone afterwards."""
    try:
        call()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        return True
    return False


def _ids_and_mean(generated: list[GeneratedToken]) -> tuple[list[int], float]:
    """Token ids, and the mean of their log-probabilities."""
    return [each.token for each in generated], sum(each.log_probability for each in generated) / len(generated)


def _completion(model: LanguageModel, ids: Sequence[int], log_probability: float) -> Completion:
    finish_reason: FinishReason = "stop" if ids[-1] in model.encoder.stop_ids else "length"
    return Completion(model.encoder.decode(ids).strip(), len(ids), finish_reason, log_probability)


@torch.inference_mode()
def generate_tokens(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    seeds: Sequence[int | None],
    batch_size: int,
) -> Iterator[GeneratedToken]:
    """Yield tokens as they are generated.

    A model that this project's decoder supports is run in a continuous batch, any other by transformers in static
    batches of prompts of similar length, up to the end of its window at most.

    Raises:
        DataError: when a prompt fills the window of a model that transformers runs.
    """
    if not prompts:
        return
    longest_first = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    prompts, seeds = [prompts[index] for index in longest_first], [seeds[index] for index in longest_first]
    decoder = batch_decoder(model)
    if decoder:
        batch = ContinuousBatch(decoder, prompts, params, seeds, model.encoder.stop_ids, batch_size)
        for generated in batch.run():
            yield generated._replace(row=longest_first[generated.row])
        return
    check_window(model, prompts)
    for start in range(0, len(prompts), batch_size):
        part = slice(start, start + batch_size)
        for generated in generate_static_batch(model, prompts[part], params, seeds[part]):
            yield generated._replace(row=longest_first[start + generated.row])
