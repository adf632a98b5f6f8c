"""Files that the user names: what cannot be read, and what must not be replaced."""

import os
from pathlib import Path

import pytest

from email_assistant.commands.infer import TABLE_BEGINS
from email_assistant.errors import DataError, ModelError
from email_assistant.storage.named_files import check_readable, check_replaceable, inputs_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "ask.txt").write_text("bo: come at 7\n")
    (tmp_path / "link.txt").symlink_to("ask.txt")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "empty").touch()
    (tmp_path / "mails.csv").write_text("instruction,generated_email\n")
    (tmp_path / "saved.csv").write_text('"instruction";"generated_email"\n', encoding="utf-8-sig")
    (tmp_path / "notes.csv").write_text("instruction,remark\n")
    (tmp_path / "notes.txt").write_text("instructions for the crew\n")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("folder", "is a folder, not a file"),
        ("pipe", "is a pipe or a device, not a file"),
        ("dangling", "no such file; set"),
        ("aks.txt", r"no such file \(did you mean .*/ask\.txt\?\); set"),
        ("ask.txt/deeper", "no such file; set"),
        ("missing/ask.txt", "no such file; set"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, problem: str, folder: Path) -> None:
    with pytest.raises(ModelError, match=f"{name}: {problem}"):
        check_readable(folder / name, "set infer.input to a file", ModelError)


@pytest.mark.parametrize("name", ["ask.txt", "link.txt", "empty"])
def test_a_file_can_be_read(name: str, folder: Path) -> None:
    check_readable(folder / name, "set infer.input to a file")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("folder", "is a folder; set infer.output to the file to write"),
        ("pipe", "is a pipe or a device; set infer.output to a file"),
        ("ask.txt", "is also infer.input, which it would replace; set infer.output to another file"),
        ("link.txt", "is also infer.input"),
        ("folder/../ask.txt", "is also infer.input"),
        ("notes.csv", "exists and is not a table"),
        ("notes.txt", "exists and is not a table"),
        ("other.txt", "exists and is not a table, so it is not replaced; set infer.output to another file, or delete"),
    ],
)
def test_no_other_file_is_replaced(name: str, problem: str, folder: Path) -> None:
    (folder / "other.txt").write_text("From: a@b.example\n")
    named = {"data.path": [f"{folder}/folder"], "infer.thread": None, "infer.input": f"{folder}/ask.txt"}
    with pytest.raises(DataError, match=problem):
        check_replaceable("infer.output", folder / name, inputs_of(named), TABLE_BEGINS, "a table")


@pytest.mark.parametrize("name", ["mails.csv", "saved.csv", "empty", "new.csv", "new/new.csv", "dangling"])
def test_an_earlier_table_is_replaced(name: str, folder: Path) -> None:
    check_replaceable("infer.output", folder / name, [("infer.input", folder / "ask.txt")], TABLE_BEGINS, "a table")


def test_keys_are_named_with_each_of_their_paths() -> None:
    named = {"data.path": ["a", "b"], "infer.input": "c", "infer.thread": None}
    assert list(inputs_of(named)) == [("data.path", Path("a")), ("data.path", Path("b")), ("infer.input", Path("c"))]
