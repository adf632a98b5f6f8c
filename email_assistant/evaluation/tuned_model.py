"""The base model with an adapter, ready to write mails with the configured backend."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from email_assistant.configuration.schema import Config
from email_assistant.evaluation.generate_mails import start_llama_cpp
from email_assistant.language_model.adapter_folder import check_base
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.fingerprint import base_fingerprint
from email_assistant.language_model.generation import TextGenerator
from email_assistant.language_model.loading import load_adapter, load_encoder
from email_assistant.language_model.process_settings import set_up_base


@contextmanager
def tuned_model(
    config: Config, distributed: DistributedContext, adapter: Path, scratch: Path | None = None
) -> Iterator[TextGenerator]:
    """Load the base model with an adapter.

    Args:
        config: The whole configuration.
        distributed: Decides the device.
        adapter: The adapter's folder.
        scratch: A folder for the adapter in llama.cpp's format, which the caller removes, as a process must that may
            be ended before the block is; None: a folder of the outputs that is removed here.

    Raises:
        ModelError: when the adapter was trained on another base model.
    """
    # Checked before the base model is read, which takes a while.
    check_base(adapter, base_fingerprint(config.model, config.outputs))
    if config.generation.backend == "llama_cpp":
        with _scratch_folder(config, scratch) as folder:
            yield start_llama_cpp(config.generation, config.model, load_encoder(config.model), adapter, folder)
    else:
        yield load_adapter(
            set_up_base(config.model, distributed), adapter, base_fingerprint(config.model, config.outputs)
        )


@contextmanager
def _scratch_folder(config: Config, scratch: Path | None) -> Iterator[Path]:
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        yield scratch
        return
    config.outputs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=config.outputs) as folder:
        yield Path(folder)
