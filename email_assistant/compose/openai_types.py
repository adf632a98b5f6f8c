"""Requests and answers of OpenAI's chat API, as far as this server knows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_CHOICES, MAX_STOPS = 8, 4
MAX_MESSAGES, MAX_TEXT = 200, 200_000
Text = Annotated[str, Field(max_length=MAX_TEXT)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Stop = Annotated[str, Field(max_length=200)]
Stops = _Stop | Annotated[list[_Stop], Field(max_length=MAX_STOPS)]
Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
# What the model cannot read, by the type of the message part.
_OTHER_PARTS = {"image_url": "images", "input_audio": "audio", "file": "files"}


class ContentPart(BaseModel):
    """A part of a message's content; only text can be read."""

    type: Annotated[str, Field(max_length=50)]
    text: Text = ""


class ChatMessage(BaseModel):
    """A turn of a conversation."""

    role: Role
    content: Text | Annotated[list[ContentPart], Field(max_length=100)] | None = None
    tool_calls: list[Any] | None = None

    @property
    def text(self) -> str:
        """The content as text."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or ())

    @property
    def unsupported(self) -> set[str]:
        """The parts of the turn that this model cannot read."""
        parts = [] if isinstance(self.content, str) else self.content or []
        found = {_OTHER_PARTS.get(part.type, "parts other than text") for part in parts if part.type != "text"}
        return found | ({"tools"} if self.tool_calls or self.role in ("tool", "function") else set())


class StreamOptions(BaseModel):
    """What a stream contains besides text."""

    include_usage: bool | None = False


class ResponseFormat(BaseModel):
    """The format of an answer; only text can be written."""

    type: Annotated[str, Field(max_length=50)]


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
    temperature: Temperature | None = None
    top_p: TopP | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = 1
    stop: Stops | None = None
    seed: Seed | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    response_format: ResponseFormat | None = None
    logprobs: bool | None = None
    top_logprobs: Any = None
    logit_bias: Any = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    # llama.cpp's fields for structured outputs.
    grammar: Any = None
    json_schema: Any = None

    @property
    def wants_samples(self) -> bool:
        """Whether the request sets how samples are drawn, or wants several, but no temperature."""
        samples = self.seed is not None or (self.top_p is not None and self.top_p < 1) or (self.n or 1) > 1
        return samples and self.temperature is None

    @property
    def sets_sampling(self) -> bool:
        """Whether the request says how its texts are sampled; if not, they are written as configured."""
        return self.wants_samples or self.temperature is not None

    @property
    def stops(self) -> list[str]:
        """The sequences that end a text; empty ones end none."""
        return [stop for stop in ([self.stop] if isinstance(self.stop, str) else self.stop or []) if stop]

    @property
    def unsupported(self) -> tuple[str, str] | None:
        """What the request asks for that this model cannot do, and the field that asks for it; None if nothing."""
        for message in self.messages:
            for what in sorted(message.unsupported):
                return what, "messages"
        asked = {
            "tools": ("tools", self.tools),
            "functions": ("tools", self.functions),
            "response_format": ("structured outputs", self.response_format and self.response_format.type != "text"),
            "grammar": ("structured outputs", self.grammar),
            "json_schema": ("structured outputs", self.json_schema is not None),
            "logprobs": ("log-probabilities", self.logprobs),
            "top_logprobs": ("log-probabilities", self.top_logprobs),
            "logit_bias": ("biases of tokens", self.logit_bias),
            "frequency_penalty": ("penalties other than 0", self.frequency_penalty),
            "presence_penalty": ("penalties other than 0", self.presence_penalty),
        }
        return next(((what, field) for field, (what, value) in asked.items() if value), None)


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
