"""Answers to conversations, whichever API they came by: what is asked of the model, and what it wrote."""

import asyncio
import secrets
import uuid
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import anyio
from starlette.types import Receive

from email_assistant.compose.messages import Job, JobError, Role, RowSettings, TextPiece
from email_assistant.compose.model_client import Answer, JobEvent, ModelClient, WholeText, collect
from email_assistant.compose.openai_types import ChatMessage, ChatRequest
from email_assistant.configuration.schema import Generation
from email_assistant.evaluation.best_of_n import best_completion
from email_assistant.language_model.decoding import Completion
from email_assistant.requests.chat_notes import as_note
from email_assistant.requests.reading import Reading
from email_assistant.storage.records import Request

T = TypeVar("T")
# What OpenAI's API samples with if a request does not say.
DEFAULT_TEMPERATURE = 1.0
# The role of a turn for the model; conversations with tools are refused before.
_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


@dataclass
class AnswerStream:
    """An answer that is written piece by piece.

    Attributes:
        answer: What is written so far.
        events: What happens next.
    """

    answer: Answer
    events: AsyncGenerator[JobEvent, None]

    async def pieces(self) -> AsyncGenerator[TextPiece, None]:
        """The pieces of its texts, in any order; if the job fails, no more come, and the answer has the error."""
        async with aclosing(self.events) as events:
            async for event in events:
                self.answer.add(event)
                if isinstance(event, TextPiece):
                    yield event


@dataclass
class Answerer:
    """Writes answers.

    Attributes:
        model: The model.
        generation: How `stage=infer` writes mails.
        seed: The seed of its samples.
        reading: How notes are worded for the model.
    """

    model: ModelClient
    generation: Generation
    seed: int
    reading: Reading

    async def whole(self, chat: ChatRequest) -> Answer:
        """The answer to a request that is not streamed.

        A request that sets how texts are sampled gets those texts. Any other one gets the mail that `stage=infer` would
        write: of the drafts that `generation` asks for, the one that best says what was asked.
        """
        if chat.sets_sampling:
            return await collect(self.model, sampled_job(chat, self.temperature, self.reading))
        job = self._drafts_job(chat)
        drafts = await collect(self.model, job)
        if drafts.error or len(drafts.texts) == 1:
            return drafts
        chosen = await anyio.to_thread.run_sync(_best, chat, job, drafts.texts)
        return Answer([chosen], drafts.prompt_tokens)

    async def stream(self, chat: ChatRequest) -> AnswerStream | JobError:
        """The answer to a request that is streamed, or why it cannot be written.

        There is no choice among drafts, which would have to wait for all of them.
        """
        job = sampled_job(chat, self.temperature, self.reading)
        stream = AnswerStream(Answer.to(job), self.model.write(job))
        # An error before the first token is the first event.
        stream.answer.add(await anext(stream.events))
        if stream.answer.error:
            await stream.events.aclose()
            return stream.answer.error
        return stream

    @property
    def temperature(self) -> float:
        """The temperature of a request that asks for samples without one."""
        return self.generation.temperature or DEFAULT_TEMPERATURE

    def _drafts_job(self, chat: ChatRequest) -> Job:
        if self.generation.beams > 1:
            return _job(chat, self.reading, [], beams=self.generation.beams)
        drafts = range(self.generation.num_candidates)
        return _job(chat, self.reading, [RowSettings(None, chat.top_p, self.seed, number) for number in drafts])


def sampled_job(chat: ChatRequest, temperature: float, reading: Reading) -> Job:
    """The job of a request, sampled as the request says.

    Args:
        chat: The request.
        temperature: The temperature if the request asks for samples but sets none. A request that does neither is
            written as configured, which may be greedily.
        reading: How notes are worded for the model.
    """
    seed = secrets.randbits(32) if chat.seed is None else chat.seed
    chosen = temperature if chat.wants_samples else chat.temperature
    return _job(chat, reading, [RowSettings(chosen, chat.top_p, seed, number) for number in range(chat.n or 1)])


def _job(chat: ChatRequest, reading: Reading, rows: list[RowSettings], beams: int = 0) -> Job:
    """The job of a conversation. If the last turn is the assistant's, its text is continued, as llama.cpp does.

    A note without anything before it gets the prompt that the page would make of it, with retrieved mails if the
    adapter was trained on them.
    """
    turns, start = _spoken(chat)
    max_tokens = chat.max_completion_tokens or chat.max_tokens
    job = Job(uuid.uuid4().hex, rows, start=start, stop=chat.stops, beams=beams, max_tokens=max_tokens)
    if len(turns) == 1 and (note := as_note(turns[0][1])):
        return replace(job, request=note)
    return replace(job, turns=with_notes(turns, reading))


def _spoken(chat: ChatRequest) -> tuple[list[tuple[Role, str]], str]:
    """The turns before the one that is written, and the beginning of that."""
    turns = merged_turns(chat.messages)
    start = turns.pop()[1] if turns[-1][0] == "assistant" else ""
    return turns, start


def with_notes(turns: Sequence[tuple[Role, str]], reading: Reading) -> list[tuple[Role, str]]:
    """A conversation in which the notes are worded as the model reads them.

    A program with a system message has its own idea of what its users' turns are: nothing of its conversation changes.
    """
    if turns[0][0] == "system" or reading == Reading():
        return list(turns)
    return [
        (role, reading.worded(note)) if role == "user" and (note := as_note(text)) else (role, text)
        for role, text in turns
    ]


def _best(chat: ChatRequest, job: Job, drafts: Sequence[WholeText]) -> WholeText:
    """The draft that best says what the last turn asks; facts of earlier turns count as given."""
    *earlier, (_, instruction) = _spoken(chat)[0]
    context = "\n\n".join(content for _, content in earlier)
    request: Request = {"id": job.id, "instruction": job.request or instruction, "context": context or None}
    completions = [
        Completion(f"{job.start}{draft.text}", draft.tokens, draft.finish_reason, draft.log_probability)
        for draft in drafts
    ]
    best = best_completion(request, completions)
    return drafts[next(index for index, completion in enumerate(completions) if completion is best)]


def merged_turns(messages: Sequence[ChatMessage]) -> list[tuple[Role, str]]:
    """The turns of a conversation; neighbours of one role are one turn, as chat templates demand.

    A system message without text is none: otherwise it would replace the one that a template has by itself.
    """
    turns: list[tuple[Role, str]] = []
    for message in messages:
        role = _ROLES[message.role]
        if role == "system" and not message.text.strip():
            continue
        if turns and turns[-1][0] == role:
            turns[-1] = (role, f"{turns[-1][1]}\n\n{message.text}")
        else:
            turns.append((role, message.text))
    return turns


def conversation_fault(messages: Sequence[ChatMessage]) -> str:
    """What is wrong with the order of a conversation's turns; empty if nothing is."""
    roles = [role for role, _ in merged_turns(messages)]
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    if "system" in spoken:
        return "a system message must come first"
    return "" if "user" in spoken else "a user message is missing"


async def until_disconnected(receive: Receive, work: Coroutine[Any, Any, T]) -> T | None:
    """Await work; None if the client went away first, which cancels the work."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    task, watch = asyncio.create_task(work), asyncio.create_task(gone())
    try:
        await asyncio.wait((task, watch), return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for each in (task, watch):
            each.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)
