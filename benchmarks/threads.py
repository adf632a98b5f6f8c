"""What a busy process on the same cores costs: writing and training, alone and beside it.

python -m benchmarks threads    with one thread, and with a thread per core: first with threads that spin as long as
                                libgomp's do by default while they wait for each other, then as this project runs

Every arm is a process of its own, and they take turns. The mails are those of the demo archive.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import training
from benchmarks.generation import write_greedily
from benchmarks.measure import Row, alternate, process_with
from benchmarks.model import auto_format, load_bundled, pairs
from email_assistant.language_model.loading import add_adapter
from email_assistant.training.trainer import Trainer, TrainingData


class Arm(NamedTuple):
    """`model.threads`, and variables of the environment."""

    threads: int | None
    environment: Mapping[str, str]


# What libgomp does if no variable is set.
SPINNING = {"GOMP_SPINCOUNT": "300000"}
ARMS = {
    "1 thread": Arm(1, {}),
    "a thread per core, spinning": Arm(None, SPINNING),
    "a thread per core, as configured": Arm(None, {}),
}
# The tokens of each mail, by the number of mails.
WRITTEN = {1: 8, 9: 6, 64: 2}
TRAINED_MAILS = 1
WORKS = (*(f"writing {count} mail{'s' * (count > 1)}" for count in WRITTEN), "a training step")
ROUNDS = 2


def report() -> None:
    """Print the seconds of each work in each arm, alone and beside a busy process."""
    print(f"In {auto_format()}. Seconds alone / beside a busy process: times as long (lowest to highest)\n")
    print(f"| | {' | '.join(ARMS)} |\n|---|{'---|' * len(ARMS)}", flush=True)
    with ExitStack() as stack:
        processes = {name: stack.enter_context(process_with(arm.environment)) for name, arm in ARMS.items()}

        def seconds(name: str, work: str, is_beside: bool) -> float:
            with busy_process() if is_beside else nullcontext():
                return processes[name].submit(seconds_of, work, ARMS[name].threads).result()

        for work in WORKS:
            for name in ARMS:
                # What is done for the first time takes longer.
                seconds(name, work, is_beside=False)
            places = [(name, is_beside) for is_beside in (False, True) for name in ARMS]
            found = alternate({(name, beside): partial(seconds, name, work, beside) for name, beside in places}, ROUNDS)
            rows = [Row(work, name, found[name, False], found[name, True], less_is_better=True) for name in ARMS]
            print(f"| {work} | {' | '.join(row.cell() for row in rows)} |", flush=True)


@contextmanager
def busy_process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that never waits."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield busy
    finally:
        busy.kill()
        busy.wait()


def seconds_of(work: str, threads: int | None) -> float:
    """How long one of `WORKS` takes in this process."""
    do = _work(threads)[work]
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


@cache
def _work(threads: int | None) -> dict[str, Callable[[], object]]:
    """What each of `WORKS` does."""
    number_format = auto_format()
    writer, trained = load_bundled(number_format, threads), load_bundled(number_format, threads)
    prompts = [writer.encoder.prompt(instruction) for instruction, _ in pairs()]
    examples = training.encoded(trained.encoder, TRAINED_MAILS)
    tuned = add_adapter(trained, training.LORA, seed=1)
    # A step writes nothing.
    folder = Path(tempfile.gettempdir())
    trainer = Trainer(tuned, TrainingData(examples, examples[:1]), training.SETTINGS, 1, folder)
    writes = [partial(write_greedily, writer, prompts[:count], tokens) for count, tokens in WRITTEN.items()]
    return dict(zip(WORKS, [*writes, trainer.train_step], strict=True))
