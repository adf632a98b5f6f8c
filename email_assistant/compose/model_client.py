"""The server's side of the model's process: starts it, sends it jobs, hands out their pieces, starts it again."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from email_assistant.archive.edits import FOLDER
from email_assistant.compose.messages import (
    Failed,
    Job,
    JobError,
    PromptRead,
    Ready,
    TextPiece,
    cancel_line,
    from_model,
    write_line,
)
from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.language_model.decoding import FinishReason
from email_assistant.storage import atomic

log = StageLogger(__name__, "compose")
# The folder of the package, which the process needs where the package is not installed.
ROOT = str(Path(__file__).resolve().parents[2])
# The most jobs that are being written or wait; any more are refused.
MAX_JOBS = 32
# The longest line of a message, in bytes.
MAX_LINE = 1 << 20
# The wait before a process that ended is started again.
RESTART_SECONDS = 2.0
# A process that ended this many times in a row before it could write is not started again.
MAX_STARTS = 3
JobEvent = PromptRead | TextPiece | JobError


@dataclass
class ModelState:
    """Whether the model can write.

    Attributes:
        status: `loading`, `ready`, `failed` (it cannot be loaded) or `missing` (there is no adapter).
        reason: Why it cannot, for the user.
        max_tokens: Tokens that a prompt and its text may have together.
        at_once: Whether it writes several texts at the same time.
    """

    status: Literal["loading", "ready", "failed", "missing"]
    reason: str = ""
    max_tokens: int = 0
    at_once: bool = False

    @property
    def unavailable(self) -> str:
        """The error message for a program that asks for a text while the model cannot write."""
        if self.status == "missing":
            return f"there is no model yet; train one, then start the page again: {self.reason}"
        return self.reason or "the model is still being loaded"


class ModelClient:
    """One model in a process of its own.

    Attributes:
        state: Whether it can write.
    """

    def __init__(self, config: Config, adapter: Path | None, training: Path | None, reason: str = "") -> None:
        """Prepare; `running` starts the process.

        Args:
            config: The whole configuration.
            adapter: The adapter's folder; None: no process is started.
            training: The file of training pairs that prompts may show.
            reason: Why there is no adapter.
        """
        self._setup = {
            "config": asdict(config),
            "adapter": str(adapter),
            "training": str(training) if training else None,
            # Only this server uses the port, so anything left there is from a server that was killed.
            "scratch": str(config.outputs / FOLDER / f"scratch-{config.compose.port}"),
        }
        self.state = ModelState("loading") if adapter else ModelState("missing", reason)
        self._process: asyncio.subprocess.Process | None = None
        self._jobs: dict[str, asyncio.Queue[JobEvent]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the process for the duration of the block; it is killed at its end."""
        task = asyncio.create_task(self._keep_running()) if self.state.status == "loading" else None
        try:
            yield
        finally:
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def write(self, job: Job) -> AsyncGenerator[JobEvent, None]:
        """Write a job; closing the iterator cancels it.

        Yields:
            The length of the prompt, then pieces of the texts in any order, until all are finished; or an error.
        """
        refusal = self._refusal(job)
        if refusal:
            yield refusal
            return
        events: asyncio.Queue[JobEvent] = asyncio.Queue()
        self._jobs[job.id] = events
        unfinished = job.num_texts
        try:
            self._send(write_line(job))
            while unfinished:
                event = await events.get()
                yield event
                if isinstance(event, JobError):
                    return
                unfinished -= isinstance(event, TextPiece) and event.finish_reason is not None
        finally:
            del self._jobs[job.id]
            if unfinished:
                self._send(cancel_line(job.id))

    def _refusal(self, job: Job) -> JobError | None:
        if self.state.status != "ready":
            return JobError(job.id, "unavailable", self.state.unavailable)
        if len(self._jobs) >= MAX_JOBS:
            return JobError(job.id, "busy", "too many requests at once; try again in a moment")
        return None

    def _send(self, line: bytes) -> None:
        if self._process and self._process.stdin and not self._process.stdin.is_closing():
            self._process.stdin.write(line)

    async def _keep_running(self) -> None:
        """Run the process until it says that the model cannot be loaded, or ends too often before it can write."""
        failures = 0
        while self.state.status != "failed":
            self.state = ModelState("loading")
            try:
                await self._run_once()
                failures = failures + 1 if self.state.status == "loading" else 0
                if failures == MAX_STARTS:
                    self.state = ModelState(
                        "failed", "the model's process ended while it was starting; see the log in the terminal"
                    )
                elif self.state.status != "failed":
                    log.warning("the model's process ended unexpectedly; restarting it")
                    self.state = ModelState("loading")
            finally:
                self._end_jobs()
            if self.state.status == "loading":
                await asyncio.sleep(RESTART_SECONDS)

    def _end_jobs(self) -> None:
        """End all jobs with an error."""
        message = self.state.reason or "the model's process ended; it is being restarted"
        for name, events in self._jobs.items():
            events.put_nowait(JobError(name, "model_stopped", message))

    async def _run_once(self) -> None:
        """Run the process until it ends or sends something that is not a message."""
        self._remove_scratch()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "email_assistant.compose.model_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))},
        )
        self._process = process
        try:
            self._send(json.dumps(self._setup).encode() + b"\n")
            if process.stdout:
                async for line in process.stdout:
                    self._receive(line)
        except ValueError as error:
            # Its message quotes the line.
            log.error("%s while reading from the model's process", type(error).__name__)
        finally:
            self._process = None
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            self._remove_scratch()

    def _remove_scratch(self) -> None:
        """Remove the process's files, which it cannot remove itself when it is killed."""
        atomic.remove(Path(str(self._setup["scratch"])))

    def _receive(self, line: bytes) -> None:
        message = from_model(line)
        if isinstance(message, Ready):
            self.state = ModelState("ready", "", message.max_tokens, message.at_once)
        elif isinstance(message, Failed):
            self.state = ModelState("failed", message.reason)
        elif message.job in self._jobs:
            self._jobs[message.job].put_nowait(message)


