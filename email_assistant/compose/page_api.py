"""The page and what its script asks for."""

from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any
from urllib.parse import parse_qs, quote

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, Field, TypeAdapter

from email_assistant.compose.access import COOKIE, Access
from email_assistant.compose.drafts import (
    MAX_SHORT,
    MAX_TEXT,
    MAX_THREAD,
    Draft,
    eml,
    file_name,
    read_mail,
    recipients,
    without_address,
)
from email_assistant.compose.learning import Learning
from email_assistant.compose.messages import JobError, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelClient, WholeText
from email_assistant.compose.page_texts import EXAMPLES, choose_language, texts_of, typed_form
from email_assistant.compose.writing import Change, Wish, Writer
from email_assistant.console import StageLogger
from email_assistant.errors import DataError
from email_assistant.metrics.fact_marks import mark_facts
from email_assistant.metrics.guessed_greeting import without_guessed_name
from email_assistant.metrics.guessed_subjects import guessed_subjects
from email_assistant.metrics.usual import Usual
from email_assistant.reports.page import STYLE_FILE
from email_assistant.storage.records import Edit

log = StageLogger(__name__, "compose")
PAGE = Path(__file__).parent / "page"
# What the page loads beside its style, with their media types.
FILES = {"compose.js": "text/javascript", "server.js": "text/javascript", "compose.svg": "image/svg+xml"}
# Drafts that the page lists again after a reload. They are kept in memory only.
MAX_HISTORY = 20
# A year, in seconds.
COOKIE_SECONDS = 365 * 86400
Short = Annotated[str, Field(max_length=MAX_SHORT)]
Long = Annotated[str, Field(max_length=MAX_TEXT)]
Place = Annotated[int, Field(ge=0, le=100_000)]
Attempt = Annotated[int, Field(ge=0, le=10_000)]


class Asked(BaseModel):
    """What a person typed."""

    request: Annotated[str, Field(max_length=8_000)]
    context: Long = ""
    recipient: Short = ""

    def wish(self) -> Wish:
        """The wish for a first draft."""
        return Wish(self.request, self.context, self.recipient)


class DraftAsked(Asked):
    """A draft to write."""

    change: Change = "first"
    draft: Long = ""
    keep: tuple[Place, Place] = (0, 0)
    attempt: Attempt = 0

    def wish(self) -> Wish:
        """The wish."""
        return Wish(self.request, self.context, self.recipient, self.draft, self.keep, self.attempt)


class Edited(Asked):
    """A draft as it was edited, and as it was written; `id` is that of its request in the history."""

    id: Annotated[str, Field(max_length=64, pattern="^[A-Za-z0-9-]*$")] = ""
    draft: Long
    written: Long = ""
    attempt: Attempt = 0
    subject: Short = ""
    message_id: Short = ""
    references: Annotated[list[Short], Field(max_length=MAX_THREAD)] = []

    def edit(self, with_context: bool) -> Edit:
        """What is kept of it to learn from; the mail that is answered only if the model reads it."""
        return {
            "id": self.id,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "request": self.request,
            "to": self.recipient,
            "subject": self.subject,
            "context": self.context if with_context else "",
            "draft": self.written,
            "text": self.draft,
            "answers": [each for each in (*self.references, self.message_id) if each],
        }


class Answered(BaseModel):
    """The answer to the question whether edits may be kept."""

    learn: bool


