"""Attention of packed sequences without a mask: that of every sequence by itself."""

import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from pretended_gpu import GPU, GpuTensor, pretended_gpu, to_cpu, to_gpu
from torch.nn import functional
from torch.nn.attention.varlen import varlen_attn

from email_assistant.language_model import varlen_attention
from email_assistant.language_model.varlen_attention import PackedSequences, attention, is_supported

LENGTHS = [5, 1, 9, 3]


def states(heads: int, seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.randn(1, heads, sum(LENGTHS), 8)


def expected(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int | None) -> torch.Tensor:
    """By torch's attention with a mask of all pairs of tokens."""
    sequence = torch.repeat_interleave(torch.arange(len(LENGTHS)), torch.tensor(LENGTHS))
    position = torch.arange(sum(LENGTHS))
    distance = position[:, None] - position
    mask = (sequence[:, None] == sequence) & (distance >= 0) & (distance < (window or 100))
    found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=0.3, enable_gqa=True)
    return found.transpose(1, 2)


@pytest.mark.parametrize("window", [None, 4])
def test_each_sequence_attends_to_itself(window: int | None) -> None:
    query, key, value = states(4, 1), states(2, 2), states(2, 3)
    packed = PackedSequences.of(LENGTHS, torch.device("cpu"))
    found, _ = attention(None, query, key, value, None, packed, 0.3, window)
    assert torch.allclose(found, expected(query, key, value, window), atol=1e-5)


def varlen_as_documented(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seq_q: torch.Tensor,
    cu_seq_k: torch.Tensor,
    max_q: int,
    max_k: int,
    *,
    scale: float,
    window_size: tuple[int, int],
    enable_gqa: bool,
) -> torch.Tensor:
    """What torch's documentation says of its function, by a mask; the window is (tokens before, tokens after)."""
    assert all(isinstance(each, GpuTensor) for each in (query, key, value, cu_seq_q, cu_seq_k))
    assert cu_seq_q.dtype == cu_seq_k.dtype == torch.int32 and enable_gqa and window_size[1] == 0
    assert query.shape[1:] == (4, 8) and key.shape[1:] == (2, 8) and query.dtype == key.dtype == value.dtype
    ends = to_cpu(cu_seq_q)
    assert ends.tolist() == [0, 5, 6, 15, 18] and max_q == max_k == 9 and scale == 0.3
    given = (to_cpu(each).transpose(0, 1)[None] for each in (query, key, value))
    window = None if window_size[0] < 0 else window_size[0] + 1
    return to_gpu(expected(*given, window)[0])


def check_on_a_gpu(window: int | None) -> None:
    """Compare the attention on a pretended GPU with that of each sequence by itself."""
    query, key, value = states(4, 1), states(2, 2), states(2, 3)
    with pretended_gpu():
        packed = PackedSequences.of(LENGTHS, GPU)
        on_gpu = (to_gpu(each) for each in (query, key, value))
        found, _ = attention(None, *on_gpu, None, packed, 0.3, window)
        assert torch.allclose(to_cpu(found), expected(query, key, value, window), atol=1e-5)


@pytest.mark.parametrize("window", [None, 4])
def test_on_a_gpu_it_is_torch_s_flash_attention(window: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("varlen")
    module.varlen_attn = varlen_as_documented
    monkeypatch.setitem(sys.modules, "torch.nn.attention.varlen", module)
    check_on_a_gpu(window)


@pytest.fixture
def older_torch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """Replaces torch's function by that of another version; None: there is none."""

    def replace(function: Any) -> None:
        module: Any = ModuleType("varlen")
        if function is not None:
            module.varlen_attn = function
        monkeypatch.setitem(sys.modules, "torch.nn.attention.varlen", module)
        varlen_attention._parameters.cache_clear()

    yield replace
    monkeypatch.undo()
    varlen_attention._parameters.cache_clear()


def test_a_torch_without_groups_of_queries_gets_a_key_for_each(older_torch: Callable[[Any], None]) -> None:
    def without_groups(*given: Any, scale: float, window_size: tuple[int, int]) -> torch.Tensor:
        query, key, value, *others = given
        assert query.shape == key.shape == value.shape
        return varlen_as_documented(
            *(query, key[:, ::2], value[:, ::2], *others), scale=scale, window_size=window_size, enable_gqa=True
        )

    older_torch(without_groups)
    check_on_a_gpu(None)


def causal_only(query: Any, key: Any, value: Any, is_causal: bool = False) -> None:
    """As torch 2.10 has it, with fewer arguments."""


@pytest.mark.parametrize("function", [None, causal_only])
def test_a_torch_that_cannot_do_it_is_not_asked_to(
    function: Any, older_torch: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    config = SimpleNamespace(attention_dropout=0.0, _attn_implementation="sdpa", head_dim=64)
    with pretended_gpu():
        embedding = SimpleNamespace(weight=torch.zeros(2, 2, dtype=torch.bfloat16, device="cuda"))
        model = SimpleNamespace(config=config, get_input_embeddings=lambda: embedding, _supports_attention_backend=True)
        assert is_supported(model)
        older_torch(function)
        assert not is_supported(model)


def test_torch_s_function_has_the_arguments_that_are_given() -> None:
    names = list(inspect.signature(varlen_attn).parameters)
    assert names[:7] == ["query", "key", "value", "cu_seq_q", "cu_seq_k", "max_q", "max_k"]
    assert {"scale", "window_size", "enable_gqa"} <= set(names)


@pytest.mark.parametrize(
    ("change", "supported"),
    [
        ({}, True),
        ({"dtype": torch.float32}, False),
        ({"device": "cpu"}, False),
        ({"capability": (7, 5)}, False),
        ({"head_dim": 12}, False),
        ({"head_dim": 320}, False),
        ({"attention_dropout": 0.1}, False),
        ({"_attn_implementation": "eager"}, False),
        ({"attention_chosen": False}, False),
    ],
)
def test_only_what_flash_attention_computes_is_left_to_it(
    change: dict[str, Any], supported: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"dtype": torch.bfloat16, "device": "cuda", "capability": (9, 0), "head_dim": 64} | change
    capability, attention_chosen = given.pop("capability"), given.pop("attention_chosen", True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    config = {"attention_dropout": 0.0, "_attn_implementation": "sdpa"} | {
        name: value for name, value in given.items() if name not in ("dtype", "device")
    }
    with pretended_gpu():
        weight = torch.zeros(2, 2, dtype=given["dtype"], device=given["device"])
        embedding = SimpleNamespace(weight=weight)
        model = SimpleNamespace(
            config=SimpleNamespace(**config),
            get_input_embeddings=lambda: embedding,
            _supports_attention_backend=attention_chosen,
        )
        assert is_supported(model) == supported
