"""Prompts: the request, preceded by mails of the owner as earlier turns if the prompt style shows any.

Training, scoring and inference use the same prompts.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from email_assistant.configuration.schema import Config, Retrieval
from email_assistant.console import StageLogger
from email_assistant.errors import DataError
from email_assistant.language_model.context_window import context_window, room_for_prompt
from email_assistant.language_model.embeddings import embed_texts
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.language_model.fingerprint import model_folder
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.metrics.formulas import Array
from email_assistant.requests.arms import PromptStyle
from email_assistant.requests.reading import Reading
from email_assistant.requests.request_form import with_quoted_mail
from email_assistant.requests.retrieval import Bm25, Embedding, Retriever, indexed_text
from email_assistant.storage.jsonl import Field
from email_assistant.storage.records import Pair, Request

log = StageLogger(__name__, "prompts")
Turns = list[tuple[str, str]]
Embed = Callable[[Sequence[str]], Array]
AS_TYPED = Reading()


def user_message(request: Request, reading: Reading = AS_TYPED) -> str:
    """The user's turn of a request: the instruction, and the mail to answer, if any.

    Args:
        request: The request.
        reading: How the instruction is worded for the model.
    """
    return with_quoted_mail(reading.instruction(request), request.get("context"))


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
        room: The longest prompt that leaves room for a mail in the model's window, in tokens; None: no limit.
        reading: How instructions are worded for the model.
    """

    retrieval: Retrieval
    shots: int
    max_length: int
    too_long: Literal["drop", "cut"]
    near_duplicate_similarity: float
    seed: int
    room: int | None = None
    reading: Reading = AS_TYPED

    @classmethod
    def of(cls, config: Config) -> Self:
        """Select them from the configuration, within the window of the base model.

        Raises:
            ModelError: when there is no base model.
        """
        window = context_window(model_folder(config.model.path))
        return cls(
            config.retrieval,
            config.evaluation.shots,
            min(config.trainer.max_length, window or config.trainer.max_length),
            config.trainer.too_long,
            config.split.near_duplicate_similarity,
            config.seed,
            room_for_prompt(config),
            Reading.of(config.summarizer),
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

    def prompt_token_ids(self, request: Request, style: PromptStyle) -> list[int]:
        """The token ids of a request's prompt."""
        return self._encoder.prompt(self._message(request), self.turns(request, style))

    def fitting_prompt(self, request: Request, style: PromptStyle) -> list[int]:
        """As `prompt_token_ids`, but a request that leaves no room for a mail loses its end, which is logged.

        Raises:
            DataError: when not even an empty request would leave room.
        """
        room, prompt = self._settings.room, self.prompt_token_ids(request, style)
        if room is None or len(prompt) <= room:
            return prompt
        log.info(
            "cut the request for %s: its prompt has %d tokens, but the context window has room for %d",
            request["id"],
            len(prompt),
            max(room, 0),
        )
        ids = self._encoder.text_ids(self._message(request))
        while ids and len(prompt) > room:
            ids = ids[: min(room - len(prompt), -1)]
            prompt = self._encoder.prompt(self._encoder.decode(ids))
        if len(prompt) > room:
            raise DataError(
                f"the context window has room for a prompt of {max(room, 0)} tokens besides the new mail; "
                "lower generation.max_new_tokens"
            )
        return prompt

    def _message(self, request: Request) -> str:
        return user_message(request, self._settings.reading)

    def turns(self, request: Request, style: PromptStyle) -> Turns:
        """The earlier turns of a prompt, (request, mail) each; the most similar one comes last."""
        if style == "plain":
            return []
        if style == "few_shot":
            shown, max_tokens = self._random_pairs(request), self._settings.max_length
        else:
            retriever = self._bm25_retriever if style == "bm25" else self._embedding_retriever
            shown = retriever.retrieve(self._message(request), self._settings.retrieval.mails, request)[::-1]
            max_tokens = self._settings.retrieval.max_tokens
        max_tokens = max_tokens if self._settings.room is None else min(max_tokens, self._settings.room)
        return self._drop_until_fits(request, [(self._message(pair), pair["email"]) for pair in shown], max_tokens)

    def training_turns(self, pair: Pair) -> Turns:
        """The earlier turns of a training example: retrieved mails for `retrieval.training_share` of the examples."""
        retrieval = self._settings.retrieval
        # "taught" is part of a seed: another word would choose other examples.
        if retrieval.method == "none" or self._rng("taught", pair).random() >= retrieval.training_share:
            return []
        return self.turns(pair, retrieval.method)

    def example(self, pair: Pair) -> TokenizedExample | None:
        """A pair as a training example; None if it is too long (`trainer.max_length`, `trainer.too_long`)."""
        settings = self._settings
        turns = self.training_turns(pair)
        return self._encoder.example(self._message(pair), pair["email"], settings.max_length, settings.too_long, turns)

    def _random_pairs(self, request: Request) -> list[Pair]:
        others = [index for index, pair_id in enumerate(self._pair_ids) if pair_id != request["id"]]
        drawn = self._rng("few_shot", request).sample(others, min(self._settings.shots, len(others)))
        return [self._training[index] for index in drawn]

    @cached_property
    def _pair_ids(self) -> list[str]:
        return list(Field(self._training, "id"))

    def _rng(self, purpose: str, request: Request) -> random.Random:
        return random.Random(f"{self._settings.seed} {purpose} {request['id']}")

    def _drop_until_fits(self, request: Request, turns: Turns, max_tokens: int) -> Turns:
        """Drop the turn with the longest mail until the prompt has at most `max_tokens` tokens."""
        while turns and len(self._encoder.prompt(self._message(request), turns)) > max_tokens:
            turns.remove(max(turns, key=lambda turn: len(turn[1])))
        return turns

    @cached_property
    def _bm25_retriever(self) -> Retriever:
        return Retriever(self._training, Bm25(self._indexed_texts), self._settings.near_duplicate_similarity)

    @cached_property
    def _embedding_retriever(self) -> Retriever:
        index = Embedding(self._indexed_texts, self._embed)
        return Retriever(self._training, index, self._settings.near_duplicate_similarity)

    @property
    def _indexed_texts(self) -> list[str]:
        return [indexed_text(pair) for pair in self._training]


def configured_style(retrieval: Retrieval) -> PromptStyle:
    """The prompt style outside of comparisons: with retrieved mails if retrieval is configured."""
    return "plain" if retrieval.method == "none" else retrieval.method


def retrieval_embedder(config: Config, model: LanguageModel | None) -> Embed:
    """A function from texts to the base model's vectors, (texts, width).

    Args:
        config: Settings of the model; texts are cut to `evaluation.mauve.max_tokens`, as MAUVE's features are.
        model: The loaded model; None to load it when the function is first called.
    """
    loaded: list[LanguageModel] = [] if model is None else [model]

    def embed(texts: Sequence[str]) -> Any:
        if not loaded:
            loaded.append(set_up_base(config.model))
        return embed_texts(loaded[0], texts, config.evaluation.mauve.max_tokens, "mean")

    return embed
