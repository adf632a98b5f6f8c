"""What the API answers to requests that it cannot honour, and what a request's settings become."""

from pathlib import Path
from typing import Any

import pytest
from asgi import TOKEN, Answer, call_app
from composed import composed_config
from conftest import ALLOWED

from email_assistant.compose import app
from email_assistant.compose.access import Access
from email_assistant.compose.conversation import sampled_job
from email_assistant.compose.gate import App
from email_assistant.compose.openai_types import ChatRequest
from email_assistant.metrics.usual import Usual

MESSAGES = [{"role": "user", "content": "bo: come at 7"}]
CHAT = {"model": "my-style", "messages": MESSAGES}
STAINLESS = "x-stainless-arch,x-stainless-lang,x-stainless-os,x-stainless-package-version,x-stainless-retry-count"


@pytest.fixture
def built(tiny_model: Path, archive: Path, tmp_path: Path) -> App:
    config = composed_config(tiny_model, archive, tmp_path)
    config.compose.allow_origins = [ALLOWED]
    served = app.Serving(None, "my-style", True, [], None, Usual(), "no adapter")
    return app.build(config, served, Access(TOKEN), 80)


def ask(built: App, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    return call_app(built, method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/api/chat", {**CHAT, "messages": 1}, {}, 400),
        ("POST", "/api/chat", {**CHAT, "model": "other"}, {}, 404),
        ("POST", "/api/chat", {**CHAT, "stream": False}, {}, 503),
        ("GET", "/api/chat", None, {}, 405),
        ("GET", "/api/nothing", None, {}, 404),
        ("GET", "/api/tags", None, {"authorization": "Bearer wrong"}, 401),
        ("GET", "/api/tags", None, {"host": "evil.example"}, 421),
    ],
)
def test_errors_have_the_shape_of_the_api(
    built: App, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    answer = ask(built, method, path, body, **headers)
    assert answer.status == status
    assert list(answer.json) == ["error"] and isinstance(answer.json["error"], str)
    other = ask(
        built, method, path.replace("/api/chat", "/v1/chat/completions").replace("/api/", "/v1/"), body, **headers
    )
    assert other.status >= 400 and set(other.json["error"]) == {"message", "type", "param", "code"}


def test_a_wrong_method_is_not_an_unknown_path(built: App) -> None:
    wrong, unknown = ask(built, "GET", "/v1/chat/completions"), ask(built, "GET", "/v1/nothing")
    assert (wrong.status, wrong.code, wrong.headers["allow"]) == (405, "method_not_allowed", "POST")
    assert (unknown.status, unknown.code) == (404, "not_found")
    for path in ("/v1/responses", "/v1/completions", "/api/embed"):
        error = ask(built, "POST", path, CHAT).json["error"]
        message = error if isinstance(error, str) else error["message"]
        assert message.startswith(f"there is no {path} here; programs can use /v1/chat/completions")
    assert ask(built, "GET", "/api/chat").headers["allow"] == "POST"
    # So deep that it cannot be read.
    deep = ask(built, "POST", "/v1/chat/completions", b'{"tools": ' + b"[" * 100_000)
    assert (deep.status, deep.code) == (400, "invalid_request")


def test_without_an_adapter_there_is_no_model(tiny_model: Path, archive: Path, tmp_path: Path) -> None:
    served = app.Serving(None, "", False, [], None, Usual(), "python run.py data.path=sent.mbox")
    built = app.build(composed_config(tiny_model, archive, tmp_path), served, Access(TOKEN), 80)
    assert ask(built, "GET", "/v1/models").json["data"] == ask(built, "GET", "/api/tags").json["models"] == []
    assert ask(built, "GET", "/v1/models/any").json["error"]["message"].endswith("no model has been trained yet")
    for path, body in (("/v1/chat/completions", CHAT), ("/api/chat", CHAT), ("/api/generate", {"model": "any"})):
        for model in ("any", ""):
            answer = ask(built, "POST", path, {**body, "model": model})
            assert answer.status == 503 and b"run.py data.path=sent.mbox" in answer.body
    for model in ("any", ""):
        assert ask(built, "POST", "/api/show", {"model": model}).status == 404


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"messages": [{**MESSAGES[0], "images": ["aGk="]}]}, "images"),
        ({"messages": [*MESSAGES, {"role": "assistant", "content": "", "tool_calls": [{}]}]}, "tools"),
        ({"messages": [*MESSAGES, {"role": "tool", "content": "x", "tool_name": "f"}]}, "tools"),
        ({"format": "json"}, "structured outputs"),
        ({"think": True}, "thinking"),
        ({"logprobs": True}, "log-probabilities"),
        ({"top_logprobs": 2}, "log-probabilities"),
    ],
)
def test_what_the_model_cannot_do_is_refused_over_ollama(built: App, values: dict[str, Any], named: str) -> None:
    answer = ask(built, "POST", "/api/chat", {**CHAT, **values})
    assert answer.status == 400
    assert answer.json["error"] == f"'my-style' does not support {named}"


