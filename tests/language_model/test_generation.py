import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from conftest import model_settings

from email_assistant.errors import OutOfMemoryError
from email_assistant.language_model import generation
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion, SamplingParams, row_seed
from email_assistant.language_model.generation import generate, stream
from email_assistant.language_model.loading import LanguageModel, load_base


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_base(model_settings(tiny_model))


@pytest.fixture(scope="module")
def prompts(model: LanguageModel) -> list[list[int]]:
    texts = ["Ask Bo", "Ask Al for a rope of twelve feet", "Hi", "Tell everyone that the lamp is lit", "No"]
    return [model.encoder.prompt(text) for text in texts]


def answers(
    model: LanguageModel, prompts: list[list[int]], decoding: SamplingParams, batch_size: int
) -> list[Completion]:
    found: dict[int, Completion] = {}
    seeds = [row_seed(3, prompt) for prompt in prompts]
    generate(model, prompts, decoding, seeds, batch_size, lambda index, answer: found.__setitem__(index, answer))
    return [found[index] for index in range(len(prompts))]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(("penalty", "size"), [(1.0, 0), (1.3, 0), (1.0, 2)])
def test_a_batch_equals_one_by_one(
    model: LanguageModel, prompts: list[list[int]], temperature: float, penalty: float, size: int
) -> None:
    decoding = SamplingParams(20, temperature, 0.9, penalty, size)
    alone = answers(model, prompts, decoding, 1)
    assert answers(model, prompts, decoding, 2) == alone
    assert answers(model, prompts, decoding, 8) == alone


