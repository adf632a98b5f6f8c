"""Generation by transformers, in static batches: for models that this project's decoder does not support."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache, LogitsProcessor, LogitsProcessorList, NoRepeatNGramLogitsProcessor

from email_assistant.errors import DataError
from email_assistant.language_model.beam_search import Hypothesis, OnFound
from email_assistant.language_model.continuous_batch import shared_prefix_length
from email_assistant.language_model.decoding import GeneratedToken, SamplingParams
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.sampler import Sampler

# Tokens whose logits are in float32 at once.
SCORED_TOKENS = 32


def check_window(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> None:
    """Check that every prompt leaves room for a token.

    Raises:
        DataError: when one does not.
    """
    longest = max(map(len, prompts))
    if model.window is not None and longest >= model.window:
        raise DataError(
            f"a prompt has {longest} tokens, but the context window holds {model.window}, including the mail; "
            "shorten the request or what is shown with it (data.context_words, retrieval.max_tokens), or use a model "
            "with a larger window"
        )


def generate_static_batch(
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
        with _contiguous_states(model.model):
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


@contextmanager
def _contiguous_states(model: nn.Module) -> Iterator[None]:
    """Copy the states of the last tokens, which are a slice, before the head.

    For a slice of several rows, torch multiplies each by a copy of the head's weights. In bfloat16 on a CPU that takes
    a hundred times as long, and gigabytes for a large vocabulary.
    """
    head: Any = model.get_output_embeddings()  # type: ignore[operator]
    handle = head.register_forward_pre_hook(lambda _, states: tuple(each.contiguous() for each in states))
    try:
        yield
    finally:
        handle.remove()


def _left_padded(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, (rows, longest prompt) each."""
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), model.encoder.pad_id)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids.to(model.device), mask.to(model.device)


@torch.inference_mode()
def beam_search_by_transformers(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    width: int,
    batch_size: int,
    on_found: OnFound,
) -> None:
    """As `beam_search`, for models that this project's decoder does not support, and at least two beams.

    Raises:
        DataError: when a prompt fills the window of the model.
    """
    check_window(model, prompts)
    at_once = max(1, batch_size // width)
    longest_first = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    for start in range(0, len(prompts), at_once):
        part = longest_first[start : start + at_once]
        ids, mask = _left_padded(model, [prompts[index] for index in part])
        room = params.max_new_tokens if model.window is None else model.window - ids.shape[1]
        transformer: Any = model.model
        with _contiguous_states(transformer):
            output = transformer.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=min(room, params.max_new_tokens),
                num_beams=width,
                num_return_sequences=width,
                do_sample=False,
                repetition_penalty=1.0,
                length_penalty=1.0,
                early_stopping=False,
                eos_token_id=sorted(model.encoder.stop_ids) or None,
                pad_token_id=model.encoder.pad_id,
                logits_processor=LogitsProcessorList([_NoRepeatedNgram(ids.shape[1], params.no_repeat_ngram_size)]),
                use_cache=True,
            )
        for number, index in enumerate(part):
            written = output[number * width : (number + 1) * width, ids.shape[1] :].tolist()
            texts = [_until_stop(tokens, model.encoder.stop_ids) for tokens in written]
            on_found(index, [Hypothesis(_mean_log_probability(model, prompts[index], text), text) for text in texts])


def _mean_log_probability(model: LanguageModel, prompt: Sequence[int], tokens: Sequence[int]) -> float:
    """Of tokens after a prompt, in nats; `generate` would keep the logits of all steps and beams in memory for it."""
    ids = torch.tensor([[*prompt, *tokens]], device=model.device)
    logits = model.model(input_ids=ids, use_cache=False, logits_to_keep=len(tokens) + 1).logits[0, :-1]
    chosen = logits.gather(1, torch.tensor(tokens, device=model.device)[:, None]).squeeze(1).float()
    # A few tokens at a time: in float32, all logits of a long text over a large vocabulary take half a gigabyte.
    normalizers = torch.cat([part.float().logsumexp(dim=-1) for part in logits.split(SCORED_TOKENS)])
    return float((chosen - normalizers).mean())


class _NoRepeatedNgram(LogitsProcessor):
    """No n-gram twice in what is generated; that of transformers counts the prompt, too."""

    def __init__(self, prompt_length: int, size: int) -> None:
        self._prompt_length, self._size = prompt_length, size

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        if not self._size:
            return scores
        generated: Any = input_ids[:, self._prompt_length :]
        without: torch.FloatTensor = NoRepeatNGramLogitsProcessor(self._size)(generated, scores)
        return without


def _until_stop(tokens: Sequence[int], stop_ids: Collection[int]) -> tuple[int, ...]:
    """Token ids without the padding after the stop token."""
    end = next((number for number, token in enumerate(tokens, start=1) if token in stop_ids), len(tokens))
    return tuple(tokens[:end])
