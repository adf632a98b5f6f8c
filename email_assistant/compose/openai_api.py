"""OpenAI's chat API, for mail programs and their add-ons: /v1/models and /v1/chat/completions."""

import json
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from email_assistant.compose.conversation import Answerer, AnswerStream, conversation_fault, until_disconnected
from email_assistant.compose.messages import JobError
from email_assistant.compose.model_client import Answer
from email_assistant.compose.openai_types import (
    AnswerMessage,
    ChatCompletion,
    ChatRequest,
    Choice,
    ErrorAnswer,
    ErrorDetails,
    Model,
    ModelList,
    Usage,
)
from email_assistant.language_model.decoding import FinishReason

# HTTP status, type and code of each error of a job.
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


class OpenAiApi:
    """The routes of the API."""

    def __init__(self, answerer: Answerer, name: str) -> None:
        """Serve a model under a name.

        Args:
            answerer: Writes answers.
            name: The model's name; empty: there is none.
        """
        self._answerer, self._name, self._started = answerer, name, int(time.time())

    def router(self) -> APIRouter:
        """All routes; those without /v1 are for programs whose address already ends with it."""
        router = APIRouter(responses=_ERRORS)
        for prefix, in_schema in (("/v1", True), ("", False)):
            options: dict[str, Any] = {"include_in_schema": in_schema}
            router.add_api_route(f"{prefix}/models", self.models, methods=["GET"], **options)
            # Some programs ask by it whether the server runs; others end every address with a slash.
            router.add_api_route(f"{prefix}/models", self.models, methods=["HEAD"], include_in_schema=False)
            router.add_api_route(f"{prefix}/models/", self.models, methods=["GET", "HEAD"], include_in_schema=False)
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
        """The adapter, as a model; none if there is no adapter."""
        return ModelList(data=[self._described] if self._name else [])

    async def model(self, name: str) -> Any:
        """One model."""
        return self._described if self._name and name == self._name else self._no_such_model(name)

    async def complete(self, chat: ChatRequest, request: Request) -> Any:
        """Write answers to a conversation."""
        if not self._name:
            # No name is right, so the answer says why.
            return job_fault(JobError("", "unavailable", self._answerer.model.state.unavailable))
        if chat.model != self._name:
            return self._no_such_model(chat.model)
        if chat.unsupported:
            what, field = chat.unsupported
            message = f"{self._name!r} does not support {what}"
            return error_answer(400, message, "invalid_request_error", "unsupported_value", field)
        fault = conversation_fault(chat.messages)
        if fault:
            return error_answer(400, fault, "invalid_request_error", "invalid_conversation", "messages")
        if chat.stream:
            return await self._streamed(chat)
        answer = await until_disconnected(request.receive, self._answerer.whole(chat))
        if answer is None:
            return Response(status_code=499)
        return job_fault(answer.error) if answer.error else self._completion(answer)

    @property
    def _described(self) -> Model:
        return Model(id=self._name, created=self._started)

    def _no_such_model(self, name: str) -> JSONResponse:
        ours = f"this server's model is {self._name!r}" if self._name else "no model has been trained yet"
        message = f"there is no model {name[:80]!r} here; {ours}"
        return error_answer(404, message, "invalid_request_error", "model_not_found", "model")

    def _completion(self, answer: Answer) -> ChatCompletion:
        choices = [
            Choice(index=index, message=AnswerMessage(content=text.text), finish_reason=text.finish_reason)
            for index, text in enumerate(answer.texts)
        ]
        return ChatCompletion(
            id=_new_id(), created=int(time.time()), model=self._name, choices=choices, usage=_usage(answer)
        )

    async def _streamed(self, chat: ChatRequest) -> Response:
        stream = await self._answerer.stream(chat)
        if isinstance(stream, JobError):
            return job_fault(stream)
        with_usage = bool(chat.stream_options and chat.stream_options.include_usage)
        return StreamingResponse(_server_sent(self._chunks(stream, with_usage)), media_type="text/event-stream")

    async def _chunks(self, stream: AnswerStream, with_usage: bool) -> AsyncGenerator[dict[str, Any], None]:
        common = {
            "id": _new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self._name,
            **({"usage": None} if with_usage else {}),
        }
        for index in range(len(stream.answer.texts)):
            yield {**common, "choices": [_chunk_choice(index, {"role": "assistant", "content": ""})]}
        async with aclosing(stream.pieces()) as pieces:
            async for piece in pieces:
                if piece.text:
                    yield {**common, "choices": [_chunk_choice(piece.row, {"content": piece.text})]}
                if piece.finish_reason:
                    yield {**common, "choices": [_chunk_choice(piece.row, {}, piece.finish_reason)]}
        if stream.answer.error:
            yield {"error": job_error(stream.answer.error).model_dump()}
        elif with_usage:
            yield {**common, "choices": [], "usage": _usage(stream.answer).model_dump()}


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


def _usage(answer: Answer) -> Usage:
    return Usage(
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        total_tokens=answer.prompt_tokens + answer.completion_tokens,
    )


def _chunk_choice(index: int, delta: dict[str, str], reason: FinishReason | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


async def _server_sent(chunks: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[bytes, None]:
    """Chunks as server-sent events, and the end that clients wait for.

    They are in ASCII, since some clients also split lines at Unicode's line separators.
    """
    async with aclosing(chunks) as open_chunks:
        async for chunk in open_chunks:
            yield b"data: " + json.dumps(chunk).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def _new_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
