"""Fetching a model from a hub on this machine."""

import json
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from warm import Call

from email_assistant.privacy import guard

NAME, COMMIT = "someone/tiny", "c" * 40
# Files beside a model on the hub that must not be downloaded.
UNWANTED = {"modeling.py": b"print('run')", "pytorch_model.bin": b"a pickle"}


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """Start a hub and put its address into the environment; the paths that are requested from it."""
    files = {file.name: file.read_bytes() for file in tiny_model.iterdir()} | UNWANTED
    requested: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            requested.append(self.path)
            path = self.path.partition("?")[0]
            name = path.rpartition("/")[2]
            if path == f"/api/models/{NAME}/tree/{COMMIT}":
                listing = [{"type": "file", "path": name, "size": len(files[name]), "oid": "0" * 40} for name in files]
                self._answer(json.dumps(listing).encode())
            elif path == f"/api/models/{NAME}/revision/main":
                listed = [{"rfilename": name} for name in files]
                self._answer(json.dumps({"id": NAME, "sha": COMMIT, "siblings": listed}).encode())
            elif path == f"/{NAME}/resolve/{COMMIT}/{name}" and name in files:
                self._answer(files[name])
            else:
                self.send_error(404)

        do_GET = do_HEAD  # noqa: N815 - as the library calls it

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    yield requested
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_model_is_fetched_once_and_only_if_that_is_allowed(
    run_py: Callable[..., Call], hub: list[str], tmp_path: Path
) -> None:
    call = ["stage=data", f"model.path={NAME}"]
    closed = run_py("stage=summarize", f"model.path={NAME}", fresh=True)
    assert closed.code == 1 and "privacy.allow_network=true" in closed.err and not hub
    fetched = run_py(*call, "privacy.allow_network=true", fresh=True)
    assert fetched.code == 0, fetched.err
    assert f"open: downloading {NAME} from http://127.0.0.1" in fetched.out and "closed" in fetched.out
    names = {path.rpartition("/")[2] for path in hub}
    assert "model.safetensors" in names and not names & set(UNWANTED)
    # The connections of the process that fetched it are recorded.
    records = [
        json.loads(line)
        for file in (tmp_path / "outputs" / guard.AUDIT_FOLDER).iterdir()
        for line in file.read_text().splitlines()
    ]
    assert {one["host"] for one in records if one["what"] == "connection"} == {"127.0.0.1"}
    hub.clear()
    assert "downloading" not in run_py(*call, "privacy.allow_network=true", fresh=True).out
    assert run_py("stage=summarize", f"model.path={NAME}", fresh=True).code == 0
    assert not hub


@pytest.mark.slow
def test_a_model_that_the_hub_does_not_have_is_an_error(run_py: Callable[..., Call], hub: list[str]) -> None:
    missing = run_py("stage=data", "model.path=someone/missing", "privacy.allow_network=true", fresh=True)
    assert missing.code == 1 and "error: model.path=someone/missing: could not be downloaded: " in missing.err
    assert "Traceback" not in missing.err
