"""llama.cpp compared with this project's own decoder, on the same weights in float32, with a random adapter."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from conftest import lora, model_settings

from benchmarks.model import dequantized, load_bundled
from email_assistant.errors import ModelError
from email_assistant.language_model import gguf_adapter
from email_assistant.language_model.decoding import Completion, SamplingParams, completion_seed
from email_assistant.language_model.generation import generate
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_encoder
from email_assistant.language_model.streaming import TextRequest, stream, text_writer

pytest.importorskip("xllamacpp", reason="llama.cpp is not installed (the extra llama-cpp)")
pytestmark = pytest.mark.slow
LORA = lora(r=4, alpha=8, use_rslora=True)
GREEDY = SamplingParams(16)


@pytest.fixture(scope="module")
def gguf(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = smollm2.with_suffix(".gguf")
    if not source.exists():
        pytest.skip("the bundled model's GGUF is not installed (make install)")
    return dequantized(source, tmp_path_factory.mktemp("gguf") / "base.gguf")


@pytest.fixture(scope="module")
def tuned(smollm2: Path) -> LanguageModel:
    model = add_adapter(load_bundled(), LORA, seed=1)
    torch.manual_seed(2)
    for name, weight in model.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.15)
    return model


@pytest.fixture(scope="module")
def adapter(tuned: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapter")
    tuned.model.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def written(adapter: Path, smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("written") / "adapter.gguf"
    gguf_adapter.write(adapter, smollm2, target)
    return target


@pytest.fixture(scope="module")
def llama(gguf: Path, written: Path, tuned: LanguageModel) -> LlamaCpp:
    # On cores that other tests use as well, llama.cpp's threads wait for one another much longer than they compute.
    return LlamaCpp(gguf, tuned.encoder, written, slots=2, threads=1)


def answers(
    model: LanguageModel | LlamaCpp, prompts: list[list[int]], params: SamplingParams = GREEDY
) -> list[Completion]:
    completions: dict[int, Completion] = {}
    generate(model, prompts, params, [completion_seed(1, prompt) for prompt in prompts], 4, completions.__setitem__)
    return [completions[index] for index in range(len(prompts))]


@pytest.fixture(scope="module")
def prompts(tuned: LanguageModel) -> list[list[int]]:
    requests = ("Write an email to Bo about a rope", "Write an email to Al to thank him", "Напиши письмо о море")
    return [tuned.encoder.prompt(text) for text in requests]


def test_greedy_answers_agree_with_and_without_the_adapter(
    llama: LlamaCpp, tuned: LanguageModel, prompts: list[list[int]]
) -> None:
    expected = answers(tuned, prompts)
    assert answers(llama, prompts) == expected
    llama.adapted = False
    with tuned.model.disable_adapter():  # type: ignore[operator]
        plain = answers(tuned, prompts)
    without_adapter = answers(llama, prompts)
    llama.adapted = True
    assert without_adapter == plain
    assert plain != expected


def test_no_ngram_is_repeated(llama: LlamaCpp, prompts: list[list[int]]) -> None:
    def num_repeated(params: SamplingParams) -> int:
        (answer,) = answers(llama, prompts[1:2], params)
        ids = llama.encoder.text_ids(answer.text)
        ngrams = [tuple(ids[start : start + 8]) for start in range(len(ids) - 7)]
        return len(ngrams) - len(set(ngrams))

    # With a random adapter the model soon repeats itself.
    assert num_repeated(SamplingParams(40)) > 10
    assert num_repeated(SamplingParams(40, no_repeat_ngram_size=4)) == 0


def test_tokens_below_min_p_are_never_sampled(llama: LlamaCpp, prompts: list[list[int]]) -> None:
    greedy = answers(llama, prompts[:2], GREEDY)
    assert answers(llama, prompts[:2], SamplingParams(16, 1.0)) != greedy
    assert answers(llama, prompts[:2], SamplingParams(16, 1.0, min_p=0.9999)) == greedy


def test_a_stream_is_the_completion(llama: LlamaCpp, prompts: list[list[int]]) -> None:
    pieces = list(stream(llama, prompts[0], GREEDY, 1))
    assert len(pieces) > 3
    assert "".join(pieces) == answers(llama, prompts[:1])[0].text


def test_the_last_piece_of_a_stream_has_llama_cpp_s_own_count_and_reason(llama: LlamaCpp) -> None:
    llama.adapted = False
    prompt, most = llama.encoder.prompt("hi"), SamplingParams(40)
    (whole,) = answers(llama, [prompt], most)
    assert whole.finish_reason == "stop"
    first, second = whole.text.split()[:2]
    cases = {
        "whole": (most, (), whole.text, whole.num_tokens, "stop"),
        "cut": (SamplingParams(3), (), None, 3, "length"),
        "stopped": (most, (second,), first, None, "stop"),
    }
    writer = text_writer(llama)
    for name, (params, stop, text, tokens, reason) in cases.items():
        writer.add(TextRequest(name, prompt, params, None, stop))
        pieces = []
        while writer.is_busy:
            pieces += writer.step()
        assert [piece.finish_reason for piece in pieces] == [None] * (len(pieces) - 1) + [reason], name
        assert tokens is None or pieces[-1].num_tokens == tokens, name
        assert text is None or "".join(piece.text for piece in pieces) == text, name
    llama.adapted = True


def test_samples_depend_on_the_seed_and_not_on_the_batch(llama: LlamaCpp, prompts: list[list[int]]) -> None:
    # Of the base model, whose probabilities are far apart: the batch size changes their last digits.
    llama.adapted = False
    params = SamplingParams(12, 0.8, 0.9)
    in_a_batch = answers(llama, prompts, params)
    assert [answers(llama, [prompt], params)[0] for prompt in prompts] == in_a_batch
    other: list[Completion] = []
    llama.generate(
        prompts[:1], params, [completion_seed(2, prompts[0])], lambda _, completion: other.append(completion)
    )
    llama.adapted = True
    assert other[0] != in_a_batch[0]


def test_other_users_of_the_machine_are_refused(gguf: Path, tuned: LanguageModel, prompts: list[list[int]]) -> None:
    def listening_addresses() -> set[Any]:
        sockets = psutil.Process().net_connections("inet")
        return {socket.laddr for socket in sockets if socket.status == psutil.CONN_LISTEN}

    before = listening_addresses()
    fresh = LlamaCpp(gguf, tuned.encoder, None, slots=1, threads=1)
    answers(fresh, prompts[:1], SamplingParams(1))
    listening = listening_addresses() - before
    assert listening and {address.ip for address in listening} == {"127.0.0.1"}
    body = json.dumps({"prompt": "a"}).encode()
    for address in listening:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{address.port}/completion", data=body))


def test_an_error_of_llama_cpp_is_raised(llama: LlamaCpp, prompts: list[list[int]]) -> None:
    with pytest.raises(ModelError, match=r"llama\.cpp: "):
        answers(llama, [[10**7]])
    with pytest.raises(ModelError, match=r"llama\.cpp: "):
        list(stream(llama, [10**7], GREEDY, 1))
    assert answers(llama, prompts[:1])[0].num_tokens


def test_an_encoder_without_the_model_is_the_same(smollm2: Path, tuned: LanguageModel) -> None:
    encoder = load_encoder(model_settings(smollm2))
    assert (encoder.prompt("Ask Bo"), encoder.stop_ids) == (tuned.encoder.prompt("Ask Bo"), tuned.encoder.stop_ids)


def test_adapters_that_llama_cpp_does_not_support_are_refused(adapter: Path, smollm2: Path, tmp_path: Path) -> None:
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / name).write_bytes((adapter / name).read_bytes())
    settings = json.loads((adapter / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings | {"use_dora": True}))
    with pytest.raises(ModelError, match="DoRA"):
        gguf_adapter.write(tmp_path, smollm2, tmp_path / "adapter.gguf")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba"}))
    with pytest.raises(ModelError, match="mamba"):
        gguf_adapter.write(adapter, tmp_path, tmp_path / "adapter.gguf")
    assert not (tmp_path / "adapter.gguf").exists()


def test_a_missing_gguf_is_named(tuned: LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.gguf"):
        LlamaCpp(tmp_path / "none.gguf", tuned.encoder, None, 1)
