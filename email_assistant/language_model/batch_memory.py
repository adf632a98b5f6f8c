"""How many rows a GPU has room for, before anything is generated.

Running out of memory costs more than a smaller batch: all rows that are not finished start again.
"""

from bisect import bisect_right
from dataclasses import dataclass

from transformers import PretrainedConfig

from email_assistant.language_model.continuous_batch import PREFILL_TOKENS
from email_assistant.language_model.device import available_memory
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.meta_model import feed_forward_width, key_value_width
from email_assistant.language_model.static_batch import SCORED_TOKENS
from email_assistant.language_model.static_decoder import TOKEN_STEP, dense_copy_bytes, padded_tokens, power_of_two

# The share of the free memory that is planned for: torch's allocator leaves gaps.
MEMORY_SHARE = 0.9
# Tensors of float32 logits that exist at once while tokens are chosen, and while the tokens of a text are scored.
LOGITS_COPIES, SCORED_COPIES = 4, 2


@dataclass(frozen=True)
class RowMemory:
    """What rows need besides the model's weights, on a GPU or wherever transformers generates.

    Attributes:
        config: The model's architecture.
        item_size: Bytes of a number in the format of the computation.
        prompt_tokens: Length of the longest prompt.
        new_tokens: The maximum number of generated tokens.
        is_static: Whether `StaticDecoder` generates; else transformers does.
        is_adapted: Whether the model has an adapter.
        beams: Rows of each prompt, if they are the beams of a search; 1: no search.
    """

    config: PretrainedConfig
    item_size: int
    prompt_tokens: int
    new_tokens: int
    is_static: bool
    is_adapted: bool
    beams: int = 1

    def needed(self, rows: int) -> int:
        """Bytes that this many rows need."""
        return self.cache(rows) + self.working(rows)

    def largest_batch(self, free: int, most: int) -> int:
        """The most rows that need no more than `free` bytes: at least 1, and at most `most`."""
        return max(1, bisect_right(range(1, most + 1), free, key=self.needed))

    def rows_to_write(self, free: int, most: int) -> int:
        """The rows to write at a time, with `free` bytes beside all weights: those of whole prompts, at least of one.

        Args:
            free: Bytes that are free; a tenth of them stays so.
            most: The largest number of rows.
        """
        return max(1, self.largest_batch(int(MEMORY_SHARE * free), most) // self.beams) * self.beams

    def cache(self, rows: int) -> int:
        """Bytes of the keys and values of this many rows."""
        tokens = rows * (self.prompt_tokens + self.new_tokens)
        if self.is_static:
            tokens = power_of_two(rows) * padded_tokens(self.prompt_tokens + self.new_tokens)
        # A layer has both its old and its new ones while there is room made for more.
        layers = int(self.config.num_hidden_layers) + 1
        return layers * tokens * 2 * key_value_width(self.config) * self.item_size

    def working(self, rows: int) -> int:
        """Bytes that this many rows need besides their keys and values."""
        prefill, logits = self._prefill(rows), self._logits(rows)
        # Only recorded steps keep their logits while further prompts are read.
        return prefill + logits if self.is_static else max(prefill, logits)

    def _prefill(self, rows: int) -> int:
        tokens = rows * self.prompt_tokens
        if self.is_static:
            # It reads a prompt once for all of its beams.
            tokens = max(self.prompt_tokens, min(tokens // self.beams, PREFILL_TOKENS))
        elif self.beams > 1:
            # transformers reads each text that was found once more, to score it.
            tokens = max(tokens, self.prompt_tokens + self.new_tokens)
        return tokens * self._bytes_per_token

    @property
    def _bytes_per_token(self) -> int:
        """What each token of a prompt needs in a layer's feed-forward part, where most is in memory at once."""
        width, inner, size = int(self.config.hidden_size), feed_forward_width(self.config), self.item_size
        if self.is_static:
            # Norms and the residual stream are in float32. In 16 bits, an adapter's products are appended to the input.
            appended = inner if self.is_adapted and size < 4 else 0
            return 4 * 4 * width + size * (4 * width + 2 * key_value_width(self.config) + 3 * inner + appended)
        if self.is_adapted:
            # peft computes the adapter in float32, and scales a copy of its product.
            return size * (5 * width + 2 * inner) + 4 * (width + 2 * inner)
        return size * (5 * width + 3 * inner)

    def _logits(self, rows: int) -> int:
        vocabulary, chosen = int(self.config.vocab_size), LOGITS_COPIES * 4 * rows
        if not self.is_static:
            logits = chosen + self.item_size * rows
            if self.beams > 1:
                scored = SCORED_COPIES * 4 * min(SCORED_TOKENS, self.new_tokens)
                logits = max(logits, self.item_size * (self.new_tokens + 1) + scored)
            return vocabulary * logits
        # Every recorded step keeps its own, in both formats, for each length and for fewer and fewer rows at the end.
        lengths = padded_tokens(self.prompt_tokens + self.new_tokens) // TOKEN_STEP
        recorded = 2 * power_of_two(rows) * lengths * (self.item_size + 4)
        return vocabulary * (chosen + recorded)


def fitting_rows(model: LanguageModel, prompt_tokens: int, new_tokens: int, most: int, beams: int = 1) -> int:
    """How many rows to generate at once.

    Args:
        model: A model on its device.
        prompt_tokens: Length of the longest prompt.
        new_tokens: The maximum number of generated tokens.
        most: The largest number.
        beams: Rows of each prompt, if they are the beams of a search; 1: no search.

    Returns:
        On a GPU as many as fit into its free memory, at least those of one prompt; elsewhere `most`.
    """
    if model.device.type != "cuda":
        return most
    free = available_memory(model.device)
    dense = dense_copy_bytes(model, free)
    is_adapted = hasattr(model.model, "get_base_model")
    memory = RowMemory(
        model.model.config, model.dtype.itemsize, prompt_tokens, new_tokens, dense > 0, is_adapted, beams
    )
    return memory.rows_to_write(free - dense, most)
