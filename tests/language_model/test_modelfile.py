import re
from dataclasses import replace
from pathlib import Path

from composed import composed_config
from transformers import AutoTokenizer

from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.modelfile import ollama_template, render_modelfile

LLAMA3 = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + "
    "message['content'] + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)


def test_ollama_asks_as_this_project_does(tiny_model: Path) -> None:
    encoder = ChatEncoder(AutoTokenizer.from_pretrained(tiny_model))
    rendered = ollama_template(encoder)
    assert rendered == "<|im_start|>user\n{{ .Prompt }}<|im_end|>\n<|im_start|>assistant\n{{ .Response }}<|im_end|>"
    asked = re.sub(r"\{\{ \.Response.*", "", rendered, flags=re.DOTALL).replace("{{ .Prompt }}", "Ask Bo")
    ids = encoder.tokenizer(asked, add_special_tokens=False)["input_ids"]
    assert ids == encoder.prompt("Ask Bo")


def test_a_beginning_that_the_tokenizer_writes_itself_is_not_repeated(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    specials = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": specials})
    tokenizer.bos_token, tokenizer.chat_template = "<|begin_of_text|>", LLAMA3
    assert ollama_template(ChatEncoder(tokenizer)).startswith("<|begin_of_text|><|start_header_id|>user")

    class Adding:
        """The tokenizer as Llama 3's: it adds the beginning-of-sequence token unless it must not."""

        def __getattr__(self, name: str) -> object:
            return getattr(tokenizer, name)

        def __call__(self, text: str, add_special_tokens: bool = True, **kwargs: object) -> object:
            rendered = tokenizer(text, add_special_tokens=False, **kwargs)
            if add_special_tokens:
                rendered["input_ids"] = [tokenizer.bos_token_id, *rendered["input_ids"]]
            return rendered

    assert ollama_template(ChatEncoder(Adding())).startswith("<|start_header_id|>user")  # type: ignore[arg-type]


def test_ollama_writes_greedily_instead_of_beam_search(tiny_model: Path, archive: Path, tmp_path: Path) -> None:
    settings = replace(composed_config(tiny_model, archive, tmp_path).generation, temperature=0.7)
    encoder = ChatEncoder(AutoTokenizer.from_pretrained(tiny_model))
    for search, temperature in (("sample", 0.7), ("beam", 0.0)):
        rendered = render_modelfile(encoder, replace(settings, search=search), None, "adapter.gguf", 512, 1)
        assert f"PARAMETER temperature {temperature}\n" in rendered
