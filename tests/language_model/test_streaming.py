"""Texts whose requests come and go: the same as when each is written alone."""

import dataclasses
from pathlib import Path
from typing import Literal

import pytest
import torch
from conftest import model_settings

from email_assistant.language_model import streaming
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate, generate_likeliest
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.language_model.streaming import (
    BatchWriter,
    BeamRequest,
    Piece,
    SequentialWriter,
    TextRequest,
    TextStream,
    TextWriter,
    text_writer,
)

WORDS = ["Send nails", "Send nails", "Спроси про верёвку", "Where is the oak, and who pays for the wax?", "Tin"]
GREEDY, SAMPLED = SamplingParams(14), SamplingParams(9, temperature=1.3, top_p=0.9)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_base(model_settings(tiny_model))


def requests(model: LanguageModel) -> list[TextRequest]:
    return [
        TextRequest(str(number), model.encoder.prompt(text), SAMPLED if number % 2 else GREEDY, number)
        for number, text in enumerate(WORDS)
    ]


def alone(model: LanguageModel, request: TextRequest) -> tuple[str, int, str]:
    found: list[tuple[str, int, str]] = []
    generate(
        model,
        [request.prompt],
        request.params,
        [request.seed],
        1,
        lambda _, each: found.append((each.text, each.num_tokens, each.finish_reason)),
    )
    return found[0]


def texts(pieces: list[Piece]) -> dict[str, tuple[str, int, str]]:
    """The whole texts, with their lengths and why they ended."""
    ended = {piece.id: piece for piece in pieces if piece.finish_reason}
    whole = {name: "".join(piece.text for piece in pieces if piece.id == name) for name in ended}
    return {name: (whole[name], piece.num_tokens, str(piece.finish_reason)) for name, piece in ended.items()}


def finish(writer: TextWriter) -> list[Piece]:
    pieces = []
    while writer.is_busy:
        pieces += writer.step()
    return pieces


def decoder_of(writer: TextWriter) -> CachedDecoder:
    assert isinstance(writer, BatchWriter)
    return writer._decoder


def test_texts_that_join_at_any_time_are_as_if_written_alone(model: LanguageModel) -> None:
    writer = text_writer(model, max_rows=3)
    assert isinstance(writer, BatchWriter)
    pieces: list[Piece] = []
    for request in requests(model):
        writer.add(request)
        pieces += writer.step()
        pieces += writer.step()
    pieces += finish(writer)
    assert texts(pieces) == {request.id: alone(model, request) for request in requests(model)}


def likeliest(model: LanguageModel, request: BeamRequest) -> dict[str, tuple[str, int, str]]:
    found: list[list[Completion]] = []
    width = len(request.ids)
    generate_likeliest(model, [request.prompt], request.params, width, width, lambda _, each: found.append(each))
    return {
        name: (each.text, each.num_tokens, each.finish_reason) for name, each in zip(request.ids, found[0], strict=True)
    }


