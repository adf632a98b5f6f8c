"""The peak memory of training steps, beside what `stage=plan` estimates for them."""

import dataclasses
from functools import cache, partial
from typing import Any

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session
from benchmarks.gpu.sizes import NumberFormat, Shape
from benchmarks.gpu.training import Case, cases_of, name_of, ours, variants_of
from email_assistant.language_model.meta_model import build_on_meta, weight_bytes
from email_assistant.training import planning
from email_assistant.training.loss import PADDED_MODES
from email_assistant.training.memory_estimate import ComputeSpec, MicroBatch

# The largest error of an estimate.
TOLERANCE = 0.1


def measure(session: Session) -> None:
    """The steps of `training`, largest first; then twice their tokens, and the other shapes without quantization."""
    sizes = session.sizes
    tokens = sizes.training_tokens[-1]
    figures = session.report.parts.get("training", {}).get("figures", {})
    for case in [*reversed(cases_of(session)), *variants_of(session)]:
        peak = figures.get(name_of(case), {}).get("peak_bytes")
        if peak:
            work = partial(compare, session.device, sizes.large, sizes.main, case, peak)
            session.measure(f"{sizes.large.name} {sizes.main.name}, {case.name}", work, 3)
    usual = [Case(tokens, "mails"), Case(tokens, "mails", recompute=False)]
    wide = [dataclasses.replace(case, tokens=2 * tokens) for case in usual]
    _measure_others(session, sizes.large, sizes.main, wide)
    _measure_others(session, sizes.medium, sizes.plain, usual)
    _measure_others(session, sizes.small, sizes.formats[0], usual)


def _measure_others(session: Session, shape: Shape, number_format: NumberFormat, cases: list[Case]) -> None:
    if session.seconds_left < 5:
        session.figure(f"{shape.name} {number_format.name}", {"skipped": "no time left"})
        return
    base = models.random_base(shape, number_format, session.device)
    for case in cases:

        def work(case: Case = case) -> dict[str, Any]:
            peak = ours(session, base, shape, case)["peak_bytes"]
            return compare(session.device, shape, number_format, case, peak)

        session.measure(f"{shape.name} {number_format.name}, {case.name}", work, 5)


def compare(
    device: torch.device, shape: Shape, number_format: NumberFormat, case: Case, peak: int
) -> dict[str, float | bool]:
    """The estimate beside the peak, which both leave out what the process itself needs."""
    estimate = estimated_bytes(device, shape, number_format, case)
    error = estimate / peak - 1
    return {
        "peak_bytes": peak,
        "estimated_bytes": estimate,
        "estimate_error": error,
        "within": abs(error) <= TOLERANCE,
    }


def estimated_bytes(device: torch.device, shape: Shape, number_format: NumberFormat, case: Case) -> int:
    """What `stage=plan` estimates, without the process."""
    setup, machine = models.setup_of(shape, number_format, device)
    examples = case.examples(shape)
    setup = dataclasses.replace(setup, trainer=case.settings(device, len(examples)))
    lengths = [len(example.ids) for example in examples]
    mode = case.mode or setup.mode(machine, shape.config())
    share = sum(example.num_target_tokens for example in examples) / sum(lengths)
    batch = MicroBatch([max(lengths)] * len(lengths) if mode in PADDED_MODES else lengths, share)
    spec = ComputeSpec(machine.dtype, setup.nf4, mode, case.recompute, on_cuda=device.type == "cuda")
    step = planning.estimate_micro_batch(setup, shape.config(), spec, batch)
    return _weights(shape, number_format) + step.total


@cache
def _weights(shape: Shape, number_format: NumberFormat) -> int:
    return sum(weight_bytes(build_on_meta(shape.config(), number_format.dtype, number_format.nf4)).values())
