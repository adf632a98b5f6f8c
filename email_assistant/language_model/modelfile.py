"""An Ollama Modelfile: base model, adapter, chat template, stop tokens and sampling parameters."""

from pathlib import Path

from email_assistant.configuration.schema import Generation
from email_assistant.language_model.encoding import ChatEncoder


def render_modelfile(
    encoder: ChatEncoder, settings: Generation, gguf: str | None, adapter: str, num_ctx: int, seed: int
) -> str:
    """The text of a Modelfile.

    Args:
        encoder: The encoder of the base model.
        settings: How tokens are sampled.
        gguf: The base model as GGUF; None leaves a placeholder.
        adapter: The adapter's file, relative to the Modelfile.
        num_ctx: Size of the context, in tokens.
        seed: The seed of sampling.
    """
    base = Path(gguf).resolve() if gguf else "./base.gguf"
    stops = sorted(str(encoder.tokenizer.convert_ids_to_tokens(token)) for token in encoder.stop_ids)
    parameters = {
        # Ollama has no beam search. Among single drafts, the greedy one is nearest to it.
        "temperature": 0.0 if settings.search == "beam" else settings.temperature,
        "top_p": settings.top_p,
        "min_p": settings.min_p,
        "repeat_penalty": settings.repetition_penalty,
        "num_predict": settings.max_new_tokens,
        "num_ctx": num_ctx,
        "seed": seed,
    }
    lines = [
        "# Private: the adapter was trained on one person's mail and may repeat parts of it.",
        *([] if gguf else ["# Replace the next line with the base model: a GGUF file, or a name that Ollama knows."]),
        f"FROM {base}",
        f"ADAPTER ./{adapter}",
        f'TEMPLATE """{ollama_template(encoder)}"""',
        *(f'PARAMETER stop "{stop}"' for stop in stops),
        *(f"PARAMETER {name} {value}" for name, value in parameters.items()),
    ]
    return "\n".join(lines) + "\n"


def ollama_template(encoder: ChatEncoder) -> str:
    """The chat template in Ollama's notation, for one instruction.

    A beginning-of-sequence token that the tokenizer adds by itself is left out, or there would be two.
    """
    before, after = encoder.template_around_instruction()
    tokenizer = encoder.tokenizer
    adds_bos = tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
    if adds_bos:
        before = before.removeprefix(str(tokenizer.bos_token))
    end = tokenizer.convert_ids_to_tokens(encoder.end_of_turn)
    return f"{before}{{{{ .Prompt }}}}{after}{{{{ .Response }}}}{end}"
