"""The gate before the app: every request passes these checks, or is answered here without reaching the app.

Host (DNS rebinding), Origin and Sec-Fetch-Site (other pages), token or cookie, size, time and rate. Nothing of a
request or an answer is logged.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from email_assistant.compose.access import COOKIE, Access
from email_assistant.console import StageLogger

log = StageLogger(__name__, "compose")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Paths without private content: the page's own files, and the sign-in page.
PUBLIC = frozenset(("/login", "/compose.css", "/compose.js", "/server.js", "/compose.svg"))
# Paths for programs, which need the token. All other paths are for the page, which has a cookie.
OLLAMA_PREFIX = "/api/"
API_PREFIXES = ("/v1/", OLLAMA_PREFIX, "/chat/", "/models")
SAFE_METHODS = frozenset(("GET", "HEAD"))
# The largest body in bytes: of a mail that is dropped on the page, and of any other request. How long a body may take.
MAX_MAIL, MAX_BODY, BODY_SECONDS = 8 << 20, 512 << 10, 10.0
MAIL_PATH = "/page/mail"
HTTP_PORT = 80
# Requests per second, and how many at once: a person and several programs never reach them.
RATE, BURST = 20.0, 100.0
# Headers that OpenAI's and Ollama's clients for browsers send besides the token and the type of the body.
CLIENT_HEADER = re.compile(r"x-stainless-[a-z-]{1,40}|openai-[a-z-]{1,40}|user-agent|accept")
# How long a browser may remember that an origin is allowed, in seconds.
PREFLIGHT_SECONDS = 600
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With no-referrer, browsers would send the form with the token from the origin null.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@dataclass
class Refusal(Exception):  # noqa: N818 - it is an answer
    """A request that is answered at the gate.

    Attributes:
        status: The HTTP status.
        code: A word for programs.
        message: A sentence for people.
    """

    status: int
    code: str
    message: str


@dataclass
class Rate:
    """A token bucket: `BURST` requests at once, `RATE` per second in the long run."""

    _left: float = BURST
    _at: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        """Whether one more request is within the rate."""
        now = time.monotonic()
        self._left, self._at = min(BURST, self._left + (now - self._at) * RATE), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Gate:
    """ASGI middleware with all checks."""

    def __init__(self, app: App, access: Access, port: int, allowed_origins: Iterable[str]) -> None:
        """Guard an app.

        Args:
            app: The app.
            access: The token and the cookie.
            port: The server's port.
            allowed_origins: Origins besides the server's own that may call the API, such as `moz-extension://…`.
        """
        self._app, self._access = app, access
        names = frozenset(("127.0.0.1", "localhost"))
        hosts = frozenset(f"{name}:{port}" for name in names)
        # Browsers leave out the usual port of HTTP.
        self._hosts = hosts | names if port == HTTP_PORT else hosts
        self._own = frozenset(f"http://{host}" for host in self._hosts)
        self._allowed = frozenset(origin.rstrip("/") for origin in allowed_origins)
        # Two rates, so that a program without the token cannot slow down one that has it.
        self._rate, self._public_rate = Rate(), Rate()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = _Request(scope)
        answered = _Answered(send, self._headers(request))
        try:
            self._check_where_from(request)
            if request.method == "OPTIONS" and request.origin in self._allowed and request.is_api:
                await _answer(answered.send, 204, b"", "text/plain")
                return
            self._check_who(request)
            if not (self._public_rate if request.path in PUBLIC else self._rate).take():
                raise Refusal(429, "rate_limit_exceeded", "too many requests; try again in a second")
            await self._app(_with_type(scope, request), await _with_body(request, receive), answered.send)
        except Refusal as refusal:
            await _refuse(answered, request, refusal)
        except Exception as error:
            # Its message may quote the request.
            log.error("%s: %s at %s", scope["path"][:60], type(error).__name__, _place(error))
            await _refuse(
                answered, request, Refusal(500, "internal_error", "internal error; see the log in the terminal")
            )

    def _check_where_from(self, request: "_Request") -> None:
        """Refuse requests whose end is unclear, that name this machine differently, or that come from other pages."""
        if request.has_two_lengths:
            raise Refusal(400, "two_lengths", "a request may have Content-Length or Transfer-Encoding, not both")
        if request.hosts not in [[host] for host in self._hosts]:
            raise Refusal(421, "wrong_host", "this server only answers to 127.0.0.1 and localhost")
        if request.origin is not None and request.origin not in self._own:
            if request.origin not in self._allowed:
                raise Refusal(
                    403,
                    "wrong_origin",
                    "this origin may not use this server; compose.allow_origins lists those that may",
                )
            if not request.is_api:
                raise Refusal(403, "wrong_origin", "other origins may only use the API")
        elif request.fetched_by_other_page and request.origin is None and not request.opens_page:
            raise Refusal(403, "wrong_origin", "other pages may not load anything from this server")

    def _check_who(self, request: "_Request") -> None:
        """Refuse requests without the token or the cookie."""
        if request.path in PUBLIC:
            if request.method not in SAFE_METHODS and request.origin not in self._own:
                raise Refusal(403, "wrong_origin", "only this server's own page may do this")
            return
        if request.bearer is not None:
            if not self._access.is_token(request.bearer):
                raise Refusal(401, "invalid_api_key", "wrong token; the right one is in outputs/compose/token")
            return
        if request.is_api or not any(map(self._access.is_cookie, request.cookies)):
            raise Refusal(401, "missing_api_key", "the token is missing: send it as 'Authorization: Bearer TOKEN'")
        if request.method not in SAFE_METHODS and request.origin not in self._own:
            raise Refusal(403, "wrong_origin", "only this server's own page may do this")

    def _headers(self, request: "_Request") -> dict[str, str]:
        """The headers of every answer; only allowed origins may read one."""
        if request.origin not in self._allowed or not request.is_api:
            return HEADERS
        return {
            **HEADERS,
            "Access-Control-Allow-Origin": request.origin or "",
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": ", ".join(["Authorization", "Content-Type", *request.harmless_headers]),
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Origin",
        }


class _Request:
    """What the gate reads of a request."""

    def __init__(self, scope: Scope) -> None:
        self._headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.method, self.path = str(scope["method"]), str(scope["path"])
        self.hosts = self._all("host")
        origins = self._all("origin")
        # 'null' is never allowed; nor is a request with two origins.
        self.origin = None if not origins else origins[0] if len(origins) == 1 else "null"
        self.is_api = self.path.startswith(API_PREFIXES)
        self.accepts_html = "text/html" in " ".join(self._all("accept"))

    def _all(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self._headers if key == name.encode()]

    @property
    def bearer(self) -> str | None:
        """The token that the request carries; None if it has no such header."""
        values = self._all("authorization")
        if not values:
            return None
        scheme, _, token = values[0].partition(" ")
        return token.strip() if scheme.lower() == "bearer" and len(values) == 1 else ""

    @property
    def cookies(self) -> list[str]:
        """The values of all cookies with the page's name; other programs on this host may set one, too."""
        pairs = (pair.partition("=") for line in self._all("cookie") for pair in line.split(";"))
        return [value.strip().strip('"') for name, _, value in pairs if name.strip() == COOKIE]

    @property
    def fetched_by_other_page(self) -> bool:
        """Whether a browser says that the request comes from another page, even one on another port of this machine."""
        return any(value in ("cross-site", "same-site") for value in self._all("sec-fetch-site"))

    @property
    def opens_page(self) -> bool:
        """Whether a person follows a link to the page."""
        navigates = self._all("sec-fetch-mode") == ["navigate"] and self._all("sec-fetch-dest") == ["document"]
        return navigates and self.method in SAFE_METHODS and self.path in ("/", "/login")

    @property
    def harmless_headers(self) -> list[str]:
        """Headers that a preflight asks for and that only describe the client, as clients of the API send them."""
        asked = ",".join(self._all("access-control-request-headers")).lower().split(",")
        return [name.strip() for name in asked if CLIENT_HEADER.fullmatch(name.strip())]

    @property
    def max_body(self) -> int:
        """The largest body in bytes."""
        return MAX_MAIL if self.path == MAIL_PATH else MAX_BODY

    @property
    def has_two_lengths(self) -> bool:
        """Whether it says in two ways where its body ends, of which another program may have believed the other."""
        return bool(self._all("content-length") and self._all("transfer-encoding"))

    @property
    def declared_length(self) -> int:
        """The length of the body that the request declares; 0 if it declares none."""
        values = self._all("content-length")
        return int(values[0]) if values and values[0].isdigit() else 0


