"""The memory of a training, decided before it starts."""

import dataclasses
import logging
from pathlib import Path

import pytest
from composed import composed_config
from conftest import model_settings

from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import load_base
from email_assistant.stages.fit_adapter import _recomputes

SHARDED = DistributedContext(world_size=2, sharded=True)


@pytest.mark.parametrize(
    ("limit", "distributed", "expected", "said"),
    [
        (None, SINGLE_PROCESS, False, None),
        # This process uses more already.
        (0.001, SINGLE_PROCESS, True, "to save 0.0 GB of memory, all 2 layers compute their activations twice"),
        (None, SHARDED, True, "to save memory, all 2 layers compute their activations twice"),
    ],
)
def test_a_training_keeps_its_limit_of_memory_and_says_which_layers_recompute(
    tiny_model: Path,
    archive: Path,
    tmp_path: Path,
    limit: float | None,
    distributed: DistributedContext,
    expected: bool,
    said: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    config = composed_config(tiny_model, archive, tmp_path)
    trainer = dataclasses.replace(config.trainer, gradient_checkpointing="auto", memory_gb=limit)
    config = dataclasses.replace(config, trainer=trainer)
    base = load_base(model_settings(tiny_model))
    caplog.clear()
    assert _recomputes(config, base, [TokenizedExample([1, 2, 3, 4], 2)], distributed) is expected
    messages = [message for message in caplog.messages if "activations" in message]
    # After the name of the stage.
    assert [message.partition(" in each step")[0].partition(" ")[2].strip() for message in messages] == (
        [said] if said else []
    )
