"""Seconds to load a model from a folder, with and without quantization."""

import dataclasses
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.gpu import models
from benchmarks.gpu.session import Session
from benchmarks.gpu.sizes import NumberFormat, Shape
from benchmarks.gpu.tokenizer import byte_tokenizer
from email_assistant.language_model.device import free_memory
from email_assistant.language_model.loading import load_base

# Free on the disk beside a model that is written.
SPARE_BYTES = 2**32


def measure(session: Session) -> None:
    """From the smallest to the largest, whose file has to be written first."""
    sizes = session.sizes
    for shape, seconds in ((sizes.small, 5), (sizes.medium, 10), (sizes.large, 40)):
        folder = session.scratch / shape.name
        saved = session.measure(f"{shape.name} written", partial(_write, session, shape, sizes.plain, folder), seconds)
        if not saved:
            continue
        for number_format in (sizes.plain, sizes.main):
            work = partial(_load, session, shape, number_format, folder)
            session.measure(f"{shape.name}, {number_format.name}", work, seconds / 4)
        if shape != sizes.small:
            shutil.rmtree(folder)


def _write(session: Session, shape: Shape, number_format: NumberFormat, folder: Path) -> dict[str, float]:
    base = models.random_base(shape, number_format, session.device)
    weights: Any = base.model.parameters()
    size = sum(weight.numel() * weight.element_size() for weight in weights)
    if shutil.disk_usage(session.scratch).free < size + SPARE_BYTES:
        raise OSError(f"the disk has no room for {size / 2**30:.0f} GB")
    return {"seconds": session.seconds_of(lambda: save(base.model, folder)), "file_bytes": size}


def save(model: Any, folder: Path) -> None:
    """Write a model and a tokenizer of bytes to a folder that the package can load."""
    model.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)


def _load(session: Session, shape: Shape, number_format: NumberFormat, folder: Path) -> dict[str, Any]:
    settings = dataclasses.replace(models.model_settings(shape, number_format, session.device), path=str(folder))
    work: Callable[[], Any] = partial(load_base, settings)
    free_memory()
    # The file is in the page cache: it has just been written.
    return {"seconds": session.seconds_of(work), "second_time": session.seconds_of(work)}
