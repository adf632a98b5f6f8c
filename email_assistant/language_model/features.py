"""Texts as vectors: the states of a decoder's last layer."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from email_assistant.language_model.loading import LanguageModel

BATCH = 16


def embed_texts(
    model: LanguageModel, texts: Sequence[str], max_tokens: int, pooling: Literal["last", "mean"]
) -> NDArray[np.float64]:
    """`states` of the beginnings of texts, at most so many tokens of each; an empty one counts as padding."""
    ids = [model.encoder.text_ids(text)[:max_tokens] for text in texts]
    return states(model, [row or [model.encoder.pad_id] for row in ids], pooling)


@torch.inference_mode()
def states(
    model: LanguageModel, ids_of_texts: Sequence[Sequence[int]], pooling: Literal["last", "mean"]
) -> NDArray[np.float64]:
    """A vector for each text, (texts, width): the state at its last token, or the mean over its tokens.

    An adapter on the model is left out, so that vectors do not depend on what was trained.

    Args:
        model: On its device, in evaluation mode.
        ids_of_texts: Token ids of each text, none empty.
        pooling: Which.
    """
    wrapped: Any = model.model
    adapted = hasattr(wrapped, "disable_adapter")
    decoder = wrapped.get_base_model().base_model if adapted else wrapped.base_model
    found: list[Any] = [None] * len(ids_of_texts)
    order = sorted(range(len(ids_of_texts)), key=lambda index: len(ids_of_texts[index]))
    with wrapped.disable_adapter() if adapted else nullcontext():
        for start in range(0, len(order), BATCH):
            indices = order[start : start + BATCH]
            longest = max(len(ids_of_texts[index]) for index in indices)
            rows = torch.zeros((len(indices), longest), dtype=torch.long)
            for row, index in enumerate(indices):
                rows[row, : len(ids_of_texts[index])] = torch.tensor(ids_of_texts[index])
            # Padding stands on the right, where a causal model does not see it.
            hidden = decoder(input_ids=rows.to(model.device), use_cache=False).last_hidden_state
            for row, index in enumerate(indices):
                own = hidden[row, : len(ids_of_texts[index])].float()
                found[index] = (own[-1] if pooling == "last" else own.mean(dim=0)).cpu().numpy()
    return np.stack(found)
