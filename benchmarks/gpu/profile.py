"""Where the time of a training step and of a written token goes: kernels, launches, and how long the GPU idles."""

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

from torch.profiler import ProfilerActivity, profile

from benchmarks.gpu import models
from benchmarks.gpu.session import Session
from benchmarks.gpu.training import Case, trainer_of
from benchmarks.gpu.writing import FIRST_TOKENS
from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.generation import generate_tokens
from email_assistant.language_model.loading import LanguageModel

# Tokens of each mail whose kernels are counted.
PROFILED_TOKENS = 4
KERNELS, NAME_CHARACTERS = 15, 60


def measure(session: Session) -> None:
    """A step of uneven mails, then four tokens of a mail."""
    base = models.random_base(session.sizes.large, session.sizes.main, session.device)
    session.measure("training step", partial(_step, session, base))
    session.measure("writing", partial(_write, session, base))


def _step(session: Session, base: LanguageModel) -> dict[str, Any]:
    case = Case(session.sizes.training_tokens[-1], "mails")
    with models.adapted(base) as tuned, trainer_of(tuned, case, case.examples(session.sizes.large)) as trainer:
        trainer.train_step()
        return profiled(session, trainer.train_step)


def _write(session: Session, base: LanguageModel) -> dict[str, Any]:
    prompts = models.prompts_of(session.sizes.rows[1], session.sizes.prompt_tokens, session.sizes.large)
    with models.adapted(base) as tuned:
        rows, params = len(prompts), SamplingParams(FIRST_TOKENS + PROFILED_TOKENS)
        tokens = generate_tokens(tuned, prompts, params, [None] * rows, rows)
        # The first ones wait for what is made once for a batch.
        deque(islice(tokens, FIRST_TOKENS * rows), maxlen=0)
        return profiled(session, lambda: deque(islice(tokens, PROFILED_TOKENS * rows), maxlen=0))


def profiled(session: Session, work: Callable[[], Any]) -> dict[str, Any]:
    """The longest kernels in milliseconds, their number, and the share of the time in which a kernel ran."""
    is_gpu = session.device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if is_gpu else [])]
    with profile(activities=activities) as recorded:
        started = time.perf_counter()
        work()
        session.synchronize()
        seconds = time.perf_counter() - started
    found = []
    for event in recorded.key_averages():
        microseconds = event.self_device_time_total if is_gpu else event.self_cpu_time_total
        if microseconds and (not is_gpu or str(event.device_type).endswith("CUDA")):
            found.append((microseconds / 1000, event.count, event.key[:NAME_CHARACTERS]))
    found.sort(reverse=True)
    return {
        "milliseconds": seconds * 1000,
        "kernels": sum(count for _, count, _ in found),
        "busy": sum(spent for spent, _, _ in found) / seconds / 1000,
        "longest": {name: round(spent, 3) for spent, _, name in found[:KERNELS]},
    }