@pytest.mark.parametrize(
    "values",
    [
        {"tools": []},
        {"think": False},
        {"format": ""},
        {"keep_alive": 5},
        {"messages": [*MESSAGES, {"role": "assistant", "content": None}]},
    ],
)
def test_what_asks_for_nothing_is_not_refused_over_ollama(built: App, values: dict[str, Any]) -> None:
    assert ask(built, "POST", "/api/chat", {**CHAT, "stream": False, **values}).status == 503


def with_part(**part: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}, part]}]}


@pytest.mark.parametrize(
    ("values", "named", "field"),
    [
        ({"tools": [{"type": "function"}]}, "tools", "tools"),
        ({"functions": [{"name": "f"}]}, "tools", "functions"),
        (with_part(type="image_url", image_url={"url": "x"}), "images", "messages"),
        (with_part(type="input_audio", input_audio={}), "audio", "messages"),
        (with_part(type="file", file={}), "files", "messages"),
        (with_part(type="secret"), "parts other than text", "messages"),
        ({"messages": [*MESSAGES, {"role": "tool", "content": "x", "tool_call_id": "1"}]}, "tools", "messages"),
        ({"messages": [*MESSAGES, {"role": "assistant", "content": None, "tool_calls": [{}]}]}, "tools", "messages"),
        ({"response_format": {"type": "json_object"}}, "structured outputs", "response_format"),
        ({"grammar": "root ::= x"}, "structured outputs", "grammar"),
        ({"json_schema": {}}, "structured outputs", "json_schema"),
        ({"logprobs": True}, "log-probabilities", "logprobs"),
        ({"top_logprobs": 2}, "log-probabilities", "top_logprobs"),
        ({"logit_bias": {"50": -100}}, "biases of tokens", "logit_bias"),
        ({"presence_penalty": -1}, "penalties other than 0", "presence_penalty"),
        ({"frequency_penalty": 0.5}, "penalties other than 0", "frequency_penalty"),
    ],
)
def test_what_the_model_cannot_do_is_refused_over_openai(
    built: App, values: dict[str, Any], named: str, field: str
) -> None:
    answer = ask(built, "POST", "/v1/chat/completions", {**CHAT, **values})
    assert answer.status == 400
    error = answer.json["error"]
    assert (error["message"], error["param"]) == (f"'my-style' does not support {named}", field)