@pytest.mark.parametrize("max_rows", [2, 4, 9])
def test_a_beam_search_among_other_texts_finds_what_it_finds_alone(model: LanguageModel, max_rows: int) -> None:
    writer = text_writer(model, max_rows=max_rows)
    assert isinstance(writer, BatchWriter)
    searches = [
        BeamRequest(("a", "b", "c"), model.encoder.prompt(WORDS[0]), SamplingParams(12, no_repeat_ngram_size=3)),
        BeamRequest(("d", "e"), model.encoder.prompt(WORDS[3]), SamplingParams(7)),
    ]
    pieces: list[Piece] = []
    for number, request in enumerate(requests(model)):
        writer.add(request)
        if number in (0, 2):
            writer.add(searches[number // 2])
        pieces += writer.step()
    pieces += finish(writer)
    expected = {request.id: alone(model, request) for request in requests(model)}
    assert texts(pieces) == expected | likeliest(model, searches[0]) | likeliest(model, searches[1])
    assert sum(piece.id in "abcde" for piece in pieces) == 5
    assert not decoder_of(writer)._prompts.keys[0].numel()


def searching(model: LanguageModel, *names: str) -> BeamRequest:
    return BeamRequest(names, model.encoder.prompt(WORDS[0]), SamplingParams(12))


def writing(writer: TextWriter) -> set[str]:
    """The first texts of all requests that have begun."""
    assert isinstance(writer, BatchWriter)
    begun = {row.request.id for row in writer._rows if isinstance(row, streaming._Row)}
    return begun | {beams.request.ids[0] for beams in writer._searches.values()}


def test_a_text_that_fits_need_not_wait_for_a_wide_search(model: LanguageModel) -> None:
    writer = text_writer(model, max_rows=4)
    assert isinstance(writer, BatchWriter)
    writer.add(searching(model, "a", "b", "c"))
    pieces = writer.step()
    wide, single = searching(model, "d", "e", "f"), requests(model)[3]
    writer.add(wide)
    writer.add(single)
    pieces += writer.step()
    assert writing(writer) == {"a", single.id}
    pieces += finish(writer)
    expected = {single.id: alone(model, single)} | likeliest(model, wide)
    assert {name: text for name, text in texts(pieces).items() if name not in "abc"} == expected


def test_a_wide_search_is_passed_only_so_often(model: LanguageModel) -> None:
    writer = text_writer(model, max_rows=4)
    assert isinstance(writer, BatchWriter)
    single = requests(model)[0]
    for name in ("x", "y"):
        writer.add(dataclasses.replace(single, id=name))
    writer.step()
    writer.add(searching(model, "d", "e", "f"))
    # More and more of them: some would always find room, and the search never.
    begun = set[str]()
    for number in range(60):
        writer.add(dataclasses.replace(single, id=str(number)))
        writer.step()
        if "d" in writing(writer):
            break
        begun |= writing(writer)
    assert begun == {"x", "y", *map(str, range(streaming.MAX_PASSES))}
    assert "d" in writing(writer)


def test_a_search_that_was_passed_often_is_passed_by_others_once_it_is_cancelled(model: LanguageModel) -> None:
    writer = text_writer(model, max_rows=2)
    assert isinstance(writer, BatchWriter)
    single = dataclasses.replace(requests(model)[0], params=SamplingParams(200))
    writer.add(single)
    writer.step()
    writer.add(searching(model, "d", "e"))
    writer._waiting[0].times_passed = streaming.MAX_PASSES
    writer.add(dataclasses.replace(single, id="next"))
    writer.step()
    assert writing(writer) == {single.id}
    writer.cancel("d")
    writer.cancel("e")
    writer.step()
    assert writing(writer) == {single.id, "next"}


@pytest.mark.parametrize("at", [0, 1, 4])
def test_a_beam_search_ends_when_nobody_wants_its_texts(model: LanguageModel, at: int) -> None:
    writer = text_writer(model, max_rows=8)
    search = BeamRequest(("a", "b", "c"), model.encoder.prompt(WORDS[0]), SamplingParams(12))
    other = requests(model)[2]
    writer.add(search)
    writer.add(other)
    pieces = [piece for _ in range(at) for piece in writer.step()]
    writer.cancel("b")
    assert decoder_of(writer)._prompt_of_row or not at
    for name in "ac":
        writer.cancel(name)
    assert len(decoder_of(writer)._prompt_of_row) == (1 if at else 0)
    pieces += finish(writer)
    assert texts(pieces) == {other.id: alone(model, other)}


def test_a_text_of_a_search_that_is_cancelled_leaves_the_others(model: LanguageModel) -> None:
    writer = text_writer(model)
    search = BeamRequest(("a", "b", "c"), model.encoder.prompt(WORDS[0]), SamplingParams(12))
    writer.add(search)
    first = writer.step()
    writer.cancel("b")
    expected = likeliest(model, search)
    del expected["b"]
    assert texts([*first, *finish(writer)]) == expected


def test_a_text_of_a_search_ends_at_a_stop_sequence(model: LanguageModel) -> None:
    writer = text_writer(model)
    search = BeamRequest(("a", "b", "c"), model.encoder.prompt(WORDS[0]), SamplingParams(12))
    whole = {name: text for name, (text, *_) in likeliest(model, search).items()}
    # The tokens of the tiny model are bytes, so that this stops in the middle of a word.
    stop = whole["a"][3:5]
    writer.add(dataclasses.replace(search, stop=(stop,)))
    found = texts(finish(writer))
    assert {name: text for name, (text, *_) in found.items()} == {
        name: text.partition(stop)[0].rstrip() for name, text in whole.items()
    }
    assert found["a"][1] < 12 and found["a"][2] == "stop"


def test_searches_come_one_after_another_too(model: LanguageModel) -> None:
    writer = SequentialWriter(model)
    search, cancelled = searching(model, "a", "b", "c"), searching(model, "d", "e")
    writer.add(search)
    writer.add(cancelled)
    writer.add(requests(model)[1])
    for name in cancelled.ids:
        writer.cancel(name)
    expected = likeliest(model, search) | {"1": alone(model, requests(model)[1])}
    assert texts(finish(writer)) == expected


def test_one_after_another_is_the_same(model: LanguageModel) -> None:
    writer = SequentialWriter(model)
    for request in requests(model):
        writer.add(request)
    assert texts(finish(writer)) == {request.id: alone(model, request) for request in requests(model)}


@pytest.mark.parametrize("at", [0, 1, 4])
def test_a_cancelled_text_frees_its_row_and_changes_no_other(model: LanguageModel, at: int) -> None:
    writer = text_writer(model, max_rows=2)
    for request in requests(model)[:4]:
        writer.add(request)
    pieces: list[Piece] = []
    for _ in range(at):
        pieces += writer.step()
    writer.cancel("0")
    # One that waits.
    writer.cancel("3")
    writer.cancel("of nobody")
    rows = len(decoder_of(writer)._prompt_of_row)
    assert rows == (1 if at else 0)
    after = finish(writer)
    assert {piece.id for piece in after} == {"1", "2"}
    expected = {request.id: alone(model, request) for request in requests(model) if request.id in ("1", "2")}
    assert texts([piece for piece in [*pieces, *after] if piece.id in expected]) == expected


def test_a_cancelled_text_of_a_sequence_is_not_written_further(model: LanguageModel) -> None:
    writer = SequentialWriter(model)
    for request in requests(model)[:3]:
        writer.add(request)
    first = writer.step()
    writer.cancel("0")
    writer.cancel("2")
    assert {piece.id for piece in first} == {"0"}
    assert texts(finish(writer)) == {"1": alone(model, requests(model)[1])}


def test_an_idle_batch_holds_no_memory(model: LanguageModel) -> None:
    writer = text_writer(model)
    for request in requests(model):
        writer.add(request)
    writer.step()
    assert decoder_of(writer)._prompts.keys[0].numel()
    finish(writer)
    decoder = decoder_of(writer)
    assert not decoder._prompts.keys[0].numel() and not decoder._generated.keys[0].numel()
    writer.add(requests(model)[2])
    assert texts(finish(writer)) == {"2": alone(model, requests(model)[2])}


def stream(model: LanguageModel, text: str, stop: tuple[str, ...] = (), continues: bool = False) -> list[str]:
    """What a stream returns for the tokens of a text, until it stops; the tokens of the tiny model are bytes."""
    ids = model.encoder.text_ids(text)
    streamed, pieces = TextStream(model.encoder, stop, continues), []
    for index, token in enumerate(ids):
        pieces.append(streamed.add(token, index == len(ids) - 1))
        if streamed.is_stopped:
            break
    return pieces


@pytest.mark.parametrize(
    ("text", "stop", "expected"),
    [
        ("Hi Bo,\n\nyes.\n", (), "Hi Bo,\n\nyes."),
        ("  \n Верни верёвку 🪢 !", (), "Верни верёвку 🪢 !"),
        ("Hi Bo, yes. END more", ("END",), "Hi Bo, yes."),
        ("Hi EN EN ENOUGH END", ("END", "more"), "Hi EN EN ENOUGH"),
        ("aaab", ("aab",), "a"),
        ("ends with EN", ("END",), "ends with EN"),
        ("", (), ""),
    ],
)
def test_pieces_are_final_and_whole(model: LanguageModel, text: str, stop: tuple[str, ...], expected: str) -> None:
    pieces = stream(model, text, stop)
    assert "".join(pieces) == expected
    assert not any("\ufffd" in piece for piece in pieces)
    # Nothing that was returned is ever taken back, and a stop sequence is never shown, not even its beginning.
    so_far = ""
    for piece in pieces:
        so_far += piece
        assert expected.startswith(so_far)


def test_space_at_the_start_counts_in_a_continuation(model: LanguageModel) -> None:
    assert "".join(stream(model, " and more ", continues=True)) == " and more"


def test_rows_with_the_same_prompt_compute_it_once(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = text_writer(model)
    computed: list[int] = []
    prefill = CachedDecoder.prefill

    def counted(self: CachedDecoder, prompts: list[list[int]]) -> torch.Tensor:
        computed.append(len(prompts))
        return prefill(self, prompts)

    monkeypatch.setattr(CachedDecoder, "prefill", counted)
    for number in range(4):
        writer.add(TextRequest(str(number), model.encoder.prompt("Send nails"), SAMPLED, number))
    finish(writer)
    assert computed == [1]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_bundled_model_is_written_in_one_batch(smollm2: Path, dtype: Literal["float32", "bfloat16"]) -> None:
    bundled = load_base(dataclasses.replace(model_settings(smollm2), dtype=dtype))
    assert isinstance(text_writer(bundled), BatchWriter)
