"""MLflow's own server behind a content security policy, without what this project does not use.

`python -m email_assistant.experiments.guarded_ui PORT DATABASE FILES START` serves the store until it is stopped. The
page opens on the runs; MLflow's home page, its assistant and its notice on telemetry, which is off, are hidden.
"""

import json
import os
import sys
import warnings
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from email_assistant.privacy import guard
from email_assistant.privacy.loopback import HOST

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
# MLflow's page styles itself by scripts, and shows plots and reports of runs as data and in frames.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-src 'self' blob:; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OURS = "/email-assistant/"
STYLE_PATH, SCRIPT_PATH = f"{OURS}ui.css", f"{OURS}ui.js"
# MLflow's assistant, which would ask a model on this machine about the runs.
ASSISTANT = "/mlflow/assistant"
# What MLflow's page remembers in the browser, by its key and version there.
REMEMBERED = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.panelOpen_v1": False,
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
    "mlflow.telemetry.info.alert.dismissed_v1": True,
    "mlflow.settings.telemetry.enabled_v1": False,
    "mlflow.detectIssues.guidanceShown_v1": True,
}
# Parts of MLflow's page, by the ids that its scripts give them.
STYLE = """
[data-component-id*="assistant"], [data-component-id*="telemetry"], button[hidden] {
  display: none !important;
}
"""
SCRIPT = """
for (const [key, value] of Object.entries(%s)) localStorage.setItem(key, JSON.stringify(value));
const start = %s;
const open = () => { if (["", "#", "#/"].includes(location.hash)) location.replace(start); };
open();
addEventListener("hashchange", open);
const isAssistant = (button) => button.textContent.trim() === "MLflow Assistant";
new MutationObserver(() => {
  for (const button of document.querySelectorAll("button")) if (isAssistant(button)) button.hidden = true;
}).observe(document, { childList: true, subtree: true });
"""


class GuardedUi:
    """ASGI middleware around MLflow's app: headers, and a style and a script of this project in its page."""

    def __init__(self, app: App, start: str) -> None:
        """Guard an app.

        Args:
            app: MLflow's.
            start: The address within the page on which it opens, such as `/#/experiments/1/runs`.
        """
        self._app = app
        self._files = {
            STYLE_PATH: (b"text/css", STYLE.encode()),
            SCRIPT_PATH: (b"text/javascript", (SCRIPT % (json.dumps(REMEMBERED), json.dumps(start))).encode()),
        }

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] in self._files:
            media_type, body = self._files[scope["path"]]
            await _Page(send).answer(200, media_type, body)
        elif ASSISTANT in scope["path"]:
            await _Page(send).answer(404, b"text/plain", b"not here")
        else:
            page = _Page(send)
            await self._app(scope, receive, page.send_index if scope["path"] == "/" else page.send)


class _Page:
    """Adds headers to an answer, and this project's files to MLflow's page."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        """Send part of an answer."""
        if message["type"] == "http.response.start":
            ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            names = {name for name, _ in ours}
            message = {**message, "headers": [*(each for each in message["headers"] if each[0] not in names), *ours]}
        await self._send(message)

    async def send_index(self, message: Message) -> None:
        """Collect MLflow's page, and send it with a style and a script of this project."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        added = f'<link rel="stylesheet" href="{STYLE_PATH}"><script src="{SCRIPT_PATH}"></script></head>'
        body = self._body.replace(b"</head>", added.encode(), 1)
        headers = [each for each in self._start["headers"] if each[0].lower() not in (b"content-length", b"etag")]
        await self.send({**self._start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await self.send({"type": "http.response.body", "body": body})

    async def answer(self, status: int, media_type: bytes, body: bytes) -> None:
        """Send a whole answer."""
        headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def main(port: int, database: str, files: str, start: str) -> None:
    """Serve a store.

    Args:
        port: The port on 127.0.0.1.
        database: The store's database, as a URI.
        files: Where the store's files are.
        start: The address within the page on which it opens.
    """
    guard.protect()
    from mlflow.server import constants

    # As `mlflow server` does for its own processes.
    os.environ[constants.BACKEND_STORE_URI_ENV_VAR] = database
    os.environ[constants.ARTIFACT_ROOT_ENV_VAR] = files
    import uvicorn

    # MLflow's matter, not the user's.
    warnings.filterwarnings("ignore", message="starlette.middleware.wsgi is deprecated")
    from mlflow.server.fastapi_app import app

    uvicorn.run(GuardedUi(app, start), host=HOST, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
