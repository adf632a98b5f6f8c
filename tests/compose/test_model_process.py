"""The model's process and the server's side of it, when a job, a step or the whole process fails."""

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import scripted
from composed import composed_config
from conftest import ROOT, model_settings

from email_assistant.compose import model_client
from email_assistant.compose.messages import FromModel, Job, JobError, RowSettings, TextPiece, write_line
from email_assistant.compose.model_client import JobEvent, ModelClient, ModelState
from email_assistant.compose.worker import Worker
from email_assistant.compose.writing import Wish, Writer
from email_assistant.configuration.schema import Config
from email_assistant.language_model.loading import load_base
from email_assistant.language_model.streaming import SequentialWriter
from email_assistant.metrics.usual import Usual

SAID = "xylophone"


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    return composed_config(tiny_model, archive, tmp_path / "outputs")


@pytest.fixture
def worker(config: Config, tiny_model: Path) -> tuple[Worker, BytesIO]:
    out = BytesIO()
    return Worker(config, load_base(model_settings(tiny_model)), None, out), out


def say(worker: tuple[Worker, BytesIO], *messages: Any) -> list[FromModel]:
    return scripted.say(*worker, messages)


def asked(name: str, *rows: RowSettings, **values: Any) -> Any:
    given: dict[str, Any] = {"max_tokens": 4, **values}
    return json.loads(write_line(Job(name, list(rows), turns=[("user", SAID)], **given)))


def finished(messages: list[FromModel]) -> list[tuple[str, int]]:
    return [(each.job, each.row) for each in messages if isinstance(each, TextPiece) and each.finish_reason]


def text(messages: list[FromModel], name: str) -> str:
    return "".join(each.text for each in messages if isinstance(each, TextPiece) and each.job == name)


def whole(messages: list[FromModel], name: str, row: int) -> str:
    return text([each for each in messages if isinstance(each, TextPiece) and each.row == row], name)


@pytest.mark.parametrize(
    ("temperature", "top_p"), [(1e-38, 1.0), (1e-323, 0.5), (1.0, 1e-50), (1.0, 5e-324), (1e-5, 1e-50), (2.0, 1e-7)]
)
def test_extreme_sampling_is_greedy(worker: tuple[Worker, BytesIO], temperature: float, top_p: float) -> None:
    extreme = asked("extreme", RowSettings(temperature, top_p, seed=3), max_tokens=8)
    messages = say(worker, extreme, asked("greedy", RowSettings(0.0), max_tokens=8))
    assert finished(messages) == [("extreme", 0), ("greedy", 0)]
    assert text(messages, "extreme") == text(messages, "greedy")


