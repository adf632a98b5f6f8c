"""What the page asks the model for, and which of several drafts it chooses."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from composed import composed_config

from email_assistant.compose.messages import Job, JobError, PromptRead, TextPiece
from email_assistant.compose.model_client import JobEvent, ModelClient, ModelState, WholeText
from email_assistant.compose.writing import DRAFTS, Wish, Writer
from email_assistant.configuration.schema import Config
from email_assistant.metrics.usual import Usual

DRAFT = "Bo, come at seven to the old pier. Bring the long ladder and a lamp."
Row = tuple[str, str]


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    return composed_config(tiny_model, archive, tmp_path)


class Recorded:
    """A writer whose model writes given texts, each with why it ended."""

    def __init__(self, config: Config, *rows: Row) -> None:
        self.jobs: list[Job] = []
        client: Any = ModelClient(config, None, None)
        client.state = ModelState("ready", at_once=True)

        async def write(job: Job) -> AsyncGenerator[JobEvent, None]:
            self.jobs.append(job)
            yield PromptRead(job.id, 3)
            for number in range(job.num_texts):
                text, reason = rows[number % len(rows)]
                yield TextPiece(job.id, number, text, len(text.split()), reason)  # type: ignore[arg-type]

        client.write = write
        self.writer = Writer(config, client, Usual())

    def events(self, ask: Callable[[Writer], AsyncGenerator[JobEvent, None]]) -> list[JobEvent]:
        async def all_of() -> list[JobEvent]:
            return [event async for event in ask(self.writer)]

        return asyncio.run(all_of())

    @property
    def numbers(self) -> list[int]:
        return [row.candidate for row in self.jobs[-1].rows]


def test_no_candidate_is_written_twice_for_a_request(config: Config) -> None:
    recorded = Recorded(config, (DRAFT, "stop"))
    recorded.events(lambda writer: writer.first(Wish("bo: come")))
    used = recorded.numbers
    assert used == [0]
    assert recorded.jobs[-1].num_texts == DRAFTS
    # Each further draft has an attempt of its own, whatever button it is asked by.
    for attempt, change in enumerate(["another", "longer", "another", "keep", "shorter", "longer", "another"], 1):
        wish = Wish("bo: come", draft=DRAFT, keep=(0, 10), attempt=attempt)
        if change == "another":
            recorded.events(lambda writer, wish=wish: writer.another(wish))  # type: ignore[misc]
        elif change == "keep":
            recorded.events(lambda writer, wish=wish: writer.keep(wish))  # type: ignore[misc]
        else:
            recorded.events(lambda writer, wish=wish, change=change: writer.resized(wish, change))  # type: ignore[misc]
        assert not set(recorded.numbers) & set(used), change
        used += recorded.numbers


def test_a_model_that_writes_one_text_at_a_time_writes_one(config: Config) -> None:
    recorded = Recorded(config, (DRAFT, "stop"))
    recorded.writer._model.state = ModelState("ready", at_once=False)
    recorded.events(lambda writer: writer.first(Wish("bo: come")))
    assert recorded.jobs[-1].num_texts == 1


def test_a_kept_sentence_begins_a_draft_only_if_the_model_continues_it(config: Config) -> None:
    wish = Wish("bo: come", draft=DRAFT, keep=(0, 34), attempt=1)
    recorded = Recorded(config, (" Bring rope.", "stop"))
    pieces = [event for event in recorded.events(lambda writer: writer.keep(wish)) if isinstance(event, TextPiece)]
    assert [piece.text for piece in pieces] == ["Bo, come at seven to the old pier.", " Bring rope."]
    recorded.writer._model = ModelClient(config, None, None, "no adapter")
    (error,) = recorded.events(lambda writer: writer.keep(wish))
    assert isinstance(error, JobError) and error.code == "unavailable"


def test_a_draft_that_ended_is_better_than_one_that_was_cut(config: Config) -> None:
    # The one that was cut says more of what was asked.
    rows = [("Bo, come at seven with the ladder", "length"), ("Well, come.", "stop"), (DRAFT, "stop")]
    recorded = Recorded(config, *rows)
    wish = Wish("bo: come at seven, ladder", draft=DRAFT, attempt=1)
    (piece,) = recorded.events(lambda writer: writer.resized(wish, "shorter"))
    assert isinstance(piece, TextPiece)
    assert (piece.text, piece.finish_reason) == ("Well, come.", "stop")


def test_a_cut_draft_is_said_to_be_cut_if_there_is_no_other(config: Config) -> None:
    recorded = Recorded(config, ("Bo, come at seven with", "length"))
    wish = Wish("bo: come at seven", draft=DRAFT, attempt=1)
    (piece,) = recorded.events(lambda writer: writer.resized(wish, "shorter"))
    assert isinstance(piece, TextPiece)
    assert (piece.finish_reason, piece.tokens) == ("length", 5)
    (error,) = recorded.events(lambda writer: writer.resized(wish, "longer"))
    assert isinstance(error, JobError) and error.message == "no_longer"


def test_drafts_that_ended_are_chosen_by_what_they_say(config: Config) -> None:
    recorded = Recorded(config, ("Well, come.", "stop"), ("Bo, come at seven with the ladder.", "stop"))
    wish = Wish("bo: come at seven, ladder", draft=DRAFT, attempt=1)
    (piece,) = recorded.events(lambda writer: writer.resized(wish, "shorter"))
    assert isinstance(piece, TextPiece) and "ladder" in piece.text


def test_of_the_drafts_the_one_that_says_all_and_is_likely_is_best(config: Config) -> None:
    writer = Recorded(config).writer
    wish = Wish("bo: come at seven, bring ladder")
    part = WholeText("Bo, come at seven.", 5, "stop", -0.2)
    whole = WholeText("Bo, come at seven, ladder bring.", 8, "stop", -1.2)
    clear = WholeText("Bo, come at seven and bring the ladder.", 9, "stop", -0.3)
    cut = WholeText("Bo, come at seven and bring the ladder, ladder", 11, "length", -0.1)
    assert writer.best(wish, [part, whole, clear, cut]) == 2
    # The same text written twice is one draft, whatever rounding says.
    assert writer.best(wish, [part, replace(clear, log_probability=-0.31), clear]) == 1


def test_the_scratch_folder_is_of_this_port(config: Config) -> None:
    client = ModelClient(replace(config, compose=replace(config.compose, port=8499)), None, None)
    scratch = Path(str(client._setup["scratch"]))
    assert scratch == config.outputs / "compose" / "scratch-8499"


def test_the_page_is_told_how_a_note_without_subjects_is_read(config: Config) -> None:
    writer = Recorded(config).writer
    assert writer.read_as(Wish("need the ladder,\nwill fetch it", "Piers")) == "i need the ladder, i will fetch it"
    assert writer.read_as(Wish("i need the ladder")) is None
    config.summarizer.subjects = False
    assert writer.read_as(Wish("need the ladder")) is None
