"""A running stage=compose, as a user starts it, and requests to it as any program may send them."""

import http.client
import json
import re
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from asgi import Answer
from conftest import RunPy, lora, model_settings
from warm import Running

from email_assistant.language_model.loading import add_adapter, load_base

SECONDS = 120


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def save_adapter(model: Path, folder: Path) -> Path:
    """An adapter of a model, moved away from its start."""
    tuned = add_adapter(load_base(model_settings(model)), lora(), 1)
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in tuned.model.parameters():
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    tuned.model.save_pretrained(folder)
    return folder


class Served:
    """A running server."""

    def __init__(self, running: Running, port: int, outputs: Path) -> None:
        self.running, self.port, self.outputs = running, port, outputs
        self.own = f"http://127.0.0.1:{port}"
        wait(lambda: "/login?key=" in self.out or not running.process.is_alive())
        assert running.process.is_alive(), self.err
        self.link = str(re.search(r"http\S+/login\?key=\S+", self.out)[0])  # type: ignore[index]
        self.token = (outputs / "compose" / "token").read_text().strip()

    @property
    def out(self) -> str:
        return self.running.streams[1].read_text()

    @property
    def err(self) -> str:
        return self.running.streams[2].read_text()

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def __call__(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, token: bool = True
    ) -> Answer:
        """Send a request; a body that is not bytes is sent as JSON. Repeated while there are too many in a second."""
        end = time.monotonic() + SECONDS
        while True:
            answer = self._send(method, path, body, headers, token)
            if answer.status != 429 or time.monotonic() > end:
                return answer
            time.sleep(0.2)

    def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None, token: bool) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {**(self.bearer if token else {}), **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body, sent = json.dumps(body).encode(), {"Content-Type": "application/json", **sent}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def status(self) -> str:
        return str(self("GET", "/page/state").json["status"])

    def wait_until_ready(self) -> None:
        wait(lambda: self.status() == "ready")

    def cookie(self) -> str:
        """Sign in by the token, as the page's form does."""
        headers = {"Origin": self.own, "Content-Type": "application/x-www-form-urlencoded"}
        answer = self("POST", "/login", f"token={self.token}".encode(), headers, token=False)
        return answer.headers["set-cookie"].partition(";")[0]


def wait(when: Any, seconds: float = SECONDS) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not when():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


@contextmanager
def serving(run_py: RunPy, *arguments: str) -> Iterator[Served]:
    """Serve in the folder of `run_py` until the block ends."""
    port = free_port()
    running = run_py.start("stage=compose", "tracking=none", f"compose.port={port}", *arguments)
    try:
        yield Served(running, port, run_py.folder / "outputs")
    finally:
        if running.process.is_alive():
            running.stop(signal.SIGINT, lambda: True)
