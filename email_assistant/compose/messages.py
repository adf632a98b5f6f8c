"""What the server and the model's process say to one another: one JSON object a line, over the process's pipes.

The server sends `setup` once, then `write` and `cancel`. The process answers with `ready` or `failed`, then with the
events of each job: `prompt`, `piece`s and, for a job that cannot be written, `error`.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from email_assistant.language_model.decoding import FinishReason

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class RowSettings:
    """How one of a job's texts is sampled.

    Attributes:
        temperature: The sampling temperature; None: as configured.
        top_p: Nucleus sampling; None: as configured.
        seed: Seed of the job.
        candidate: The number of the text among those with this seed.
    """

    temperature: float | None = None
    top_p: float | None = None
    seed: int = 0
    candidate: int = 0


@dataclass(frozen=True)
class Job:
    """Texts to write for one prompt.

    Attributes:
        id: Unique.
        rows: One for each text that is sampled.
        request: What a mail should say; None: `turns` has the prompt.
        context: The mail that is answered, shown in the prompt; None: none.
        turns: A conversation, (role, content) each.
        start: The beginning of each text, which is not repeated in the pieces.
        stop: Sequences that end a text.
        beams: Further texts, the likeliest that beam search finds; llama.cpp has none.
        max_tokens: Maximum length of each text in tokens; None: as configured.
    """

    id: str
    rows: list[RowSettings]
    request: str | None = None
    context: str | None = None
    turns: list[tuple[Role, str]] = field(default_factory=list)
    start: str = ""
    stop: list[str] = field(default_factory=list)
    beams: int = 0
    max_tokens: int | None = None

    @property
    def num_texts(self) -> int:
        """The number of texts; those of beam search come last."""
        return len(self.rows) + self.beams


@dataclass(frozen=True)
class Ready:
    """The model is loaded.

    Attributes:
        max_tokens: Tokens that a prompt and its text may have together.
        at_once: Whether several texts are written at the same time.
    """

    max_tokens: int
    at_once: bool
    kind: Literal["ready"] = "ready"


@dataclass(frozen=True)
class Failed:
    """The model cannot be loaded: the reason, for the user."""

    reason: str
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True)
class PromptRead:
    """A job was accepted; its prompt's length in tokens."""

    job: str
    tokens: int
    kind: Literal["prompt"] = "prompt"


@dataclass(frozen=True)
class TextPiece:
    """More of a text.

    Attributes:
        job: The job.
        row: The index of the text.
        text: The new part.
        tokens: Tokens of the text so far.
        finish_reason: Set with the last piece.
        log_probability: The mean of the text's log-probabilities so far, in nats a token; None if unknown.
    """

    job: str
    row: int
    text: str
    tokens: int
    finish_reason: FinishReason | None = None
    log_probability: float | None = None
    kind: Literal["piece"] = "piece"


ErrorCode = Literal["context_length", "conversation", "model_stopped", "busy", "unavailable"]


@dataclass(frozen=True)
class JobError:
    """A job that cannot be written, and why; nothing of the job's own text is in the message."""

    job: str
    code: ErrorCode
    message: str
    kind: Literal["error"] = "error"


FromModel = Ready | Failed | PromptRead | TextPiece | JobError
_FROM_MODEL: TypeAdapter[FromModel] = TypeAdapter(FromModel)
_JOB: TypeAdapter[Job] = TypeAdapter(Job)


def to_line(message: Any) -> bytes:
    """One line for a message."""
    return TypeAdapter(type(message)).dump_json(message) + b"\n"


def from_model(line: bytes) -> FromModel:
    """The message of a line of the model's process."""
    return _FROM_MODEL.validate_json(line)


def job_from(values: dict[str, Any]) -> Job:
    """The job of a `write` message."""
    return _JOB.validate_python(values)


def write_line(job: Job) -> bytes:
    """The line that asks for a job."""
    return TypeAdapter(dict[str, Any]).dump_json({"write": asdict(job)}) + b"\n"


def cancel_line(job_id: str) -> bytes:
    """The line that cancels a job."""
    return TypeAdapter(dict[str, str]).dump_json({"cancel": job_id}) + b"\n"
