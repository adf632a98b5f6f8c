"""The time that is left for all stages of a call."""

import io
import logging
import re
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


def a_call() -> WholeCall:
    return WholeCall(("split", "train", "evaluate"), clock=Clock())


def test_nothing_is_promised_before_all_that_is_left_is_known() -> None:
    call = a_call()
    call.start("split")
    assert (call.place, call.seconds_left("split", 0.5, 1.0)) == ("1/3", None)
    call.expect({"train": {"train": 100.0}})
    call.finish()
    assert call.place == ""
    call.start("train")
    assert call.seconds_left("train", 0.5, 1.0) is None


def expecting() -> WholeCall:
    call = a_call()
    call.expect({"train": {"train": 80.0, "score": 15.0, "": 5.0}, "evaluate": {"tuned": 50.0, "": 10.0}})
    call.start("train")
    return call


def test_time_left_is_that_of_this_stage_and_the_later_ones() -> None:
    call = expecting()
    assert (call.place, call.seconds_left("train", 0.0, None)) == ("2/3", 160.0)
    assert call.seconds_left("train", 0.5, 40.0) == pytest.approx(40 + 15 + 5 + 60)


@pytest.mark.parametrize("factor", [0.25, 1, 3])
def test_the_speed_of_a_piece_corrects_what_was_expected_of_the_others(factor: float) -> None:
    call = expecting()
    assert call.seconds_left("train", 0.5, factor * 40) == pytest.approx(factor * 120)
    call.end_piece("train", factor * 80, 1.0)
    assert call.seconds_left("score", 0.0, None) == pytest.approx(factor * 80)
    call.finish()
    call.start("evaluate")
    assert call.seconds_left("tuned", 0.0, None) == pytest.approx(factor * 60)
    # Writing is as fast as expected; each piece counts in proportion to its expected time.
    left = call.seconds_left("tuned", 0.8, 10.0)
    assert left == pytest.approx(10 + 10 * (factor * 80 + 50) / 130)


def test_the_first_steps_say_nothing_yet() -> None:
    call = expecting()
    assert call.seconds_left("train", 0.01, 9000.0) == pytest.approx(0.99 * 80 + 80)


def test_a_piece_that_was_partly_done_before_counts_by_the_rest() -> None:
    call = expecting()
    call.end_piece("train", 60.0, 0.25)
    assert call.measured == {("train", "train"): 240.0}
    call.end_piece("score", 0.0, 0.0)
    assert call.seconds_left("a piece without an expectation", 0.0, None) == pytest.approx(3 * (5 + 60))


def test_a_bar_tells_how_long_its_piece_took_unless_it_fails() -> None:
    clock = Clock()
    with whole_call(("train",)) as call:
        call.clock = clock
        call.start("train")
        call.expect({"train": {"train": 100.0, "score": 10.0}})
        with bar("train", 10, done=5) as shown:
            clock.now = 30.0
            shown.advance(5)
        with pytest.raises(ValueError, match="broken"), bar("score", 2) as shown:
            shown.advance()
            raise ValueError("broken")
    assert call.measured == {("train", "train"): 60.0}


def test_the_terminal_shows_it_from_the_thread_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=screen, force_terminal=True, width=160))
    with whole_call(("train", "evaluate")) as call:
        call.start("train")
        call.expect({"train": {"train": 200.0}, "evaluate": {"": 400.0}})
        with bar("train", 4) as shown:
            drawing = threading.Thread(target=shown._progress.refresh)
            screen.truncate(0)
            drawing.start()
            drawing.join()
    assert "1/2 train" in screen.getvalue()
    assert "about 10 min left in all" in screen.getvalue()


@pytest.mark.parametrize("width", [160, 30])
def test_a_paused_bar_leaves_what_is_printed_and_comes_back(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=screen, force_terminal=True, width=width))
    with bar("train", 4) as shown:
        shown._progress.refresh()
        with shown.paused():
            paused = screen.tell()
            screen.write("a mail\n")
            shown.advance()
            assert screen.getvalue()[paused:] == "a mail\n"
        shown._progress.refresh()
        drawn = screen.getvalue()[paused:].removeprefix("a mail\n")
    assert "1/4" in drawn
    # The cursor does not go back above what was printed: only as many lines up as were drawn since.
    line = 0
    for part in re.findall(r"\x1b\[1A|\n", drawn):
        line += 1 if part == "\n" else -1
        assert line >= 0


def test_log_lines_say_how_much_time_is_left(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with caplog.at_level(logging.INFO), whole_call(("train", "evaluate")) as call:
        call.start("train")
        with bar("train", 4) as shown:
            shown.advance()
        call.expect({"train": {"train": 200.0}, "evaluate": {"": 400.0}})
        with bar("train", 4) as shown:
            shown.note("loss 1.0")
            shown.advance()
    with bar("train", 4) as shown:
        shown.advance()
    first, second = caplog.messages
    assert first.split() == ["train", "1", "of", "4"]
    assert second.split(None, 1)[1] == "1 of 4 loss 1.0, about 9 min left in all"
