"""Models that can think before they answer are asked not to, and learn no thought, not even an empty one."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from email_assistant.language_model.encoding import ChatEncoder

# As Qwen3 does it: a thought before the last answer, empty where thinking is switched off; none in earlier turns.
QWEN3 = """{%- set ns = namespace(last=0) %}
{%- for message in messages %}{% if message.role == 'user' %}{% set ns.last = loop.index0 %}{% endif %}{% endfor %}
{%- for message in messages %}
{{- '<|im_start|>' + message.role + '\\n' }}
{%- if message.role == 'assistant' and loop.index0 > ns.last %}{{- '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{{- message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{%- endif %}"""
# As DeepSeek-R1 does it: there is no switch.
ALWAYS = (
    "{% for message in messages %}{{ '<|im_start|>' + message.content + '<|im_end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|><think>\n' }}{% endif %}"
)
# As Llama 3.2 and SmolLM3 do it.
DATED = (
    "{% if date_string is not defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    "{{ date_string + strftime_now(' (%Y)') }}"
    "{% for message in messages %}{{ '<|im_start|>' + message.content + '<|im_end|>' }}{% endfor %}"
)


def encoder(tiny_model: Path, template: str) -> ChatEncoder:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.chat_template = template
    return ChatEncoder(tokenizer)


def test_thinking_is_switched_off_and_no_thought_is_learned(tiny_model: Path) -> None:
    found = encoder(tiny_model, QWEN3)
    example = found.example("Ask Bo", "Bo, send rope.", 500, "drop", examples=[("Ask Al", "Al!")])
    assert example is not None
    prompt, mail = example.ids[: example.prompt_length], example.ids[example.prompt_length :]
    assert found.tokenizer.decode(mail) == "Bo, send rope.<|im_end|>"
    assert found.tokenizer.decode(prompt) == (
        "<|im_start|>user\nAsk Al<|im_end|>\n<|im_start|>assistant\nAl!<|im_end|>\n"
        "<|im_start|>user\nAsk Bo<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )


def test_a_thought_that_a_template_always_begins_is_left_empty(tiny_model: Path) -> None:
    found = encoder(tiny_model, ALWAYS)
    assert found.tokenizer.decode(found.prompt("Ask")).endswith("<|im_start|><think>\n\n</think>\n\n")
    assert found.end_of_turn == found.tokenizer.eos_token_id


@pytest.mark.parametrize("question", ["Ask", "Tell"])
def test_prompts_have_the_same_date_every_day(tiny_model: Path, question: str) -> None:
    found = encoder(tiny_model, DATED)
    assert found.tokenizer.decode(found.prompt(question)).startswith("26 Jul 202426 Jul 2024<|im_start|>")
