"""Instructions from text, JSON lines and tables."""

from pathlib import Path

import pytest

from email_assistant.commands.infer_input import read_instructions
from email_assistant.errors import DataError

NOTES = ["dee: need rope", "bo,\nbring the net", "Зина: приеду, жди"]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ask.jsonl", '{"request": "%s"}\n{"id": 2, "request": "%s"}\n\n{"request": "%s"}\n'),
        ("ask.txt", '{"instruction": "%s", "request": 3}\n{"instruction": "%s"}\n{"instruction": "%s"}'),
        ("ask.csv", 'id,Request\n1,"%s"\n2,"%s"\n3,"%s"\n'),
        ("ask.csv", '\ufeffinstruction;generated_email\r\n"%s";"a;b"\r\n"%s";x\r\n"%s";y\r\n'),
        ("ask.CSV", 'request\n"%s"\n"%s"\n"%s"'),
        ("ask.csv", '"id, of it";request\n1;"%s"\n2;"%s"\n3;"%s"\n'),
        ("ask.tsv", 'subject, of it\trequest\na, b\t"%s"\nc\t"%s"\nd\t"%s"\n'),
    ],
)
def test_a_column_of_instructions_may_have_several_lines(tmp_path: Path, name: str, text: str) -> None:
    notes = NOTES if "sv" in name.lower() else [note.replace("\n", "\\n") for note in NOTES]
    if name == "ask.jsonl":
        notes = [note.replace("\n", "\\n") for note in NOTES]
    assert read_instructions(written(tmp_path, name, text % tuple(notes))) == NOTES


def test_text_like_deep_json_is_text(tmp_path: Path) -> None:
    text = '{"a":' * 2000
    assert read_instructions(written(tmp_path, "ask.txt", text)) == [text]


def test_a_column_of_its_own_needs_no_quotes(tmp_path: Path) -> None:
    text = "Request\r\ndee, need rope; the blue one\r\n\r\nbo: yes, please\r\n"
    notes = ["dee, need rope; the blue one", "bo: yes, please"]
    assert read_instructions(written(tmp_path, "ask.csv", text)) == notes


def test_lines_of_text_are_instructions(tmp_path: Path) -> None:
    text = 'dee: need rope\r\n\n "quoted", with a comma;\n{rope}\n{"a": 1} in the middle\n'
    lines = ["dee: need rope", '"quoted", with a comma;', "{rope}", '{"a": 1} in the middle']
    assert read_instructions(written(tmp_path, "ask.txt", text)) == lines


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ask.csv", "dee: need rope\nbo: bring it\n", "names no column"),
        ("ask.csv", "", "names no column"),
        ("ask.csv", 'request\n"open\n', "not a table"),
        # A comma without quotes must not cut off what is after it.
        ("ask.csv", "id,request\n1,dee: rope\n2,bo: no rope, no net\n", "row 3: has more cells"),
        ("ask.jsonl", '{"a":' * 2000, "ask.jsonl"),
        ("ask.csv", "request\n\n", "contains no instructions"),
        ("ask.jsonl", '{"note": "dee"}\n', "record 1: needs 'instruction' or 'request'"),
        ("ask.jsonl", '{"request": "dee"}\n{"request": ["bo"]}\n', "record 2: needs"),
        ("ask.jsonl", "dee: need rope\n", "not JSON lines"),
        ("ask.txt", '{"request": "dee"}\nbo: rope\n', "ask.txt"),
        ("ask.txt", " \n", "contains no instructions"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_instructions(written(tmp_path, name, text))
