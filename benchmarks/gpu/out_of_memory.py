"""Memory that runs out: training and writing have to go on with less at a time, with the same result."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session
from benchmarks.gpu.training import Case, trainer_of
from benchmarks.gpu.writing import agreeing_share, write_beams, write_ours
from email_assistant.language_model.device import free_memory
from email_assistant.language_model.loading import LanguageModel

# The share of what a step needs beside the weights that it then gets.
SHARE = 0.6
# torch's allocator reserves up to this much more than is allocated.
SLACK_BYTES = 64 * 2**20


def measure(session: Session) -> None:
    """A training step, then writing with and without beam search, each with room for it and then with less."""
    base = models.random_base(session.sizes.medium, session.sizes.plain, session.device)
    with models.adapted(base) as tuned:
        session.measure("training", partial(_train, session, tuned))
    with models.adapted(base) as tuned:
        session.measure("writing", partial(_write, session, tuned, 1))
        session.measure("beams", partial(_write, session, tuned, session.sizes.beams[1]))


def _train(session: Session, tuned: LanguageModel) -> dict[str, Any]:
    case = Case(4 * session.sizes.training_tokens[-1], "mails", recompute=False)
    examples = case.examples(session.sizes.medium)
    with trainer_of(tuned, case, examples) as trainer, messages() as found:
        losses: list[float] = []

        def step() -> None:
            losses.append(trainer.compute_gradients(0)[1])
            trainer.optimizer.zero_grad(set_to_none=True)

        step()
        needed = session.peak_bytes(step, 0)["peak_bytes"]
        with less_memory(session, tuned, needed, limit=case.tokens // 2):
            step()
        return {
            "messages": found,
            "tokens_at_once": trainer.batcher.max_tokens,
            "loss_difference": losses[-1] - losses[0],
        }


def _write(session: Session, tuned: LanguageModel, width: int) -> dict[str, Any]:
    mails = 4 * session.sizes.rows[-1] // width
    prompts = models.prompts_of(mails, session.sizes.prompt_tokens, session.sizes.medium)
    write = write_ours if width == 1 else partial(write_beams, width)
    work = partial(write, tuned, prompts, session.sizes.new_tokens)
    written: list[list[list[int]]] = []
    needed = session.peak_bytes(lambda: written.append(work()), 0)["peak_bytes"]
    limit = mails * session.sizes.prompt_tokens // 2
    with messages() as found, less_memory(session, tuned, needed, limit):
        written.append(work())
    return {
        "messages": found,
        "rows": mails * width,
        "rows_written": len(written[1]),
        "equal_tokens": agreeing_share(written[0], written[1]),
    }


class _Handler(logging.Handler):
    """Keeps what is logged about memory."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "out of memory" in (message := record.getMessage()):
            self.found.append(message)


@contextmanager
def messages() -> Iterator[list[str]]:
    """What the package logs about memory that ran out: one message for each time."""
    logger, handler = logging.getLogger("email_assistant"), _Handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield handler.found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def less_memory(session: Session, model: LanguageModel, needed: int, limit: int) -> Iterator[None]:
    """Let memory run out: on a GPU truly, by a limit of torch's allocator; elsewhere by the same error.

    Args:
        session: The device.
        model: The model, which stays where it is.
        needed: The peak with all the memory, in bytes.
        limit: Tokens in one pass through the embedding from which it runs out on a processor.
    """
    free_memory()
    if session.device.type == "cuda":
        held = torch.cuda.memory_allocated()
        allowed = held + SHARE * (needed - held) + SLACK_BYTES
        torch.cuda.set_per_process_memory_fraction(allowed / torch.cuda.mem_get_info()[1])
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        return

    def fail(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        if inputs[0].numel() > limit:
            raise torch.OutOfMemoryError(f"{inputs[0].numel()} tokens at once")

    module: Any = model.model
    hook = module.get_input_embeddings().register_forward_pre_hook(fail)
    try:
        yield
    finally:
        hook.remove()
