"""What the page asks of the model: first drafts, and drafts that replace one."""

import re
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from email_assistant.archive.reply_context import truncate_words
from email_assistant.compose.messages import Job, JobError, PromptRead, RowSettings, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelClient, WholeText, collect
from email_assistant.configuration.schema import Config
from email_assistant.evaluation.best_of_n import quality
from email_assistant.metrics.usual import Usual
from email_assistant.requests.reading import Reading
from email_assistant.requests.request_form import with_recipient
from email_assistant.requests.shorthand import spelled_out
from email_assistant.requests.typed_lines import one_line

Change = Literal["first", "another", "shorter", "longer", "keep"]
# Drafts that are written at once for a request: a greedy one, and the likeliest that beam search finds.
DRAFTS = 6
# Candidates among which a shorter or longer draft is chosen.
CANDIDATES = 4
# Sampling of all drafts but the first, if the configured decoding is greedy.
TEMPERATURE, TOP_P = 0.7, 0.95
# A draft is shorter or longer if its number of words differs by this share.
CLEARLY = 0.12
# The end of a sentence or line with the space after it.
_UNIT_END = re.compile(r"(?<=[.!?…])\s+|\s*\n\s*")


@dataclass(frozen=True)
class Wish:
    """What a person wants written.

    Attributes:
        request: What the mail should say.
        context: The text of the mail that is answered; empty: none.
        recipient: Whom it is for, as typed; may be empty.
        draft: The draft that is replaced, as edited.
        keep: (start, end) of the sentence of the draft to keep.
        attempt: Number of drafts written for this request before; another number gives other drafts.
    """

    request: str
    context: str = ""
    recipient: str = ""
    draft: str = ""
    keep: tuple[int, int] = (0, 0)
    attempt: int = 0

    @property
    def line(self) -> str:
        """The request on one line, as the model gets it."""
        return one_line(self.request)

    @property
    def given(self) -> str:
        """What counts as given besides the request, for its facts; 'tomorrow' for its '2moro'."""
        return f"{self.context}\n{self.recipient}\n{spelled_out(self.line)}"


