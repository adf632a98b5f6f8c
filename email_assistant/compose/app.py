"""The app: the page, the API, and one model behind both."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from email_assistant.compose.access import Access
from email_assistant.compose.conversation import Answerer
from email_assistant.compose.gate import OLLAMA_PREFIX, App, Gate
from email_assistant.compose.learning import Learning
from email_assistant.compose.model_client import ModelClient
from email_assistant.compose.ollama_api import OllamaApi, ollama_error
from email_assistant.compose.openai_api import OpenAiApi, error_answer
from email_assistant.compose.page_api import Page
from email_assistant.compose.writing import Writer
from email_assistant.configuration.schema import Config
from email_assistant.metrics.usual import Usual
from email_assistant.requests.reading import Reading


@dataclass(frozen=True)
class Serving:
    """What is served.

    Attributes:
        adapter: The adapter's folder; None if there is none.
        name: The adapter's name.
        is_own: Whether it was trained on the owner's mail.
        forms: The forms of request that it was trained on; empty: unknown.
        training: The file of training pairs that prompts may show; None: they show none.
        usual: What the owner's mails usually say.
        reason: Why there is no adapter, and what to do.
    """

    adapter: Path | None
    name: str
    is_own: bool
    forms: list[str]
    training: Path | None
    usual: Usual
    reason: str = ""


def build(config: Config, serving: Serving, access: Access, port: int) -> App:
    """The app behind its gate. The model's process runs as long as the app does."""
    model = ModelClient(config, serving.adapter, serving.training, serving.reason)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with model.running():
            yield

    app = FastAPI(title="Email assistant", lifespan=lifespan, docs_url=None, redoc_url=None)
    writer = Writer(config, model, serving.usual)
    learning = Learning(config.outputs, config.compose.learn)
    page = Page(access, model, writer, serving.usual, serving.forms, serving.name, serving.is_own, learning)
    app.include_router(page.router())
    answerer = Answerer(model, config.generation, config.seed, Reading.of(config.summarizer))
    app.include_router(OpenAiApi(answerer, serving.name).router())
    app.include_router(OllamaApi(answerer, serving.name).router())
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    return Gate(app, access, port, config.compose.allow_origins)


async def _invalid(request: Request, error: Exception) -> Response:
    """The answer to a malformed request: its first fault, without quoting the request."""
    if not isinstance(error, RequestValidationError):
        raise error
    fault = _first_fault(error.errors())
    place = _field(fault)
    message = f"{place}: {fault['msg']}" if place else fault["msg"]
    if request.url.path.startswith(OLLAMA_PREFIX):
        return ollama_error(400, message)
    return error_answer(
        422 if request.url.path.startswith("/page/") else 400,
        message,
        "invalid_request_error",
        "invalid_value",
        place or None,
    )


def _first_fault(faults: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The most telling fault of the first faulty field.

    A field that accepts several types has a fault for each of them. 'The list of stop sequences is too long' tells more
    than 'it is not a string'.
    """
    field = _field(faults[0])
    of_field = [fault for fault in faults if _field(fault) == field or _field(fault).startswith(f"{field}.")]
    return min(of_field, key=lambda fault: fault["type"].endswith("_type"))


def _field(fault: Mapping[str, Any]) -> str:
    """The field that a fault is about; empty if the body is not JSON."""
    if fault["type"] == "json_invalid":
        # `loc` is a position in the text then.
        return ""
    # For a field that accepts several types, `loc` also names the type.
    return ".".join(str(part) for part in fault["loc"] if part != "body" and re.fullmatch(r"\w+", str(part)))


_PATHS = "programs can use /v1/chat/completions and /v1/models, or Ollama's /api/chat, /api/generate and /api/tags"
# By HTTP status; with any other status the request itself is at fault.
_ROUTING_CODES = {404: "not_found", 405: "method_not_allowed"}


async def _http_error(request: Request, error: Exception) -> Response:
    """An error of routing or of reading the body, in the format of the API that was called."""
    if not isinstance(error, HTTPException):
        raise error
    message = f"there is no {request.url.path[:80]} here; {_PATHS}" if error.status_code == 404 else str(error.detail)
    if request.url.path.startswith(OLLAMA_PREFIX):
        answer = ollama_error(error.status_code, message)
    else:
        code = _ROUTING_CODES.get(error.status_code, "invalid_request")
        answer = error_answer(error.status_code, message, "invalid_request_error", code)
    answer.headers.update(error.headers or {})
    return answer
