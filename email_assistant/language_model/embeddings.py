"""Embeddings of texts: hidden states of a model's last layer."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from email_assistant.language_model.decoder import Decoder, same_logits
from email_assistant.language_model.device import in_batches
from email_assistant.language_model.loading import LanguageModel

BATCH_SIZE = 16
COMPARED_TOKENS = 64


def embed_texts(
    model: LanguageModel, texts: Sequence[str], max_tokens: int, pooling: Literal["last", "mean"]
) -> NDArray[np.float64]:
    """Embed the first `max_tokens` tokens of each text, as `embed_ids` does; an empty text is one padding token."""
    ids = [model.encoder.text_ids(text)[:max_tokens] for text in texts]
    return embed_ids(model, [row or [model.encoder.pad_id] for row in ids], pooling)


@torch.inference_mode()
def embed_ids(
    model: LanguageModel, texts: Sequence[Sequence[int]], pooling: Literal["last", "mean"]
) -> NDArray[np.float64]:
    """Embed texts with the base model. An adapter is disabled, so that embeddings do not depend on training.

    Args:
        model: A model on its device, in evaluation mode.
        texts: Token ids of each text, none empty.
        pooling: The hidden state of the last token, or the mean over all tokens.

    Returns:
        (texts, width).
    """
    wrapped: Any = model.model
    has_adapter = hasattr(wrapped, "disable_adapter")
    transformer = wrapped.get_base_model().base_model if has_adapter else wrapped.base_model
    embeddings: list[Any] = [None] * len(texts)
    shortest_first = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    with wrapped.disable_adapter() if has_adapter else nullcontext():
        # In bfloat16 it keeps the residual stream in float32, which transformers does not.
        decoder = _checked_decoder(wrapped, transformer, texts[0]) if model.dtype == torch.bfloat16 else None

        def embed(batch: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
            states = (
                _packed_states(decoder, transformer, batch) if decoder else _padded_states(model, transformer, batch)
            )
            return [_pooled(each, pooling) for each in states]

        ordered = [texts[index] for index in shortest_first]
        need = "embedding a single text: use a smaller model"
        found = itertools.chain.from_iterable(in_batches(ordered, BATCH_SIZE, embed, need))
        for index, embedding in zip(shortest_first, found, strict=True):
            embeddings[index] = embedding
    return np.stack(embeddings)


def _checked_decoder(model: Any, transformer: Any, text: Sequence[int]) -> Decoder | None:
    """This project's decoder of a model in bfloat16, if it computes the model's own states of a text."""
    decoder, ids = Decoder.from_model(model, for_training=False), text[:COMPARED_TOKENS]
    if decoder is None:
        return None
    (found,) = _packed_states(decoder, transformer, [ids])
    expected = transformer(input_ids=torch.tensor([list(ids)]), use_cache=False).last_hidden_state[0].float()
    return decoder if same_logits(found, expected, torch.bfloat16) else None


def _packed_states(decoder: Decoder, transformer: Any, texts: Sequence[Sequence[int]]) -> Sequence[torch.Tensor]:
    """The last hidden states of each text, (tokens, width), without padding."""
    lengths = [len(ids) for ids in texts]
    embedded = transformer.get_input_embeddings()(torch.tensor([token for ids in texts for token in ids]))
    return torch.split(decoder.hidden_states(embedded, lengths), lengths)


def _padded_states(model: LanguageModel, transformer: Any, texts: Sequence[Sequence[int]]) -> Iterator[torch.Tensor]:
    """The last hidden states of each text, (tokens, width) in float32, by transformers."""
    # Padded on the right, where a causal model does not attend to it.
    padded = torch.zeros((len(texts), max(map(len, texts))), dtype=torch.long)
    for row, ids in enumerate(texts):
        padded[row, : len(ids)] = torch.tensor(ids)
    hidden = transformer(input_ids=padded.to(model.device), use_cache=False).last_hidden_state
    for row, ids in enumerate(texts):
        yield hidden[row, : len(ids)].float()


def _pooled(states: torch.Tensor, pooling: Literal["last", "mean"]) -> NDArray[np.float64]:
    """One state for a text's states, (tokens, width)."""
    pooled: NDArray[np.float64] = (states[-1] if pooling == "last" else states.mean(dim=0)).cpu().numpy()
    return pooled
