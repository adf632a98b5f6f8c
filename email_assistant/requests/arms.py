"""The arms that are compared: who writes, and how it is asked."""

from dataclasses import dataclass
from typing import Literal

# plain      the instruction alone
# few_shot   after mails of the owner, drawn at random
# bm25       after mails of the owner that share words with the request
# embedding  after mails of the owner that the model finds alike
Way = Literal["plain", "few_shot", "bm25", "embedding"]


@dataclass(frozen=True)
class Arm:
    """One of those that write the same mails.

    Attributes:
        label: For people.
        adapted: Whether the adapter writes.
        way: How it is asked.
    """

    label: str
    adapted: bool
    way: Way

    @property
    def retrieves(self) -> bool:
        """Whether mails like the request are looked up."""
        return self.way in ("bm25", "embedding")


ARMS = {
    "base": Arm("Base model", False, "plain"),
    "few_shot": Arm("Base, shown mails", False, "few_shot"),
    "base_bm25": Arm("Base, shown like mails", False, "bm25"),
    "base_embedding": Arm("Base, shown near mails", False, "embedding"),
    "tuned": Arm("Tuned", True, "plain"),
    "tuned_bm25": Arm("Tuned, shown like mails", True, "bm25"),
    "tuned_embedding": Arm("Tuned, shown near mails", True, "embedding"),
}
