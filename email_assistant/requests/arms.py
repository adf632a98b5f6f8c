"""The systems that an evaluation compares (its arms): which model writes, and what its prompt shows."""

from dataclasses import dataclass, replace
from typing import Literal

from email_assistant.configuration.schema import Evaluation, Generation

# plain      only the instruction
# few_shot   randomly drawn mails of the owner, then the instruction
# bm25       mails of the owner that share words with the request, then the instruction
# embedding  mails of the owner whose embeddings are near the request's, then the instruction
PromptStyle = Literal["plain", "few_shot", "bm25", "embedding"]
Adapter = Literal["none", "head_start", "trained"]


@dataclass(frozen=True)
class Arm:
    """One of the compared systems.

    Attributes:
        label: Its name in reports.
        adapter: Which adapter is active: none, only the head start, or the trained one.
        style: What its prompts show.
    """

    label: str
    adapter: Adapter
    style: PromptStyle

    @property
    def retrieves(self) -> bool:
        """Whether its prompts show mails that are similar to the request."""
        return self.style in ("bm25", "embedding")


ARMS = {
    "base": Arm("Base model", "none", "plain"),
    "few_shot": Arm("Base + random mails", "none", "few_shot"),
    "base_bm25": Arm("Base + similar mails (BM25)", "none", "bm25"),
    "base_embedding": Arm("Base + similar mails (embedding)", "none", "embedding"),
    "head_start": Arm("Head start", "head_start", "plain"),
    "tuned": Arm("Tuned", "trained", "plain"),
    "tuned_bm25": Arm("Tuned + similar mails (BM25)", "trained", "bm25"),
    "tuned_embedding": Arm("Tuned + similar mails (embedding)", "trained", "embedding"),
}


def generation_of(arm: str, generation: Generation, evaluation: Evaluation) -> Generation:
    """How an arm's mails are generated: a model without an adapter gets fewer drafts to choose from."""
    count = evaluation.baseline_candidates
    if count is None or ARMS[arm].adapter != "none" or generation.num_candidates <= count:
        return generation
    return replace(generation, candidates=count)


def single_draft(generation: Generation) -> Generation:
    """How mails are generated where the choice of the best draft does not matter."""
    return replace(generation, search="sample", candidates=1, greedy_first=False)