def test_the_texts_of_beam_search_come_last_and_whole(worker: tuple[Worker, BytesIO]) -> None:
    searched = asked("a", RowSettings(0.0), beams=3, max_tokens=6)
    messages = say(worker, searched, asked("b", RowSettings(0.0), max_tokens=6))
    pieces = [each for each in messages if isinstance(each, TextPiece)]
    assert sorted(finished(messages)) == [("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0)]
    assert sum(each.row > 0 for each in pieces) == 3
    scores = [each.log_probability for each in pieces if each.row > 0]
    assert scores == sorted(scores, key=lambda score: -(score or 0))
    greedy = ["".join(each.text for each in pieces if (each.job, each.row) == (name, 0)) for name in "ab"]
    assert greedy[0] == greedy[1]


def test_beam_search_finds_the_same_where_texts_are_written_one_by_one(worker: tuple[Worker, BytesIO]) -> None:
    model: Any = worker[0]._model
    messages = say(worker, asked("a", beams=3, max_tokens=6))
    batched = {row: whole(messages, "a", row) for row in range(3)}
    assert len(set(batched.values())) > 1
    worker[0]._writer = SequentialWriter(model)
    messages = say(worker, asked("b", RowSettings(0.0), beams=3, max_tokens=6))
    assert [row for job, row in finished(messages) if job == "b"] == [0, 1, 2, 3]
    assert {row: whole(messages, "b", row + 1) for row in range(3)} == batched


def test_a_job_that_fails_at_its_start_ends_alone(
    worker: tuple[Worker, BytesIO], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usual = worker[0]._params

    def params(row: RowSettings, max_tokens: int | None, room: int) -> Any:
        if row.seed == 13:
            raise KeyError(SAID)
        return usual(row, max_tokens, room)

    monkeypatch.setattr(worker[0], "_params", params)
    no_job = {"write": {"id": "c", "rows": 1}}
    messages = say(worker, asked("a", RowSettings(), RowSettings(seed=13)), no_job, asked("b", RowSettings()))
    assert [each.job for each in messages if isinstance(each, JobError)] == ["a", "c"]
    assert finished(messages) == [("b", 0)]
    assert "compose    KeyError before writing" in caplog.messages
    assert SAID not in caplog.text


def test_a_step_that_fails_ends_its_jobs_and_the_next_ones_are_written(
    worker: tuple[Worker, BytesIO], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def step() -> Any:
        raise RuntimeError(SAID)

    monkeypatch.setattr(worker[0]._writer, "step", step)
    messages = say(worker, asked("a", RowSettings(), RowSettings()), asked("b", RowSettings()))
    assert [each.job for each in messages if isinstance(each, JobError)] == ["a"]
    assert finished(messages) == [("b", 0)]
    assert caplog.messages == ["compose    RuntimeError while writing"]
    assert SAID not in caplog.text


Says = Callable[[str], Path]


@pytest.fixture
def process_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Replaces the model's process by a shell script, which appends a line to `starts` each time."""

    def replaced(script: str) -> Path:
        file, starts = tmp_path / "process", tmp_path / "starts"
        file.write_text(f"#!/bin/sh\necho >> '{starts}'\nread setup\n{script}\n")
        file.chmod(stat.S_IRWXU)
        monkeypatch.setattr(model_client.sys, "executable", str(file))
        monkeypatch.setattr(model_client, "RESTART_SECONDS", 0.01)
        return starts

    return replaced


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


READY = """echo '{"max_tokens": 9, "at_once": true, "kind": "ready"}'"""


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("""echo '{"reason": "no memory", "kind": "failed"}'""", "failed"),
        ("exit 1", "loading"),
        ("echo no message; read more", "loading"),
    ],
)
def test_open_requests_are_told_when_the_process_ends(
    config: Config, process_says: Says, monkeypatch: pytest.MonkeyPatch, end: str, status: str
) -> None:
    process_says(f"{READY}\nread job\n{end}")
    monkeypatch.setattr(model_client, "RESTART_SECONDS", 60)

    async def events() -> list[JobEvent]:
        client = ModelClient(config, Path("adapter"), None)
        async with client.running():
            await until(lambda: client.state.status == "ready")
            async with asyncio.timeout(20):
                found = [event async for event in client.write(Job("a", [RowSettings()]))]
            assert client.state.status == status
        return found

    (event,) = asyncio.run(events())
    assert isinstance(event, JobError)
    assert event.code == "model_stopped"


def test_a_process_that_never_starts_is_given_up(config: Config, process_says: Says) -> None:
    starts = process_says("exit 1")

    async def state() -> ModelState:
        client = ModelClient(config, Path("adapter"), None)
        async with client.running():
            await until(lambda: client.state.status == "failed")
        return client.state

    assert asyncio.run(state()).reason
    assert len(starts.read_text()) == model_client.MAX_STARTS


def test_a_process_that_ends_after_its_start_is_always_started_again(config: Config, process_says: Says) -> None:
    starts = process_says(READY)

    async def run() -> None:
        client = ModelClient(config, Path("adapter"), None)
        async with client.running():
            await until(lambda: starts.exists() and len(starts.read_text()) > 2 * model_client.MAX_STARTS)

    asyncio.run(run())


def test_what_the_process_left_on_the_disk_is_removed(config: Config, process_says: Says) -> None:
    scratch = config.outputs / "compose" / f"scratch-{config.compose.port}"
    process_says(f"mkdir -p '{scratch}'; echo weights > '{scratch}/adapter.gguf'\n{READY}\nread job")

    async def run() -> None:
        client = ModelClient(config, Path("adapter"), None)
        async with client.running():
            await until(lambda: client.state.status == "ready")
            assert (scratch / "adapter.gguf").exists()

    asyncio.run(run())
    assert not scratch.exists()


@pytest.mark.parametrize("whole", [True, False])
def test_the_process_removes_it_when_the_server_was_killed(tmp_path: Path, whole: bool) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "adapter.gguf").write_text("weights")
    code = (
        "import queue, pathlib; from email_assistant.compose.model_process import _receive; "
        f"_receive(queue.SimpleQueue(), pathlib.Path({str(scratch)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], input=b'{"cancel": "a"}\n' * whole, check=True, cwd=ROOT)
    assert done.returncode == 0 and not scratch.exists()


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_the_first_draft_is_greedy_beside_beams_and_the_answered_mail_as_long_as_in_training(
    config: Config, monkeypatch: pytest.MonkeyPatch, temperature: float
) -> None:
    data = replace(config.data, context="parent", context_words=3)
    config = replace(config, data=data, generation=replace(config.generation, temperature=temperature))
    client = ModelClient(config, None, None)
    client.state = ModelState("ready", at_once=True)
    jobs: list[Job] = []
    monkeypatch.setattr(client, "write", jobs.append)
    Writer(config, client, Usual()).first(Wish("bo: come", context="one two three four five"))
    (job,) = jobs
    assert job.context is not None
    assert job.context.split()[:3] == ["one", "two", "three"]
    assert "four" not in job.context
    assert [row.temperature for row in job.rows] == [0.0]
    assert job.beams > 1
