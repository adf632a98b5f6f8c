"""Encoded examples in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from email_assistant.errors import DataError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.examples import Examples

ENCODED = st.builds(
    TokenizedExample, st.lists(st.integers(0, 130_000), min_size=2, max_size=9), st.integers(1, 2), st.booleans()
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(ENCODED, min_size=1, max_size=40))
def test_what_is_written_is_read(written: list[TokenizedExample], tmp_path: Path) -> None:
    examples = Examples.write(tmp_path / "folder" / "examples", iter(written))
    assert list(examples) == written
    assert [examples[place] for place in range(-1, -len(written) - 1, -1)] == written[::-1]
    assert examples[1:3] == written[1:3]
    with pytest.raises(IndexError):
        examples[len(written)]


def test_many_are_spread_over_pages(tmp_path: Path) -> None:
    written = [TokenizedExample([number, *range(number % 7), 9], 1) for number in range(2503)]
    examples = Examples.write(tmp_path / "examples", written)
    assert [examples[place] for place in (0, 999, 1000, 1001, 2000, 2502)] == [
        written[place] for place in (0, 999, 1000, 1001, 2000, 2502)
    ]
    assert list(examples) == written


def test_none_is_none(tmp_path: Path) -> None:
    examples = Examples.write(tmp_path / "examples", [])
    assert len(examples) == 0 and list(examples) == []


def test_an_error_of_the_source_is_passed_on_and_what_it_left_is_not_used(tmp_path: Path) -> None:
    def failing() -> Iterator[TokenizedExample]:
        yield TokenizedExample([1, 2], 1)
        raise DataError("no")

    with pytest.raises(DataError, match="no"):
        Examples.write(tmp_path / "examples", failing())
    for written in ([TokenizedExample([3, 4], 1)], [TokenizedExample([5, 6, 7], 2)]):
        assert list(Examples.write(tmp_path / "examples", written)) == written
