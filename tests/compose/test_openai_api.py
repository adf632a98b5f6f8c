"""The API as programs use it: OpenAI's own client on the bundled model, the requests of add-ons, random bodies."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
import schemathesis
from conftest import ALLOWED, ROOT, RunPy, model_settings
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from served import Served, serving

from email_assistant.commands.catalog import CATALOG
from email_assistant.compose import app, gate
from email_assistant.compose.access import Access
from email_assistant.compose.messages import Job, PromptRead, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelState
from email_assistant.language_model.loading import load_encoder
from email_assistant.metrics.usual import Usual
from email_assistant.requests.subjects import with_subjects

NOTE = "piers: need the ladder back before sunday, for the chapel lamp"
HEAD_START = ROOT / "head_start" / "smollm2_135m"


@pytest.fixture(scope="module")
def bundled(
    tmp_path_factory: pytest.TempPathFactory, smollm2: Path, archive: Path, empty_store: Path
) -> Iterator[Served]:
    """The bundled model, with its head start for want of an adapter of one's own."""
    run_py = RunPy(tmp_path_factory.mktemp("bundled"), smollm2, archive, empty_store)
    with serving(run_py, "generation=greedy", "generation.max_new_tokens=60", f"infer.adapter={HEAD_START}") as page:
        page.wait_until_ready()
        yield page


@pytest.fixture
def client(bundled: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{bundled.own}/v1", api_key=bundled.token, max_retries=0)


def ask(client: openai.OpenAI, **values: Any) -> Any:
    asked = {"model": "smollm2_135m", "messages": [{"role": "user", "content": NOTE}], **values}
    return client.chat.completions.create(**asked)


@pytest.mark.slow
def test_a_note_becomes_a_mail(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["smollm2_135m"]
    assert client.models.retrieve("smollm2_135m").id == "smollm2_135m"
    answer = ask(client)
    (choice,) = answer.choices
    assert choice.finish_reason == "stop"
    assert "ladder" in choice.message.content and "Sunday" in choice.message.content
    encoder = load_encoder(model_settings(ROOT / "models" / "smollm2_135m"))
    assert answer.usage.prompt_tokens == len(encoder.prompt(with_subjects(NOTE)))
    # The end-of-turn token is counted, too.
    assert answer.usage.completion_tokens == len(encoder.text_ids(choice.message.content)) + 1
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.slow
def test_a_stream_is_the_answer(client: openai.OpenAI) -> None:
    whole = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len(pieces) > 5
    assert "".join(pieces) == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.slow
def test_parameters_have_their_effect(client: openai.OpenAI) -> None:
    short = ask(client, max_tokens=5)
    assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 5)
    whole = ask(client).choices[0].message.content
    stopped = ask(client, stop=["ladder"]).choices[0]
    assert stopped.message.content == whole.partition("ladder")[0].rstrip()
    assert stopped.finish_reason == "stop"
    sampled = {"temperature": 1.2, "n": 3, "max_tokens": 20}
    first, again = (ask(client, seed=7, **sampled) for _ in range(2))
    texts = [choice.message.content for choice in first.choices]
    assert [choice.index for choice in first.choices] == [0, 1, 2]
    assert len(set(texts)) > 1
    assert texts == [choice.message.content for choice in again.choices]
    assert texts != [choice.message.content for choice in ask(client, seed=8, **sampled).choices]


@pytest.mark.slow
def test_conversations_have_system_and_earlier_turns(client: openai.OpenAI) -> None:
    turns = [
        {"role": "system", "content": "You write short mails."},
        {"role": "user", "content": [{"type": "text", "text": "bo: come at 7"}]},
        {"role": "assistant", "content": "Bo,\n\ncome at 7."},
        {"role": "user", "content": NOTE},
    ]
    longer = ask(client, messages=turns, max_tokens=3)
    assert longer.usage.prompt_tokens > ask(client, max_tokens=3).usage.prompt_tokens
    # A last turn of the assistant is continued.
    begun = ask(client, messages=[*turns, {"role": "assistant", "content": "Dear Piers, the ladder"}], max_tokens=8)
    assert not begun.choices[0].message.content.startswith("Dear")


@pytest.mark.slow
def test_errors_are_those_of_the_client(bundled: Served, client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{bundled.own}/v1", api_key="wrong", max_retries=0).models.list()
    with pytest.raises(openai.NotFoundError) as missing:
        ask(client, model="gpt-4o")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as long:
        ask(client, messages=[{"role": "user", "content": "rope " * 9000}])
    assert long.value.code == "context_length_exceeded"
    for faulty in (
        {"temperature": 3},
        {"n": 99},
        {"messages": []},
        {"presence_penalty": 1},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]},
        {"messages": [{"role": "system", "content": "b"}]},
    ):
        with pytest.raises(openai.BadRequestError):
            ask(client, **faulty)


