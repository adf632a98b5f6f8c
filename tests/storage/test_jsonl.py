"""Records that are read one by one, and files that grow by one record at a time."""

from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from email_assistant.errors import DataError
from email_assistant.storage import jsonl


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=20), max_size=30), blank=st.booleans())
def test_lines_are_those_of_the_whole_file(texts: list[str], blank: bool, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    records = [{"text": text, "index": index} for index, text in enumerate(texts)]
    gap = "\n  \n" if blank else ""
    path.write_text(gap + gap.join(map(jsonl.line, records)), encoding="utf-8")
    lines = jsonl.Lines(path)
    assert len(lines) == len(records)
    assert list(lines) == jsonl.read(path) == records
    assert lines[1:-1] == records[1:-1]
    # In any order.
    assert [lines[index] for index in reversed(range(len(lines)))] == records[::-1]
    field = jsonl.Field(lines, "text")
    assert list(field) == texts
    assert list(field) == texts


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"a": 1}\n\n[2]\n{"a"\n')
    lines = jsonl.Lines(path)
    assert lines[0] == {"a": 1}
    with pytest.raises(DataError, match="line 3: not a JSON object"):
        lines[1]
    with pytest.raises(DataError, match="line 4: not valid JSON"):
        lines[2]
    with pytest.raises(IndexError):
        lines[3]


def test_half_of_a_character_is_refused_in_a_file_that_a_person_wrote(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"a": "\\ud83d\\ude00"}\n{"a": ["\\ud83d"]}\n')
    assert jsonl.read(path)[0] == {"a": "\U0001f600"}
    with pytest.raises(DataError, match="record 2: half of a character"):
        jsonl.read_typed(path, "an id")


def test_what_a_person_wrote_may_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('\n{"a": 1}\r\n\r\n{"a": 2}', encoding="utf-8-sig")
    assert jsonl.read_typed(path, "an id") == [{"a": 1}, {"a": 2}]
    path.write_bytes(b"\xef\xbb\xbf")
    assert jsonl.read_typed(path, "an id") == []


@pytest.mark.parametrize("content", ["id,request\na,b\n", '[{"id": "a"}]', "shop: send nails\n", "\x00\x01"])
def test_a_file_of_another_format_is_said_to_be_one(content: str, tmp_path: Path) -> None:
    path = tmp_path / "asked.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=r"asked\.csv: not JSON lines; write .* with an id and a request"):
        jsonl.read_typed(path, "an id and a request")
    path.write_text('{"id": "a"}\n', encoding="utf-16")
    with pytest.raises(DataError, match="not UTF-8"):
        jsonl.read_typed(path, "an id and a request")


class Row(TypedDict):
    id: str
    value: int


def test_a_resumed_file_has_what_was_complete_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "progress" / "rows.jsonl"
    with jsonl.ResumableJsonl(path, Row) as first:
        assert first.records == {}
        first.append({"id": "a", "value": 1})
    # The process was killed while it wrote the second record.
    path.write_text(path.read_text() + '{"id": "b", "val')
    with jsonl.ResumableJsonl(path, Row) as second:
        assert second.records == {"a": {"id": "a", "value": 1}}
        second.append({"id": "b", "value": 2})
        # A record is on the disk as soon as it was appended.
        assert jsonl.read(path) == [{"id": "a", "value": 1}, {"id": "b", "value": 2}]
        assert list(second.records) == ["a", "b"]


def test_lines_are_closed_at_the_end_of_their_block(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    jsonl.write(path, [{"id": "a"}])
    with jsonl.Lines(path) as lines:
        assert lines[0] == {"id": "a"}
    with pytest.raises(ValueError, match="closed"):
        lines[0]
