"""Attacks on the page and the API: every test sends what an attacker would, to a running server."""

import asyncio
import http.client
import json
import re
import socket
import stat
import time
from contextlib import ExitStack

import pytest
from conftest import ALLOWED
from served import Served

from email_assistant.compose import gate
from email_assistant.compose.access import Access
from email_assistant.compose.gate import HEADERS, MAX_BODY, PUBLIC

pytestmark = pytest.mark.slow
PATHS = [
    ("GET", "/"),
    ("GET", "/page/state"),
    ("GET", "/page/history"),
    ("POST", "/page/drafts"),
    ("POST", "/page/marks"),
    ("POST", "/page/copied"),
    ("POST", "/page/learning"),
    ("POST", "/page/mail"),
    ("POST", "/page/draft.eml"),
    ("GET", "/openapi.json"),
    ("GET", "/v1/models"),
    ("HEAD", "/v1/models"),
    ("GET", "/v1/models/"),
    ("GET", "/v1/models/my-style"),
    ("POST", "/v1/chat/completions"),
    ("GET", "/models"),
    ("POST", "/chat/completions"),
    ("GET", "/api/tags"),
    ("GET", "/api/ps"),
    ("HEAD", "/api/tags"),
    ("POST", "/api/generate"),
    ("GET", "/api/version"),
    ("POST", "/api/chat"),
    ("POST", "/api/show"),
    ("GET", "/no/such/path"),
]
CHAT = {"model": "my-style", "messages": [{"role": "user", "content": "bo: come at 7"}], "max_tokens": 3}
EVIL = "https://evil.example"


def test_all_paths_are_tried(served: Served) -> None:
    routes = served("GET", "/openapi.json").json["paths"]
    known = {(method.upper(), path.replace("{name}", "my-style")) for path, each in routes.items() for method in each}
    assert known - set(PATHS) == {("GET", "/login"), ("POST", "/login")}


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_nothing_without_the_token(served: Served, method: str, path: str) -> None:
    body = {} if method == "POST" else None
    for headers in (
        {},
        {"Authorization": "Bearer " + "x" * 43},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {served.token}"},
        {"Authorization": f"Bearer {served.token[:-1]}"},
        {"Cookie": "email_assistant=x", "Origin": served.own},
        {"Cookie": f"email_assistant={served.token}", "Origin": served.own},
    ):
        answer = served(method, path, body, headers, token=False)
        assert answer.status == 401, headers
        assert "bo" not in answer.body.decode().split()


@pytest.mark.parametrize(("method", "path"), [*PATHS, *(("GET", path) for path in sorted(PUBLIC))])
def test_a_rebound_name_gets_nothing(served: Served, method: str, path: str) -> None:
    for host in (
        f"evil.example:{served.port}",
        "127.0.0.1",
        f"127.0.0.1.evil.example:{served.port}",
        "",
        "localhost:1",
    ):
        answer = served(method, path, {} if method == "POST" else None, {"Host": host})
        assert answer.status == 421, host


def test_two_hosts_or_none_get_nothing(served: Served) -> None:
    for heads in ([f"Host: 127.0.0.1:{served.port}", "Host: evil.example"], []):
        request = "\r\n".join(["GET /compose.css HTTP/1.1", *heads, "Connection: close", "", ""])
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as raw:
            raw.sendall(request.encode())
            assert int(raw.recv(4096).split()[1]) in (400, 421)


def test_a_body_with_two_ends_is_refused_and_nothing_behind_it_is_read(served: Served) -> None:
    behind = (
        f"GET /page/history HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.token}\r\n\r\n"
    )
    head = f"POST /page/mail HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nAuthorization: Bearer {served.token}\r\n"
    for lengths in (
        f"Content-Length: {len(behind) + 5}\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 6",
    ):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as raw:
            raw.sendall(f"{head}{lengths}\r\n\r\n0\r\n\r\n{behind}".encode())
            answers = b""
            while piece := raw.recv(65536):
                answers += piece
        assert answers.startswith(b"HTTP/1.1 400 ")
        assert answers.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_another_page_gets_nothing(served: Served, method: str, path: str) -> None:
    body = {} if method == "POST" else None
    for origin in (EVIL, "null", f"http://127.0.0.1:{served.port + 1}", f"https://127.0.0.1:{served.port}", ""):
        answer = served(method, path, body, {"Origin": origin, "Cookie": served.cookie()})
        assert answer.status == 403, origin
        assert "access-control-allow-origin" not in answer.headers


