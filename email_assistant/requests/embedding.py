"""Embeddings of texts by the base model, for retrieval."""

from collections.abc import Callable, Sequence
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.language_model.embeddings import embed_texts
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.metrics.formulas import Array

Embed = Callable[[Sequence[str]], Array]


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
