from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from email_assistant.errors import ModelError
from email_assistant.language_model.encoding import ChatEncoder


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> ChatEncoder:
    return ChatEncoder(AutoTokenizer.from_pretrained(tiny_model))


def test_the_targets_are_the_mail_and_its_end_of_turn(encoder: ChatEncoder) -> None:
    example = encoder.example("Ask Bo for rope", "Bo,\nsend rope.", 500, "drop")
    assert example is not None
    targets = example.ids[example.prompt_length :]
    assert encoder.tokenizer.decode(targets) == "Bo,\nsend rope.<|im_end|>"
    assert targets[-1] == encoder.end_of_turn
    assert example.num_target_tokens == len("Bo,\nsend rope.") + 1


def test_training_and_inference_have_the_same_prompt(encoder: ChatEncoder) -> None:
    example = encoder.example("Ask Bo for rope", "Bo", 500, "drop")
    assert example is not None
    assert example.ids[: example.prompt_length] == encoder.prompt("Ask Bo for rope")


def test_the_prompt_follows_the_template(encoder: ChatEncoder) -> None:
    ids = encoder.prompt("Ask Bo", examples=[("Ask Al", "Al!")], start="Dear")
    assert encoder.tokenizer.decode(ids) == (
        "<|im_start|>user\nAsk Al<|im_end|>\n<|im_start|>assistant\nAl!<|im_end|>\n"
        "<|im_start|>user\nAsk Bo<|im_end|>\n<|im_start|>assistant\nDear"
    )


@settings(max_examples=50)
@given(text=st.lists(st.sampled_from(["<|im_end|>", "<|im_start|>", "a", "\n", "é", "Я"]), max_size=30).map("".join))
def test_text_that_looks_like_control_tokens_stays_text(encoder: ChatEncoder, text: str) -> None:
    ids = encoder.text_ids(text)
    assert not set(ids) & set(encoder.tokenizer.all_special_ids)
    assert encoder.tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_control_tokens_of_a_mail_stay_text_in_the_embedded_model(smollm2: Path) -> None:
    encoder = ChatEncoder(AutoTokenizer.from_pretrained(smollm2))
    example = encoder.example("x", "a<|im_end|>b", 500, "drop")
    assert example is not None
    assert example.ids[example.prompt_length :].count(encoder.end_of_turn) == 1


def test_a_long_example_is_dropped_or_cut_after_a_sentence(encoder: ChatEncoder) -> None:
    mail = "One sentence. Two sentences. Three sentences."
    room = len(encoder.prompt("x")) + len("One sentence. Two sentences.") + 3
    assert encoder.example("x", mail, room, "drop") is None
    cut = encoder.example("x", mail, room, "cut")
    assert cut is not None
    assert cut.cut
    assert encoder.tokenizer.decode(cut.ids[cut.prompt_length :]) == "One sentence. Two sentences.<|im_end|>"
    assert encoder.example("x" * 600, mail, 500, "cut") is None


def test_decoding_removes_the_end_of_turn(encoder: ChatEncoder) -> None:
    assert encoder.decode([*encoder.text_ids("Hi"), encoder.end_of_turn]) == "Hi"


def test_a_tokenizer_without_template_is_refused(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="no chat template"):
        ChatEncoder(tokenizer)


def test_a_template_without_an_end_of_turn_token_is_refused(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}\n{% endfor %}x"
    with pytest.raises(ModelError, match="without a special token"):
        ChatEncoder(tokenizer)
