"""Mails written at a time, greedily and by beam search, beside `generate` of transformers on the same model."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session, bytes_of
from benchmarks.gpu.sizes import NumberFormat, Shape
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.device import available_memory
from email_assistant.language_model.generation import generate, generate_likeliest
from email_assistant.language_model.loading import LanguageModel
from email_assistant.training import planning
from email_assistant.training.planning import ResidentMemory

Tokens = list[list[int]]
# Tokens of each mail after which all that is made once for a batch is there: dense weights, keys, recorded steps.
FIRST_TOKENS = 2


def measure(session: Session) -> None:
    """The main model in 4 bit, then without quantization; beam search, the default, before the largest batch."""
    shape = session.sizes.large
    for number_format in (session.sizes.main, session.sizes.plain):
        if session.seconds_left < 10:
            session.figure(number_format.name, {"skipped": "no time left"})
            continue
        base = models.random_base(shape, number_format, session.device)
        with models.adapted(base) as tuned:
            *fewer, most = [(rows, 1) for rows in session.sizes.rows]
            for mails, width in [*fewer, session.sizes.beams, most]:
                compare(session, tuned, shape, number_format, mails, width)
        del base, tuned


def arms_of(
    tuned: LanguageModel, number_format: NumberFormat, width: int
) -> dict[str, Callable[[list[list[int]], int], Tokens]]:
    """The ways to write: this project's first, and on a GPU that with a dense copy of 4-bit weights."""
    is_gpu = tuned.device.type == "cuda"
    ours = write_ours if width == 1 else partial(write_beams, width)
    arms = {"this project": partial(ours, dataclasses.replace(tuned, dense_to_write=not number_format.nf4))}
    if is_gpu and number_format.nf4:
        arms["this project, dense"] = partial(ours, dataclasses.replace(tuned, dense_to_write=True))
    return {**arms, "generate": partial(write_generate, width, tuned)}


def compare(
    session: Session, tuned: LanguageModel, shape: Shape, number_format: NumberFormat, mails: int, width: int
) -> None:
    """Write mails in all ways, with beam search if the width is above 1; all beams' tokens count."""
    prompts = models.prompts_of(mails, session.sizes.prompt_tokens, shape)
    what = f"{number_format.name}, {mails} mails" + (f" by {width} beams" if width > 1 else "")
    written: dict[str, Tokens] = {}
    speeds: dict[str, float] = {}
    for arm, write in arms_of(tuned, number_format, width).items():

        def work(arm: str = arm, write: Any = write) -> dict[str, Any]:
            measured, written[arm] = _timed(session, tuned, partial(write, prompts))
            speeds[arm] = measured["tokens_per_second"]
            return measured

        measured = session.measure(f"{arm}, {what}", work, 5)
        if measured and arm == "this project":
            estimate = estimated_bytes(session, shape, number_format, mails * width, width)
            planned = {"estimated_bytes": estimate, "estimate_error": estimate / measured["peak_bytes"] - 1}
            session.figure(f"planned, {what}", planned)
    for arm in [arm for arm in speeds if arm != "generate" and "generate" in speeds]:
        agreement = agreeing_share(written[arm], written["generate"])
        ratio = {"speed": speeds[arm] / speeds["generate"], "equal_tokens": agreement}
        session.figure(f"{arm} / generate, {what}", ratio)


def _timed(session: Session, tuned: LanguageModel, write: Callable[[int], Tokens]) -> tuple[dict[str, Any], Tokens]:
    """Speed and peak of writing mails of the full length, and the mails."""
    # What is compiled or recorded once for a number of rows.
    write(session.sizes.new_tokens if session.device.type == "cuda" else FIRST_TOKENS)
    module: Any = tuned.model
    resident = bytes_of(*module.parameters(), *module.buffers())
    first_seconds, first, _ = _measured(session, write, FIRST_TOKENS, resident)
    seconds, written, peak = _measured(session, write, session.sizes.new_tokens, resident)
    tokens = sum(map(len, written))
    speed = steady_speed(tokens, seconds, sum(map(len, first)), first_seconds)
    figures = {"tokens_per_second": speed, "tokens": tokens, "seconds": seconds, "first_seconds": first_seconds}
    return {**figures, **peak}, written


