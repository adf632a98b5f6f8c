"""What becomes of a model's sentence about a mail."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from email_assistant.commands.catalog import RULES
from email_assistant.configuration.checks import from_composed
from email_assistant.configuration.schema import Config
from email_assistant.language_model.decoding import Completion
from email_assistant.language_model.loading import load_base
from email_assistant.progress import bar
from email_assistant.stages.summarize import _Desk, _Task

MAIL = {
    "id": "m1",
    "text": "Hi Bo,\n\nthe rope for the pier is wet again. Please send twelve new crates before the storm.\n\nAda",
    "subject": "Re: Rope",
    "to": [],
    "language": "en",
}


@pytest.fixture(scope="module")
def config(smollm2: Path) -> Config:
    overrides = ["paths.root=.", "data.path=x", f"model.path={smollm2}"]
    with initialize_config_dir(config_dir=str(ROOT / "conf")):
        values: Any = OmegaConf.to_container(compose("config", overrides), resolve=True)
    return from_composed(values, RULES)


@pytest.fixture
def desk(config: Config) -> Iterator[tuple[_Desk, list[dict[str, Any]]]]:
    kept: list[dict[str, Any]] = []
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with bar("summarize", 1) as progress:
        yield _Desk(config.summarizer, load_base(config.model), kept.append, progress), kept
    torch.set_num_threads(before)


def test_a_sentence_that_makes_its_mail_likelier_is_kept_and_another_is_not(
    desk: tuple[_Desk, list[dict[str, Any]]], config: Config
) -> None:
    table, kept = desk
    table.settings = replace(config.summarizer, verify=True, note_words=2)
    # What is true of a mail's end alone does not help its beginning.
    late = "The pier was fine. " * 20 + "And thanks for the lovely dinner and the flowers."
    task = _Task(table.settings, MAIL | {"text": MAIL["text"].removesuffix("Ada") + late}, "basis")
    assert task.start == "Write an email to Bo about Rope"
    table.judge([task], "model", 0, Completion(" to thank him for the lovely dinner and the flowers.", 12, "stop"))
    assert (task.faults, task.done, kept) == (["unhelpful"], False, [])
    table.judge([task], "model", 0, Completion(" for new crates", 3, "length"))
    assert task.faults == ["unhelpful", "unfinished"]
    assert not task.done
    table.judge([task], "retry_1", 0, Completion(" to ask for twelve new crates of it before the storm.", 12, "stop"))
    assert task.done
    assert kept == [
        {
            "key": task.key,
            "sentence": "Write an email to Bo about Rope to ask for twelve new crates of it before the storm.",
            "method": "retry_1",
            "faults": ["unhelpful", "unfinished"],
        }
    ]


def test_of_a_sentence_that_invents_the_clauses_before_are_kept(
    desk: tuple[_Desk, list[dict[str, Any]]], config: Config
) -> None:
    table, kept = desk
    task = _Task(config.summarizer, MAIL, "basis")
    said = " to ask for twelve new crates of it, for Petronella."
    table.judge([task], "model", 0, Completion(said, 12, "stop"))
    assert [record["sentence"] for record in kept] == [
        "Write an email to Bo about Rope to ask for twelve new crates of it"
    ]
    assert task.faults == ["invented"]


def test_notes_stand_in_place_of_a_sentence_that_says_little(
    desk: tuple[_Desk, list[dict[str, Any]]], config: Config
) -> None:
    table, kept = desk
    task = _Task(config.summarizer, MAIL, "basis")
    table.judge([task], "model", 0, Completion(" to ask for the rope.", 6, "stop"))
    assert task.done
    assert [(record["method"], record["faults"]) for record in kept] == [("notes", ["says_little"])]
    assert kept[0]["sentence"].startswith("Write an email to Bo about Rope. Say: rope pier wet again, send twelve")
