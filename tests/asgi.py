"""Requests to the app in this process, without a server."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from email_assistant.compose.gate import App, Message

TOKEN = "secret"


@dataclass
class Answer:
    """An answer of the app or of a server."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


def call_app(app: App, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a request with the token `TOKEN` to an app that was built for port 80.

    A body that is not bytes is sent as JSON.
    """
    sent = {"host": "127.0.0.1:80", "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in {**sent, **(headers or {})}.items()],
    }
    messages: list[Message] = []
    content = [body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()]

    async def receive() -> Message:
        if content:
            return {"type": "http.request", "body": content.pop(), "more_body": False}
        await asyncio.sleep(60)
        raise AssertionError("nobody waits for a client that has gone")

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    start, *rest = messages
    got = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], got, b"".join(message.get("body", b"") for message in rest))