def test_another_page_cannot_load_what_needs_no_origin(served: Served) -> None:
    # <script src>, <img src>, and pages of other ports of this machine, which share its cookies.
    cookie = served.cookie()
    for site in ("cross-site", "same-site"):
        for path in ("/compose.js", "/page/history", "/"):
            fetched = {
                "Sec-Fetch-Site": site,
                "Sec-Fetch-Mode": "no-cors",
                "Sec-Fetch-Dest": "script",
                "Cookie": cookie,
            }
            assert served("GET", path, headers=fetched, token=False).status == 403
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert served("GET", "/", headers={**followed, "Cookie": cookie}, token=False).status == 200
    framed = {**followed, "Sec-Fetch-Dest": "iframe", "Cookie": cookie}
    assert served("GET", "/", headers=framed, token=False).status == 403


def test_a_form_of_another_page_cannot_use_the_cookie(served: Served) -> None:
    cookie = {"Cookie": served.cookie()}
    body = {"request": "bo: come", "draft": "Bo"}
    assert served("POST", "/page/marks", body, cookie, token=False).status == 403
    assert served("POST", "/page/marks", body, {**cookie, "Origin": served.own}, token=False).status == 200
    # The API knows no cookie at all.
    assert served("POST", "/v1/chat/completions", CHAT, {**cookie, "Origin": served.own}, token=False).status == 401


def test_one_origin_may_use_the_api_and_nothing_else(served: Served) -> None:
    asked = {"Origin": ALLOWED, "Access-Control-Request-Method": "POST"}
    preflight = served("OPTIONS", "/v1/chat/completions", headers=asked, token=False)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == ALLOWED
    assert "access-control-allow-credentials" not in preflight.headers
    answer = served("POST", "/v1/chat/completions", CHAT, {"Origin": ALLOWED})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, ALLOWED)
    assert served("POST", "/v1/chat/completions", CHAT, {"Origin": ALLOWED}, token=False).status == 401
    assert served("GET", "/page/history", headers={"Origin": ALLOWED}).status == 403
    for origin in (EVIL, ALLOWED + "1", ALLOWED.upper()):
        answer = served("OPTIONS", "/v1/chat/completions", headers={**asked, "Origin": origin}, token=False)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers


def test_a_link_works_once_and_gives_a_cookie_that_scripts_and_other_pages_cannot_use(served: Served) -> None:
    path = served.link.removeprefix(served.own)
    first = served("GET", path, token=False)
    assert first.status == 200
    cookie = first.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert served.token not in cookie
    assert served.token not in served.link
    again = served("GET", path, token=False)
    assert (again.status, again.headers.get("set-cookie")) == (401, None)
    assert served("GET", "/", headers={"Cookie": cookie.partition(";")[0]}, token=False).status == 200


def test_cookies_of_other_programs_do_not_hide_the_page_s(served: Served) -> None:
    ours = served.cookie()
    for others in ('{"a": "b, c"}=1', "a[b]=1", "x", "=", "email_assistant=", "email_assistant=other", 'a="', "a=б"):
        for cookie in (f"{others}; {ours}", f"{ours}; {others}", f"{others};{ours}"):
            headers = {"Cookie": cookie.encode().decode("latin-1")}
            assert served("GET", "/page/state", headers=headers, token=False).status == 200, cookie
        assert served("GET", "/page/state", headers={"Cookie": "a=1; email_assistant=x"}, token=False).status == 401


def test_a_wrong_token_in_the_form_gives_no_cookie(served: Served) -> None:
    form = {"Origin": served.own, "Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"token=x", b"token=", b"", b"token=%00%ff", b"x" * 1000):
        answer = served("POST", "/login", body, form, token=False)
        assert (answer.status, answer.headers.get("set-cookie")) == (401, None)
    stolen = served("POST", "/login", f"token={served.token}".encode(), {"Origin": EVIL}, token=False)
    assert stolen.status == 403


def test_only_its_owner_may_read_the_token(served: Served) -> None:
    file = served.outputs / "compose" / "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(served.token) >= 43


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/page/mail", "/page/drafts", "/login"])
def test_fifty_megabytes_are_refused_without_being_read(served: Served, path: str) -> None:
    headers = {**served.bearer, "Origin": served.own}
    declared = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    declared.putrequest("POST", path)
    for name, value in {**headers, "Content-Length": str(50 << 20)}.items():
        declared.putheader(name, value)
    declared.endheaders(b"{")
    assert declared.getresponse().status == 413
    chunked = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    piece = b" " * (64 << 10)
    try:
        chunked.request("POST", path, (piece for _ in range(800)), headers, encode_chunked=True)
        assert chunked.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        # The server hung up in the middle.
        pass
    assert served.status() == "ready"


def test_a_body_of_almost_the_largest_size_is_read(served: Served) -> None:
    body = json.dumps({**CHAT, "padding": "x" * (MAX_BODY - 300)}).encode()
    assert len(body) < MAX_BODY
    assert served("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"}).status == 200


