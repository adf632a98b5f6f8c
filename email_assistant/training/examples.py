"""Tokenized examples in an Arrow file that is mapped into memory: 4 bytes per id, where lists need about 40."""

import itertools
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

from datasets import Dataset, Features, List, Value, disable_progress_bars
from datasets.exceptions import DatasetGenerationError

from email_assistant.console import printable
from email_assistant.errors import DataError
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample

FEATURES = Features({"ids": List(Value("int32")), "prompt_length": Value("int32"), "cut": Value("bool")})
# datasets would otherwise pickle and hash the generator, with the tokenizer and all mails that it refers to.
FINGERPRINT = "examples"
OPENING, CLOSING = "»", "«"


class Examples(Sequence[TokenizedExample]):
    """A `datasets.Dataset` as a sequence of examples."""

    def __init__(self, dataset: Any) -> None:
        """Wrap a dataset with the columns of `FEATURES`."""
        self._dataset = dataset

    @classmethod
    def write(cls, folder: Path, examples: Iterable[TokenizedExample]) -> "Examples":
        """Write examples to a folder, one after another, and map them into memory.

        Args:
            folder: Its contents are removed first: an interrupted run may have left other examples.
            examples: Consumed once. An error that it raises is passed on.
        """
        shutil.rmtree(folder, ignore_errors=True)
        remaining = iter(examples)
        first = next(remaining, None)
        if first is None:
            return cls(Dataset.from_dict({name: [] for name in FEATURES}, features=FEATURES))
        disable_progress_bars()
        try:
            dataset = Dataset.from_generator(
                lambda: map(vars, itertools.chain([first], remaining)),
                features=FEATURES,
                cache_dir=str(folder),
                fingerprint=FINGERPRINT,
            )
        except DatasetGenerationError as error:
            raise error.__cause__ or error from None
        return cls(dataset)

    def __len__(self) -> int:
        """Number of examples."""
        return len(self._dataset)

    @overload
    def __getitem__(self, index: int) -> TokenizedExample: ...

    @overload
    def __getitem__(self, index: slice) -> list[TokenizedExample]: ...

    def __getitem__(self, index: int | slice) -> TokenizedExample | list[TokenizedExample]:
        """An example, or a list of them."""
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        return TokenizedExample(**self._dataset[range(len(self))[index]])


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
            raise DataError(f"{label}: it has no tokens to learn; is its mail empty?")
        if example.ids[-1] != encoder.end_of_turn:
            raise DataError(
                f"{label}: the end-of-turn token (id {encoder.end_of_turn}) is not a target, so the model would never "
                "learn to stop; use a model with another chat template"
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