@pytest.mark.parametrize(
    "values",
    [
        {"grammar": "", "json_schema": None, "logit_bias": {}, "top_logprobs": 0, "top_k": 40, "cache_prompt": True},
        {"tools": [], "functions": None, "logprobs": False, "frequency_penalty": 0, "presence_penalty": 0.0},
        {"response_format": {"type": "text"}, "stop": "", "top_p": 0, "user": "u", "metadata": {}, "store": False},
        {"messages": [*MESSAGES, {"role": "assistant", "content": None}], "tool_choice": "none"},
        {"messages": [{"role": "developer", "content": "x"}, {"role": "user", "content": ""}], "stop": ["", "a"]},
    ],
)
def test_what_asks_for_nothing_is_not_refused_over_openai(built: App, values: dict[str, Any]) -> None:
    assert ask(built, "POST", "/v1/chat/completions", {**CHAT, **values}).status == 503


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 200_001}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content.0.type"),
    ],
)
def test_a_malformed_request_names_its_field(built: App, values: dict[str, Any], param: str) -> None:
    answer = ask(built, "POST", "/v1/chat/completions", {**CHAT, **values})
    assert answer.status == 400
    assert answer.json["error"]["param"] == param
    assert len(answer.body) < 500


def test_of_a_field_of_two_types_the_fault_that_says_most_is_named(built: App) -> None:
    answer = ask(built, "POST", "/v1/chat/completions", {**CHAT, "stop": ["a"] * 5, "seed": "x"})
    assert "at most 4 items" in answer.json["error"]["message"]
    other = ask(built, "POST", "/api/chat", {**CHAT, "options": {"stop": ["a"] * 5}})
    assert "options.stop: " in other.json["error"] and "at most 4 items" in other.json["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"model": "my-style"', b"[]", b"null", b'"text"'])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/chat", "/api/generate", "/api/show"])
def test_a_body_that_is_no_json_object_is_refused(built: App, path: str, body: bytes) -> None:
    answer = ask(built, "POST", path, body)
    assert answer.status in (400, 404)
    assert answer.json["error"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json"])
def test_the_api_reads_json_whatever_its_type(built: App, content_type: str) -> None:
    for path in ("/v1/chat/completions", "/api/chat"):
        answer = ask(built, "POST", path, {**CHAT, "stream": False}, content_type=content_type)
        assert answer.status == 503


def test_a_program_that_asks_whether_the_server_runs_is_told(built: App) -> None:
    for path in ("/", "/api/tags", "/api/version", "/api/ps", "/v1/models", "/models", "/v1/models/"):
        answer = ask(built, "HEAD", path)
        assert answer.status == 200, path
    assert ask(built, "GET", "/v1/models/").json == ask(built, "GET", "/v1/models").json
    assert ask(built, "HEAD", "/", authorization="Bearer wrong").status == 401


def test_the_client_of_openai_may_call_from_an_allowed_origin(built: App) -> None:
    asked = f"authorization,content-type,user-agent,{STAINLESS}, x-evil ,openai-organization,cookie"
    preflight = {"access_control_request_method": "POST", "access_control_request_headers": asked}
    answer = ask(built, "OPTIONS", "/v1/chat/completions", origin=ALLOWED, **preflight)
    assert answer.status == 204
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "user-agent", "openai-organization", *STAINLESS.split(",")} == set(allowed)
    other = ask(built, "OPTIONS", "/v1/chat/completions", origin="https://evil.example", **preflight)
    assert other.status == 403 and "access-control-allow-headers" not in other.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_refused_keeps_no_connection(built: App, method: str) -> None:
    refused = ask(built, method, "/v1/models", authorization="Bearer wrong")
    assert (refused.status, refused.headers["connection"]) == (401, "close")
    assert "connection" not in ask(built, "GET", "/v1/models").headers


@pytest.mark.parametrize(
    ("values", "temperature"),
    [
        ({}, None),
        ({"top_p": 1.0, "n": 1}, None),
        ({"temperature": 0.0, "seed": 3}, 0.0),
        ({"temperature": 0.4, "top_p": 0.9}, 0.4),
        ({"seed": 3}, 0.8),
        ({"top_p": 0.9}, 0.8),
        ({"n": 2}, 0.8),
    ],
)
def test_a_request_for_samples_is_not_greedy(values: dict[str, Any], temperature: float | None) -> None:
    job = sampled_job(ChatRequest.model_validate({**CHAT, **values}), 0.8, True)
    assert {row.temperature for row in job.rows} == {temperature}
