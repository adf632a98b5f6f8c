"""What the user is told of errors that are not the project's own."""

import sys

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line

FULL = "No space left on device (os error 28)"


def raising(error: Exception) -> object:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    "error",
    [
        # As tokenizers, safetensors and torch raise it.
        Exception(FULL),
        RuntimeError(f"Error while serializing: I/O error: {FULL}"),
        RuntimeError("[enforce fail at inline_container.cc:672] . PytorchStreamWriter failed writing file data/0"),
        OSError(28, "No space left on device", "a/file"),
    ],
)
def test_a_full_disk_is_said_in_a_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    assert command_line.run(raising(error), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "see paths.outputs" in line


@pytest.mark.parametrize(
    "match", ["from:bo@x.example or subject:merger", "id:<abc.1@x.example>", "from:Бо О'Нил", "subject:what, now\\then"]
)
def test_names_are_text_as_people_write_them(match: str) -> None:
    given = command_line.quote_for_hydra(f"purge.match={match}")
    assert OverridesParser.create().parse_override(given).value() == match
    quoted = f"purge.match='{match}'"
    assert command_line.quote_for_hydra(quoted) == quoted


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("~/sent.mbox", "HOME/sent.mbox"),
        ("[a.pst,~/b.mbox, ~/c.mbox]", ["a.pst", "HOME/b.mbox", "HOME/c.mbox"]),
    ],
)
def test_a_path_may_begin_at_home(given: str, read: str | list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "HOME")
    argument = command_line.quote_for_hydra(f"data.path={given}")
    assert OverridesParser.create().parse_override(argument).value() == read
    assert command_line.quote_for_hydra("data.path=folder/~/sent.mbox") == "data.path=folder/~/sent.mbox"


def test_a_fault_of_the_project_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    with pytest.raises(ZeroDivisionError):
        command_line.run(raising(ZeroDivisionError("a fault")), CONFIG_CHECKS)  # type: ignore[arg-type]
