"""The memory of a training step before there is one: its operations are run on tensors without contents.

The real code runs (model, adapter, loss, backward pass), on shapes alone, and what is alive is counted
storage by storage. One and two layers are run; every further one adds what the second did.
"""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from transformers import PretrainedConfig

from email_assistant.configuration.schema import Lora
from email_assistant.language_model.loading import attach_lora
from email_assistant.language_model.meta_model import build_on_meta, with_layers
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss, ForwardMode

OPTIMIZER_BYTES = {"adamw": 8, "paged_adamw_8bit": 2}


@dataclass(frozen=True)
class Footprint:
    """Bytes of a step.

    Attributes:
        adapter: The weights that are trained.
        gradients: Theirs.
        optimizer: Its moments.
        average: Of the weights over the steps, where there is one.
        activations: What the backward pass needs, and the step's largest working memory beside it.
    """

    adapter: int
    gradients: int
    optimizer: int
    average: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.adapter + self.gradients + self.optimizer + self.average + self.activations


def step_footprint(
    config: PretrainedConfig,
    lora: Lora,
    *,
    dtype: torch.dtype,
    nf4: bool,
    way: ForwardMode,
    lengths: Sequence[int],
    supervised: float,
    optimizer: str,
    averaged: bool,
    recompute: bool,
) -> Footprint:
    """What one micro-batch takes beside the frozen weights.

    Args:
        config: The base's architecture.
        lora: The adapter; `lora.layers` counts as all.
        dtype: Of the computation; adapters are float32.
        nf4: Whether the base's linear layers are held in 4 bit.
        way: How the loss runs the model (`email_assistant.training.loss`).
        lengths: Of the micro-batch's sequences.
        supervised: The share of their tokens that is supervised.
        optimizer: As configured.
        averaged: Whether an average of the weights is kept.
        recompute: Whether activations are made again in the backward pass.
    """
    layers = config.num_hidden_layers
    runs = [_run(with_layers(config, count), lora, dtype, nf4, way, lengths, supervised) for count in (1, 2)]
    (peak_1, adapter_1), (peak_2, adapter_2) = runs
    adapter = adapter_1 + (layers - 1) * (adapter_2 - adapter_1)
    # Gradients were alive in the runs' peaks; they are counted by themselves.
    if recompute:
        # Each layer's input is kept; the others' activations come and go one layer at a time.
        kept = sum(lengths) * config.hidden_size * dtype.itemsize
        activations = peak_1 + (layers - 1) * kept
    else:
        activations = peak_1 + (layers - 1) * (peak_2 - peak_1)
    values = adapter // 4
    return Footprint(adapter, adapter, values * OPTIMIZER_BYTES[optimizer], averaged * adapter, activations)


def _run(
    config: PretrainedConfig,
    lora: Lora,
    dtype: torch.dtype,
    nf4: bool,
    way: ForwardMode,
    lengths: Sequence[int],
    supervised: float,
) -> tuple[int, int]:
    """The most bytes alive in a step that were not before it, and the bytes of the adapter."""
    model = attach_lora(build_on_meta(config, dtype, nf4), lora, low_cpu_mem_usage=True)
    model.train()
    adapter = sum(weight.numel() * weight.element_size() for weight in model.parameters() if weight.requires_grad)
    with FakeTensorMode():
        _make_fake(model)
        for weight in model.parameters():
            if weight.requires_grad:
                weight.grad = torch.zeros_like(weight)
        tokens = sum(lengths)
        batch = Batch(torch.zeros(tokens, dtype=torch.long), torch.zeros(tokens, dtype=torch.bool), list(lengths))
        alive = _Alive()
        loss = CompletionLoss(model, (way,))
        loss.way = way
        with alive, torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            loss.of_shapes(batch, max(1, round(supervised * tokens))).backward()  # type: ignore[no-untyped-call]
    return alive.peak, adapter


def _make_fake(model: nn.Module) -> None:
    """Put tensors of the same shapes on the processor, without contents, in place of those on the meta device."""
    made: dict[int, nn.Parameter] = {}
    for module in model.modules():
        for name, weight in list(module._parameters.items()):
            if weight is not None:
                if id(weight) not in made:
                    fake = torch.empty(weight.shape, dtype=weight.dtype)
                    made[id(weight)] = nn.Parameter(fake, requires_grad=weight.requires_grad)
                module._parameters[name] = made[id(weight)]
        for name, buffer in list(module._buffers.items()):
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)


class _Alive(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of storages that operations make, while they are alive."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {_id_of(tensor) for tensor in _tensors(args)}
        out = func(*args, **(kwargs or {}))
        for tensor in _tensors(out):
            if _id_of(tensor) not in given:
                self._see(tensor)
        return out

    def _see(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self.now += size
        self.peak = max(self.peak, self.now)

        def gone(reference: Any) -> None:
            self.now -= size
            self._known.pop(key, None)

        self._known[key] = weakref.ref(storage, gone)


def _id_of(tensor: torch.Tensor) -> int:
    """What tells one storage from another."""
    return int(tensor.untyped_storage()._cdata)


def _tensors(values: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    tree_map_only(torch.Tensor, found.append, values)
    return found
