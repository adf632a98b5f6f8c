"""Greedy generation: this project's decoder compared with others on the same prompts.

python -m benchmarks generation    1, 9 (the drafts of one request on the page) and 64 mails at a time, and instructions
                                   for mails, whose prompts begin with the same examples

This project and transformers compute in the number format of `model.dtype=auto`. llama.cpp has the same weights in
4 bit, as it is normally used.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from omegaconf import OmegaConf

from benchmarks.measure import Row, compare, is_installed, speed
from benchmarks.model import SMOLLM2, auto_format, load_bundled, pairs, unmodified
from benchmarks.settings import ROOT
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel

COUNTS, MAIL_TOKENS = (1, 9, 64), 32
INSTRUCTIONS, INSTRUCTION_TOKENS, SUMMARIZED_TOKENS = 6, 32, 400
# generate pads its prompts and waits for the longest mail of a batch; llama.cpp shares its threads among its slots.
BATCH, SLOTS = 32, 8


def rows(rounds: int) -> Iterator[Row]:
    """Tokens per second, without loading."""
    number_format = auto_format()
    model, plain = load_bundled(number_format), unmodified(number_format)
    exact = load_bundled() if number_format != "float32" else None
    for what, prompts, new_tokens in _tasks(model.encoder):
        peers = {"itself in float32": speed(partial(write_greedily, exact, prompts, new_tokens))} if exact else {}
        peers["`generate` of transformers"] = speed(partial(_generate, plain, prompts, new_tokens))
        llama_cpp = partial(_llama_cpp, prompts, new_tokens) if is_installed("xllamacpp") else None
        yield from compare(
            f"{what}, tokens/s",
            speed(partial(write_greedily, model, prompts, new_tokens)),
            {**peers, "llama.cpp, 4-bit weights": llama_cpp},
            rounds,
        )


def _tasks(encoder: ChatEncoder) -> Iterator[tuple[str, list[list[int]], int]]:
    """What is written, the prompts, and the most tokens that each may get."""
    examples = pairs()
    prompts = [encoder.prompt(instruction) for instruction, _ in examples]
    for count in COUNTS:
        yield f"writing {count} mail{'s' if count > 1 else ''}", prompts[:count], MAIL_TOKENS
    summarizer = OmegaConf.load(ROOT / "conf" / "summarizer" / "base_model.yaml")
    template: str = summarizer.prompts.en
    shots = [(template.replace("{email}", shot.email), shot.instruction) for shot in summarizer.examples.en]
    mails = [encoder.decode(encoder.text_ids(mail)[:SUMMARIZED_TOKENS]) for _, mail in examples[:INSTRUCTIONS]]
    summaries = [encoder.prompt(template.replace("{email}", mail), shots, "Write an email to") for mail in mails]
    yield f"writing {INSTRUCTIONS} instructions for mails", summaries, INSTRUCTION_TOKENS


def write_greedily(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> int:
    """Generate all texts; returns the number of tokens."""
    completions: dict[int, Completion] = {}
    greedy = [None] * len(prompts)
    generate(model, prompts, SamplingParams(new_tokens), greedy, len(prompts), completions.__setitem__)
    return sum(completion.num_tokens for completion in completions.values())


@torch.inference_mode()
def _generate(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> int:
    tokenizer = model.encoder.tokenizer
    tokenizer.padding_side = "left"
    stops = list(model.encoder.stop_ids)
    tokens = 0
    for start in range(0, len(prompts), BATCH):
        rows = [{"input_ids": prompt} for prompt in prompts[start : start + BATCH]]
        padded = tokenizer.pad(rows, return_tensors="pt")
        written = model.model.generate(**padded, max_new_tokens=new_tokens, do_sample=False, eos_token_id=stops)
        for row in written[:, padded["input_ids"].shape[1] :].tolist():
            ends = [index for index, token in enumerate(row) if token in stops]
            tokens += ends[0] + 1 if ends else len(row)
    return tokens


def _llama_cpp(prompts: Sequence[list[int]], new_tokens: int) -> float:
    """Tokens per second of llama.cpp, called through its server's own queue, as its users do."""
    from concurrent.futures import ThreadPoolExecutor

    import xllamacpp

    slots = min(SLOTS, len(prompts))
    settings = xllamacpp.CommonParams()
    settings.model.path, settings.n_parallel, settings.verbosity = str(SMOLLM2.with_suffix(".gguf")), slots, -1
    settings.n_ctx = slots * (max(map(len, prompts)) + new_tokens + 8)
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = torch.get_num_threads()
    server = xllamacpp.Server(settings)

    def complete(prompt: list[int]) -> int:
        done = server.handle_completions({"prompt": prompt, "n_predict": new_tokens, "temperature": 0})
        return int(done["usage"]["completion_tokens"])

    def write() -> int:
        with ThreadPoolExecutor(slots) as pool:
            return sum(pool.map(complete, prompts))

    return speed(write)()
