"""Requests and answers of OpenAI's chat API, as far as this server knows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_CHOICES, MAX_STOPS = 8, 4
MAX_MESSAGES, MAX_TEXT = 200, 200_000
# What OpenAI's API samples with if a request does not say.
DEFAULT_TEMPERATURE = 1.0
_Text = Annotated[str, Field(max_length=MAX_TEXT)]


class TextPart(BaseModel):
    """A part of a message's content; only text can be read."""

    type: Literal["text"]
    text: _Text


class ChatMessage(BaseModel):
    """A turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: _Text | Annotated[list[TextPart], Field(max_length=100)]

    @property
    def text(self) -> str:
        """The content as text."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    """What a stream has besides text."""

    include_usage: bool | None = False


class ResponseFormat(BaseModel):
    """The format of an answer."""

    type: Literal["text"]


class ChatRequest(BaseModel):
    """A request for chat completions.

    Fields that this server does not know are ignored, as other servers do; those that it knows but cannot honour are
    refused.
    """

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(max_length=200)]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = 1
    stop: (
        Annotated[str, Field(min_length=1, max_length=200)]
        | Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=MAX_STOPS)]
        | None
    ) = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    frequency_penalty: Annotated[float, Field(ge=0, le=0)] | None = None
    presence_penalty: Annotated[float, Field(ge=0, le=0)] | None = None
    response_format: ResponseFormat | None = None
    logprobs: Literal[False] | None = None
    tools: Annotated[list[dict[str, Any]], Field(max_length=0)] | None = None
    functions: Annotated[list[dict[str, Any]], Field(max_length=0)] | None = None

    @property
    def wants_samples(self) -> bool:
        """Whether the request sets how samples are drawn, or wants several, but no temperature."""
        samples = self.seed is not None or (self.top_p or 1) < 1 or (self.n or 1) > 1
        return samples and self.temperature is None

    @property
    def stops(self) -> list[str]:
        """The sequences that end a text."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


class Usage(BaseModel):
    """Numbers of tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerMessage(BaseModel):
    """The turn that was written."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """One of the texts that were written."""

    index: int
    message: AnswerMessage
    logprobs: None = None
    finish_reason: Literal["stop", "length"]


class ChatCompletion(BaseModel):
    """The answer to a request that is not streamed."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


class Model(BaseModel):
    """A model that requests can name."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["you"] = "you"


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[Model]


class ErrorDetails(BaseModel):
    """What was wrong with a request."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorAnswer(BaseModel):
    """The answer to a request that cannot be answered."""

    error: ErrorDetails
