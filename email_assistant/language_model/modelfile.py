"""A Modelfile for Ollama: base, adapter, the chat template as this project asks, and where to stop."""

from pathlib import Path

from email_assistant.configuration.schema import Config
from email_assistant.language_model.encoding import ChatEncoder


def modelfile(encoder: ChatEncoder, config: Config, adapter: str) -> str:
    """The text of a Modelfile.

    Args:
        encoder: Of the base model.
        config: For the base's GGUF and how tokens are chosen.
        adapter: The adapter's file, relative to the Modelfile.
    """
    settings = config.generation
    base = Path(config.model.gguf).expanduser().resolve() if config.model.gguf else "./base.gguf"
    stops = sorted(str(encoder.tokenizer.convert_ids_to_tokens(token)) for token in encoder.stop_ids)
    parameters = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "min_p": settings.min_p,
        "repeat_penalty": settings.repetition_penalty,
        "num_predict": settings.max_new_tokens,
        "num_ctx": config.trainer.max_length + settings.max_new_tokens,
        "seed": config.seed,
    }
    lines = [
        "# Private: the adapter was trained on one person's mail and may repeat parts of it.",
        *([] if config.model.gguf else ["# Put the base model as GGUF there, or name it as Ollama does."]),
        f"FROM {base}",
        f"ADAPTER ./{adapter}",
        f'TEMPLATE """{template(encoder)}"""',
        *(f'PARAMETER stop "{stop}"' for stop in stops),
        *(f"PARAMETER {name} {value}" for name, value in parameters.items()),
    ]
    return "\n".join(lines) + "\n"


def template(encoder: ChatEncoder) -> str:
    """The chat template in Ollama's notation, for one instruction.

    A beginning-of-sequence token that the tokenizer writes by itself is left out, or it would stand twice.
    """
    before, after = encoder.around_instruction()
    tokenizer = encoder.tokenizer
    adds_bos = tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    if adds_bos:
        before = before.removeprefix(str(tokenizer.bos_token))
    end = tokenizer.convert_ids_to_tokens(encoder.end_of_turn)
    return f"{before}{{{{ .Prompt }}}}{after}{{{{ .Response }}}}{end}"
