from pathlib import Path

import pytest
from transformers import AutoTokenizer

from email_assistant.errors import DataError
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.training import example_checks


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
    example_checks.validate_examples(encoder, [example])
    assert example_checks.render_example(encoder, example) == (
        "<|im_start|>user\nAsk Bo<|im_end|>\n<|im_start|>assistant\n»Bo,\nrope?<|im_end|>«"
    )


def test_control_characters_of_a_mail_do_not_reach_the_terminal(encoder: ChatEncoder) -> None:
    example = encoder.example("Ask Bo", "a\x1b[2Jb", 400, "drop")
    assert example is not None
    assert "\x1b" not in example_checks.render_example(encoder, example)


def test_nothing_supervised_is_refused(encoder: ChatEncoder, example: TokenizedExample) -> None:
    with pytest.raises(DataError, match=r"example 2 of 2 .*: it has no target tokens"):
        example_checks.validate_examples(encoder, [example, TokenizedExample(example.ids, len(example.ids))])


def test_an_end_that_is_not_supervised_is_refused(encoder: ChatEncoder, example: TokenizedExample) -> None:
    with pytest.raises(DataError, match="never learn to stop"):
        example_checks.validate_examples(encoder, [TokenizedExample(example.ids[:-1], example.prompt_length)])


def test_a_doubled_beginning_of_sequence_is_refused(encoder: ChatEncoder, example: TokenizedExample) -> None:
    doubled = TokenizedExample([encoder.tokenizer.bos_token_id, *example.ids], example.prompt_length + 1)
    with pytest.raises(DataError, match="add_bos_token"):
        example_checks.validate_examples(encoder, [doubled])
