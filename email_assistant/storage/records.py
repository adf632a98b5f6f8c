"""The records that pass from stage to stage: one line of a JSONL file, or one manifest."""

from typing import Any, NotRequired, TypedDict


class Email(TypedDict):
    """A line of emails.jsonl: a mail that its owner wrote.

    Attributes:
        id: Unique in its archive.
        text: The cleaned body.
        subject: The decoded subject header.
        date: ISO 8601; None if the archive gives none.
        to: The recipients, as `Name <address>` or an address.
        thread: The conversation that it belongs to.
        language: The language, ISO 639-1.
        source: The file, and the message's number in it.
        context: The text that it answers, where `data.context` asks for it; None if it answers nothing.
    """

    id: str
    text: str
    subject: str
    date: str | None
    to: list[str]
    thread: str
    language: str
    source: str
    context: NotRequired[str | None]


class Request(TypedDict):
    """A request for a mail.

    Attributes:
        id: Unique among the requests.
        instruction: What the mail should say.
        context: The mail to answer, if any.
        thread: The conversation that the mail belongs to, if any.
        email: The owner's mail, where it exists.
    """

    id: str
    instruction: str
    context: NotRequired[str | None]
    thread: NotRequired[str | None]
    email: NotRequired[str]


class Pair(Request):
    """A line of pairs.jsonl, train.jsonl, validation.jsonl and test.jsonl: a request with the owner's mail.

    `email` and `thread` are always present.

    Attributes:
        subject: The subject of the mail.
        date: The date of the mail, ISO 8601; None if the archive gives none.
        method: How the instruction was made, e.g. `model`, `rough` or `file`.
        variants: Other instructions for the same mail, which take turns with the first in training.
    """

    subject: str
    date: str | None
    method: str
    variants: NotRequired[list[str]]


class Edit(TypedDict):
    """A line of outputs/compose/edits.jsonl: what a person made of a draft.

    Attributes:
        id: Unique among the edits.
        date: When the draft was copied or saved, ISO 8601.
        request: What was typed.
        to: The recipient as typed; may be empty.
        subject: The subject as typed; may be empty.
        context: The text of the mail that is answered, if the model reads it; else empty.
        draft: The draft as the model wrote it; empty if unknown.
        text: The mail as it was copied or saved.
        answers: Message-IDs of the thread that it answers, the first one first.
    """

    id: str
    date: str
    request: str
    to: str
    subject: str
    context: str
    draft: str
    text: str
    answers: list[str]


class GeneratedMail(TypedDict):
    """A mail that a model wrote.

    Attributes:
        id: The id of its request.
        text: The mail.
        tokens: Its length in tokens.
        ended: Whether the model ended it, rather than the limit of tokens.
    """

    id: str
    text: str
    tokens: int
    ended: bool


class CachedMail(TypedDict):
    """A line of written.jsonl: a generated mail, to be found by what its text depends on.

    Attributes:
        key: The hash of everything that the text depends on.
        id: The id of its request.
        written: The mail.
        tokens: Its length in tokens.
        ended: Whether the model ended it, rather than the limit of tokens.
    """

    key: str
    id: str
    written: str
    tokens: int
    ended: bool


class Sentence(TypedDict):
    """A line of sentences.jsonl: the accepted answer for a mail, or that none was accepted.

    Attributes:
        key: The hash of everything that the sentence depends on.
        sentence: The instruction, before missing facts are added; empty if a rough note replaces it.
        method: `model`, `retry_N` or `rough`.
        faults: Why earlier answers were rejected.
    """

    key: str
    sentence: str
    method: str
    faults: list[str]


class Manifest(TypedDict):
    """The manifest.json of an artifact.

    Attributes:
        stage: The stage that wrote it.
        key: The hash that names its folder.
        reads: The stage's version, its part of the configuration and the hashes of its inputs.
        scores: The settings that change only its scores.
        core: The hash of `reads`.
        versions: The versions of Python and of the packages.
        commit: The commit of the program's repository.
        made: When it was written, ISO 8601.
        counts: The counts and scores that the stage reports; of a training also `fit`, the names of those that
            rescoring keeps.
        seconds: The time that the stage took.
        files: SHA-256 of every file, by its path in the folder.
    """

    stage: str
    key: str
    reads: NotRequired[dict[str, Any]]
    scores: NotRequired[dict[str, Any]]
    core: NotRequired[str]
    versions: NotRequired[dict[str, str]]
    commit: NotRequired[str | None]
    made: NotRequired[str]
    counts: dict[str, Any]
    seconds: float
    files: dict[str, str]
