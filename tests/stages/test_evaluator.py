"""The mails that an evaluation shows before its scores."""

from types import SimpleNamespace
from typing import Any

import pytest

from email_assistant.reports.sample_mails import SHOWN_MAILS
from email_assistant.stages import evaluator
from email_assistant.stages.evaluator import Evaluator

TEST = [{"id": f"m{number}", "instruction": f"ask {number}", "email": "Ahoy"} for number in range(SHOWN_MAILS + 2)]


class Writing(Evaluator):
    """An evaluator without a model, which notes what it writes and prints."""

    def __init__(self, arms: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.test, self.generated = TEST, {}  # type: ignore[assignment]
        self._config: Any = SimpleNamespace(evaluation=SimpleNamespace(arms=arms))
        self.events: list[Any] = []
        monkeypatch.setattr(evaluator, "screen", lambda: SimpleNamespace(width=80, print=self.events.append))
        monkeypatch.setattr(evaluator, "mail_panel", lambda line, arms, _: {arm: line[arm] for arm in arms})

    def _settings(self, arm: str) -> Any:
        return None

    def _generate(self, arm: str, pairs: Any, label: str, settings: Any) -> Any:
        new = [pair["id"] for pair in pairs if (arm, pair["id"]) not in self.generated]
        self.generated |= {(arm, name): name for name in new}  # type: ignore[misc]
        if new:
            self.events.append((arm, new))
        return [{"id": pair["id"], "text": f"{arm} {pair['id']}"} for pair in pairs]


def test_the_base_model_writes_at_once_and_a_tuned_mail_is_shown_before_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writing = Writing(["base", "few_shot", "tuned"], monkeypatch)
    writing.show_first_mails()
    names = [f"m{number}" for number in range(SHOWN_MAILS)]
    expected: list[Any] = [("base", names)]
    for name in names:
        expected += [("tuned", [name]), {"base": f"base {name}", "tuned": f"tuned {name}"}]
    assert writing.events == expected


def test_only_arms_of_the_evaluation_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for arms, shown in ((["few_shot"], 0), (["tuned"], SHOWN_MAILS), (["base", "few_shot"], SHOWN_MAILS)):
        writing = Writing(arms, monkeypatch)
        writing.show_first_mails()
        panels = [event for event in writing.events if isinstance(event, dict)]
        assert len(panels) == shown
        assert all(list(panel) == [arm for arm in ("base", "tuned") if arm in arms] for panel in panels)
