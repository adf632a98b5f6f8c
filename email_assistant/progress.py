"""Progress of long work: a bar on a terminal, otherwise an occasional log line; and the time that is left in all."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from email_assistant.console import StageLogger, rough_duration

# Seconds between two log lines.
SECONDS_BETWEEN_LINES = 30.0
# How much of a stage must be done before its own speed corrects the expected time of later ones.
_TELLING = 0.1


@dataclass
class WholeCall:
    """The stages of one call, and how long they are expected to take.

    Attributes:
        stages: Their names, in order.
        expected: Expected seconds by stage, as far as they are known.
        clock: Returns seconds.
    """

    stages: Sequence[str]
    expected: dict[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _stage: str | None = None
    _started: float = 0.0
    _is_resumed: bool = False
    # How much longer than expected work takes.
    _delay: float = 1.0

    def start(self, stage: str) -> None:
        """Begin a stage."""
        self._stage, self._started, self._is_resumed = stage, self.clock(), False

    def resume(self) -> None:
        """Note that a part of the stage was done before, so that its time says nothing of the machine."""
        self._is_resumed = True

    def finish(self, was_made: bool) -> None:
        """End the stage that runs; if all of it had to be made, its time says how fast the machine is."""
        expected = self.expected.get(self._stage or "")
        if was_made and expected and not self._is_resumed:
            self._delay = (self.clock() - self._started) / expected
        self._stage = None

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Set the expected seconds of stages."""
        self.expected.update(seconds)

    @property
    def place(self) -> str:
        """Which stage this is: '4/5'; empty outside of stages and if there is only one."""
        if self._stage is None or len(self.stages) < 2:
            return ""
        return f"{self.stages.index(self._stage) + 1}/{len(self.stages)}"

    def seconds_left(self, done_share: float, bar_left: float | None) -> float | None:
        """Seconds until all stages are done; None if that is not known.

        Args:
            done_share: The share of the current piece of work that is done.
            bar_left: Seconds that the rest of this piece will take at its own speed; None if not known.
        """
        if self._stage is None or self._stage not in self.expected:
            return None
        later = self.stages[self.stages.index(self._stage) + 1 :]
        if any(stage not in self.expected for stage in later):
            return None
        elapsed, delay = self.clock() - self._started, self._delay
        if bar_left is not None and done_share >= _TELLING:
            delay = max(delay, (elapsed + bar_left) / self.expected[self._stage])
        here = max(self.expected[self._stage] * delay - elapsed, bar_left or 0.0)
        return here + delay * sum(self.expected[stage] for stage in later)


_call: ContextVar[WholeCall | None] = ContextVar("_call", default=None)


def current_call() -> WholeCall | None:
    """The call whose stages run now, inside of `whole_call`."""
    return _call.get()


@contextmanager
def whole_call(stages: Sequence[str]) -> Iterator[WholeCall]:
    """Let the bars of the block show which of these stages is running, and how much time is left in all."""
    call = WholeCall(stages)
    token = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(token)


class _TimeLeftColumn(TimeRemainingColumn):
    """The time left of the whole call where that is known, else of the bar."""

    def __init__(self, call: WholeCall | None) -> None:
        # rich draws in a thread of its own, which does not see the context of the one that works.
        self._whole_call = call
        super().__init__()

    def render(self, task: Task) -> Text:
        left = _time_left(task, self._whole_call)
        return Text(left, style="progress.remaining") if left else super().render(task)


def _time_left(task: Task, call: WholeCall | None) -> str:
    """'about 4 min left in all'; empty if it is not known."""
    seconds = call.seconds_left((task.percentage or 0.0) / 100, task.time_remaining) if call else None
    return "" if seconds is None else f"about {rough_duration(seconds)} left in all"


class Bar:
    """The progress of one piece of work."""

    def __init__(self, progress: Progress, task: TaskID, call: WholeCall | None, lines: bool) -> None:
        """Wrap a task of rich's progress display; with `lines`, also write log lines."""
        self._progress, self._task, self._call, self._lines = progress, task, call, lines
        self._last_line = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Add finished units of work."""
        self._progress.advance(self._task, count)
        now = time.monotonic()
        if self._lines and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            task = self._progress.tasks[0]
            total = f" of {task.total:.0f}" if task.total else ""
            notes = ", ".join(filter(None, (task.fields["note"], _time_left(task, self._call))))
            StageLogger(__name__, task.fields["label"]).info("%d%s %s", task.completed, total, notes)

    def note(self, text: str) -> None:
        """Show a short text beside the bar."""
        self._progress.update(self._task, note=text)


@contextmanager
def bar(label: str, total: int | None, done: int = 0) -> Iterator[Bar]:
    """Show progress while the block runs: a bar on standard error or, without a terminal, an occasional log line.

    Args:
        label: One word for what is being done.
        total: The units of work; None if they are not known.
        done: The units that are already finished.
    """
    console, call = Console(stderr=True), _call.get()
    if call and done:
        call.resume()
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _TimeLeftColumn(call),
        TextColumn("{task.fields[note]}"),
    )
    description = f"{call.place} {label}".strip() if call else label
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(description, total=total, completed=done, note="", label=label)
        yield Bar(progress, task, call, lines=not console.is_terminal)
