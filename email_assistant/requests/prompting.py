"""Prompts: the request, preceded by mails of the owner as earlier turns if the prompt style shows any.

Training, scoring and inference use the same prompts.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from email_assistant.configuration.schema import Config, Retrieval
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.metrics.formulas import Array
from email_assistant.requests.arms import PromptStyle
from email_assistant.requests.retrieval import Bm25, Embedding, Library, document
from email_assistant.storage.jsonl import Field
from email_assistant.storage.records import Pair, Request

Embed = Callable[[Sequence[str]], Array]
Turns = list[tuple[str, str]]


def asked(pair: Request) -> str:
    """What the model is asked for a pair: the instruction, and the mail to answer, if any."""
    return with_quoted_mail(pair["instruction"], pair.get("context"))


def with_quoted_mail(instruction: str, mail: str | None) -> str:
    """An instruction followed by the mail to answer, quoted as mail programs do."""
    if not mail:
        return instruction
    return "\n".join([instruction, "", *(f"> {line}".rstrip() for line in mail.split("\n"))])


@dataclass(frozen=True)
class PromptSettings:
    """The values that prompts depend on.

    Attributes:
        retrieval: How many mails are shown, in how many tokens, and in which share of training examples.
        shots: How many mails the style `few_shot` shows.
        max_length: The longest training example, in tokens.
        too_long: What happens to a longer one.
        near_duplicate_similarity: Mails with at least this Jaccard similarity count as near-duplicates.
        seed: The seed of randomly drawn mails.
    """

    retrieval: Retrieval
    shots: int
    max_length: int
    too_long: Literal["drop", "cut"]
    near_duplicate_similarity: float
    seed: int

    @classmethod
    def of(cls, config: Config) -> Self:
        """Select them from the configuration."""
        return cls(
            config.retrieval,
            config.evaluation.shots,
            config.trainer.max_length,
            config.trainer.too_long,
            config.split.near_duplicate_similarity,
            config.seed,
        )


class Prompter:
    """Builds prompts, and the training examples that begin with them."""

    def __init__(self, settings: PromptSettings, encoder: ChatEncoder, training: Sequence[Pair], embed: Embed) -> None:
        """Store the mails that prompts may show; they are indexed on first use.

        Args:
            settings: The values that prompts depend on.
            encoder: The model's encoder.
            training: The owner's training pairs.
            embed: Maps texts to vectors, (texts, width), for the style `embedding`.
        """
        self._settings, self._encoder, self._training, self._embed = settings, encoder, training, embed

    def ids(self, pair: Request, style: PromptStyle) -> list[int]:
        """The token ids of a pair's prompt."""
        return self._encoder.prompt(asked(pair), self.turns(pair, style))

    def turns(self, pair: Request, style: PromptStyle) -> Turns:
        """The earlier turns of a prompt, (request, mail) each; the most similar one comes last."""
        if style == "plain":
            return []
        if style == "few_shot":
            shown, room = self._drawn(pair), self._settings.max_length
        else:
            library = self._by_words if style == "bm25" else self._by_embedding
            shown = library.similar(asked(pair), self._settings.retrieval.mails, pair)[::-1]
            room = self._settings.retrieval.max_tokens
        return self._fitting(pair, [(asked(each), each["email"]) for each in shown], room)

    def training_turns(self, pair: Pair) -> Turns:
        """The earlier turns of a training example: retrieved mails for `retrieval.training_share` of the examples."""
        retrieval = self._settings.retrieval
        if retrieval.method == "none" or self._rng("taught", pair).random() >= retrieval.training_share:
            return []
        return self.turns(pair, retrieval.method)

    def example(self, pair: Pair) -> TokenizedExample | None:
        """A pair as a training example; None if it is too long (`trainer.max_length`, `trainer.too_long`)."""
        settings = self._settings
        turns = self.training_turns(pair)
        return self._encoder.example(asked(pair), pair["email"], settings.max_length, settings.too_long, turns)

    def _drawn(self, pair: Request) -> list[Pair]:
        others = [index for index, known in enumerate(self._ids) if known != pair["id"]]
        drawn = self._rng("few_shot", pair).sample(others, min(self._settings.shots, len(others)))
        return [self._training[index] for index in drawn]

    @cached_property
    def _ids(self) -> list[str]:
        return list(Field(self._training, "id"))

    def _rng(self, purpose: str, pair: Request) -> random.Random:
        return random.Random(f"{self._settings.seed} {purpose} {pair['id']}")

    def _fitting(self, pair: Request, turns: Turns, room: int) -> Turns:
        """Leave out the turn with the longest mail until the prompt has at most `room` tokens."""
        while turns and len(self._encoder.prompt(asked(pair), turns)) > room:
            turns.remove(max(turns, key=lambda turn: len(turn[1])))
        return turns

    @cached_property
    def _by_words(self) -> Library:
        return Library(self._training, Bm25(self._documents), self._settings.near_duplicate_similarity)

    @cached_property
    def _by_embedding(self) -> Library:
        index = Embedding(self._documents, self._embed)
        return Library(self._training, index, self._settings.near_duplicate_similarity)

    @property
    def _documents(self) -> list[str]:
        return [document(pair) for pair in self._training]


def configured_style(retrieval: Retrieval) -> PromptStyle:
    """The prompt style outside of comparisons: with retrieved mails if retrieval is configured."""
    return "plain" if retrieval.method == "none" else retrieval.method