def test_two_hundred_slow_connections_keep_nobody_out(served: Served) -> None:
    with ExitStack() as stack:
        for number in range(200):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=10))
            slow.sendall(b"GET / HTTP/1.1\r\nHo" if number % 2 else b"")
        started = time.monotonic()
        assert served("POST", "/v1/chat/completions", CHAT).status == 200
        assert time.monotonic() - started < 5
        # The oldest are closed for the newest.
        slow.settimeout(0.1)
        with pytest.raises(TimeoutError):
            slow.recv(1)
    assert served.status() == "ready"


def test_every_answer_forbids_what_the_page_does_not_need(served: Served) -> None:
    answers = [
        served("GET", "/"),
        served("GET", "/compose.js"),
        served("GET", "/page/state"),
        served("GET", "/v1/models"),
        served("GET", "/no/such/path"),
        served("GET", "/", token=False),
        served("GET", "/", headers={"Host": "evil.example"}),
        served("POST", "/v1/chat/completions", {"messages": 1}),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name.lower()] == value
        assert "server" not in answer.headers
    for word in ("unsafe", "*", "http:", "https:", "data:"):
        assert word not in HEADERS["Content-Security-Policy"]


def test_the_page_loads_only_its_own_files(served: Served) -> None:
    page = served("GET", "/").body.decode()
    assert set(re.findall(r'(?:src|href)="([^"]+)"', page)) == {
        "/compose.css",
        "/compose.js",
        "/compose.svg",
        "/?lang=ru",
    }
    for path in ("/compose.css", "/compose.js", "/server.js"):
        assert not re.search(
            r"https?://|url\(|@import|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(",
            (served("GET", path).body.decode()),
        )


def test_markup_and_script_in_a_mail_stay_text(served: Served) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    mail = f"From: {evil} <a@x.example>\nSubject: {evil}\nMessage-ID: <m@x>\n\n{evil}\n".encode()
    answer = served("POST", "/page/mail", mail)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["subject"] == f"Re: {evil}"
    marks = {"id": "1", "request": evil, "draft": evil, "recipient": evil, "subject": evil}
    assert served("POST", "/page/marks", marks).status == 200
    assert served("GET", "/page/history").headers["content-type"] == "application/json"
    assert evil not in served("GET", "/").body.decode()


def test_marks_are_counted_as_javascript_counts(served: Served) -> None:
    marks = {"id": "2", "request": "went home", "draft": "\U0001f600 It went home to Bo."}
    found = served("POST", "/page/marks", marks).json
    assert found["guessed"] == [[3, 5]]
    assert found["added"] == [[19, 21]]


def test_what_shorthand_stands_for_is_no_fact_that_nobody_gave(served: Served) -> None:
    marks = {"id": "3", "request": "jo: see u 2moro", "draft": "Jo, see you tomorrow, or on Friday."}
    assert served("POST", "/page/marks", marks).json["added"] == [[28, 34]]


def test_no_log_has_requests_mails_or_the_token(served: Served) -> None:
    said = "xylophone"
    body = {**CHAT, "messages": [{"role": "user", "content": said}]}
    assert served("POST", "/v1/chat/completions", body).status == 200
    assert served("POST", "/v1/chat/completions", {**body, "n": said}).status == 400
    assert served("POST", "/page/drafts", {"request": said}).status == 200
    assert served("POST", "/page/mail", said.encode()).status == 422
    assert served("POST", "/page/draft.eml", {"request": said, "draft": said}).status == 200
    kept = [file for file in served.outputs.rglob("*") if file.is_file() and file.name != "token"]
    assert kept
    for text in (served.out, served.err, *(file.read_bytes().decode("latin-1") for file in kept)):
        assert said not in text
        assert served.token not in text


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.05)
    sent: list[gate.Message] = []

    async def forever() -> gate.Message:
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: gate.Message) -> None:
        sent.append(message)

    async def app(scope: gate.Scope, receive: gate.Receive, send: gate.Send) -> None:
        raise AssertionError("the app was called")

    headers = [(b"host", b"127.0.0.1:1"), (b"authorization", b"Bearer t"), (b"content-length", b"10")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers}
    asyncio.run(gate.Gate(app, Access("t"), 1, [])(scope, forever, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]


def test_too_many_requests_are_refused_until_later(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = gate.Rate()
    taken = [rate.take() for _ in range(int(gate.BURST) + 5)]
    assert taken[: int(gate.BURST)] == [True] * int(gate.BURST)
    assert not taken[-1]
    now = time.monotonic()
    monkeypatch.setattr(gate.time, "monotonic", lambda: now + 1)
    assert rate.take()