class Page:
    """The routes of the page."""

    def __init__(
        self,
        access: Access,
        model: ModelClient,
        writer: Writer,
        usual: Usual,
        forms: list[str],
        name: str,
        is_own: bool,
        learning: Learning,
    ) -> None:
        """Prepare.

        Args:
            access: The token and the cookie.
            model: The model.
            writer: Writes drafts.
            usual: What the owner's mails usually say.
            forms: The forms of request that the adapter was trained on; empty: unknown.
            name: The adapter's name.
            is_own: Whether the adapter was trained on the owner's mail.
            learning: Keeps edits, if it may.
        """
        self._access, self._model, self._writer, self._usual = access, model, writer, usual
        self._forms, self._name, self._is_own, self._learning = forms, name, is_own, learning
        self._history: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._templates = Environment(autoescape=True, loader=FileSystemLoader(PAGE), trim_blocks=True)

    def router(self) -> APIRouter:
        """All routes."""
        router = APIRouter(include_in_schema=True)
        router.add_api_route("/", self.page, methods=["GET"], response_class=HTMLResponse)
        # Programs that use Ollama's API ask whether the server runs.
        router.add_api_route("/", self.page, methods=["HEAD"], include_in_schema=False)
        router.add_api_route("/login", self.open_link, methods=["GET"], response_class=HTMLResponse)
        router.add_api_route("/login", self.give_token, methods=["POST"], response_class=HTMLResponse)
        router.add_api_route("/compose.css", self.style, methods=["GET"], include_in_schema=False)
        for name, media_type in FILES.items():
            router.add_api_route(f"/{name}", _file(PAGE / name, media_type), methods=["GET"], include_in_schema=False)
        router.add_api_route("/page/state", self.state, methods=["GET"])
        router.add_api_route("/page/drafts", self.drafts, methods=["POST"], response_class=StreamingResponse)
        router.add_api_route("/page/marks", self.marks, methods=["POST"])
        router.add_api_route("/page/copied", self.copied, methods=["POST"])
        router.add_api_route("/page/learning", self.learn, methods=["POST"])
        router.add_api_route("/page/mail", self.mail, methods=["POST"])
        router.add_api_route("/page/draft.eml", self.save, methods=["POST"], response_class=Response)
        router.add_api_route("/page/history", self.history, methods=["GET"])
        return router

    async def page(self, request: Request, lang: str = "") -> Response:
        """The page itself."""
        language = choose_language(lang, request.headers.get("accept-language", ""))
        form = typed_form(self._forms)
        return self._html(
            "compose.html",
            language,
            example=EXAMPLES[language][form],
            is_rough=form == "rough",
            name=self._name,
            is_own=self._is_own,
            reads_context=self._writer.reads_context,
        )

    async def style(self) -> Response:
        """The style of all pages of this project, and what only this page needs."""
        parts = [path.read_text(encoding="utf-8") for path in (STYLE_FILE, PAGE / "compose.css")]
        return Response("\n".join(parts), media_type="text/css")

    async def open_link(self, request: Request, key: str = "") -> Response:
        """Where a link that works once leads: it gives the cookie, or asks for the token."""
        if key and self._access.use_link_key(key):
            return self._with_cookie(request)
        return self._login(request, "login_used" if key else "")

    async def give_token(self, request: Request) -> Response:
        """Give the cookie for the token."""
        values = parse_qs((await request.body()).decode("utf-8", "replace"))
        if self._access.is_token(values.get("token", [""])[0].strip()):
            return self._with_cookie(request)
        return self._login(request, "login_wrong")

    async def state(self) -> dict[str, Any]:
        """Whether the model can write, and whether edits are kept to learn from."""
        learning = {"learns": self._learning.state, "learning_is_fixed": self._learning.is_fixed}
        return {"status": self._model.state.status, "reason": self._model.state.reason, **learning}

    async def drafts(self, asked: DraftAsked) -> Response:
        """Drafts as they are written: one JSON object a line."""
        if not asked.request.strip():
            return JSONResponse({"error": {"code": "empty", "message": "the request is empty; say what to write"}}, 422)
        return StreamingResponse(_lines(self._draft_events(asked)), media_type="application/x-ndjson")

    async def marks(self, edited: Edited) -> dict[str, Any]:
        """The facts that a draft lost or added, and whom it guessed; the draft is also kept in the history."""
        self._remember(edited)
        return await anyio.to_thread.run_sync(self._marks, edited.wish(), edited.draft)

    async def copied(self, edited: Edited) -> dict[str, bool]:
        """Keep a draft that was copied, if that is allowed. Returns whether it was kept."""
        self._remember(edited)
        return {"kept": await self._keep(edited)}

    async def learn(self, answered: Answered) -> Response:
        """Keep the answer to the question whether edits may be kept."""
        if self._learning.is_fixed:
            return JSONResponse(
                {"error": {"code": "fixed", "message": "compose.learn is set, so the page cannot change this"}}, 409
            )
        await anyio.to_thread.run_sync(self._learning.answer, answered.learn)
        return JSONResponse({"learns": self._learning.state})

    async def mail(self, request: Request) -> Response:
        """Read a mail that was dropped on the page."""
        try:
            mail = await anyio.to_thread.run_sync(read_mail, await request.body())
        except DataError as error:
            return JSONResponse({"error": {"code": "not_a_mail", "message": str(error)}}, 422)
        return JSONResponse(asdict(mail))

    async def save(self, edited: Edited) -> Response:
        """The draft as a file for the mail program."""
        self._remember(edited)
        await self._keep(edited)
        draft = Draft(edited.draft, edited.subject, edited.recipient, edited.message_id, edited.references)
        name = file_name(draft)
        disposition = f"attachment; filename=\"draft.eml\"; filename*=UTF-8''{quote(name, safe='')}"
        headers = {
            "Content-Disposition": disposition,
            "X-Recipients": str(len(recipients(draft.to))),
            "X-Left-Out": quote(", ".join(without_address(draft.to))),
        }
        return Response(eml(draft), media_type="message/rfc822", headers=headers)

    async def history(self) -> list[dict[str, Any]]:
        """The last drafts since the server was started, the newest first."""
        return list(reversed(self._history.values()))

    async def _draft_events(self, asked: DraftAsked) -> AsyncGenerator[Mapping[str, Any], None]:
        """What the page shows: the first text as it is written, then others that differ from it, and which is best."""
        wish, texts = asked.wish(), defaultdict[int, WholeText](WholeText)
        if self._forms == ["rough"] and self._writer.leaves_order(wish):
            yield {"hint": "order"}
        elif (read_as := self._writer.read_as(wish)) is not None:
            yield {"read_as": read_as}
        async with aclosing(self._events(wish, asked.change)) as events:
            async for event in events:
                if isinstance(event, JobError):
                    yield {"error": event.message if event.message.startswith("no_") else event.code}
                    return
                if not isinstance(event, TextPiece):
                    continue
                text = texts[event.row]
                text.add(event)
                if event.row == 0 and event.text:
                    yield {"draft": 0, "text": event.text}
                if event.finish_reason:
                    written = text.text
                    text.text = await anyio.to_thread.run_sync(self._without_guessed_name, wish, written)
                    if event.row == 0:
                        changed = {"whole": text.text} if text.text != written else {}
                        yield {**await self._end(wish, 0, text), **changed}
        different: dict[str, WholeText] = {}
        for _, text in sorted(texts.items()):
            different.setdefault(text.text, text)
        whole = list(different.values())
        for number, text in enumerate(whole[1:], start=1):
            yield {"draft": number, "text": text.text}
            yield await self._end(wish, number, text)
        if len(whole) > 1:
            yield {"best": await anyio.to_thread.run_sync(self._writer.best, wish, whole)}

    async def _end(self, wish: Wish, number: int, text: WholeText) -> Mapping[str, Any]:
        marks = await anyio.to_thread.run_sync(self._marks, wish, text.text)
        return {"draft": number, "end": text.finish_reason, **marks}

    def _without_guessed_name(self, wish: Wish, draft: str) -> str:
        # A name in the sentence to keep was not guessed: the person chose that sentence.
        given = f"{wish.given}\n{wish.draft[slice(*wish.keep)]}"
        return without_guessed_name(self._writer.full_request(wish), draft, given)

    def _events(self, wish: Wish, change: Change) -> AsyncGenerator[JobEvent, None]:
        if change == "first":
            return self._writer.first(wish)
        if change == "another":
            return self._writer.another(wish)
        if change == "keep":
            return self._writer.keep(wish)
        return self._writer.resized(wish, change)

    def _marks(self, wish: Wish, draft: str) -> dict[str, Any]:
        # For the owner's adapter without the mails, it is unknown how the owner signs.
        signed = bool(self._usual.words) or not self._is_own
        found = mark_facts(self._writer.full_request(wish), draft, self._usual, wish.given, signed)
        guessed = guessed_subjects(self._writer.as_read(wish), draft)
        return {"lost": found.lost, "added": _utf16(draft, found.added), "guessed": _utf16(draft, guessed)}

    def _remember(self, edited: Edited) -> None:
        if not edited.id or not edited.draft.strip():
            return
        self._history[edited.id] = edited.model_dump()
        self._history.move_to_end(edited.id)
        while len(self._history) > MAX_HISTORY:
            self._history.popitem(last=False)

    async def _keep(self, edited: Edited) -> bool:
        """Keep an edit to learn from. If that fails, the person still gets the mail."""
        if not (edited.id and edited.request.strip() and edited.draft.strip()):
            return False
        try:
            return await anyio.to_thread.run_sync(self._learning.keep, edited.edit(self._writer.reads_context))
        except (DataError, OSError) as error:
            # Its message may quote the file.
            log.error("an edited draft could not be saved (%s)", type(error).__name__)
            return False

    def _login(self, request: Request, problem: str) -> Response:
        language = choose_language("", request.headers.get("accept-language", ""))
        text = texts_of(language)[problem] if problem else ""
        return self._html("login.html", language, 401 if problem else 200, problem=text)

    def _with_cookie(self, request: Request) -> Response:
        """A page that opens the real one: after a link of another program, browsers send no cookie with a redirect."""
        language = choose_language("", request.headers.get("accept-language", ""))
        response = self._html("opened.html", language)
        response.set_cookie(
            COOKIE, self._access.cookie, max_age=COOKIE_SECONDS, path="/", httponly=True, samesite="strict"
        )
        return response

    def _html(self, template: str, language: str, status: int = 200, **values: Any) -> Response:
        texts = texts_of(language)
        rendered = self._templates.get_template(template).render(
            # As attributes: a mapping's methods would come before texts of their names.
            texts=SimpleNamespace(**texts),
            page_texts={"texts": dict(texts), "example": values.get("example", "")},
            language=language,
            **values,
        )
        return HTMLResponse(rendered, status)


def _file(path: Path, media_type: str) -> Any:
    async def answer() -> Response:
        return FileResponse(path, media_type=media_type)

    return answer


async def _lines(events: AsyncGenerator[Mapping[str, Any], None]) -> AsyncGenerator[bytes, None]:
    """Events as one JSON object a line."""
    adapter = TypeAdapter(dict[str, Any])
    async with aclosing(events) as open_events:
        async for event in open_events:
            yield adapter.dump_json(dict(event)) + b"\n"


def _utf16(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in a text in UTF-16 units, as JavaScript counts them."""
    if text.isascii():
        return spans

    def place(index: int) -> int:
        return len(text[:index].encode("utf-16-le", "surrogatepass")) // 2

    return [(place(start), place(end)) for start, end in spans]
