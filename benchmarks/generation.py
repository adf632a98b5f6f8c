"""Writing mails: this project's decoder beside transformers' generate, same prompts, greedy."""

from collections.abc import Callable

import torch

from benchmarks.model import embedded, pairs
from email_assistant.language_model.generation import Decoding, write_all

MAILS, NEW_TOKENS, BATCH = 32, 60, 16


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Thirty-two instructions of the demo, sixty tokens each at most."""
    model = embedded()
    prompts = [model.encoder.prompt(instruction) for instruction, _ in pairs()[:MAILS]]
    tokenizer = model.encoder.tokenizer
    tokenizer.padding_side = "left"

    def ours() -> None:
        write_all(model, prompts, Decoding(NEW_TOKENS), 1, BATCH, lambda index, answer: None)

    @torch.inference_mode()
    def peer() -> None:
        for start in range(0, MAILS, BATCH):
            rows = [{"input_ids": prompt} for prompt in prompts[start : start + BATCH]]
            batch = tokenizer.pad(rows, return_tensors="pt")
            model.model.generate(
                **batch, max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=list(model.encoder.stop_ids)
            )

    return f"to transformers' generate at batch {BATCH}", ours, peer
