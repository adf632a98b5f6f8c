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
# How much of a piece of work must be done before its own speed corrects what was expected.
_TELLING = 0.05


@dataclass
class WholeCall:
    """The stages of one call, and how long they are expected to take.

    Attributes:
        stages: Their names, in order.
        expected: Expected seconds by stage, as far as they are known: of each piece that has a bar, by the bar's label,
            and under "" of all else.
        measured: Seconds that whole pieces took or, where a part was done before, would have taken, by stage and label.
        clock: Returns seconds.
    """

    stages: Sequence[str]
    expected: dict[str, Mapping[str, float]] = field(default_factory=dict)
    measured: dict[tuple[str, str], float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _stage: str | None = None
    _ended: set[str] = field(default_factory=set)

    def start(self, stage: str) -> None:
        """Begin a stage."""
        self._stage, self._ended = stage, set()

    def finish(self) -> None:
        """End the stage that runs."""
        self._stage = None

    def expect(self, seconds: Mapping[str, Mapping[str, float]]) -> None:
        """Set the expected seconds of the pieces of stages."""
        self.expected.update(seconds)

    def end_piece(self, label: str, seconds: float, done_share: float) -> None:
        """Note how long a piece of the running stage took, which says how fast the machine is.

        Args:
            label: The label of its bar.
            seconds: How long it took.
            done_share: The share of the piece that was done in this time; the rest was done before or left out.
        """
        if self._stage is None:
            return
        self._ended.add(label)
        if done_share >= _TELLING and label in self.expected.get(self._stage, {}):
            self.measured[self._stage, label] = seconds / done_share

    @property
    def place(self) -> str:
        """Which stage this is: '4/5'; empty outside of stages and if there is only one."""
        if self._stage is None or len(self.stages) < 2:
            return ""
        return f"{self.stages.index(self._stage) + 1}/{len(self.stages)}"

    def seconds_left(self, label: str, done_share: float, bar_left: float | None) -> float | None:
        """Seconds until all stages are done; None if that is not known.

        Args:
            label: The label of the current bar.
            done_share: The share of its work that is done.
            bar_left: Seconds that the rest of it will take at its own speed; None if not known.
        """
        if self._stage is None:
            return None
        stages = self.stages[self.stages.index(self._stage) :]
        if any(stage not in self.expected for stage in stages):
            return None
        pieces = self.expected[self._stage]
        measured = dict(self.measured)
        here = bar_left or 0.0
        if bar_left is None or done_share < _TELLING:
            here = pieces.get(label, here) * self.delay(measured) * (1 - done_share)
        elif label in pieces and done_share < 1:
            measured[self._stage, label] = bar_left / (1 - done_share)
        others = sum(seconds for piece, seconds in pieces.items() if piece != label and piece not in self._ended)
        later = sum(sum(self.expected[stage].values()) for stage in stages[1:])
        return here + self.delay(measured) * (others + later)

    def delay(self, measured: Mapping[tuple[str, str], float]) -> float:
        """How many times as long as expected these pieces took, by stage and label; 1 if there are none."""
        planned = sum(self.expected[stage][label] for stage, label in measured)
        return sum(measured.values()) / planned if planned else 1.0


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
    if call is None:
        return ""
    seconds = call.seconds_left(task.fields["label"], (task.percentage or 0.0) / 100, task.time_remaining)
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
    def paused(self) -> Iterator[None]:
        """Take the bar off the terminal while the block prints."""
        # Nothing is left of an invisible bar that would be erased when it is drawn again, below what was printed.
        self._progress.update(self._task, visible=False)
        self._progress.stop()
        yield
        self._progress.update(self._task, visible=True)
        self._progress.start()


@contextmanager
def bar(label: str, total: int | None, done: int = 0) -> Iterator[Bar]:
    """Show progress while the block runs: a bar on standard error or, without a terminal, an occasional log line.

    Args:
        label: One word for what is being done.
        total: The units of work; None if they are not known.
        done: The units that are already finished.
    """
    console, call = Console(stderr=True), _call.get()
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
        started = call.clock() if call else 0.0
        yield Bar(progress, task, call, lines=not console.is_terminal)
        if call:
            share = (progress.tasks[0].completed - done) / total if total else 0.0
            call.end_piece(label, call.clock() - started, share)
