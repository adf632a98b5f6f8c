"""MAUVE: how close the distribution of generated mails is to that of the owner's.

Pillutla et al. 2021, arXiv:2102.01454. Features are the last layer's state at the last token, as in the paper, but of
a local model: scores are comparable only between runs with the same one. The score equals that of `mauve-text`. The
clusters are computed here, because `mauve-text` does not return them, and the bootstrap needs each mail's cluster.
"""

import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from email_assistant.metrics.formulas import CURVE_POINTS, Array, shares
from email_assistant.metrics.per_mail_score import PerMailScore

# With two or three, a small sample scores 1 whatever the mails.
MIN_BUCKETS = 5
# On fewer mails the score is mostly noise: the paper uses thousands.
RELIABLE_MAILS = 100
# The share of the features' variance that the components used for clustering explain, as in mauve-text.
EXPLAINED_VARIANCE = 0.9
# faiss takes seeds below this number.
MAX_SEED = 2**31


@dataclass(frozen=True)
class MauveSettings:
    """Settings of MAUVE.

    Attributes:
        buckets: The number of clusters; None for a tenth of the mails, at least five.
        scaling_factor: The paper's c.
        seeds: One clustering is made for each.
    """

    buckets: int | None
    scaling_factor: float
    seeds: tuple[int, ...]

    def buckets_for(self, generated: int, real: int) -> int:
        """The number of clusters for numbers of mails."""
        buckets = self.buckets or max(MIN_BUCKETS, round(min(generated, real) / 10))
        return min(buckets, generated, real)


def mauve_score(generated: Array, real: Array, settings: MauveSettings) -> PerMailScore:
    """The mean MAUVE over the seeds, above 0 and up to 1; higher is closer.

    Args:
        generated: Features of generated mails, (mails, width).
        real: Features of the owner's mail for each of them, (mails, width).
        settings: Number of clusters, scaling factor and seeds.

    Returns:
        A score whose contributions are each mail's cluster, one-hot, (mails, seeds, 2, clusters): the generated mail's
        first, then the real one's.
    """
    buckets = settings.buckets_for(len(generated), len(real))
    by_seed = []
    for seed in settings.seeds:
        labels = _clusters(np.vstack([generated, real]), buckets, seed)
        one_hot = np.eye(buckets)[labels]
        by_seed.append(np.stack([one_hot[: len(generated)], one_hot[len(generated) :]], axis=1))
    return PerMailScore(np.stack(by_seed, axis=1), "mauve", settings.scaling_factor)


def mauve_by_seed(score: PerMailScore) -> list[float]:
    """MAUVE for each seed, from a score's clusters, to the last digit as `mauve.compute_mauve` returns it.

    Args:
        score: Made by `mauve_score`.
    """
    _load_faiss()
    from mauve.compute_mauve import get_divergence_curve_for_multinomials
    from sklearn.metrics import auc

    weights = np.linspace(1e-6, 1 - 1e-6, CURVE_POINTS)
    values = []
    for generated, real in shares(score.contributions.sum(axis=0)):
        curve = get_divergence_curve_for_multinomials(real, generated, weights, score.parameter)
        first, second = curve.T
        along_first, along_second = np.argsort(first), np.argsort(second)
        areas = auc(first[along_first], second[along_first]) + auc(second[along_second], first[along_second])
        values.append(float(0.5 * areas))
    return values


def _clusters(points: Array, buckets: int, seed: int) -> Array:
    """Cluster the points' principal components on the unit sphere by k-means, as `mauve-text` does.

    Args:
        points: Features of generated, then of real mails, (points, width): the order matters to k-means.
        buckets: The number of clusters.
        seed: The seed of the principal components and of k-means.

    Returns:
        Each point's cluster, (points,).
    """
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    on_sphere = normalize(points, norm="l2", axis=1)
    components = PCA(n_components=None, whiten=False, random_state=(seed + 1) % MAX_SEED).fit(on_sphere)
    kept = int(np.argmax(np.cumsum(components.explained_variance_ratio_) >= EXPLAINED_VARIANCE)) + 1
    reduced = components.transform(on_sphere)[:, :kept].astype(np.float32)
    faiss = _load_faiss()
    # The minimum only decides from how few points on faiss prints a warning.
    quiet = {"min_points_per_centroid": 1}
    means = faiss.Kmeans(kept, buckets, niter=500, nredo=5, update_index=True, seed=(seed + 2) % MAX_SEED, **quiet)
    means.train(reduced)
    _, labels = means.index.search(reduced, 1)
    return np.asarray(labels.reshape(-1))


def _load_faiss() -> Any:
    """Import faiss, also where `mauve` is to do it.

    On macOS faiss has an OpenMP runtime of its own beside those of torch and scikit-learn. A second runtime ends the
    process unless this variable is set, and threads of two runtimes crash it.
    """
    if sys.platform == "darwin":
        os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    import faiss

    if sys.platform == "darwin":
        faiss.omp_set_num_threads(1)
    return faiss
