"""Requests as they are typed in the terminal."""

import io
import sys

import pytest

from email_assistant.commands import infer_session
from email_assistant.errors import DataError


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_a_request_that_is_not_utf_8_is_refused(errors: str, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.TextIOWrapper(io.BytesIO("café\n".encode() + b"caf\xe9\n"), encoding="utf-8", errors=errors)
    # A line at a time, as from a terminal.
    typed._CHUNK_SIZE = 1  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "stdin", typed)
    assert infer_session._typed_line() == "café"
    with pytest.raises(DataError, match="not UTF-8"):
        infer_session._typed_line()


def test_a_closed_input_has_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert infer_session._typed_line() == ""
