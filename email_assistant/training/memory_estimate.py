"""The memory of a training step, estimated by running its operations on tensors without data.

The real code (model, adapter, loss, backward pass) runs on fake tensors while the storages that are alive are counted.
It runs with one and with two layers; each further layer adds as much as the second did.
"""

import dataclasses
import weakref
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import PretrainedConfig

from email_assistant.configuration.schema import Lora
from email_assistant.language_model.decoder import recomputed_layers
from email_assistant.language_model.loading import attach_lora
from email_assistant.language_model.meta_model import build_on_meta, with_layers
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss, ForwardMode

# Bytes of the optimizer's state for each weight; in 8 bit, both moments have a float32 scale for every 256 weights.
OPTIMIZER_BYTES = {"adamw": 8.0, "paged_adamw_8bit": 2 + 2 * 4 / 256}
# The layout of weights that oneDNN has packed.
PACKED: torch.layout = torch._mkldnn  # type: ignore[attr-defined]


@dataclass(frozen=True)
class MicroBatch:
    """The shape of a micro-batch.

    Attributes:
        lengths: Number of tokens of each sequence.
        target_share: The share of the tokens that are targets, in [0, 1].
    """

    lengths: list[int]
    target_share: float

    @property
    def num_tokens(self) -> int:
        """Number of tokens of all sequences."""
        return sum(self.lengths)


@dataclass(frozen=True)
class ComputeSpec:
    """Settings of a model's computation.

    Attributes:
        dtype: The number format of the computation; adapters are float32.
        nf4: Whether the base's linear layers are in 4 bit.
        mode: How the loss runs the model.
        recompute: The layers, from the first on, that recompute activations in the backward pass; True: all.
        on_cuda: Whether it is for a GPU; the estimate itself is made on the CPU.
    """

    dtype: torch.dtype
    nf4: bool
    mode: ForwardMode
    recompute: bool | int = False
    on_cuda: bool = False

    @property
    def casts_lora_inputs(self) -> bool:
        """Whether peft copies the input of every adapter into the adapter's format, float32.

        Its layer for 4-bit weights leaves that to CUDA's autocast; on the CPU, and in its layer for dense weights, it
        is done in any case.
        """
        return not (self.nf4 and self.on_cuda and self.dtype != torch.float32)


@dataclass(frozen=True)
class StepMemory:
    """Bytes that a training step needs in addition to the base's weights.

    Attributes:
        adapter: The trained weights.
        gradients: Gradients of the trained weights.
        optimizer: The optimizer's moments.
        average: Moving average of the weights.
        activations: What is kept for the backward pass, plus the largest working memory.
        saved_per_layer: How much less it would be for each further layer that recomputes its activations.
    """

    adapter: int
    gradients: int
    optimizer: int
    average: int
    activations: int
    saved_per_layer: int

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return self.adapter + self.gradients + self.optimizer + self.average + self.activations


def estimate_step(
    config: PretrainedConfig, lora: Lora, spec: ComputeSpec, batch: MicroBatch, optimizer: str, averaged: bool
) -> StepMemory:
    """The memory of a step over one micro-batch.

    Args:
        config: The base's architecture.
        lora: The adapter; all layers are assumed to have one, whatever `lora.layers` is.
        spec: How the model is computed.
        batch: The micro-batch.
        optimizer: `trainer.optimizer`.
        averaged: Whether a moving average of the weights is kept.
    """
    layers = config.num_hidden_layers
    (peak_1, adapter_1), (peak_2, adapter_2) = (
        _simulate(with_layers(config, count), lora, spec, batch) for count in (1, 2)
    )
    adapter = adapter_1 + (layers - 1) * (adapter_2 - adapter_1)
    # With recomputation each layer's input is kept; other activations exist for one layer at a time.
    item_size = torch.float32.itemsize if spec.mode == "decoder" else spec.dtype.itemsize
    layer_input = batch.num_tokens * config.hidden_size * item_size
    # The last layer keeps its own in any case: its backward pass comes first.
    kept, recomputed = peak_2 - peak_1, min(recomputed_layers(spec.recompute, layers), layers - 1)
    activations = peak_1 + recomputed * layer_input + (layers - 1 - recomputed) * kept
    num_weights = adapter // 4
    return StepMemory(
        adapter,
        adapter,
        round(num_weights * OPTIMIZER_BYTES[optimizer]),
        averaged * adapter,
        activations,
        max(0, kept - layer_input),
    )