class _Answered:
    """Adds headers to an answer, and knows whether it has started."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send, self.is_begun = send, False
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_begun = True
            ours = {name for name, _ in self._headers}
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message = {**message, "headers": [*kept, *self._headers]}
        await self._send(message)


def _with_type(scope: Scope, request: _Request) -> Scope:
    """The request; if it is to the API, its content type is JSON. Programs that use Ollama's API often send another."""
    if not request.is_api or request.method in SAFE_METHODS:
        return scope
    others = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
    return {**scope, "headers": [*others, (b"content-type", b"application/json")]}


async def _with_body(request: _Request, receive: Receive) -> Receive:
    """Read the whole body; returns a `receive` that passes it to the app, then whatever the client sends next.

    Raises:
        Refusal: when it is too large or takes too long.
    """
    too_large = Refusal(413, "too_large", f"the request is larger than {request.max_body >> 10} KB")
    if request.declared_length > request.max_body:
        raise too_large
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Refusal(400, "incomplete", "the request ended before its body was complete")
                body += message.get("body", b"")
                if len(body) > request.max_body:
                    raise too_large
                more = message.get("more_body", False)
    except TimeoutError:
        raise Refusal(408, "too_slow", "the request took too long to arrive") from None
    pending: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


async def _refuse(answered: _Answered, request: _Request, refusal: Refusal) -> None:
    if answered.is_begun:
        return
    if refusal.status == 401 and request.path == "/" and request.accepts_html:
        # The page that asks for the token.
        await _answer(answered.send, 303, b"", "text/plain", [(b"location", b"/login")])
        return
    kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 500: "server_error"}
    error = {
        "message": refusal.message,
        "type": kind.get(refusal.status, "invalid_request_error"),
        "param": None,
        "code": refusal.code,
    }
    # An unread body must not be taken for the next request, and a refused client needs no open connection.
    headers = [(b"connection", b"close")]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    # Ollama's errors are only a message.
    body = {"error": refusal.message if request.path.startswith(OLLAMA_PREFIX) else error}
    await _answer(answered.send, refusal.status, json.dumps(body).encode(), "application/json", headers)


async def _answer(
    send: Send, status: int, body: bytes, media_type: str, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    all_headers = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})


def _place(error: BaseException) -> str:
    """The module and line where an error was raised."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_globals.get('__name__')}:{traceback.tb_lineno}" if traceback else "?"