class Writer:
    """Writes drafts for wishes."""

    def __init__(self, config: Config, model: ModelClient, usual: Usual) -> None:
        """Write with a model.

        Args:
            config: The whole configuration.
            model: The model.
            usual: What the owner's mails usually say.
        """
        self._config, self._model, self._usual = config, model, usual
        # Prompts show the mail that is answered only to adapters that were trained on such prompts.
        self.reads_context = config.data.context == "parent"

    def first(self, wish: Wish) -> AsyncGenerator[JobEvent, None]:
        """Drafts for a new request: a greedy one in pieces, and beside it the likeliest, each at once."""
        greedy = RowSettings(temperature=0.0, seed=self._config.seed)
        beams = DRAFTS - 1 if self._model.state.at_once else 0
        return self._model.write(replace(self._job(wish, [greedy]), beams=beams))

    def another(self, wish: Wish) -> AsyncGenerator[JobEvent, None]:
        """One more draft, in pieces."""
        return self._model.write(self._job(wish, [self._sampled(_first_number(wish))]))

    async def keep(self, wish: Wish) -> AsyncGenerator[JobEvent, None]:
        """A draft that has a sentence of the present one, and says the rest in other words.

        A model writes from left to right: it writes as many sentences as come before the one to keep, then continues
        after that.
        """
        before, kept = wish.draft[: wish.keep[0]], wish.draft[slice(*wish.keep)].strip()
        start = ""
        if units := len(_units(before)):
            start = await self._units(wish, units) or before.rstrip()
        gap = before[len(before.rstrip()) :] if start else ""
        start = f"{start}{gap}{kept}"
        job = self._job(wish, [self._sampled(_first_number(wish))], start)
        async with aclosing(self._model.write(job)) as events:
            async for event in events:
                if isinstance(event, PromptRead):
                    # Only now is it known that more will follow.
                    yield TextPiece(job.id, 0, start, 0)
                yield event

    async def resized(self, wish: Wish, change: Change) -> AsyncGenerator[JobEvent, None]:
        """A shorter or longer draft: of several, the one that says best what was asked."""
        first = _first_number(wish)
        job = self._job(wish, [self._sampled(first + number) for number in range(CANDIDATES)])
        answer = await collect(self._model, job)
        if answer.error:
            yield answer.error
            return
        length = len(wish.draft.split())
        fitting = [each for each in answer.texts if _is_resized(len(each.text.split()), length, change)]
        if not fitting:
            yield JobError(job.id, "unavailable", f"no_{change}")
            return
        best = max(fitting, key=lambda each: self._quality(wish, each))
        yield TextPiece(job.id, 0, best.text, best.tokens, best.finish_reason)

    def best(self, wish: Wish, drafts: Sequence[WholeText]) -> int:
        """The index of the draft that best says what was asked; of drafts with the same text, the first."""
        best = max(drafts, key=lambda draft: self._quality(wish, draft))
        return next(index for index, draft in enumerate(drafts) if draft.text == best.text)

    def _quality(self, wish: Wish, draft: WholeText) -> tuple[bool, float]:
        """How good a draft is: any that the model ended is better than one that was cut off."""
        said = quality(self.full_request(wish), draft.text, self._usual, wish.given, draft.log_probability)
        return draft.finish_reason == "stop", said

    async def _units(self, wish: Wish, count: int) -> str:
        """The first sentences of a new draft; empty if it has fewer."""
        job = self._job(wish, [self._sampled(_first_number(wish))])
        text = ""
        async with aclosing(self._model.write(job)) as events:
            async for event in events:
                if isinstance(event, JobError):
                    return ""
                if isinstance(event, TextPiece):
                    text += event.text
                    # One more has begun, so these are complete.
                    if len(units := _units(text)) > count:
                        return text[: units[count - 1][1]]
        return ""

    def _job(self, wish: Wish, rows: list[RowSettings], start: str = "") -> Job:
        # As long as in training.
        context = truncate_words(wish.context, self._config.data.context_words) if self.reads_context else ""
        return Job(uuid.uuid4().hex, rows, self.full_request(wish), context or None, start=start)

    def full_request(self, wish: Wish) -> str:
        """The request with its recipient, where it does not name one itself: 'piers: need ladder'."""
        typed = wish.line
        note = self._reading.as_note(typed)
        named = with_recipient(note, wish.recipient)
        # The prompt words the request, which it must do once: 'tell them to tell Ann' has an order in it.
        return typed if named == note else named

    def as_read(self, wish: Wish) -> str:
        """The request as the model's prompt words it."""
        return self._reading.worded(wish.line)

    def read_as(self, wish: Wish) -> str | None:
        """The same; None if the prompt does not change it."""
        read = self.as_read(wish)
        return read if read != wish.line else None

    def leaves_order(self, wish: Wish) -> bool:
        """Whether the request is an order that the prompt leaves one."""
        return self._reading.leaves(wish.line)

    @property
    def _reading(self) -> Reading:
        return Reading.of(self._config.summarizer)

    def _sampled(self, number: int) -> RowSettings:
        """The settings of a draft that differs from the likeliest; another number gives another draft."""
        row = RowSettings(seed=self._config.seed, candidate=number)
        return row if self._config.generation.temperature else replace(row, temperature=TEMPERATURE, top_p=TOP_P)


def _first_number(wish: Wish) -> int:
    """The number of the first candidate of a change; no other attempt has it, nor those that follow it."""
    return DRAFTS + wish.attempt * CANDIDATES


def _units(text: str) -> list[tuple[int, int]]:
    """(start, end) of the sentences and lines of a text."""
    found, start = [], 0
    for match in _UNIT_END.finditer(text):
        if match.start() > start:
            found.append((start, match.start()))
        start = match.end()
    return [*found, (start, len(text))] if text[start:].strip() else found


def _is_resized(words: int, before: int, change: Change) -> bool:
    if not words:
        return False
    return words <= before * (1 - CLEARLY) if change == "shorter" else words >= before * (1 + CLEARLY)
