"""How a mail is asked for: with the instruction alone, or after mails of the owner as earlier turns.

The same in training, scoring and inference, so that a model is asked as it was taught.
"""

import random
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample, request
from email_assistant.metrics.formulas import Array
from email_assistant.requests.arms import Way
from email_assistant.requests.retrieval import Bm25, Embedding, Library, document
from email_assistant.storage.jsonl import Field

Record = dict[str, Any]
Embed = Callable[[Sequence[str]], Array]
Turns = list[tuple[str, str]]


def asked(pair: Record) -> str:
    """What is asked of the model for a pair."""
    return request(pair["instruction"], pair.get("context"))


class Prompter:
    """Builds prompts; what it retrieves from are the owner's training mails."""

    def __init__(self, config: Config, encoder: ChatEncoder, training: Sequence[Record], embed: Embed) -> None:
        """Index nothing yet: each index is made when it is first needed.

        Args:
            config: For the numbers of mails, their lengths and the seed.
            encoder: Of the model.
            training: The owner's training pairs.
            embed: Texts to vectors, for the way 'embedding'.
        """
        self._config, self._encoder, self._training, self._embed = config, encoder, training, embed

    def ids(self, pair: Record, way: Way) -> list[int]:
        """The prompt's ids for a pair."""
        return self._encoder.prompt(asked(pair), self.turns(pair, way))

    def turns(self, pair: Record, way: Way) -> Turns:
        """The earlier turns: (request, mail) each, the most alike last, next to the question."""
        if way == "plain":
            return []
        if way == "few_shot":
            found, room = self._drawn(pair), self._config.trainer.max_length
        else:
            library = self._by_words if way == "bm25" else self._by_meaning
            found = library.like(asked(pair), self._config.retrieval.mails, pair)[::-1]
            room = self._config.retrieval.max_tokens
        return self._fitting(pair, [(asked(each), each["email"]) for each in found], room)

    def taught(self, pair: Record) -> Turns:
        """The earlier turns of a pair in training: retrieved for the configured share of them."""
        settings = self._config.retrieval
        if settings.method == "none" or self._chance("taught", pair).random() >= settings.training_share:
            return []
        return self.turns(pair, settings.method)

    def example(self, pair: Record) -> TokenizedExample | None:
        """A pair as it is taught; None where it is too long (`trainer.max_length`, `trainer.too_long`)."""
        settings = self._config.trainer
        request, email, turns = asked(pair), pair["email"], self.taught(pair)
        return self._encoder.example(request, email, settings.max_length, settings.too_long, turns)

    def _drawn(self, pair: Record) -> list[Record]:
        others = [place for place, known in enumerate(self._ids) if known != pair["id"]]
        drawn = self._chance("few_shot", pair).sample(others, min(self._config.evaluation.shots, len(others)))
        return [self._training[place] for place in drawn]

    @cached_property
    def _ids(self) -> list[str]:
        return list(Field(self._training, "id"))

    def _chance(self, purpose: str, pair: Record) -> random.Random:
        return random.Random(f"{self._config.seed} {purpose} {pair['id']}")

    def _fitting(self, pair: Record, turns: Turns, room: int) -> Turns:
        """The turns without the longest, until the prompt has room."""
        while turns and len(self._encoder.prompt(asked(pair), turns)) > room:
            turns.remove(max(turns, key=lambda turn: len(turn[1])))
        return turns

    @cached_property
    def _by_words(self) -> Library:
        return Library(self._training, Bm25(self._documents), self._config.split.near_duplicate_similarity)

    @cached_property
    def _by_meaning(self) -> Library:
        index = Embedding(self._documents, self._embed)
        return Library(self._training, index, self._config.split.near_duplicate_similarity)

    @property
    def _documents(self) -> list[str]:
        return [document(pair) for pair in self._training]


def way_to_ask(config: Config) -> Way:
    """How mails are asked for outside of comparisons: with retrieval where it is configured."""
    return "plain" if config.retrieval.method == "none" else config.retrieval.method
