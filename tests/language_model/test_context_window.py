"""Instructions that do not fit into the model's window are refused before anything is loaded."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from composed import composed_config

from email_assistant.commands import infer
from email_assistant.errors import DataError
from email_assistant.language_model.context_window import context_window, room_for_prompt


@pytest.mark.parametrize(
    ("values", "window"),
    [
        ({"max_position_embeddings": 2048}, 2048),
        ({"n_positions": 1024}, 1024),
        ({"text_config": {"max_position_embeddings": 32768}}, 32768),
        ({"model_type": "x", "text_config": None}, None),
        ({"max_position_embeddings": None}, None),
    ],
)
def test_the_window_of_every_architecture(values: dict[str, object], window: int | None, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(values))
    assert context_window(tmp_path) == window


def test_an_instruction_that_is_too_long_is_named(tiny_model: Path, archive: Path, tmp_path: Path) -> None:
    config = composed_config(tiny_model, archive, tmp_path)
    asked, thread = tmp_path / "ask.txt", tmp_path / "thread.txt"
    room = room_for_prompt(config)
    assert room == 2048 - config.generation.max_new_tokens
    asked.write_text("Ask Bo\n" + "word " * 1000 + "\n")
    config = replace(config, infer=replace(config.infer, input=str(asked), output=str(tmp_path / "mails.csv")))
    with pytest.raises(DataError, match=r"ask\.txt, instruction 2: the instruction has \d+ tokens"):
        infer.check(config)
    # The random model's tokens are bytes; its template adds some.
    asked.write_text("x" * (room - 100) + "\n")
    infer.check(config)
    asked.write_text("Say yes\n")
    thread.write_text("word " * 2000)
    answering = replace(config.infer, thread=str(thread))
    infer.check(replace(config, infer=answering))
    longer = replace(config, infer=answering, data=replace(config.data, context_words=2000))
    with pytest.raises(DataError, match="lower data"):
        infer.check(longer)
    generation = replace(config.generation, max_new_tokens=4096)
    with pytest.raises(DataError, match="max_new_tokens"):
        infer.check(replace(config, generation=generation))
