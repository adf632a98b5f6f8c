"""Tokenized examples in an Arrow file that is mapped into memory: 4 bytes per id, where lists need about 40."""

import itertools
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

from datasets import Dataset, Features, List, Value, disable_progress_bars
from datasets.exceptions import DatasetGenerationError

from email_assistant.language_model.encoding import TokenizedExample

FEATURES = Features({"ids": List(Value("int32")), "prompt_length": Value("int32"), "cut": Value("bool")})
# datasets would otherwise pickle and hash the generator, with the tokenizer and all mails that it refers to.
FINGERPRINT = "examples"


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
