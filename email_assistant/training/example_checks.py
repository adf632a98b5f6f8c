"""Checks of the training examples before anything is trained."""

import itertools
from collections.abc import Sequence

from email_assistant.console import printable
from email_assistant.errors import DataError
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample

OPENING, CLOSING = "»", "«"


def validate_examples(encoder: ChatEncoder, *splits: Sequence[TokenizedExample]) -> None:
    """Check that every example is usable for training.

    Args:
        encoder: The encoder that made the examples.
        splits: Examples for training, for validation, and so on.

    Raises:
        DataError: when an example has no target tokens, does not end with the end-of-turn token, or begins with the
            beginning-of-sequence token twice.
    """
    bos = encoder.tokenizer.bos_token_id
    count = sum(map(len, splits))
    for number, example in enumerate(itertools.chain(*splits), start=1):
        label = f"example {number} of {count} (training, then validation)"
        if example.num_target_tokens <= 0 or example.prompt_length < 1:
            raise DataError(f"{label}: it has no target tokens; is its mail empty?")
        if example.ids[-1] != encoder.end_of_turn:
            raise DataError(
                f"{label}: the end-of-turn token (id {encoder.end_of_turn}) is not a target, so the model would never "
                "learn to stop; the tokenizer's chat template is not supported"
            )
        if bos is not None and example.ids[:2] == [bos, bos]:
            raise DataError(
                f"{label}: it begins with {encoder.tokenizer.bos_token} twice: the chat template writes it and the "
                "tokenizer adds it again; set add_bos_token to false in tokenizer_config.json"
            )


def render_example(encoder: ChatEncoder, example: TokenizedExample) -> str:
    """An example as text, control tokens included, with its targets between » and «."""
    prompt, mail = example.ids[: example.prompt_length], example.ids[example.prompt_length :]
    texts = [str(encoder.tokenizer.decode(ids, clean_up_tokenization_spaces=False)) for ids in (prompt, mail)]
    return printable(f"{texts[0]}{OPENING}{texts[1]}{CLOSING}")
