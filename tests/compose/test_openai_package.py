"""OpenAI's own client on the tiny model, and clients of either API that go away."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from asgi import TOKEN, call_app
from composed import composed_config
from conftest import model_settings
from scripted import WorkerClient

from email_assistant.compose import app
from email_assistant.compose.access import Access
from email_assistant.compose.gate import App, Message
from email_assistant.compose.messages import Job, JobError, PromptRead, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelState
from email_assistant.configuration.schema import Config
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.loading import load_base
from email_assistant.metrics.usual import Usual

NAME, PORT = "my-style", 8423
NOTE = "бо: приходи в 7 🪢"
Ask = Callable[..., Any]


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    config = composed_config(tiny_model, archive, tmp_path)
    config.generation.max_new_tokens = 30
    return config


@pytest.fixture
def model(config: Config, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerClient:
    client = WorkerClient(config, load_base(model_settings(tiny_model)))
    monkeypatch.setattr(app, "ModelClient", lambda *_: client)
    return client


def served(config: Config) -> App:
    return app.build(config, app.Serving(Path("a"), NAME, True, [], None, Usual()), Access(TOKEN), PORT)


@pytest.fixture
def ask(config: Config, model: WorkerClient) -> Ask:
    built: Any = served(config)

    async def asked(**values: Any) -> Any:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=built)) as transport:
            client = openai.AsyncOpenAI(
                base_url=f"http://127.0.0.1:{PORT}/v1", api_key=TOKEN, max_retries=0, http_client=transport
            )
            usual = {"model": NAME, "messages": [{"role": "user", "content": NOTE}]}
            answer = await client.chat.completions.create(**(usual | values))
            return [chunk async for chunk in answer] if values.get("stream") else answer

    return lambda **values: asyncio.run(asked(**values))


def text(answer: Any, index: int = 0) -> str:
    return str(answer.choices[index].message.content)


def encoder_of(model: WorkerClient) -> ChatEncoder:
    return model.model.encoder


def test_a_stream_is_the_greedy_text_with_its_usage(ask: Ask) -> None:
    whole = ask(temperature=0)
    chunks = ask(temperature=0, stream=True, stream_options={"include_usage": True})
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == text(whole)
    assert chunks[-1].usage == whole.usage and not chunks[-1].choices
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert not any(chunk.usage for chunk in ask(temperature=0, stream=True))


def test_an_answer_without_settings_is_chosen_among_the_configured_drafts(ask: Ask, model: WorkerClient) -> None:
    answer = ask(n=1, stop=None, stream=False)
    assert len(answer.choices) == 1 and model.jobs[-1].num_texts == 4
    assert answer.usage.prompt_tokens == len(encoder_of(model).prompt(NOTE))
    assert answer.usage.completion_tokens <= 30
    assert text(ask()) == text(answer)


def test_several_texts_and_seeds(ask: Ask) -> None:
    first, again, other = (ask(n=3, seed=seed, temperature=1.5, max_tokens=12) for seed in (7, 7, 8))
    texts = [text(first, index) for index in range(3)]
    assert [choice.index for choice in first.choices] == [0, 1, 2] and len(set(texts)) == 3
    assert texts == [text(again, index) for index in range(3)] != [text(other, index) for index in range(3)]
    assert first.usage.completion_tokens <= 3 * 12
    streamed = ask(n=3, seed=7, temperature=1.5, max_tokens=12, stream=True)
    pieces = ["", "", ""]
    for chunk in streamed:
        pieces[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert pieces == texts


@pytest.mark.parametrize("stream", [True, False])
def test_stop_sequences_across_tokens(ask: Ask, stream: bool) -> None:
    whole = text(ask(temperature=0))
    # Several characters, each of them a token or more.
    stop = whole[6:9]
    expected = whole.partition(stop)[0].rstrip()
    for given in (stop, ["never", stop]):
        answer = ask(temperature=0, stop=given, stream=stream)
        if stream:
            pieces = [chunk.choices[0].delta.content or "" for chunk in answer]
            assert "".join(pieces) == expected and answer[-1].choices[0].finish_reason == "stop"
        else:
            assert text(answer) == expected and answer.choices[0].finish_reason == "stop"


def test_limits(ask: Ask) -> None:
    for limit in ({"max_tokens": 3}, {"max_completion_tokens": 3}, {"max_completion_tokens": 3, "max_tokens": 9}):
        for settings in ({}, {"temperature": 0}):
            answer = ask(**limit, **settings)
            assert (answer.usage.completion_tokens, answer.choices[0].finish_reason) == (3, "length")


def test_system_developer_earlier_turns_and_parts(ask: Ask, model: WorkerClient) -> None:
    for role in ("system", "developer"):
        ask(
            messages=[
                {"role": role, "content": "Short."},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                {"role": "assistant", "content": "c"},
                {"role": "user", "content": NOTE, "name": "x"},
            ]
        )
        turns = [("system", "Short."), ("user", "a\nb"), ("assistant", "c"), ("user", NOTE)]
        assert model.jobs[-1].turns == turns


@pytest.mark.parametrize(
    ("values", "error", "code"),
    [
        ({"model": "gpt-4o"}, openai.NotFoundError, "model_not_found"),
        ({"messages": []}, openai.BadRequestError, "invalid_value"),
        (
            {"messages": [{"role": "user", "content": "rope " * 2000}]},
            openai.BadRequestError,
            "context_length_exceeded",
        ),
        ({"messages": [{"role": "user", "content": "x" * 300_000}]}, openai.BadRequestError, "invalid_value"),
        ({"messages": [{"role": "user", "content": "x" * 600_000}]}, openai.APIStatusError, "too_large"),
        ({"messages": [{"role": "system", "content": "x"}]}, openai.BadRequestError, "invalid_conversation"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, openai.BadRequestError, "unsupported_value"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_those_of_the_client(ask: Ask, values: dict[str, Any], error: type, code: str, stream: bool) -> None:
    with pytest.raises(error) as raised:
        ask(**values, stream=stream)
    assert raised.value.code == code
    assert raised.value.message


class EndlessModel:
    """A model that writes without an end, and knows whether somebody still listens."""

    def __init__(self) -> None:
        self.state, self.listeners = ModelState("ready", "", 100, True), 0

    async def write(self, job: Job) -> AsyncGenerator[JobEvent, None]:
        self.listeners += 1
        try:
            yield PromptRead(job.id, 3)
            while True:
                await asyncio.sleep(0)
                yield TextPiece(job.id, 0, "more ", 1)
        finally:
            self.listeners -= 1


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat"])
def test_a_client_that_goes_away_ends_its_text(
    config: Config, monkeypatch: pytest.MonkeyPatch, path: str, stream: bool
) -> None:
    model = EndlessModel()
    monkeypatch.setattr(app, "ModelClient", lambda *_: model)
    body = {"model": NAME, "messages": [{"role": "user", "content": NOTE}], "stream": stream, "temperature": 1}
    asyncio.run(_leave(served(config), path, json.dumps(body).encode(), lambda: model.listeners == 1))
    assert model.listeners == 0


class FailingModel:
    """A model that fails after the first word."""

    state = ModelState("ready", "", 100, True)

    async def write(self, job: Job) -> AsyncGenerator[JobEvent, None]:
        yield PromptRead(job.id, 3)
        yield TextPiece(job.id, 0, "Bo, ", 1)
        yield JobError(job.id, "model_stopped", "it ended")


def test_a_stream_that_fails_ends_with_the_error(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "ModelClient", lambda *_: FailingModel())
    built = app.build(config, app.Serving(Path("a"), NAME, True, [], None, Usual()), Access(TOKEN), 80)
    body = {"model": NAME, "messages": [{"role": "user", "content": NOTE}], "stream": True}
    usage = {"stream_options": {"include_usage": True}}
    *_, first, error, end = call_app(built, "POST", "/v1/chat/completions", {**body, **usage}).body.split(b"\n\n")[:-1]
    assert b"Bo, " in first and end == b"data: [DONE]"
    assert json.loads(error.removeprefix(b"data: "))["error"]["message"] == "it ended"
    lines = [json.loads(line) for line in call_app(built, "POST", "/api/chat", body).body.splitlines()]
    assert [line.get("error") for line in lines] == [None, "it ended"]
    for path in ("/v1/chat/completions", "/api/chat"):
        assert call_app(built, "POST", path, {**body, "stream": False}).status == 503


class GreetingModel:
    """A model that greets somebody in two drafts."""

    state = ModelState("ready", "", 100, True)

    async def write(self, job: Job) -> AsyncGenerator[JobEvent, None]:
        for row, name in enumerate(("Mike", "Jo")):
            yield TextPiece(job.id, row, f"Ahoy {name},", 3)
            yield TextPiece(job.id, row, "\n\nI am late.", 3, "stop")


def test_a_draft_on_the_page_greets_nobody_by_a_name_that_the_model_guessed(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "ModelClient", lambda *_: GreetingModel())

    built = app.build(config, app.Serving(Path("a"), NAME, True, [], None, Usual()), Access(TOKEN), 80)

    def drafts(**asked: Any) -> list[Any]:
        answer = call_app(built, "POST", "/page/drafts", {"request": "i am late", "change": "first", **asked})
        assert answer.status == 200
        return [json.loads(line) for line in answer.body.splitlines()]

    nobody = drafts()
    assert [event["text"] for event in nobody if "text" in event] == ["Ahoy Mike,", "\n\nI am late."]
    # Without their names, both are the same draft.
    (end,) = (event for event in nobody if "end" in event)
    assert end["whole"] == "Ahoy,\n\nI am late." and end["added"] == []
    kept = drafts(change="keep", draft="Ahoy Mike,\n\nI am late.", keep=[0, 10])
    assert not [event for event in kept if event.get("end") and "Mike" not in event.get("whole", "Mike")]
    mike = drafts(recipient="Mike Hale <mike@hale.example>")
    ends = [event for event in mike if "end" in event]
    assert ["whole" in end for end in ends] == [False, False]
    # Who is greeted instead of a named recipient is marked.
    assert [end["added"] for end in ends] == [[], [[5, 7]]]


async def _leave(built: App, path: str, body: bytes, is_written: Callable[[], bool]) -> None:
    """Send a request and go away once it is being answered."""
    received: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if received:
            return received.pop()
        while not is_written():
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)

    names = {"host": f"127.0.0.1:{PORT}", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    headers = [(name.encode(), value.encode()) for name, value in names.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    answering: Awaitable[None] = built({**scope, "root_path": "", "scheme": "http"}, receive, send)
    async with asyncio.timeout(20):
        await answering