def on_every_layer(lora: Lora) -> Lora:
    """An adapter of all layers, however many there are, whose initial values do not depend on the base's weights."""
    return dataclasses.replace(lora, init="default", layers=None)


def _simulate(config: PretrainedConfig, lora: Lora, spec: ComputeSpec, batch: MicroBatch) -> tuple[int, int]:
    """The largest number of bytes that a step allocates, without gradients, and the bytes of the adapter."""
    # peft takes seconds to import.
    from peft.helpers import disable_input_dtype_casting

    model = attach_lora(build_on_meta(config, spec.dtype, spec.nf4), on_every_layer(lora), low_cpu_mem_usage=True)
    model.train()
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    adapter_bytes = sum(weight.numel() * weight.element_size() for weight in trained)
    with FakeTensorMode():
        _replace_meta_tensors(model)
        for weight in model.parameters():
            if weight.requires_grad:
                # Existing gradients are not counted by the tracker; the estimate has them as a part of its own.
                weight.grad = torch.zeros_like(weight)
        count = batch.num_tokens
        empty = Batch(torch.zeros(count, dtype=torch.long), torch.zeros(count, dtype=torch.bool), batch.lengths)
        loss = CompletionLoss(model, (spec.mode,))
        loss.mode = spec.mode
        tracker = AllocationTracker()
        with disable_input_dtype_casting(model, active=not spec.casts_lora_inputs), tracker:
            num_targets = max(1, round(batch.target_share * count))
            loss.loss_of_fake_batch(empty, num_targets).backward()  # type: ignore[no-untyped-call]
    return tracker.peak, adapter_bytes


def _replace_meta_tensors(model: nn.Module) -> None:
    """Replace tensors on the meta device by fake tensors of the same shapes on the CPU."""
    replaced: dict[int, nn.Parameter] = {}
    for module in model.modules():
        for name, weight in list(module._parameters.items()):
            if weight is not None:
                if id(weight) not in replaced:
                    fake = torch.empty(weight.shape, dtype=weight.dtype)
                    replaced[id(weight)] = nn.Parameter(fake, requires_grad=weight.requires_grad)
                module._parameters[name] = replaced[id(weight)]
        for name, buffer in list(module._buffers.items()):
            if buffer is not None:
                module._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype)


class AllocationTracker(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of the storages that operations allocate, as long as they are alive.

    Attributes:
        current: Bytes that are alive.
        peak: The largest that `current` was.
    """

    def __init__(self) -> None:
        """Start at 0 bytes."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.current = self.peak = 0
        self._alive: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and count the storages that it returns, unless they are its inputs'."""
        inputs = {_storage_id(tensor) for tensor in _tensors(args)}
        is_grouped = func is torch.ops.aten._grouped_mm.default and isinstance(args[0], FakeTensor)
        outputs = _grouped_product(*args[:3]) if is_grouped else func(*args, **(kwargs or {}))
        for tensor in _tensors(outputs):
            if _storage_id(tensor) not in inputs:
                self._track(tensor)
        return outputs

    def _track(self, tensor: torch.Tensor) -> None:
        key = _storage_id(tensor)
        if key in self._alive:
            return
        # A weight in oneDNN's layout has no storage of its own.
        is_packed = tensor.layout == PACKED
        owner: Any = tensor if is_packed else tensor.untyped_storage()
        size = tensor.nbytes if is_packed else owner.nbytes()
        self.current += size
        self.peak = max(self.peak, self.current)

        def freed(reference: Any) -> None:
            self.current -= size
            self._alive.pop(key, None)

        self._alive[key] = weakref.ref(owner, freed)


def _grouped_product(left: torch.Tensor, right: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """The shape of the products of tokens with the weights of their experts: torch knows it only in bfloat16.

    Args:
        left: (tokens, in), or its transpose for the gradient of the weights.
        right: (experts, in, out), or (tokens, out) for the gradient of the weights.
        ends: (experts,): where the tokens of each expert end.
    """
    experts = () if right.dim() == 3 else (len(ends),)
    return left.new_empty(*experts, left.shape[0], right.shape[-1])


def _storage_id(tensor: torch.Tensor) -> int:
    return id(tensor) if tensor.layout == PACKED else int(tensor.untyped_storage()._cdata)


def _tensors(values: Any) -> list[torch.Tensor]:
    """All tensors in nested lists and tuples, as operations take and return them; `tree_map` takes much longer."""
    if isinstance(values, torch.Tensor):
        return [values]
    return [tensor for value in values for tensor in _tensors(value)] if isinstance(values, list | tuple) else []
