"""A look at what will be trained on, before anything is."""

import itertools
from collections.abc import Sequence

from email_assistant.console import printable
from email_assistant.errors import DataError
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample

OPENING, CLOSING = "»", "«"


def validate_examples(encoder: ChatEncoder, *parts: Sequence[TokenizedExample]) -> None:
    """Refuse examples that would teach nothing, or the wrong thing.

    Raises:
        DataError: when an example supervises nothing, does not supervise the end of its turn, or begins
            with the beginning-of-sequence token twice.
    """
    bos = encoder.tokenizer.bos_token_id
    count = sum(map(len, parts))
    for number, example in enumerate(itertools.chain(*parts), start=1):
        what = f"training example {number} of {count}"
        if example.num_target_tokens <= 0 or example.prompt_length < 1:
            raise DataError(f"{what}: nothing in it is supervised; is its mail empty?")
        if example.ids[-1] != encoder.end_of_turn:
            raise DataError(
                f"{what}: the end of the turn (id {encoder.end_of_turn}) is not supervised, so that the model would "
                "never learn to stop; the tokenizer's chat template is not understood"
            )
        if bos is not None and example.ids[:2] == [bos, bos]:
            raise DataError(
                f"{what}: begins with {encoder.tokenizer.bos_token} twice; the tokenizer adds it to what its chat "
                "template writes: set add_bos_token to false in tokenizer_config.json"
            )


def render_example(encoder: ChatEncoder, example: TokenizedExample) -> str:
    """An example as text, control tokens included, with its supervised part between » and «."""
    prompt, mail = example.ids[: example.prompt_length], example.ids[example.prompt_length :]
    parts = [str(encoder.tokenizer.decode(ids, clean_up_tokenization_spaces=False)) for ids in (prompt, mail)]
    return printable(f"{parts[0]}{OPENING}{parts[1]}{CLOSING}")
