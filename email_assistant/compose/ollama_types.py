"""Requests of Ollama's API, as far as this server knows them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from email_assistant.compose.openai_types import (
    MAX_MESSAGES,
    ChatMessage,
    ChatRequest,
    Role,
    Seed,
    Stops,
    Temperature,
    Text,
    TopP,
)

# Ollama's seed for a different text each time.
RANDOM_SEED = -1


class OllamaOptions(BaseModel):
    """Options of a text that this server knows; others are ignored."""

    model_config = ConfigDict(extra="ignore")

    temperature: Temperature | None = None
    top_p: TopP | None = None
    num_predict: int | None = None
    seed: Seed | None = None
    stop: Stops | None = None


class OllamaMessage(BaseModel):
    """A turn of a conversation; the model reads only its text."""

    role: Role
    content: Text | None = ""
    images: list[Any] | None = None
    tool_calls: list[Any] | None = None


class OllamaRequest(BaseModel):
    """The fields that requests for a chat and for a text share."""

    model_config = ConfigDict(extra="ignore")

    model: Annotated[str, Field(max_length=200)]
    stream: bool | None = True
    options: OllamaOptions | None = None
    format: Any = None
    think: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    keep_alive: Any = None

    def turns(self) -> list[ChatMessage]:
        """The conversation to continue; empty if the request only loads the model."""
        raise NotImplementedError

    @property
    def asked(self) -> dict[str, Any]:
        """What this model cannot do, by Ollama's names, and whether the request asks for it."""
        log_probabilities = self.logprobs or self.top_logprobs
        return {"structured outputs": self.format, "thinking": self.think, "log-probabilities": log_probabilities}

    @property
    def unsupported(self) -> str:
        """What the request asks for that this model cannot do; empty if nothing."""
        return ", ".join(name for name, value in self.asked.items() if value)

    @property
    def unloads(self) -> bool:
        """Whether the request asks to remove the model from memory; here it stays as long as the server runs."""
        return str(self.keep_alive) in ("0", "0s", "0m", "0h")

    def chat(self) -> ChatRequest:
        """The same request to OpenAI's API."""
        options = self.options or OllamaOptions()
        # Ollama's -1 is no limit.
        limit = options.num_predict if options.num_predict and options.num_predict > 0 else None
        seed = None if options.seed == RANDOM_SEED else options.seed
        return ChatRequest(
            model=self.model,
            messages=self.turns(),
            temperature=options.temperature,
            top_p=options.top_p,
            max_tokens=limit,
            seed=seed,
            stop=options.stop,
        )


class OllamaChat(OllamaRequest):
    """A request for a chat."""

    # Programs in Go send null for an empty list.
    messages: Annotated[list[OllamaMessage], Field(max_length=MAX_MESSAGES)] | None = None
    tools: list[Any] | None = None

    def turns(self) -> list[ChatMessage]:
        """The conversation."""
        return [ChatMessage(role=message.role, content=message.content) for message in self.messages or ()]

    @property
    def asked(self) -> dict[str, Any]:
        """As for every request; messages can also ask for tools and images."""
        tools = self.tools or any(
            message.tool_calls or message.role in ("tool", "function") for message in self.messages or ()
        )
        images = any(message.images for message in self.messages or ())
        return {"tools": tools, "images": images, **super().asked}


class OllamaGenerate(OllamaRequest):
    """A request for a text after a single prompt."""

    prompt: Text | None = None
    system: Text | None = None
    suffix: str | None = None
    template: str | None = None
    raw: bool | None = None
    images: list[Any] | None = None

    def turns(self) -> list[ChatMessage]:
        """The prompt as a turn, after that of the system."""
        if not self.prompt:
            return []
        system = [ChatMessage(role="system", content=self.system)] if self.system else []
        return [*system, ChatMessage(role="user", content=self.prompt)]

    @property
    def asked(self) -> dict[str, Any]:
        """As for every request; a prompt can also ask for an insertion, a template, raw text and images."""
        own = {"insert": self.suffix, "templates": self.template, "raw prompts": self.raw, "images": self.images}
        return {**own, **super().asked}


class OllamaModel(BaseModel):
    """A request to describe a model; older programs send its name as `name`."""

    model: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