@pytest.mark.parametrize("batch_size", [2, 3, 7, 50])
def test_candidates_of_a_prompt_share_its_reading_and_nothing_changes(
    model: LanguageModel, prompts: list[list[int]], batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [prompt for prompt in prompts for _ in range(4)]
    seeds = [row_seed(3, prompt, candidate) for prompt in prompts for candidate in range(4)]
    decoding = SamplingParams(20, 1.0, 0.9, no_repeat_ngram_size=2)
    written: dict[int, Completion] = {}
    read: list[int] = []
    whole = CachedDecoder.prefill

    def counted(own: CachedDecoder, given: list[list[int]]) -> torch.Tensor:
        read.append(len(given))
        return whole(own, given)

    alone: dict[int, Completion] = {}
    for row, (prompt, seed) in enumerate(zip(rows, seeds, strict=True)):
        generate(model, [prompt], decoding, [seed], 1, lambda _, answer, row=row: alone.__setitem__(row, answer))
    monkeypatch.setattr(CachedDecoder, "prefill", counted)
    generate(model, rows, decoding, seeds, batch_size, written.__setitem__)
    assert written == alone
    assert len({answer.text for answer in written.values()}) > len(prompts)
    # One is read as the decoder is tried. In small batches a row can be gone before the next one joins.
    assert sum(read) - 1 == len(prompts) if batch_size == 50 else len(prompts) <= sum(read) - 1 < len(rows)


@torch.inference_mode()
@pytest.mark.parametrize("shared", [0, 5])
def test_rows_that_come_repeat_and_go_have_the_models_own_logits(model: LanguageModel, shared: int) -> None:
    chance = random.Random(4)

    def ids(count: int) -> list[int]:
        return chance.choices(range(100), k=count)

    def close(logits: torch.Tensor, sequences: list[list[int]]) -> bool:
        expected = [model.model(input_ids=torch.tensor([row])).logits[0, -1] for row in sequences]
        return torch.allclose(logits, torch.stack(expected), rtol=1e-3, atol=1e-3)

    own, common = CachedDecoder.from_model(model.model), ids(shared)
    assert own is not None
    own.prefill_prefix(common)
    # For each place its prompt's length and its tokens.
    rows: list[tuple[int, list[int]]] = []
    for _ in range(80):
        while len(rows) < chance.randrange(2, 9):
            if rows and chance.random() < 0.6:
                place = chance.randrange(len(rows))
                own.fork(place)
                length, tokens = rows[place]
                rows.append((length, tokens[:length]))
            else:
                new = [ids(chance.randrange(1, 20)) for _ in range(chance.randrange(1, 4))]
                assert close(own.prefill(new), [common + prompt for prompt in new])
                rows += [(shared + len(prompt), common + prompt) for prompt in new]
        tokens = ids(len(rows))
        logits = own.step(tokens)
        rows = [(length, [*row, token]) for (length, row), token in zip(rows, tokens, strict=True)]
        assert close(logits, [row for _, row in rows])
        while len(rows) > 1 and chance.random() < 0.5:
            place = chance.randrange(len(rows))
            own.evict(place)
            rows[place] = rows[-1]
            rows.pop()


def test_without_room_for_a_batch_it_is_halved_and_nothing_changes(
    model: LanguageModel,
    prompts: list[list[int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    decoding = SamplingParams(20, 1.0, 0.9)
    expected = answers(model, prompts, decoding, 8)
    whole, calls = generation.decode, list[int]()

    def limited(*given: object) -> Iterator[tuple[int, int, bool]]:
        batch_size = given[-1]
        assert isinstance(batch_size, int)
        calls.append(batch_size)
        for place, row in enumerate(whole(*given)):  # type: ignore[arg-type]
            yield row
            if place == 30 and batch_size > 1:
                raise torch.OutOfMemoryError("CUDA out of memory")
            if most < 1:
                raise torch.OutOfMemoryError("CUDA out of memory")

    most = 1
    monkeypatch.setattr(generation, "decode", limited)
    with caplog.at_level("INFO"):
        assert answers(model, prompts, decoding, 8) == expected
    assert calls[0] == 8 and calls[-1] < 3 and "from here on 2 mails at once" in caplog.text
    most = 0
    with pytest.raises(OutOfMemoryError, match="a single mail"):
        answers(model, prompts, decoding, 2)


def test_a_shared_beginning_changes_nothing(
    model: LanguageModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding = SamplingParams(20, 0.8, 0.9)
    monkeypatch.setattr(generation, "FEWEST_SHARED", 10**6)
    apart = answers(model, prompts, decoding, 8)
    monkeypatch.setattr(generation, "FEWEST_SHARED", 4)
    assert answers(model, prompts, decoding, 8) == apart


def test_greedy_equals_transformers(model: LanguageModel, prompts: list[list[int]]) -> None:
    for prompt, answer in zip(prompts, answers(model, prompts, SamplingParams(20), 8), strict=True):
        expected = model.model.generate(
            torch.tensor([prompt]), max_new_tokens=20, do_sample=False, attention_mask=torch.ones(1, len(prompt))
        )
        assert model.encoder.decode(expected[0, len(prompt) :].tolist()).strip() == answer.text


@pytest.mark.parametrize("size", [2, 3])
def test_no_run_is_written_twice(model: LanguageModel, prompts: list[list[int]], size: int) -> None:
    def repeats(decoding: SamplingParams) -> int:
        rows: dict[int, list[int]] = {}
        for row, token, _ in generation.decode(model, prompts, decoding, [3] * len(prompts), 2):
            rows.setdefault(row, []).append(token)
        runs = [[tuple(ids[place : place + size]) for place in range(len(ids) - size + 1)] for ids in rows.values()]
        return sum(len(row) - len(set(row)) for row in runs)

    assert repeats(SamplingParams(60)) > 0
    assert repeats(SamplingParams(60, no_repeat_ngram_size=size)) == 0


def test_the_nucleus_is_kept_to(model: LanguageModel, prompts: list[list[int]]) -> None:
    assert answers(model, prompts, SamplingParams(20, 1.0, 1e-6), 8) == answers(model, prompts, SamplingParams(20), 8)


def test_tokens_far_less_likely_than_the_likeliest_are_never_drawn(
    model: LanguageModel, prompts: list[list[int]]
) -> None:
    greedy = answers(model, prompts, SamplingParams(20), 8)
    assert answers(model, prompts, SamplingParams(20, 1.0, min_p=0.999999), 8) == greedy
    chooser = generation._Chooser(SamplingParams(1, 1.0, min_p=0.3), list(range(400)))
    # Probabilities 0.5, 0.2, 0.16 and 0.14: of the likeliest 0.3 is 0.15.
    logits = torch.tensor([0.5, 0.2, 0.16, 0.14]).log().expand(400, 4)
    drawn = torch.tensor(chooser.choose(logits.clone(), range(400))).bincount(minlength=4) / 400
    assert drawn.tolist() == pytest.approx([0.5 / 0.86, 0.2 / 0.86, 0.16 / 0.86, 0], abs=0.06)
    # With more tokens than are sorted at first, and none but the likely ones among these.
    many = torch.cat([torch.tensor([0.5, 0.2, 0.16]), torch.full((1000,), 0.00014)]).log().expand(400, -1)
    chooser = generation._Chooser(SamplingParams(1, 1.0, min_p=0.3), list(range(400)))
    assert max(chooser.choose(many.clone(), range(400))) == 2


def test_seeds_and_temperature_matter(model: LanguageModel, prompts: list[list[int]]) -> None:
    found = set()
    for seed in range(3):
        generate(model, prompts[:1], SamplingParams(20, 1.0), [seed], 1, lambda _, answer: found.add(answer.text))
    assert len(found) == 3


def test_it_stops_at_the_end_of_the_turn(
    model: LanguageModel, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, token, _), *_ = generation.decode(model, prompts[:1], SamplingParams(1), [0], 1)
    assert answers(model, prompts[:1], SamplingParams(5), 1)[0].num_tokens == 5
    monkeypatch.setattr(model.encoder, "stop_ids", frozenset([token]))
    assert answers(model, prompts[:1], SamplingParams(5), 1)[0] == Completion("", 1, "stop")


def test_a_stream_is_the_answer(model: LanguageModel, prompts: list[list[int]]) -> None:
    decoding = SamplingParams(20, 0.9, 0.9)
    pieces = list(stream(model, prompts[1], decoding, row_seed(3, prompts[1])))
    assert "".join(pieces).strip() == answers(model, prompts[1:2], decoding, 1)[0].text
    assert len(pieces) > 1