@pytest.mark.slow
def test_a_stream_can_be_left(client: openai.OpenAI) -> None:
    for _ in range(3):
        left = ask(client, stream=True, max_tokens=2000, temperature=1.5)
        next(iter(left))
        left.close()
    assert ask(client, max_tokens=3).usage.completion_tokens == 3


# The requests of two add-ons of Thunderbird, in the form in which their sources send them.


@pytest.mark.slow
def test_thunderai_over_openai(bundled: Served) -> None:
    headers = {"Origin": "null"}
    assert bundled("GET", "/v1/models", headers={"Content-Type": "application/json"}).json["data"][0]["id"]
    body = {
        "model": "smollm2_135m",
        "messages": [{"role": "user", "content": f"Write this mail. {NOTE}"}],
        "stream": True,
        "temperature": 0.7,
    }
    assert bundled("POST", "/v1/chat/completions", body, headers).status == 403
    answer = bundled("POST", "/v1/chat/completions", body)
    lines = [line.removeprefix("data: ") for line in answer.body.decode().split("\n") if line]
    assert lines.pop() == "[DONE]"
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines]
    assert "".join(delta.get("content", "") for delta in deltas).strip()
    # Its address may end with /v1 already.
    assert bundled("POST", "/chat/completions", {**body, "stream": False}).json["choices"][0]["message"]["content"]


@pytest.mark.slow
def test_thunderai_over_ollama(bundled: Served) -> None:
    assert bundled("GET", "/api/version").json["version"]
    assert bundled("GET", "/api/tags").json["models"][0]["model"] == "smollm2_135m"
    assert "completion" in bundled("POST", "/api/show", {"model": "smollm2_135m"}).json["capabilities"]
    body = {
        "model": "smollm2_135m",
        "messages": [{"role": "user", "content": NOTE}],
        "stream": True,
        "think": False,
        "options": {"num_ctx": 4096, "temperature": 0.0},
    }
    lines = [json.loads(line) for line in bundled("POST", "/api/chat", body).body.splitlines()]
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    text = "".join(line["message"]["content"] for line in lines)
    whole = bundled("POST", "/api/chat", {**body, "stream": False}).json
    assert whole["message"]["content"] == text and "ladder" in text
    assert (lines[-1]["eval_count"], lines[-1]["prompt_eval_count"]) == (
        whole["eval_count"],
        whole["prompt_eval_count"],
    )


class FakeModel:
    """A model that writes 'Bo, come.' at once."""

    def __init__(self, *arguments: Any) -> None:
        self.state = ModelState("ready", "", 100, True)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        yield

    async def write(self, job: Job) -> AsyncGenerator[JobEvent, None]:
        yield PromptRead(job.id, 3)
        for row in range(job.num_texts):
            await asyncio.sleep(0)
            yield TextPiece(job.id, row, "Bo, ", 1)
            yield TextPiece(job.id, row, "come.", 2, "stop")


def configured(outputs: Path) -> Any:
    from benchmarks.model import configured as compose_configuration

    # The page keeps edits there as soon as a random request allows it.
    return compose_configuration(f"compose.allow_origins=[{ALLOWED}]", "stage=compose", f"paths.outputs={outputs}")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_thousand_random_requests_break_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert CATALOG.commands["compose"]
    monkeypatch.setattr(app, "ModelClient", FakeModel)
    monkeypatch.setattr(gate, "RATE", 1e9)
    monkeypatch.setattr(gate, "BURST", 1e9)
    serving_values = app.Serving(Path("adapter"), "my-style", True, ["rough"], None, Usual())
    guarded = app.build(configured(tmp_path), serving_values, Access("secret"), 80)
    headers = {"Authorization": "Bearer secret", "Host": "127.0.0.1:80"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", guarded, headers=headers)
    statuses: list[int] = []

    for result in schema.get_all_operations():
        operation = result.ok()
        try_operation(operation, GenerationMode.POSITIVE, statuses, headers)
        if operation.body:
            try_operation(operation, GenerationMode.NEGATIVE, statuses, headers)
    assert len(statuses) >= 1000
    assert {200, 400} <= set(statuses)


def try_operation(operation: Any, mode: GenerationMode, statuses: list[int], headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any) -> None:
        response = case.call(headers=headers)
        statuses.append(response.status_code)
        assert response.status_code < 500, response.text[:200]
        assert response.headers["content-security-policy"] == [gate.POLICY]

    one()
