"""What mail add-ons and other programs use of Ollama's API: the model, a chat, and a text after a prompt."""

import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from email_assistant.compose.conversation import Answerer, AnswerStream, conversation_fault, until_disconnected
from email_assistant.compose.messages import JobError
from email_assistant.compose.model_client import Answer
from email_assistant.compose.ollama_types import OllamaChat, OllamaGenerate, OllamaModel, OllamaRequest
from email_assistant.compose.openai_api import job_fault

# The version of Ollama's API that the answers follow.
VERSION = "0.5.0"
# When the model will leave the memory, for programs that show it: never.
FAR_FUTURE = "2318-01-01T00:00:00Z"
# Puts a text where the answers of a path have it.
WithText = Callable[[str], dict[str, Any]]


class OllamaApi:
    """The routes of the API."""

    def __init__(self, answerer: Answerer, name: str) -> None:
        """Serve a model under a name; Ollama's programs may add ':latest'.

        Args:
            answerer: Writes answers.
            name: The model's name; empty: there is none.
        """
        self._answerer, self._name, self._started = answerer, name, _now()

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter()
        for path, route in (("version", self.version), ("tags", self.tags), ("ps", self.running)):
            router.add_api_route(f"/api/{path}", route, methods=["GET"])
            router.add_api_route(f"/api/{path}", route, methods=["HEAD"], include_in_schema=False)
        router.add_api_route("/api/show", self.show, methods=["POST"])
        router.add_api_route("/api/chat", self.chat, methods=["POST"], response_class=StreamingResponse)
        router.add_api_route("/api/generate", self.generate, methods=["POST"], response_class=StreamingResponse)
        return router

    async def version(self) -> dict[str, str]:
        """The version of the API."""
        return {"version": VERSION}

    async def tags(self) -> dict[str, list[dict[str, Any]]]:
        """The adapter, as a model; none if there is no adapter."""
        return {"models": [{**self._described, "modified_at": self._started}] if self._name else []}

    async def running(self) -> dict[str, list[dict[str, Any]]]:
        """The adapter, as a model in memory; none until it is loaded."""
        state = self._answerer.model.state
        if state.status != "ready":
            return {"models": []}
        return {
            "models": [
                {**self._described, "expires_at": FAR_FUTURE, "size_vram": 0, "context_length": state.max_tokens}
            ]
        }

    async def show(self, asked: OllamaModel) -> Response:
        """Describe the model."""
        if not self._is_ours(asked.model or asked.name):
            return self._no_such_model()
        context = {
            "general.architecture": "adapter",
            "adapter.context_length": self._answerer.model.state.max_tokens,
        }
        return JSONResponse(
            {"capabilities": ["completion"], "details": self._described["details"], "model_info": context}
        )

    async def chat(self, asked: OllamaChat, request: Request) -> Response:
        """Write an answer to a conversation."""
        return await self._answer(asked, request, lambda text: {"message": {"role": "assistant", "content": text}})

    async def generate(self, asked: OllamaGenerate, request: Request) -> Response:
        """Write a text after a prompt."""
        return await self._answer(asked, request, lambda text: {"response": text})

    async def _answer(self, asked: OllamaRequest, request: Request, with_text: WithText) -> Response:
        if not self._name:
            # No name is right, so the answer says why.
            return ollama_error(503, self._answerer.model.state.unavailable)
        if not self._is_ours(asked.model):
            return self._no_such_model()
        if asked.unsupported:
            return ollama_error(400, f"'{self._name}' does not support {asked.unsupported}")
        turns = asked.turns()
        if not turns:
            # Programs load a model, or free its memory, with a request without text.
            reason = "unload" if asked.unloads else "load"
            return JSONResponse({**self._line_of(with_text("")), "done": True, "done_reason": reason})
        if fault := conversation_fault(turns):
            return ollama_error(400, fault)
        started = time.monotonic_ns()
        if asked.stream is not False:
            stream = await self._answerer.stream(asked.chat())
            if isinstance(stream, JobError):
                return _job_fault(stream)
            return StreamingResponse(self._lines(stream, with_text, started), media_type="application/x-ndjson")
        answer = await until_disconnected(request.receive, self._answerer.whole(asked.chat()))
        if answer is None:
            return Response(status_code=499)
        if answer.error:
            return _job_fault(answer.error)
        return JSONResponse({**self._line_of(with_text(answer.texts[0].text)), **_end(answer, started)})

    async def _lines(self, stream: AnswerStream, with_text: WithText, started: int) -> AsyncGenerator[bytes, None]:
        async with aclosing(stream.pieces()) as pieces:
            async for piece in pieces:
                yield _line(self._line_of(with_text(piece.text)))
        if stream.answer.error:
            yield _line({"error": stream.answer.error.message})
            return
        yield _line({**self._line_of(with_text("")), **_end(stream.answer, started)})

    def _line_of(self, content: dict[str, Any]) -> dict[str, Any]:
        return {"model": self._name, "created_at": _now(), **content, "done": False}

    @property
    def _described(self) -> dict[str, Any]:
        """The model, with all fields that programs expect; those of a model file are empty."""
        details = {
            "parent_model": "",
            "format": "safetensors",
            "family": "adapter",
            "families": ["adapter"],
            "parameter_size": "",
            "quantization_level": "",
        }
        digest = sha256(self._name.encode()).hexdigest()
        return {"name": self._name, "model": self._name, "size": 0, "digest": digest, "details": details}

    def _is_ours(self, name: str) -> bool:
        return bool(self._name) and name.removesuffix(":latest") == self._name

    def _no_such_model(self) -> JSONResponse:
        ours = f"this server's model is '{self._name}'" if self._name else "no model has been trained yet"
        return ollama_error(404, f"there is no such model here; {ours}")


def ollama_error(status: int, message: str) -> JSONResponse:
    """An error in Ollama's shape."""
    return JSONResponse({"error": message}, status)


def _job_fault(error: JobError) -> JSONResponse:
    return ollama_error(job_fault(error).status_code, error.message)


def _end(answer: Answer, started: int) -> dict[str, Any]:
    """The fields that only the last line has; durations are in nanoseconds."""
    duration = time.monotonic_ns() - started
    return {
        "done": True,
        "done_reason": answer.texts[0].finish_reason,
        "total_duration": duration,
        "load_duration": 0,
        "prompt_eval_count": answer.prompt_tokens,
        "prompt_eval_duration": 0,
        "eval_count": answer.texts[0].tokens,
        "eval_duration": duration,
    }


def _line(values: dict[str, Any]) -> bytes:
    """A line of an answer, in ASCII, since some programs also split lines at Unicode's line separators."""
    return json.dumps(values).encode() + b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
