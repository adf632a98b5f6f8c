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
from email_assistant.language_model.static_decoder import TOKEN_STEP, dense_copy_bytes, padded_tokens, power_of_two

# The share of the free memory that is planned for: torch's allocator leaves gaps.
MEMORY_SHARE = 0.9
# Tensors of float32 logits that exist at once while tokens are chosen.
LOGITS_COPIES = 4


@dataclass(frozen=True)
class RowMemory:
    """What rows need on a GPU besides the model's weights.

    Attributes:
        config: The model's architecture.
        item_size: Bytes of a number in the format of the computation.
        prompt_tokens: Length of the longest prompt.
        new_tokens: The maximum number of generated tokens.
        is_static: Whether `StaticDecoder` generates; else transformers does.
    """

    config: PretrainedConfig
    item_size: int
    prompt_tokens: int
    new_tokens: int
    is_static: bool

    def needed(self, rows: int) -> int:
        """Bytes that this many rows need."""
        return self._keys_and_values(rows) + self._prefill(rows) + self._logits(rows)

    def largest_batch(self, free: int, most: int) -> int:
        """The most rows that need no more than `free` bytes: at least 1, and at most `most`."""
        return max(1, bisect_right(range(1, most + 1), free, key=self.needed))

    def _keys_and_values(self, rows: int) -> int:
        tokens = rows * (self.prompt_tokens + self.new_tokens)
        if self.is_static:
            tokens = power_of_two(rows) * padded_tokens(self.prompt_tokens + self.new_tokens)
        # A layer has both its old and its new ones while there is room made for more.
        layers = int(self.config.num_hidden_layers) + 1
        return layers * tokens * 2 * key_value_width(self.config) * self.item_size

    def _prefill(self, rows: int) -> int:
        tokens = rows * self.prompt_tokens
        if self.is_static:
            tokens = max(self.prompt_tokens, min(tokens, PREFILL_TOKENS))
        width = int(self.config.hidden_size)
        projected = width + 2 * key_value_width(self.config) + 3 * feed_forward_width(self.config)
        # Norms and the residual stream are in float32.
        return tokens * (5 * 4 * width + self.item_size * projected)

    def _logits(self, rows: int) -> int:
        vocabulary, chosen = int(self.config.vocab_size), LOGITS_COPIES * 4 * rows
        if not self.is_static:
            return vocabulary * (chosen + self.item_size * rows)
        # Every recorded step keeps its own, in both formats, for each length and for fewer and fewer rows at the end.
        lengths = padded_tokens(self.prompt_tokens + self.new_tokens) // TOKEN_STEP
        recorded = 2 * power_of_two(rows) * lengths * (self.item_size + 4)
        return vocabulary * (chosen + recorded)


def fitting_rows(model: LanguageModel, prompt_tokens: int, new_tokens: int, most: int) -> int:
    """How many rows to generate at once.

    Args:
        model: A model on its device.
        prompt_tokens: Length of the longest prompt.
        new_tokens: The maximum number of generated tokens.
        most: The largest number.

    Returns:
        On a GPU as many as fit into its free memory, at least 1; elsewhere `most`.
    """
    if model.device.type != "cuda":
        return most
    free = available_memory(model.device)
    dense = dense_copy_bytes(model, free)
    memory = RowMemory(model.model.config, model.dtype.itemsize, prompt_tokens, new_tokens, dense > 0)
    return memory.largest_batch(int(MEMORY_SHARE * (free - dense)), most)
