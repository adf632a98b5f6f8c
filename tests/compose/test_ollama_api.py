"""Ollama's API, on the tiny model: what its programs send, and what they need of the answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from asgi import TOKEN, Answer, call_app
from composed import composed_config
from conftest import model_settings
from scripted import WorkerClient

from email_assistant.compose import app
from email_assistant.compose.access import Access
from email_assistant.compose.gate import App
from email_assistant.language_model.loading import load_base
from email_assistant.metrics.usual import Usual

NAME = "my-style"
MESSAGES = [{"role": "system", "content": "Write."}, {"role": "user", "content": "bo: come at 7"}]
CHAT = {"model": NAME, "messages": MESSAGES}
GENERATE = {"model": NAME, "system": "Write.", "prompt": "bo: come at 7"}


@pytest.fixture
def client(tiny_model: Path, archive: Path, tmp_path: Path) -> WorkerClient:
    config = composed_config(tiny_model, archive, tmp_path)
    config.generation.max_new_tokens = 9
    return WorkerClient(config, load_base(model_settings(tiny_model)))


@pytest.fixture
def built(client: WorkerClient, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setattr(app, "ModelClient", lambda *_: client)
    return app.build(client.config, app.Serving(Path("a"), NAME, True, [], None, Usual()), Access(TOKEN), 80)


def post(built: App, path: str, body: Any, status: int = 200) -> Answer:
    answer = call_app(built, "POST", path, body)
    assert answer.status == status, answer.body
    return answer


def lines(answer: Answer) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.body.splitlines()]


def test_a_prompt_is_a_chat_of_one_turn(built: App, client: WorkerClient) -> None:
    chat = post(built, "/api/chat", {**CHAT, "stream": False}).json
    text = post(built, "/api/generate", {**GENERATE, "stream": False}).json
    assert [turn for job in client.jobs for turn in job.turns] == 2 * [("system", "Write."), ("user", "bo: come at 7")]
    assert text["response"] == chat["message"]["content"] != ""
    assert (text["model"], text["done"], text["done_reason"]) == (NAME, True, chat["done_reason"])
    for name in ("prompt_eval_count", "eval_count"):
        assert text[name] == chat[name] > 0


@pytest.mark.parametrize(("path", "body"), [("/api/chat", CHAT), ("/api/generate", GENERATE)])
def test_a_stream_is_lines_of_ascii(built: App, path: str, body: Any) -> None:
    greedy = {**body, "options": {"temperature": 0, "num_ctx": 4096, "top_k": 40}}
    whole = post(built, path, {**greedy, "stream": False}).json
    answer = post(built, path, greedy)
    assert answer.body.isascii()
    streamed = lines(answer)
    assert [line["done"] for line in streamed] == [False] * (len(streamed) - 1) + [True]

    def text(line: dict[str, Any]) -> str:
        return str(line["response"] if path == "/api/generate" else line["message"]["content"])

    assert "".join(map(text, streamed)) == text(whole)
    assert {"total_duration", "load_duration", "eval_duration", "done_reason"} <= set(streamed[-1])


def test_options_have_their_effect(built: App, client: WorkerClient) -> None:
    def ask(**options: Any) -> Any:
        return post(built, "/api/generate", {**GENERATE, "stream": False, "options": options}).json

    assert ask(num_predict=3)["eval_count"] == 3
    assert ask(num_predict=-1)["eval_count"] <= 9
    sampled = {"seed": 5, "temperature": 1.5}
    assert ask(**sampled)["response"] == ask(**sampled)["response"] != ask(**sampled | {"seed": 6})["response"]
    # Ollama's sign for another text each time.
    assert len({ask(temperature=1.5, seed=-1)["response"] for _ in range(3)}) > 1
    greedy = ask(temperature=0)["response"]
    assert ask(temperature=0, stop=greedy[2])["response"] == greedy.partition(greedy[2])[0].rstrip()
    assert post(built, "/api/chat", {**CHAT, "stream": False, "options": None, "keep_alive": "5m"}).json["done"]
    # Without options, it is the best of the configured drafts.
    assert client.jobs[-1].num_texts == client.config.generation.num_candidates > 1


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/api/generate", {"model": NAME}, "load"),
        ("/api/generate", {"model": f"{NAME}:latest", "keep_alive": 0}, "unload"),
        ("/api/chat", {"model": NAME, "messages": [], "keep_alive": "0s"}, "unload"),
        ("/api/chat", {"model": NAME, "keep_alive": -1}, "load"),
        ("/api/chat", {"model": NAME, "messages": None}, "load"),
        ("/api/generate", {"model": NAME, "prompt": None, "keep_alive": 0}, "unload"),
    ],
)
def test_a_model_that_is_loaded_or_freed_is_there(
    built: App, client: WorkerClient, path: str, body: Any, reason: str
) -> None:
    answer = post(built, path, body).json
    assert (answer["done"], answer["done_reason"]) == (True, reason)
    assert answer.get("response", answer.get("message", {}).get("content")) == ""
    assert not client.jobs


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"suffix": "x"}, "insert"),
        ({"template": "x"}, "templates"),
        ({"raw": True}, "raw prompts"),
        ({"images": ["aGk="]}, "images"),
        ({"format": {"type": "object"}}, "structured outputs"),
        ({"think": "low"}, "thinking"),
    ],
)
def test_what_the_model_cannot_do_is_refused(built: App, values: dict[str, Any], named: str) -> None:
    answer = post(built, "/api/generate", {**GENERATE, **values}, 400)
    assert answer.json == {"error": f"'{NAME}' does not support {named}"}


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_before_the_first_word_has_its_status(built: App, stream: bool) -> None:
    answer = post(built, "/api/generate", {**GENERATE, "prompt": "rope " * 2000, "stream": stream}, 400)
    assert list(answer.json) == ["error"] and "tokens" in answer.json["error"]


def test_programs_find_what_they_need_of_the_model(built: App) -> None:
    (listed,) = call_app(built, "GET", "/api/tags").json["models"]
    assert listed["name"] == listed["model"] == NAME
    assert len(listed["digest"]) == 64 and listed["details"]["family"] and listed["modified_at"].endswith("Z")
    (running,) = call_app(built, "GET", "/api/ps").json["models"]
    assert running["name"] == NAME and running["context_length"] == 4096
    for asked in ({"model": NAME}, {"name": f"{NAME}:latest"}):
        shown = post(built, "/api/show", asked).json
        architecture = shown["model_info"]["general.architecture"]
        assert shown["model_info"][f"{architecture}.context_length"] == 4096
        assert shown["capabilities"] == ["completion"]
    assert post(built, "/api/show", {"model": "other"}, 404).json["error"]
