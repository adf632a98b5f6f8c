"""Edits are kept where the person allows it, and nowhere else."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from asgi import TOKEN, Answer, call_app
from composed import composed_config

from email_assistant.archive import edits, purging
from email_assistant.compose import app
from email_assistant.compose.access import Access
from email_assistant.compose.learning import Learning
from email_assistant.configuration.schema import Config
from email_assistant.metrics.usual import Usual

SENT = {
    "id": "one",
    "request": "need ladder back",
    "recipient": "Piers <piers@x.example>",
    "subject": "Ladder",
    "written": "Piers, bring it.",
    "draft": "Piers,\n\nbring the ladder back, please.\n\nT",
    "context": "Which ladder?",
    "message_id": "b@x.example",
    "references": ["a@x.example"],
}


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    return composed_config(tiny_model, archive, tmp_path)


def set_learn(config: Config, learn: bool) -> Config:
    return replace(config, compose=replace(config.compose, learn=learn))


class Page:
    """The app without a model, in this process."""

    def __init__(self, outputs: Path, config: Config) -> None:
        served = app.Serving(None, "", False, [], None, Usual())
        self.outputs, self._app = outputs, app.build(config, served, Access(TOKEN), 80)

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        return call_app(self._app, method, path, body)

    @property
    def learns(self) -> tuple[str, bool]:
        state = self("GET", "/page/state").json
        return state["learns"], state["learning_is_fixed"]

    @property
    def kept(self) -> list[Any]:
        return list(edits.load(self.outputs))


def test_nothing_is_kept_before_the_answer_and_the_answer_is(config: Config, tmp_path: Path) -> None:
    page = Page(tmp_path, config)
    assert page.learns == ("ask", False)
    assert page("POST", "/page/copied", SENT).json == {"kept": False}
    assert page("POST", "/page/draft.eml", SENT).status == 200
    assert not edits.edits_file(tmp_path).exists()
    assert page("POST", "/page/learning", {"learn": True}).json == {"learns": "yes"}
    answer = tmp_path / "compose" / "learn"
    assert stat.S_IMODE(answer.stat().st_mode) == 0o600
    assert page("POST", "/page/copied", SENT).json == {"kept": True}
    # It is asked once: a page that starts later knows the answer.
    assert Page(tmp_path, config).learns == ("yes", False)
    assert page("POST", "/page/learning", {"learn": False}).json == {"learns": "no"}
    assert page("POST", "/page/copied", {**SENT, "id": "two"}).json == {"kept": False}
    assert [edit["id"] for edit in page.kept] == ["one"]


def test_the_request_the_draft_and_the_mail_are_kept(config: Config, tmp_path: Path) -> None:
    page = Page(tmp_path, set_learn(config, True))
    assert page.learns == ("yes", True)
    assert page("POST", "/page/learning", {"learn": False}).status == 409
    page("POST", "/page/draft.eml", {**SENT, "draft": "Sent too early."})
    page("POST", "/page/copied", SENT)
    (kept,) = page.kept
    assert kept.pop("date")[:2] == "20"
    assert kept == {
        "id": "one",
        "request": "need ladder back",
        "to": "Piers <piers@x.example>",
        "subject": "Ladder",
        # This model does not read it.
        "context": "",
        "draft": "Piers, bring it.",
        "text": SENT["draft"],
        "answers": ["a@x.example", "b@x.example"],
    }
    assert "too early" not in edits.edits_file(tmp_path).read_text()
    for nothing in ({"id": ""}, {"request": " "}, {"draft": "\n"}):
        assert page("POST", "/page/copied", {**SENT, **nothing}).json == {"kept": False}
    # While a draft is typed, nothing is kept.
    page("POST", "/page/marks", {**SENT, "id": "typing"})
    assert len(page.kept) == 1


def test_the_answered_mail_is_kept_for_a_model_that_reads_it(config: Config, tmp_path: Path) -> None:
    page = Page(tmp_path, replace(set_learn(config, True), data=replace(config.data, context="parent")))
    page("POST", "/page/copied", SENT)
    assert [edit["context"] for edit in page.kept] == ["Which ladder?"]


def test_false_never_keeps_nor_asks(config: Config, tmp_path: Path) -> None:
    Learning(tmp_path, "ask").answer(True)
    page = Page(tmp_path, set_learn(config, False))
    assert page.learns == ("no", True)
    assert page("POST", "/page/copied", SENT).json == {"kept": False}
    assert not edits.edits_file(tmp_path).exists()


def test_a_purged_person_is_not_kept_and_a_damaged_file_does_not_hold_up_the_mail(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(tmp_path, set_learn(config, True))
    purging.save_terms(tmp_path, purging.parse_terms("from:piers@x.example", purging.load_terms(tmp_path).key))
    assert page("POST", "/page/copied", SENT).json == {"kept": False}
    (tmp_path / "compose").mkdir(exist_ok=True)
    edits.edits_file(tmp_path).write_text("ladder")
    other = {**SENT, "id": "two", "recipient": "", "draft": "Bo, come."}
    answer = page("POST", "/page/draft.eml", other)
    assert answer.status == 200 and b"Bo, come." in answer.body
    assert "DataError" in caplog.text and "ladder" not in caplog.text
    assert edits.edits_file(tmp_path).read_text() == "ladder"


def test_a_saved_draft_says_whom_it_leaves_out(config: Config, tmp_path: Path) -> None:
    page = Page(tmp_path, config)
    headers = page("POST", "/page/draft.eml", {**SENT, "recipient": "Савва, Piers <piers@x.example>, bo@"}).headers
    assert (headers["x-recipients"], unquote(headers["x-left-out"])) == ("1", "Савва, bo@")
    assert page("POST", "/page/draft.eml", SENT).headers["x-left-out"] == ""


def test_the_history_has_what_a_further_draft_needs(config: Config, tmp_path: Path) -> None:
    page = Page(tmp_path, config)
    page("POST", "/page/marks", {**SENT, "attempt": 4})
    (entry,) = page("GET", "/page/history").json
    assert (entry["attempt"], entry["written"]) == (4, "Piers, bring it.")
    assert json.dumps(entry)
