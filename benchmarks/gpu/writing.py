"""Mails written at a time, beside `generate` of transformers on the same model and prompts."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session, bytes_of
from benchmarks.gpu.sizes import NumberFormat, Shape
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel
from email_assistant.training import planning

Tokens = list[list[int]]


def measure(session: Session) -> None:
    """The main model in 4 bit, then without quantization."""
    shape = session.sizes.large
    for number_format in (session.sizes.main, session.sizes.plain):
        if session.seconds_left < 10:
            session.figure(number_format.name, {"skipped": "no time left"})
            continue
        base = models.random_base(shape, number_format, session.device)
        with models.adapted(base) as tuned:
            for rows in session.sizes.rows:
                compare(session, tuned, shape, number_format, rows)
        del base, tuned


def compare(session: Session, tuned: LanguageModel, shape: Shape, number_format: NumberFormat, rows: int) -> None:
    """Write `rows` mails in both ways."""
    prompts = models.prompts_of(rows, session.sizes.prompt_tokens, shape)
    new_tokens = session.sizes.new_tokens
    what = f"{number_format.name}, {rows} mails"
    written: dict[str, Tokens] = {}

    def run(name: str) -> dict[str, Any]:
        write = {"this project": write_ours, "generate": write_generate}[name]
        # Of a few tokens, to warm up.
        write(tuned, prompts, 2)
        module: Any = tuned.model
        resident = bytes_of(*module.parameters(), *module.buffers())
        seconds: list[float] = []

        def timed() -> None:
            seconds.append(session.seconds_of(lambda: written.update({name: write(tuned, prompts, new_tokens)})))

        peak = session.peak_bytes(timed, resident)
        tokens = sum(map(len, written[name]))
        return {"tokens_per_second": tokens / seconds[0], "tokens": tokens, "seconds": seconds[0], **peak}

    own = session.measure(f"this project, {what}", partial(run, "this project"), 5)
    if own:
        estimate = estimated_bytes(session, shape, number_format, rows)
        planned = {"estimated_bytes": estimate, "estimate_error": estimate / own["peak_bytes"] - 1}
        session.figure(f"planned, {what}", planned)
    peer = session.measure(f"generate, {what}", partial(run, "generate"), 5)
    if own and peer:
        ratio = own["tokens_per_second"] / peer["tokens_per_second"]
        agreement = agreeing_share(written["this project"], written["generate"])
        session.figure(f"this project / generate, {what}", {"speed": ratio, "equal_tokens": agreement})


def write_ours(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> Tokens:
    """Greedy completions by the package; all rows at a time."""
    found: dict[int, Completion] = {}
    generate(
        *(model, prompts, SamplingParams(new_tokens), [None] * len(prompts), len(prompts)),
        lambda index, completion: found.update({index: completion}),
    )
    return [[int(token) for token in found[index].text.split()] for index in range(len(prompts))]


@torch.inference_mode()
def write_generate(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> Tokens:
    """Greedy completions by `generate` of transformers."""
    module: Any = model.model
    ids = torch.tensor([list(prompt) for prompt in prompts], device=model.device)
    mask = torch.ones_like(ids)
    written = module.generate(input_ids=ids, attention_mask=mask, max_new_tokens=new_tokens, do_sample=False)
    tokens: Tokens = written[:, ids.shape[1] :].tolist()
    return tokens


def agreeing_share(ours: Tokens, theirs: Tokens) -> float:
    """The share of tokens up to the first that differs: rounding may turn one, and all that follow it."""
    agreeing = 0
    for one, other in zip(ours, theirs, strict=True):
        differing = [at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]]
        agreeing += differing[0] if differing else min(len(one), len(other))
    return agreeing / sum(map(len, ours))


def estimated_bytes(session: Session, shape: Shape, number_format: NumberFormat, rows: int) -> int:
    """What `stage=plan` estimates, without the process."""
    setup, machine = models.setup_of(shape, number_format, session.device)
    resident = planning.estimate_training(setup, machine, None).resident
    lengths = (session.sizes.prompt_tokens, session.sizes.new_tokens)
    return planning.estimate_generation(setup, machine, resident, rows, *lengths).total
