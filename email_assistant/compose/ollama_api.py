"""What mail add-ons use of Ollama's API: the list of models and a chat."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from email_assistant.compose.messages import JobError, PromptRead, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelClient
from email_assistant.compose.openai_api import (
    Written,
    chat_job,
    collect_written,
    conversation_fault,
    job_fault,
    until_disconnected,
)
from email_assistant.compose.openai_types import MAX_MESSAGES, MAX_STOPS, ChatMessage, ChatRequest

# The version of Ollama's API that the answers follow.
VERSION = "0.5.0"


class OllamaOptions(BaseModel):
    """Options of a chat that this server knows; others are ignored."""

    model_config = ConfigDict(extra="ignore")

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    num_predict: int | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=MAX_STOPS)] | None = (
        None
    )


class OllamaMessage(ChatMessage):
    """A turn of a conversation, and what may come with it; only text can be read."""

    images: list[Any] | None = None
    tool_calls: list[Any] | None = None


class OllamaChat(BaseModel):
    """A request for a chat."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(max_length=200)]
    messages: Annotated[list[OllamaMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = True
    options: OllamaOptions | None = None
    tools: list[Any] | None = None
    format: Any = None
    think: Any = None

    @property
    def unsupported(self) -> str:
        """What is asked for that this model cannot do, as Ollama says it; empty if there is nothing."""
        asked = {
            "tools": self.tools or any(message.tool_calls for message in self.messages),
            "images": any(message.images for message in self.messages),
            "structured outputs": self.format,
            "thinking": self.think,
        }
        return ", ".join(name for name, value in asked.items() if value)

    def chat(self) -> ChatRequest:
        """The same request to OpenAI's API."""
        options = self.options or OllamaOptions()
        # Ollama's -1 is no limit.
        limit = options.num_predict if options.num_predict and options.num_predict > 0 else None
        return ChatRequest(
            model=self.model,
            messages=list[ChatMessage](self.messages),
            temperature=options.temperature,
            top_p=options.top_p,
            max_tokens=limit,
            seed=options.seed,
            stop=options.stop,
        )


class OllamaModel(BaseModel):
    """A request for what is known of a model."""

    model: Annotated[str, Field(max_length=200)]


class OllamaApi:
    """The routes of the API."""

    def __init__(self, model: ModelClient, name: str, temperature: float) -> None:
        """Serve a model under a name; Ollama's programs may add ':latest'.

        Args:
            model: The model.
            name: Its name.
            temperature: Of samples for which a request sets no other one.
        """
        self._model, self._name, self._temperature = model, name, temperature
        self._started = _now()

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter()
        router.add_api_route("/api/version", self.version, methods=["GET"])
        router.add_api_route("/api/tags", self.tags, methods=["GET"])
        router.add_api_route("/api/show", self.show, methods=["POST"])
        router.add_api_route("/api/chat", self.chat, methods=["POST"], response_class=StreamingResponse)
        return router

    async def version(self) -> dict[str, str]:
        """The version of the API."""
        return {"version": VERSION}

    async def tags(self) -> dict[str, list[dict[str, Any]]]:
        """The adapter, as a model."""
        model = {"name": self._name, "model": self._name, "modified_at": self._started, "size": 0, "details": {}}
        return {"models": [model]}

    async def show(self, asked: OllamaModel) -> Response:
        """What is known of the model."""
        if not self._is_ours(asked.model):
            return self._no_such_model()
        context = {"adapter.context_length": self._model.state.max_tokens}
        return JSONResponse({"capabilities": ["completion"], "details": {}, "model_info": context})

    async def chat(self, asked: OllamaChat, request: Request) -> Response:
        """Write an answer to a conversation."""
        if not self._is_ours(asked.model):
            return self._no_such_model()
        if asked.unsupported:
            return ollama_error(400, f"'{self._name}' does not support {asked.unsupported}")
        if fault := conversation_fault(asked.messages):
            return ollama_error(400, fault)
        job, started = chat_job(asked.chat(), self._temperature), time.monotonic_ns()
        events = self._model.write(job)
        if asked.stream is not False:
            return StreamingResponse(self._lines(events, started), media_type="application/x-ndjson")
        written = await until_disconnected(request.receive, collect_written(events, 1))
        if written is None:
            return Response(status_code=499)
        if written.error:
            return ollama_error(job_fault(written.error).status_code, written.error.message)
        return JSONResponse({**self._message(written.texts[0]), **_end(written, started)})

    def _is_ours(self, name: str) -> bool:
        return name.removesuffix(":latest") == self._name

    def _no_such_model(self) -> JSONResponse:
        return ollama_error(404, f"there is no such model here; this server's model is '{self._name}'")

    def _message(self, text: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {"model": self._name, "created_at": _now(), "message": message, "done": False}

    async def _lines(self, events: AsyncGenerator[JobEvent, None], started: int) -> AsyncGenerator[bytes, None]:
        written = Written([""], ["stop"], [0])
        async with aclosing(events) as open_events:
            async for event in open_events:
                if isinstance(event, JobError):
                    yield _line({"error": event.message})
                    return
                if isinstance(event, PromptRead):
                    written.prompt_tokens = event.tokens
                elif isinstance(event, TextPiece):
                    written.tokens[0] = event.tokens
                    written.reasons[0] = event.finish_reason or "stop"
                    yield _line(self._message(event.text))
        yield _line({**self._message(""), **_end(written, started)})


def ollama_error(status: int, message: str) -> JSONResponse:
    """An error in Ollama's shape."""
    return JSONResponse({"error": message}, status)


def _end(written: Written, started: int) -> dict[str, Any]:
    """What the last line has besides text; durations are in nanoseconds."""
    duration = time.monotonic_ns() - started
    return {
        "done": True,
        "done_reason": written.reasons[0],
        "total_duration": duration,
        "prompt_eval_count": written.prompt_tokens,
        "eval_count": written.tokens[0],
        "eval_duration": duration,
    }


def _line(values: dict[str, Any]) -> bytes:
    return TypeAdapter(dict[str, Any]).dump_json(values) + b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