@dataclass
class WholeText:
    """A text that was written.

    Attributes:
        text: The text.
        tokens: Its length in tokens.
        finish_reason: 'length' if it was cut off at the longest length.
        log_probability: The mean of its tokens' log-probabilities, in nats; None if unknown.
    """

    text: str = ""
    tokens: int = 0
    finish_reason: FinishReason = "stop"
    log_probability: float | None = None

    def add(self, piece: TextPiece) -> None:
        """Add the next piece."""
        self.text, self.tokens = self.text + piece.text, piece.tokens
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.log_probability = piece.log_probability


@dataclass
class Answer:
    """The texts of a job, as far as they have been written.

    Attributes:
        texts: One for each of the job's.
        prompt_tokens: The length of the prompt.
        error: Why the job failed, if it did.
    """

    texts: list[WholeText]
    prompt_tokens: int = 0
    error: JobError | None = None

    @classmethod
    def to(cls, job: Job) -> "Answer":
        """The answer to a job, with no text yet."""
        return cls([WholeText() for _ in range(job.num_texts)])

    def add(self, event: JobEvent) -> None:
        """Add what happened next."""
        if isinstance(event, JobError):
            self.error = event
        elif isinstance(event, PromptRead):
            self.prompt_tokens = event.tokens
        else:
            self.texts[event.row].add(event)

    @property
    def completion_tokens(self) -> int:
        """The length of all texts together."""
        return sum(text.tokens for text in self.texts)


async def collect(model: ModelClient, job: Job) -> Answer:
    """The answer to a job once it is complete or has failed."""
    answer = Answer.to(job)
    async with aclosing(model.write(job)) as events:
        async for event in events:
            answer.add(event)
    return answer
