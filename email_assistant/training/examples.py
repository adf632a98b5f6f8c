"""Encoded examples in a file that is mapped into memory: four bytes an id, where lists take some forty."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from email_assistant.language_model.encoding import TokenizedExample


class Examples(Sequence[TokenizedExample]):
    """Examples in an Arrow file.

    Attributes:
        lengths: (examples,) ids of each.
        num_target_tokens: Supervised ids of all examples together.
    """

    def __init__(self, path: Path) -> None:
        """Map a file that `write` has made."""
        from datasets import Dataset

        table: Any = Dataset.from_file(str(path)).data
        # Views of the file: the ids of many examples one after another, and where each begins.
        self._pages = [(chunk.values.to_numpy(), chunk.offsets.to_numpy()) for chunk in table.column("ids").chunks]
        self._first = np.cumsum([0, *(len(starts) - 1 for _, starts in self._pages)])
        self._prompts = np.asarray(table.column("prompt_length"), dtype=np.int32)
        self._cut = np.asarray(table.column("cut"), dtype=bool)
        self.lengths = np.asarray(table.column("length"), dtype=np.int32)
        self.num_target_tokens = int((self.lengths - self._prompts).sum(dtype=np.int64))

    @classmethod
    def write(cls, path: Path, examples: Iterable[TokenizedExample]) -> "Examples":
        """Write examples as they come, and map them."""
        from datasets import Features, List, Value
        from datasets.arrow_writer import ArrowWriter

        number = Value("int32")
        features = Features({"ids": List(number), "prompt_length": number, "cut": Value("bool"), "length": number})
        path.parent.mkdir(parents=True, exist_ok=True)
        with ArrowWriter(features=features, path=str(path)) as writer:
            for example in examples:
                writer.write({**vars(example), "length": len(example.ids)})
            writer.finalize()
        return cls(path)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.lengths)

    @overload
    def __getitem__(self, place: int) -> TokenizedExample: ...

    @overload
    def __getitem__(self, place: slice) -> list[TokenizedExample]: ...

    def __getitem__(self, place: int | slice) -> TokenizedExample | list[TokenizedExample]:
        """An example, or a list of them."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        page = int(np.searchsorted(self._first, place, "right")) - 1
        ids, starts = self._pages[page]
        row = place - int(self._first[page])
        return TokenizedExample(
            ids[starts[row] : starts[row + 1]].tolist(), int(self._prompts[place]), bool(self._cut[place])
        )
