"""A worker of the model's process in this process, which is told what to write."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any

from email_assistant.compose.messages import FromModel, Job, Ready, from_model, write_line
from email_assistant.compose.model_client import JobEvent, ModelState
from email_assistant.compose.worker import Worker
from email_assistant.configuration.schema import Config
from email_assistant.language_model.generation import TextGenerator


class Script:
    """Messages that come one after another, each when the worker has nothing else to do."""

    def __init__(self, messages: list[Any]) -> None:
        self._messages = messages

    def empty(self) -> bool:
        return True

    def get(self) -> Any:
        if not self._messages:
            raise EOFError
        return self._messages.pop(0)


def say(worker: Worker, out: BytesIO, messages: Sequence[Any]) -> list[FromModel]:
    """Everything that a worker answers to messages, and to those before."""
    with suppress(EOFError):
        worker.run(Script(list(messages)))  # type: ignore[arg-type]
    return [from_model(line) for line in out.getvalue().splitlines()]


class WorkerClient:
    """A `ModelClient` whose worker is in this process. It writes each job to its end.

    Attributes:
        config: The whole configuration.
        model: What writes.
        jobs: All jobs so far.
    """

    def __init__(self, config: Config, model: TextGenerator) -> None:
        self.state = ModelState("ready", "", 4096, True)
        self.jobs: list[Job] = []
        self.config, self.model = config, model

    async def write(self, job: Job) -> AsyncGenerator[JobEvent, None]:
        self.jobs.append(job)
        out = BytesIO()
        for event in say(Worker(self.config, self.model, None, out), out, [json.loads(write_line(job))]):
            if isinstance(event, JobEvent):
                yield event
            else:
                assert isinstance(event, Ready)
