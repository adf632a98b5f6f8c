"""Attention of packed sequences on a GPU, each to itself, without a mask.

Given a mask, torch computes every pair of tokens of all sequences, and repeats keys and values for each query head.
Flash attention for sequences of different lengths (Dao 2023, arXiv:2307.08691) computes only the pairs that are needed.
"""

import inspect
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.nn import functional
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

# The name of this attention in configurations of transformers.
NAME = "email_assistant_varlen"
DTYPES = (torch.bfloat16, torch.float16)
# The oldest GPUs with flash attention (Ampere), and the widest heads.
MIN_CAPABILITY, MAX_HEAD_DIM = (8, 0), 256


class PackedSequences(NamedTuple):
    """Where the sequences of a packed row are.

    Attributes:
        offsets: (sequences + 1,) int32: the first token of each, and the number of all tokens.
        lengths: Number of tokens of each.
    """

    offsets: torch.Tensor
    lengths: list[int]

    @classmethod
    def of(cls, lengths: list[int], device: torch.device) -> "PackedSequences":
        """Sequences of these lengths, one after another."""
        offsets = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
        return cls(offsets.to(device), lengths)


def suits(transformer: Any) -> bool:
    """Whether a model of transformers without its head could run with this attention, on whatever device it is."""
    weight, config = transformer.get_input_embeddings().weight, transformer.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return (
        weight.dtype in DTYPES
        # Its attention is one that can be chosen, and gets what the model is given.
        and getattr(transformer, "_supports_attention_backend", False)
        and config._attn_implementation in ("sdpa", NAME)
        and not getattr(config, "attention_dropout", 0.0)
        and head_dim % 8 == 0
        and head_dim <= MAX_HEAD_DIM
        and {"scale", "window_size"} <= _parameters()
    )


def is_supported(transformer: Any) -> bool:
    """Whether a model of transformers without its head can run with this attention on its device."""
    device = transformer.get_input_embeddings().weight.device
    return device.type == "cuda" and suits(transformer) and torch.cuda.get_device_capability() >= MIN_CAPABILITY


@cache
def _parameters() -> frozenset[str]:
    """What torch's flash attention of sequences can be given; empty in a version of torch without it."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return frozenset()
    return frozenset(inspect.signature(varlen_attn).parameters)


def install(transformer: Any) -> None:
    """Let a model use this attention where it is given `PackedSequences`; elsewhere it computes as before."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    transformer.config._attn_implementation = NAME


def arguments(lengths: list[int], device: torch.device) -> dict[str, Any]:
    """Arguments of the forward pass of a model with this attention, for one packed row."""
    # transformers makes no mask where it is given one with four dimensions, which this attention does not read.
    unread = torch.zeros(1, 1, 1, 1, dtype=torch.bool, device=device)
    return {"attention_mask": unread, "packed": PackedSequences.of(lengths, device)}


def attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    packed: PackedSequences | None = None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """An attention function of transformers.

    Args:
        module: The attention of a layer.
        query: (rows, heads, tokens, head_dim).
        key: (rows, key-value heads, tokens, head_dim).
        value: Like the keys.
        attention_mask: Not read where sequences are given.
        packed: The sequences of a single row; None: as transformers computes it with torch's attention.
        scaling: Factor of the scores.
        sliding_window: How many tokens each token sees, including itself; None: all before it.
        others: What transformers gives to every attention function.

    Returns:
        (rows, tokens, heads, head_dim), and no weights.
    """
    if packed is None:
        # It reads the window in the mask.
        attended, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **others)
        return attended, None
    by_token = [each[0].transpose(0, 1) for each in (query, key, value)]
    return packed_attention(by_token, packed, scaling, sliding_window)[None], None


def packed_attention(
    by_token: list[torch.Tensor], packed: PackedSequences, scaling: float | None, window: int | None
) -> torch.Tensor:
    """Attention of each sequence to itself, (tokens, heads, head_dim).

    Args:
        by_token: Queries, (tokens, heads, head_dim), and keys and values, (tokens, key-value heads, head_dim).
        packed: The sequences.
        scaling: Factor of the scores.
        window: How many tokens each token sees, including itself; None: all before it.
    """
    compute = _flash if by_token[0].device.type == "cuda" else _one_by_one
    return compute(by_token, packed, scaling, window)


def _flash(
    by_token: list[torch.Tensor], packed: PackedSequences, scaling: float | None, window: int | None
) -> torch.Tensor:
    """The attention, (tokens, heads, head_dim), of queries, keys and values of that shape."""
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = by_token
    groups: dict[str, Any] = {"enable_gqa": True}
    if "enable_gqa" not in _parameters():
        # torch before 2.12.
        key, value = (each.repeat_interleave(query.shape[1] // each.shape[1], dim=1) for each in (key, value))
        groups = {}
    offsets, longest = packed.offsets.to(query.device), max(packed.lengths)
    left = -1 if window is None else window - 1
    attended: Any = varlen_attn(
        *(query, key.to(query.dtype), value.to(query.dtype), offsets, offsets, longest, longest),
        scale=scaling,
        window_size=(left, 0),
        **groups,
    )
    return attended  # type: ignore[no-any-return]


def _one_by_one(
    by_token: list[torch.Tensor], packed: PackedSequences, scaling: float | None, window: int | None
) -> torch.Tensor:
    """As `_flash`, sequence by sequence: for CPUs, and for memory estimates."""
    attended = []
    for parts in zip(*(torch.split(each, packed.lengths) for each in by_token), strict=True):
        query, key, value = (part.transpose(0, 1)[None] for part in parts)
        mask = causal_mask(query.shape[2], query.shape[2], window, query.device)
        of_sequence = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=mask is None, scale=scaling, enable_gqa=True
        )
        attended.append(of_sequence[0].transpose(0, 1))
    return torch.cat(attended)


def causal_mask(num_queries: int, num_keys: int, window: int | None, device: torch.device) -> torch.Tensor | None:
    """Which keys the last tokens of a sequence see, (queries, keys) bool; None if all tokens see all before them."""
    num_earlier, window = num_keys - num_queries, min(window or num_keys, num_keys)
    if not num_earlier and window == num_keys:
        return None
    mask = torch.ones(num_queries, num_keys, dtype=torch.bool, device=device).tril_(num_earlier)
    return mask if window == num_keys else mask.triu_(num_earlier - window + 1)
