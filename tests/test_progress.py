"""The time that is left for all stages of a call."""

import io
import logging
import threading

import pytest
from rich.console import Console

from email_assistant import progress
from email_assistant.progress import WholeCall, bar, whole_call


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_call() -> tuple[WholeCall, Clock]:
    clock = Clock()
    return WholeCall(("split", "train", "evaluate"), clock=clock), clock


def test_nothing_is_promised_before_all_that_is_left_is_known() -> None:
    call, _ = a_call()
    call.start("split")
    assert (call.place, call.seconds_left(0.5, 1.0)) == ("1/3", None)
    call.expect({"train": 100.0})
    call.finish(was_made=True)
    assert call.place == ""
    call.start("train")
    assert call.seconds_left(0.5, 1.0) is None


def test_time_left_is_that_of_this_stage_and_the_later_ones() -> None:
    call, clock = a_call()
    call.expect({"train": 100.0, "evaluate": 60.0})
    call.start("train")
    assert (call.place, call.seconds_left(0.0, None)) == ("2/3", 160.0)
    clock.now = 40.0
    assert call.seconds_left(0.4, 60.0) == pytest.approx(120.0)


def test_a_slow_machine_delays_the_later_stages_too() -> None:
    call, clock = a_call()
    call.expect({"train": 100.0, "evaluate": 60.0})
    call.start("train")
    clock.now = 100.0
    # Half is done, so the whole will take twice as long as expected.
    assert call.seconds_left(0.5, 100.0) == pytest.approx(100.0 + 120.0)
    clock.now = 200.0
    call.finish(was_made=True)
    call.start("evaluate")
    assert call.seconds_left(0.0, None) == pytest.approx(120.0)


def test_a_cached_stage_says_nothing_of_the_machine() -> None:
    call, clock = a_call()
    call.expect({"train": 100.0, "evaluate": 60.0})
    call.start("train")
    clock.now = 0.1
    call.finish(was_made=False)
    call.start("evaluate")
    assert call.seconds_left(0.0, None) == pytest.approx(60.0)


def test_a_resumed_stage_says_nothing_of_the_machine() -> None:
    call, clock = a_call()
    call.expect({"train": 100.0, "evaluate": 60.0})
    call.start("train")
    call.resume()
    clock.now = 5.0
    call.finish(was_made=True)
    call.start("evaluate")
    assert call.seconds_left(0.0, None) == pytest.approx(60.0)


def test_the_terminal_shows_it_from_the_thread_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=screen, force_terminal=True, width=160))
    with whole_call(("train", "evaluate")) as call:
        call.start("train")
        call.expect({"train": 200.0, "evaluate": 400.0})
        with bar("train", 4) as shown:
            drawing = threading.Thread(target=shown._progress.refresh)
            screen.truncate(0)
            drawing.start()
            drawing.join()
    assert "1/2 train" in screen.getvalue()
    assert "about 10 min left in all" in screen.getvalue()


def test_log_lines_say_how_much_time_is_left(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with caplog.at_level(logging.INFO), whole_call(("train", "evaluate")) as call:
        call.start("train")
        with bar("train", 4) as shown:
            shown.advance()
        call.expect({"train": 200.0, "evaluate": 400.0})
        with bar("train", 4) as shown:
            shown.note("loss 1.0")
            shown.advance()
    with bar("train", 4) as shown:
        shown.advance()
    first, second = caplog.messages
    assert first.split() == ["train", "1", "of", "4"]
    assert second.split(None, 1)[1] == "1 of 4 loss 1.0, about 10 min left in all"
