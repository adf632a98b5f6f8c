"""A page that starts, ends, and survives what happens to its processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, RunPy
from served import Served, free_port, save_adapter, serving, wait

from email_assistant.compose.writing import DRAFTS

pytestmark = pytest.mark.slow


@pytest.fixture
def adapter(tiny_model: Path, tmp_path: Path) -> str:
    return f"infer.adapter={save_adapter(tiny_model, tmp_path / 'my-style')}"


def model_processes(page: Served) -> list[psutil.Process]:
    return psutil.Process(page.running.process.pid).children()


def stream(page: Served) -> socket.socket:
    """A draft in the middle of being written."""
    body = json.dumps({"request": "bo: come at 7"}).encode()
    head = f"POST /page/drafts HTTP/1.1\r\nHost: 127.0.0.1:{page.port}\r\nAuthorization: Bearer {page.token}\r\n"
    raw = socket.create_connection(("127.0.0.1", page.port), timeout=60)
    raw.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    assert b"200 OK" in raw.recv(100)
    return raw


def test_the_page_is_up_without_an_adapter_and_says_what_to_do(run_py: RunPy, tmp_path: Path) -> None:
    with serving(run_py, "data.path=nothing.mbox") as page:
        state = page("GET", "/page/state").json
        assert state["status"] == "missing"
        assert state["reason"].startswith("python run.py")
        assert page("GET", "/").status == 200
        assert page(
            "POST", "/v1/chat/completions", {"model": "", "messages": [{"role": "user", "content": "x"}]}
        ).code == ("model_unavailable")
        assert not model_processes(page)


def test_the_adapter_that_was_trained_is_used_and_none_is_trained(run_py: RunPy, made_outputs: Path) -> None:
    with serving(run_py) as page:
        page.wait_until_ready()
        (name,) = [model["id"] for model in page("GET", "/v1/models").json["data"]]
        assert (made_outputs / "latest" / "train").resolve().name.startswith(name.rpartition("-")[2])
        body = page("POST", "/page/drafts", {"request": "bo: come at 7"}).body
        # A draft is shown once, however it was found.
        texts = [
            line["text"] for line in map(json.loads, body.splitlines()) if line.get("draft", 0) > 0 and "text" in line
        ]
        assert 1 <= len(texts) == len(set(texts)) < DRAFTS
        assert body.count(b'"end"') == len(texts) + 1
        assert body.count(b'"best"') == 1


def test_ctrl_c_in_the_middle_of_a_draft_ends_everything_within_a_second(run_py: RunPy, adapter: str) -> None:
    with serving(run_py, adapter, "generation.max_new_tokens=2000") as page:
        page.wait_until_ready()
        processes = model_processes(page)
        assert processes
        with stream(page), socket.create_connection(("127.0.0.1", page.port)):
            started = time.monotonic()
            os.kill(page.running.process.pid or 0, signal.SIGINT)
            page.running.process.join(30)
            # A second on a machine that does nothing else.
            assert time.monotonic() - started < 5
        assert page.running.process.exitcode == 0
        assert not any(process.is_running() for process in processes)


def test_a_second_start_says_that_the_port_is_taken(run_py: RunPy, adapter: str) -> None:
    with serving(run_py, adapter) as page:
        second = run_py("stage=compose", "tracking=none", adapter, f"compose.port={page.port}")
        assert second.code == 1
        assert f"port {page.port} is in use" in second.err
        ui = [sys.executable, "-m", "email_assistant.experiments", "--mlruns", str(run_py.folder / "mlruns"), "ui"]
        done = subprocess.run(
            [*ui, "--port", str(page.port)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 1
        assert done.stderr.startswith("error: port")
        assert page.status() in ("loading", "ready")


def test_a_page_that_was_killed_leaves_no_process_and_starts_again(run_py: RunPy, adapter: str) -> None:
    with serving(run_py, adapter, "generation.max_new_tokens=2000") as page:
        page.wait_until_ready()
        (process,) = model_processes(page)
        token, port = page.token, page.port
        with stream(page):
            os.kill(page.running.process.pid or 0, signal.SIGKILL)
            wait(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    left = {file.name for file in (run_py.folder / "outputs" / "compose").iterdir()}
    assert left == {"token", "token.lock"}
    with serving(run_py, adapter, f"compose.port={port}") as page:
        assert page.token == token


def test_a_model_that_was_killed_is_loaded_again(run_py: RunPy, adapter: str) -> None:
    with serving(run_py, adapter, "generation.max_new_tokens=2000") as page:
        page.wait_until_ready()
        (process,) = model_processes(page)
        with stream(page) as raw:
            process.kill()
            got = b""
            while b'"error"' not in got:
                piece = raw.recv(65536)
                assert piece, got[-200:]
                got += piece
            assert b"model_stopped" in got
        wait(lambda: page.status() == "loading")
        page.wait_until_ready()
        short = {"model": "my-style", "messages": [{"role": "user", "content": "bo: come"}], "max_tokens": 3}
        assert page("POST", "/v1/chat/completions", short).status == 200


def test_a_client_that_leaves_frees_the_model(run_py: RunPy, adapter: str) -> None:
    with serving(run_py, adapter, "generation.max_new_tokens=3000") as page:
        page.wait_until_ready()
        for _ in range(40):
            stream(page).close()
        # Forty jobs of three texts each would wait for one another; more than 32 would be refused.
        short = {"model": "my-style", "messages": [{"role": "user", "content": "bo: come"}], "max_tokens": 3}
        assert page("POST", "/v1/chat/completions", short).status == 200


def test_many_requests_at_once_are_all_answered(run_py: RunPy, adapter: str) -> None:
    with serving(run_py, adapter) as page:
        page.wait_until_ready()
        found: list[int] = []
        body = {"model": "my-style", "messages": [{"role": "user", "content": "bo: come"}], "max_tokens": 8}
        threads = [
            threading.Thread(target=lambda: found.append(page("POST", "/v1/chat/completions", body).status))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [200] * 20


def test_others_may_not_read_the_token(run_py: RunPy, adapter: str) -> None:
    token = run_py.folder / "outputs" / "compose" / "token"
    token.parent.mkdir(parents=True)
    token.write_text("secret\n")
    token.chmod(0o644)
    done = run_py("stage=compose", "tracking=none", adapter, f"compose.port={free_port()}")
    assert done.code == 1
    assert "other users of this machine can read it" in done.err


@pytest.mark.parametrize("origin", ["*", "https://*.example", "evil.example", "https://x.example/path", "null"])
def test_origins_are_named_one_by_one(run_py: RunPy, adapter: str, origin: str) -> None:
    done = run_py("stage=compose", "tracking=none", adapter, f"compose.allow_origins=['{origin}']")
    assert done.code == 1
    assert "compose.allow_origins" in done.err
