"""The HTTP server: only on 127.0.0.1, closes connections that send nothing, ends at once with Ctrl-C."""

import asyncio
import socket
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

# How long a connection may take to send the head of a request, and stay idle after an answer, in seconds.
HEAD_SECONDS, IDLE_SECONDS = 10.0, 30
# The most connections without a request; for one more, the oldest is closed.
MAX_WAITING = 64
# The largest head of a request in bytes.
MAX_HEAD = 32 << 10


class ImpatientProtocol(H11Protocol):
    """Closes connections that do not send a request."""

    _waiting: dict["ImpatientProtocol", asyncio.TimerHandle] = {}  # noqa: RUF012 - shared by all connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Expect the rest of a request's head until it is complete."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._expect_head()
        else:
            self._head_is_here()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._head_is_here()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self in self._waiting or self.transport.is_closing():
            return
        if len(self._waiting) >= MAX_WAITING:
            next(iter(self._waiting))._give_up()
        self._waiting[self] = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _head_is_here(self) -> None:
        timer = self._waiting.pop(self, None)
        if timer:
            timer.cancel()

    def _give_up(self) -> None:
        self._head_is_here()
        self.transport.abort()


class Server(uvicorn.Server):
    """Ends at the first Ctrl-C or SIGTERM, without raising it again."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self.should_exit = True


def serve(app: Any, bound: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM, which cancel open answers.

    Args:
        app: The ASGI app.
        bound: From `bind`.
    """
    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        # The gate logs errors of the app, without text of mails; answers cancelled at the end are not errors.
        log_level="critical",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=0,
    )
    Server(config).run([bound])
