"""MAUVE: how near the distribution of written mails is to that of real ones.

Pillutla et al. 2021, arXiv:2102.01454. Features are the last layer's state at the last token, as in
the paper, but of a local model; scores are comparable only between runs with the same one. The score is
that of `mauve-text`; the clusters are kept here, so that mails can be drawn again without clustering anew.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from email_assistant.metrics.formulas import Array
from email_assistant.metrics.measured import Measured

# With two or three, a small sample scores 1 whatever was written.
FEWEST_BUCKETS = 5
# On fewer mails the score is mostly chance: the paper takes thousands, and its spread here says so.
ENOUGH_MAILS = 100
EXPLAINED = 0.9


@dataclass(frozen=True)
class MauveSettings:
    """Buckets (None: a tenth of the mails, at least five), scaling factor, and the seeds of the clusters."""

    buckets: int | None
    scaling_factor: float
    seeds: tuple[int, ...]

    def buckets_for(self, written: int, real: int) -> int:
        """As many clusters as so many mails are put into."""
        buckets = self.buckets or max(FEWEST_BUCKETS, round(min(written, real) / 10))
        return min(buckets, written, real)


def mauve_scores(written: Array, real: Array, settings: MauveSettings) -> list[float]:
    """MAUVE by `mauve-text` for each seed, above 0 and up to 1; higher is nearer.

    Args:
        written: Features of written mails, (mails, width).
        real: Features of real ones, (mails, width).
        settings: As logged beside the score.
    """
    import mauve

    found = []
    for seed in settings.seeds:
        with _quiet():
            result = mauve.compute_mauve(
                p_features=real,
                q_features=written,
                num_buckets=settings.buckets_for(len(written), len(real)),
                mauve_scaling_factor=settings.scaling_factor,
                seed=seed,
                verbose=False,
            )
        found.append(float(result.mauve))
    return found


def mauve_measured(written: Array, real: Array, settings: MauveSettings) -> Measured:
    """The mean of `mauve_scores` over the seeds, as sums over mails: of how many fall into each cluster.

    Args:
        written: Features, (mails, width).
        real: Features of the owner's mail for each of them, (mails, width).
        settings: As logged beside the score.
    """
    buckets = settings.buckets_for(len(written), len(real))
    parts = []
    for seed in settings.seeds:
        labels = _clusters(np.vstack([written, real]), buckets, seed)
        one_hot = np.eye(buckets)[labels]
        parts.append(np.stack([one_hot[: len(written)], one_hot[len(written) :]], axis=1))
    return Measured(np.stack(parts, axis=1), "mauve", settings.scaling_factor)


def _clusters(points: Array, buckets: int, seed: int) -> Array:
    """The number of each point's cluster: k-means on the main components of the points on the unit sphere.

    Seeds and order of the points are those of `mauve-text`, so that the clusters are the same.
    """
    import faiss
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    on_sphere = normalize(points, norm="l2", axis=1)
    components = PCA(n_components=None, whiten=False, random_state=seed + 1).fit(on_sphere)
    kept = int(np.argmax(np.cumsum(components.explained_variance_ratio_) >= EXPLAINED)) + 1
    low = components.transform(on_sphere)[:, :kept].astype(np.float32)
    with _quiet():
        means = faiss.Kmeans(kept, buckets, niter=500, nredo=5, update_index=True, seed=seed + 2)
        means.train(low)
        _, labels = means.index.search(low, 1)
    return np.asarray(labels.reshape(-1))


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
