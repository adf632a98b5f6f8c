"""Batched generation with every backend.

A prompt's completion depends only on the prompt and its seed, not on the other prompts in the batch, except for the
rounding of products: in 16 bits, and on a GPU, it depends on how many rows are multiplied together. Then a token may be
chosen that is almost as likely, and the rest of the completion follows from it.
"""

import logging
from collections.abc import Callable, Iterator, Sequence

import torch
from transformers import DynamicCache

from email_assistant.errors import DataError, OutOfMemoryError
from email_assistant.language_model.continuous_batch import ContinuousBatch, shared_prefix_length
from email_assistant.language_model.decoding import Completion, FinishReason, GeneratedToken, SamplingParams
from email_assistant.language_model.device import free_memory, is_out_of_memory
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.sampler import Sampler
from email_assistant.language_model.static_decoder import batch_decoder

log = logging.getLogger(__name__)
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
    pending = list(range(len(prompts)))
    while pending:
        pending = _generate_until_oom(model, prompts, params, seeds, pending, batch_size, on_completion)
        if pending:
            if batch_size == 1:
                raise OutOfMemoryError(
                    "out of memory while generating a single mail: use a smaller model or model.quantization=nf4"
                )
            batch_size = min(batch_size, len(pending)) // 2 or 1
            free_memory()
            log.info("%-10s out of memory: continuing with %d mails at a time", "generate", batch_size)


def _generate_until_oom(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    seeds: Sequence[int | None],
    indices: Sequence[int],
    batch_size: int,
    on_completion: Callable[[int, Completion], None],
) -> list[int]:
    """Complete the prompts with these indices, as `generate`.

    Returns:
        The indices of the prompts that were not finished when memory ran out; empty if it did not. They can start
        again: their seeds are the same, and so are their completions, except for rounding in a smaller batch.
    """
    unfinished: dict[int, list[GeneratedToken]] = {index: [] for index in indices}
    tokens = generate_tokens(
        model, [prompts[index] for index in indices], params, [seeds[index] for index in indices], batch_size
    )
    try:
        for generated in tokens:
            index = indices[generated.row]
            unfinished[index].append(generated)
            if generated.is_last:
                on_completion(index, _completion(model, unfinished.pop(index)))
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    # The traceback, which kept the tensors alive, is gone when this returns: only then can memory be freed.
    return list(unfinished)


def _completion(model: LanguageModel, generated: list[GeneratedToken]) -> Completion:
    ids = [each.token for each in generated]
    finish_reason: FinishReason = "stop" if ids[-1] in model.encoder.stop_ids else "length"
    log_probability = sum(each.log_probability for each in generated) / len(generated)
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
    window = model.window
    if window is not None and len(prompts[0]) >= window:
        raise DataError(
            f"a prompt has {len(prompts[0])} tokens, but the context window holds {window}, including the mail; "
            "shorten the request or what is shown with it (data.context_words, retrieval.max_tokens), or use a model "
            "with a larger window"
        )
    for start in range(0, len(prompts), batch_size):
        part = slice(start, start + batch_size)
        for generated in _generate_static_batch(model, prompts[part], params, seeds[part]):
            yield generated._replace(row=longest_first[start + generated.row])


def _generate_static_batch(
    model: LanguageModel, prompts: Sequence[Sequence[int]], params: SamplingParams, seeds: Sequence[int | None]
) -> Iterator[GeneratedToken]:
    """Generate by transformers; finished rows are removed. Yields as `generate_tokens`."""
    prefix_length, cache = _prefill_prefix(model, prompts)
    ids, mask = _left_padded(model, [prompt[prefix_length:] for prompt in prompts])
    mask = torch.cat([mask.new_ones(len(prompts), prefix_length), mask], dim=1)
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, prefix_length:]
    sampler = Sampler(params, seeds)
    rows = list(range(len(prompts)))
    longest = [params.max_new_tokens if model.window is None else model.window - len(prompt) for prompt in prompts]
    for step in range(params.max_new_tokens):
        output = model.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            cache=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        tokens = sampler.sample(output.logits[:, -1].float(), rows)
        is_full = [step + 1 == min(params.max_new_tokens, longest[row]) for row in rows]
        is_last = [token in model.encoder.stop_ids or full for token, full in zip(tokens, is_full, strict=True)]
        yield from map(GeneratedToken, rows, tokens, is_last, sampler.log_probabilities)
        remaining = [index for index, last in enumerate(is_last) if not last]
        if not remaining:
            return
        ids = torch.tensor([[tokens[index]] for index in remaining], device=model.device)
        positions = positions[:, -1:] + 1
        if len(remaining) < len(rows):
            kept = torch.tensor(remaining, device=model.device)
            cache.batch_select_indices(kept)
            mask, positions = mask[kept], positions[kept]
            rows = [rows[index] for index in remaining]
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)


def _prefill_prefix(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[int, DynamicCache]:
    """Run the common prefix once; returns its length and its cache, repeated for each prompt.

    Not with a sliding window: padding between the prefix and the rest of a prompt would take up room in it.
    """
    cache = DynamicCache(config=model.model.config)
    has_window = getattr(model.model.config, "sliding_window", None) is not None
    prefix_length = 0 if has_window else shared_prefix_length(prompts)
    if not prefix_length:
        return 0, cache
    ids = torch.tensor([list(prompts[0][:prefix_length])], device=model.device)
    model.model(input_ids=ids, cache=cache, use_cache=True, logits_to_keep=1)
    cache.batch_repeat_interleave(len(prompts))
    return prefix_length, cache


def _left_padded(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, (rows, longest prompt) each."""
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), model.encoder.pad_id)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids.to(model.device), mask.to(model.device)
