"""OpenAI's chat API, for mail programs and their add-ons: /v1/models and /v1/chat/completions."""

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive

from email_assistant.compose.messages import Job, JobError, PromptRead, Role, RowSettings, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelClient
from email_assistant.compose.openai_types import (
    AnswerMessage,
    ChatCompletion,
    ChatMessage,
    ChatRequest,
    Choice,
    ErrorAnswer,
    ErrorDetails,
    Model,
    ModelList,
    Usage,
)
from email_assistant.language_model.decoding import FinishReason

T = TypeVar("T")
# HTTP status, type and code of what a job can fail with.
_FAULTS = {
    "context_length": (400, "invalid_request_error", "context_length_exceeded"),
    "conversation": (400, "invalid_request_error", "invalid_conversation"),
    "busy": (429, "rate_limit_error", "rate_limit_exceeded"),
    "unavailable": (503, "server_error", "model_unavailable"),
    "model_stopped": (503, "server_error", "model_unavailable"),
}
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer} for status in (400, 401, 403, 404, 408, 413, 421, 422, 429, 500, 503)
}


@dataclass
class Written:
    """The texts of a job.

    Attributes:
        texts: One for each row.
        reasons: Why each ended.
        tokens: The length of each in tokens.
        prompt_tokens: The length of the prompt.
        error: Why the job failed, if it did.
    """

    texts: list[str]
    reasons: list[FinishReason]
    tokens: list[int] = field(default_factory=list)
    prompt_tokens: int = 0
    error: JobError | None = None

    @property
    def usage(self) -> Usage:
        """Numbers of tokens."""
        completion = sum(self.tokens)
        total = self.prompt_tokens + completion
        return Usage(prompt_tokens=self.prompt_tokens, completion_tokens=completion, total_tokens=total)


class OpenAiApi:
    """The routes of the API."""

    def __init__(self, model: ModelClient, name: str, temperature: float) -> None:
        """Serve a model under a name.

        Args:
            model: The model.
            name: Its name.
            temperature: Of samples for which a request sets no other one.
        """
        self._model, self._name, self._temperature, self._started = model, name, temperature, int(time.time())

    def router(self) -> APIRouter:
        """All routes; those without /v1 are for programs that are given an address that ends with it."""
        router = APIRouter(responses=_ERRORS)
        for prefix, in_schema in (("/v1", True), ("", False)):
            options: dict[str, Any] = {"include_in_schema": in_schema}
            router.add_api_route(f"{prefix}/models", self.models, methods=["GET"], **options)
            router.add_api_route(
                f"{prefix}/models/{{name:path}}", self.model, methods=["GET"], response_model=Model, **options
            )
            router.add_api_route(
                f"{prefix}/chat/completions",
                self.complete,
                methods=["POST"],
                response_model=ChatCompletion,
                **options,
            )
        return router

    async def models(self) -> ModelList:
        """The adapter, as a model."""
        return ModelList(data=[self._described])

    async def model(self, name: str) -> Any:
        """One model."""
        return self._described if name == self._name else self._no_such_model(name)

    async def complete(self, chat: ChatRequest, request: Request) -> Any:
        """Write answers to a conversation."""
        if chat.model != self._name:
            return self._no_such_model(chat.model)
        fault = conversation_fault(chat.messages)
        if fault:
            return error_answer(400, fault, "invalid_request_error", "invalid_conversation", "messages")
        job = chat_job(chat, self._temperature)
        if chat.stream:
            return await self._streamed(chat, job)
        written = await until_disconnected(request.receive, collect_written(self._model.write(job), len(job.rows)))
        if written is None:
            return Response(status_code=499)
        return job_fault(written.error) if written.error else self._completion(written)

    @property
    def _described(self) -> Model:
        return Model(id=self._name, created=self._started)

    def _no_such_model(self, name: str) -> JSONResponse:
        message = f"there is no model {name[:80]!r} here; this server's model is {self._name!r}"
        return error_answer(404, message, "invalid_request_error", "model_not_found", "model")

    def _completion(self, written: Written) -> ChatCompletion:
        choices = [
            Choice(index=index, message=AnswerMessage(content=text), finish_reason=reason)
            for index, (text, reason) in enumerate(zip(written.texts, written.reasons, strict=True))
        ]
        return ChatCompletion(
            id=_new_id(), created=int(time.time()), model=self._name, choices=choices, usage=written.usage
        )

    async def _streamed(self, chat: ChatRequest, job: Job) -> Response:
        events = self._model.write(job)
        # An error before the first token is an answer of its own.
        first = await anext(events)
        if isinstance(first, JobError):
            await events.aclose()
            return job_fault(first)
        with_usage = bool(chat.stream_options and chat.stream_options.include_usage)
        chunks = self._chunks(first, events, len(job.rows), with_usage)
        return StreamingResponse(_server_sent(chunks), media_type="text/event-stream")

    async def _chunks(
        self, first: JobEvent, events: AsyncGenerator[JobEvent, None], rows: int, with_usage: bool
    ) -> AsyncGenerator[dict[str, Any], None]:
        common = {
            "id": _new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self._name,
            **({"usage": None} if with_usage else {}),
        }
        written = Written([""] * rows, ["stop"] * rows, [0] * rows)
        written.prompt_tokens = first.tokens if isinstance(first, PromptRead) else 0
        for index in range(rows):
            yield {**common, "choices": [_chunk_choice(index, {"role": "assistant", "content": ""})]}
        async with aclosing(events) as open_events:
            async for event in open_events:
                if isinstance(event, JobError):
                    yield {"error": job_error(event).model_dump()}
                    return
                if not isinstance(event, TextPiece):
                    continue
                written.tokens[event.row] = event.tokens
                if event.text:
                    yield {**common, "choices": [_chunk_choice(event.row, {"content": event.text})]}
                if event.finish_reason:
                    yield {**common, "choices": [_chunk_choice(event.row, {}, event.finish_reason)]}
        if with_usage:
            yield {**common, "choices": [], "usage": written.usage.model_dump()}


