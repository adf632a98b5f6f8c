"""MAUVE: how near the distribution of written mails is to that of real ones.

Pillutla et al. 2021, arXiv:2102.01454. Features are the last layer's state at the last token, as in
the paper, but of a local model; scores are comparable only between runs with the same one.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

FEATURE_BATCH = 16
# With two or three, a small sample scores 1 whatever was written.
FEWEST_BUCKETS = 5


@dataclass(frozen=True)
class MauveSettings:
    """Buckets (None: a tenth of the mails, at least five), scaling factor, seed."""

    buckets: int | None
    scaling_factor: float
    seed: int


def mauve_score(written: np.ndarray[Any, Any], real: np.ndarray[Any, Any], settings: MauveSettings) -> float:
    """MAUVE, above 0 and up to 1; higher is nearer.

    Args:
        written: Features of written mails, (mails, width).
        real: Features of real ones, (mails, width).
        settings: As logged beside the score.
    """
    import mauve

    buckets = settings.buckets or max(FEWEST_BUCKETS, round(min(len(written), len(real)) / 10))
    with _quiet():
        result = mauve.compute_mauve(
            p_features=real,
            q_features=written,
            num_buckets=min(buckets, len(written), len(real)),
            mauve_scaling_factor=settings.scaling_factor,
            seed=settings.seed,
            verbose=False,
        )
    return float(result.mauve)


@contextmanager
def _quiet() -> Iterator[None]:
    """Faiss writes a line for every small sample straight to the process's standard error."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@torch.inference_mode()
def features(model: Any, ids_of_texts: Sequence[Sequence[int]], device: torch.device) -> np.ndarray[Any, Any]:
    """The decoder's last state at each text's last token, (texts, width) in float32.

    Args:
        model: A causal model of transformers.
        ids_of_texts: Token ids of each text, none empty.
        device: Where the model is.
    """
    found: list[Any] = [None] * len(ids_of_texts)
    order = sorted(range(len(ids_of_texts)), key=lambda index: len(ids_of_texts[index]))
    for start in range(0, len(order), FEATURE_BATCH):
        indices = order[start : start + FEATURE_BATCH]
        longest = max(len(ids_of_texts[index]) for index in indices)
        rows = torch.zeros((len(indices), longest), dtype=torch.long)
        for row, index in enumerate(indices):
            rows[row, : len(ids_of_texts[index])] = torch.tensor(ids_of_texts[index])
        # Padding stands on the right, where a causal model does not see it.
        hidden = model.base_model(input_ids=rows.to(device), use_cache=False).last_hidden_state
        for row, index in enumerate(indices):
            found[index] = hidden[row, len(ids_of_texts[index]) - 1].float().cpu().numpy()
    return np.stack(found)