def _measured(
    session: Session, write: Callable[[int], Tokens], new_tokens: int, resident: int
) -> tuple[float, Tokens, dict[str, int]]:
    """Seconds of a call, its mails and its peak."""
    seconds: list[float] = []
    found: list[Tokens] = []

    def timed() -> None:
        seconds.append(session.seconds_of(lambda: found.append(write(new_tokens))))

    peak = session.peak_bytes(timed, resident)
    return seconds[0], found[0], peak


def steady_speed(tokens: int, seconds: float, first_tokens: int, first_seconds: float) -> float:
    """Tokens per second after the first ones, which wait for prompts, dense weights and recordings.

    Args:
        tokens: All tokens.
        seconds: The time of all.
        first_tokens: Tokens of a short call.
        first_seconds: Its time. Where it is not shorter, which only noise explains, the speed is that of all tokens.
    """
    if first_seconds >= seconds or first_tokens >= tokens:
        return tokens / seconds
    return (tokens - first_tokens) / (seconds - first_seconds)


def write_ours(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> Tokens:
    """Greedy completions by the package; all rows at a time."""
    found: dict[int, Completion] = {}
    generate(
        *(model, prompts, SamplingParams(new_tokens), [None] * len(prompts), len(prompts)),
        lambda index, completion: found.update({index: completion}),
    )
    return [[int(token) for token in found[index].text.split()] for index in range(len(prompts))]


def write_beams(width: int, model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> Tokens:
    """The likeliest completions of each prompt by the package's beam search, the best first; all beams at a time."""
    found: dict[int, list[Completion]] = {}
    rows = width * len(prompts)
    generate_likeliest(model, prompts, SamplingParams(new_tokens), width, rows, found.__setitem__)
    return [
        [int(token) for token in completion.text.split()]
        for index in range(len(prompts))
        for completion in found[index]
    ]


@torch.inference_mode()
def write_generate(width: int, model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> Tokens:
    """Greedy completions by `generate` of transformers; with several beams, what its beam search finds."""
    module: Any = model.model
    ids = torch.tensor([list(prompt) for prompt in prompts], device=model.device)
    written = module.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=new_tokens,
        do_sample=False,
        num_beams=width,
        num_return_sequences=width,
    )
    tokens: Tokens = written[:, ids.shape[1] :].tolist()
    return tokens


def agreeing_share(ours: Tokens, theirs: Tokens) -> float:
    """The share of tokens up to the first that differs: rounding may turn one, and all that follow it."""
    agreeing = 0
    for one, other in zip(ours, theirs, strict=True):
        differing = [at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]]
        agreeing += differing[0] if differing else min(len(one), len(other))
    return agreeing / sum(map(len, ours))


def estimated_bytes(session: Session, shape: Shape, number_format: NumberFormat, rows: int, beams: int) -> int:
    """What `stage=plan` estimates, without the process."""
    setup, machine = models.setup_of(shape, number_format, session.device)
    # As in `arms_of`, and as it is decided where the model is loaded.
    setup = dataclasses.replace(setup, model=dataclasses.replace(setup.model, dense_to_write=not number_format.nf4))
    resident = _resident(shape, number_format, session.device)
    free = available_memory(session.device) + sum(resident.parts.values())
    machine = dataclasses.replace(machine, memory=free)
    lengths = (session.sizes.prompt_tokens, session.sizes.new_tokens)
    return planning.estimate_generation(setup, machine, resident, rows, *lengths, beams).total


@cache
def _resident(shape: Shape, number_format: NumberFormat, device: torch.device) -> ResidentMemory:
    """What `stage=plan` expects in memory before anything is written: the same for every number of rows."""
    setup, machine = models.setup_of(shape, number_format, device)
    return planning.estimate_training(setup, machine, None).resident
