"""Encoded examples in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from email_assistant.errors import DataError
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.training.examples import Examples, render_example, validate_examples

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


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> ChatEncoder:
    return ChatEncoder(AutoTokenizer.from_pretrained(tiny_model))


@pytest.fixture
def example(encoder: ChatEncoder) -> TokenizedExample:
    found = encoder.example("Ask Bo", "Bo,\nrope?", 400, "drop")
    assert found is not None
    return found


def test_a_sound_example_passes_and_is_shown_with_its_supervised_part_marked(
    encoder: ChatEncoder, example: TokenizedExample
) -> None:
    validate_examples(encoder, [example])
    assert render_example(encoder, example) == (
        "<|im_start|>user\nAsk Bo<|im_end|>\n<|im_start|>assistant\n»Bo,\nrope?<|im_end|>«"
    )


def test_control_characters_of_a_mail_do_not_reach_the_terminal(encoder: ChatEncoder) -> None:
    example = encoder.example("Ask Bo", "a\x1b[2Jb", 400, "drop")
    assert example is not None
    assert "\x1b" not in render_example(encoder, example)


def test_nothing_supervised_is_refused(encoder: ChatEncoder, example: TokenizedExample) -> None:
    with pytest.raises(DataError, match=r"example 2 of 2 .*: it has no tokens to learn"):
        validate_examples(encoder, [example, TokenizedExample(example.ids, len(example.ids))])


def test_an_end_that_is_not_supervised_is_refused(encoder: ChatEncoder, example: TokenizedExample) -> None:
    with pytest.raises(DataError, match="never learn to stop"):
        validate_examples(encoder, [TokenizedExample(example.ids[:-1], example.prompt_length)])


def test_a_doubled_beginning_of_sequence_is_refused(encoder: ChatEncoder, example: TokenizedExample) -> None:
    doubled = TokenizedExample([encoder.tokenizer.bos_token_id, *example.ids], example.prompt_length + 1)
    with pytest.raises(DataError, match="add_bos_token"):
        validate_examples(encoder, [doubled])