def chat_job(chat: ChatRequest, temperature: float) -> Job:
    """The job of a request. A last turn of the assistant is the beginning of its text, as for llama.cpp.

    Args:
        chat: The request.
        temperature: Of samples, if the request asks for some and sets no temperature. Any other request without one is
            written as configured, the first text perhaps greedily.
    """
    turns = merged_turns(chat.messages)
    start = turns.pop()[1] if turns[-1][0] == "assistant" else ""
    seed = secrets.randbits(32) if chat.seed is None else chat.seed
    max_tokens = chat.max_completion_tokens or chat.max_tokens
    chosen = temperature if chat.wants_samples else chat.temperature
    rows = [RowSettings(max_tokens, chosen, chat.top_p, seed, index) for index in range(chat.n or 1)]
    return Job(uuid.uuid4().hex, rows, turns=turns, start=start, stop=chat.stops)


def merged_turns(messages: Sequence[ChatMessage]) -> list[tuple[Role, str]]:
    """The turns of a conversation; neighbours of one role are one turn, as chat templates demand."""
    turns: list[tuple[Role, str]] = []
    for message in messages:
        role: Role = "system" if message.role == "developer" else message.role
        if turns and turns[-1][0] == role:
            turns[-1] = (role, f"{turns[-1][1]}\n\n{message.text}")
        else:
            turns.append((role, message.text))
    return turns


def conversation_fault(messages: Sequence[ChatMessage]) -> str:
    """What is wrong with the order of a conversation's turns; empty if nothing is."""
    roles = [role for role, _ in merged_turns(messages)]
    spoken = roles[1:] if roles[0] == "system" else roles
    if "system" in spoken:
        return "a system message must come first"
    return "" if "user" in spoken else "a user message is missing"


async def collect_written(events: AsyncGenerator[JobEvent, None], rows: int) -> Written:
    """Everything that a job wrote."""
    written = Written([""] * rows, ["stop"] * rows, [0] * rows)
    async with aclosing(events) as open_events:
        async for event in open_events:
            if isinstance(event, JobError):
                written.error = event
            elif isinstance(event, PromptRead):
                written.prompt_tokens = event.tokens
            else:
                written.texts[event.row] += event.text
                written.tokens[event.row] = event.tokens
                written.reasons[event.row] = event.finish_reason or "stop"
    return written


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


def job_error(error: JobError) -> ErrorDetails:
    """A job's error in OpenAI's shape."""
    _, kind, code = _FAULTS[error.code]
    return ErrorDetails(message=error.message, type=kind, code=code)


def job_fault(error: JobError) -> JSONResponse:
    """The answer for a job's error."""
    status, kind, code = _FAULTS[error.code]
    return error_answer(status, error.message, kind, code)


def error_answer(status: int, message: str, kind: str, code: str, param: str | None = None) -> JSONResponse:
    """An error in OpenAI's shape."""
    details = ErrorDetails(message=message, type=kind, param=param, code=code)
    return JSONResponse({"error": details.model_dump()}, status)


def _chunk_choice(index: int, delta: dict[str, str], reason: FinishReason | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


async def _server_sent(chunks: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[bytes, None]:
    """Chunks as server-sent events, and the end that clients wait for."""
    async with aclosing(chunks) as open_chunks:
        async for chunk in open_chunks:
            yield b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def _new_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
