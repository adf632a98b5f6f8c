"""The decoder of a GPU on the processor, with functions instead of CUDA graphs."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from conftest import lora, model_settings
from pretended_gpu import waits_of
from torch import nn

from email_assistant.language_model.decoder import Decoder
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.language_model.static_decoder import StaticDecoder, Step


class OnCpu(StaticDecoder):
    """The decoder of a GPU on the processor."""

    @staticmethod
    def _read(model: nn.Module) -> Decoder | None:
        return Decoder.from_model(model, for_training=True)


class PretendedGraphs:
    """Instead of graphs: functions with fixed inputs and a fixed output, as those of graphs.

    Attributes:
        shapes: Rows and vocabulary of each that was recorded.
        replays: How often they were called.
    """

    def __init__(self) -> None:
        self.shapes: list[tuple[int, int]] = []
        self.replays = 0

    def record(self, step: Step, *inputs: torch.Tensor) -> Step:
        """Stand in for `static_decoder.record`."""
        static = [each.clone() for each in inputs]
        output = step(*static)
        self.shapes.append((len(output), output.shape[1]))

        def replay(*given: torch.Tensor) -> torch.Tensor:
            self.replays += 1
            for to, each in zip(static, given, strict=True):
                to.copy_(each)
            assert waits_of(lambda: output.copy_(step(*static))) == 0
            return output

        return replay


def adapted(path: Path, dtype: Any = "float32", quantization: str = "none") -> LanguageModel:
    """A model with an adapter that has an effect."""
    settings = dataclasses.replace(model_settings(path, quantization), dtype=dtype)
    model = add_adapter(load_base(settings), lora(alpha=4), seed=1)
    for name, weight in model.model.named_parameters():
        if "lora_B" in name:
            torch.manual_seed(len(name))
            nn.init.normal_(weight, std=0.1)
    model.model.eval()
    return model
