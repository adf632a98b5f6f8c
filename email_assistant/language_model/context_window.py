"""How many tokens a base model reads, and whether a prompt leaves room for a mail."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.errors import DataError
from email_assistant.language_model.fingerprint import model_folder
from email_assistant.storage import jsonl

# Names of the window in config.json, by architecture.
NAMES = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
# Tokens that a chat template adds at most to a message.
TEMPLATE_TOKENS = 256
# Characters per token of a text that is cut before it is tokenized: hardly any text has so few tokens.
CUT_CHARACTERS = 50


def context_window(folder: Path) -> int | None:
    """The largest number of tokens of a prompt and its answer, by a model's config.json; None if it names none."""
    config = jsonl.read_object(folder / "config.json")
    inner = config.get("text_config")
    values: dict[str, Any] = {**config, **(inner if isinstance(inner, dict) else {})}
    return next((values[name] for name in NAMES if isinstance(values.get(name), int)), None)


def room_for_prompt(config: Config) -> int | None:
    """The number of tokens that a prompt may have, so that a mail fits after it; None if there is no limit.

    Raises:
        ModelError: If there is no base model.
    """
    window = context_window(model_folder(config.model.path))
    return None if window is None else window - config.generation.max_new_tokens


def may_be_too_long(message: str, room: int) -> bool:
    """Whether a message has to be tokenized to know that it fits: it has at most one token per byte."""
    return len(message.encode("utf-8", "surrogatepass")) + TEMPLATE_TOKENS > room


def too_long(tokens: int | str, config: Config, room: int) -> str:
    """What is wrong with a prompt that is too long, and what to do."""
    mail, remedy = (" and the mail to answer", ", or lower data.context_words") if config.infer.thread else ("", "")
    return (
        f"the instruction{mail} has {tokens} tokens, but the context window has room for {max(room, 0)}, besides "
        f"{config.generation.max_new_tokens} for the new mail (generation.max_new_tokens); shorten it{remedy}"
    )


def check_lengths(config: Config, messages: Iterable[tuple[str, str]]) -> None:
    """Check that every message fits into the model's window, with a mail after it. No weights are loaded.

    Args:
        config: The whole configuration.
        messages: What to call each message in an error, and the message.

    Raises:
        DataError: when one does not fit.
        ModelError: when there is no base model.
    """
    room = room_for_prompt(config)
    doubtful = [] if room is None else [(name, text) for name, text in messages if may_be_too_long(text, room)]
    if room is None or not doubtful:
        return
    # It imports transformers, which takes seconds.
    from email_assistant.language_model.loading import load_encoder

    encoder = load_encoder(config.model)
    for name, text in doubtful:
        # Tokenizing megabytes would take minutes.
        cut = text[: CUT_CHARACTERS * max(room, 1)]
        tokens = len(encoder.prompt(cut))
        if len(cut) < len(text) and tokens <= room:
            cut, tokens = text, len(encoder.prompt(text))
        if tokens > room:
            count = str(tokens) if cut == text else f"more than {tokens}"
            raise DataError(f"{name}: {too_long(count, config, room)}")
