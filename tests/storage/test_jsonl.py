"""Records that are read one by one."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from email_assistant.errors import DataError
from email_assistant.storage import jsonl


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=20), max_size=30), blank=st.booleans())
def test_lines_are_those_of_the_whole_file(texts: list[str], blank: bool, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    records = [{"text": text, "place": place} for place, text in enumerate(texts)]
    gap = "\n  \n" if blank else ""
    path.write_text(gap + gap.join(map(jsonl.line, records)), encoding="utf-8")
    lines = jsonl.Lines(path)
    assert len(lines) == len(records)
    assert list(lines) == jsonl.read(path) == records
    assert lines[1:-1] == records[1:-1]
    # In any order.
    assert [lines[place] for place in reversed(range(len(lines)))] == records[::-1]
    field = jsonl.Field(lines, "text")
    assert list(field) == texts
    assert list(field) == texts


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text('{"a": 1}\n\n[2]\n{"a"\n')
    lines = jsonl.Lines(path)
    assert lines[0] == {"a": 1}
    with pytest.raises(DataError, match="line 3: an object was expected"):
        lines[1]
    with pytest.raises(DataError, match="line 4: no JSON"):
        lines[2]
    with pytest.raises(IndexError):
        lines[3]
