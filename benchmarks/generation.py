"""Greedy generation: this project's decoder compared with others on the same prompts.

python -m benchmarks generation                  transformers' generate, sixteen mails at a time
python -m benchmarks.generation --archive PATH   64 instructions and 64 mails: generate at batch size 8 on
                                                 the unchanged model, and llama.cpp with 1, 8 and 16 slots

In the second, each arm runs in a process of its own, in alternating order. The GGUF file has the same weights in 4 bit,
as llama.cpp is normally used.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from omegaconf import OmegaConf

from benchmarks.model import DEMO, ROOT, SMOLLM2, alternate, load_bundled, pairs, unmodified
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel

MAILS, NEW_TOKENS, BATCH = 32, 60, 16
SUMMARY_TOKENS, MAIL_TOKENS, SUMMARIZED_TOKENS = 48, 150, 400
ARMS = ("ours", "generate", "llama_cpp 1", "llama_cpp 8", "llama_cpp 16")
Work = list[tuple[str, list[list[int]], int]]


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Thirty-two instructions of the demo, at most sixty tokens each."""
    model = load_bundled()
    prompts = [model.encoder.prompt(instruction) for instruction, _ in pairs()[:MAILS]]
    return (
        f"to transformers' generate at batch {BATCH}",
        lambda: _ours(model, prompts, NEW_TOKENS),
        lambda: _generate(model, prompts, NEW_TOKENS, BATCH),
    )


def _ours(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int) -> int:
    """Generate all mails; returns the number of tokens."""
    completions: list[Completion] = []
    seeds = [1] * len(prompts)
    generate(
        model, prompts, SamplingParams(new_tokens), seeds, 32, lambda _, completion: completions.append(completion)
    )
    return sum(completion.num_tokens for completion in completions)


@torch.inference_mode()
def _generate(model: LanguageModel, prompts: Sequence[list[int]], new_tokens: int, batch: int) -> int:
    tokenizer = model.encoder.tokenizer
    tokenizer.padding_side = "left"
    stops = list(model.encoder.stop_ids)
    tokens = 0
    for start in range(0, len(prompts), batch):
        rows = [{"input_ids": prompt} for prompt in prompts[start : start + batch]]
        padded = tokenizer.pad(rows, return_tensors="pt")
        written = model.model.generate(**padded, max_new_tokens=new_tokens, do_sample=False, eos_token_id=stops)
        for row in written[:, padded["input_ids"].shape[1] :].tolist():
            ends = [index for index, token in enumerate(row) if token in stops]
            tokens += ends[0] + 1 if ends else len(row)
    return tokens


def _llama_cpp(gguf: Path, prompts: Sequence[list[int]], new_tokens: int, slots: int) -> tuple[int, float]:
    """Tokens and seconds of llama.cpp, called through its server's own queue, as its users do."""
    from concurrent.futures import ThreadPoolExecutor

    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path, settings.n_parallel, settings.verbosity = str(gguf), slots, -1
    settings.n_ctx = slots * (max(map(len, prompts)) + new_tokens + 8)
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = torch.get_num_threads()
    server = xllamacpp.Server(settings)
    started = time.perf_counter()

    def complete(prompt: list[int]) -> int:
        done = server.handle_completions({"prompt": prompt, "n_predict": new_tokens, "temperature": 0})
        return int(done["usage"]["completion_tokens"])

    with ThreadPoolExecutor(slots) as pool:
        tokens = sum(pool.map(complete, prompts))
    return tokens, time.perf_counter() - started


def _work(model: LanguageModel, archive: Path, owner: list[str], count: int) -> Work:
    """The prompts and token limits of two tasks: instructions for mails, and mails for instructions."""
    examples = pairs(archive, owner)[:count]
    summarizer = OmegaConf.load(ROOT / "conf" / "summarizer" / "base_model.yaml")
    template: str = summarizer.prompts.en
    shots = [(template.replace("{email}", shot.email), shot.instruction) for shot in summarizer.examples.en]
    encoder = model.encoder
    mails = [encoder.decode(encoder.text_ids(mail)[:SUMMARIZED_TOKENS]) for _, mail in examples]
    summaries = [encoder.prompt(template.replace("{email}", mail), shots, "Write an email to") for mail in mails]
    return [
        ("summaries", summaries, SUMMARY_TOKENS),
        ("mails", [encoder.prompt(instruction) for instruction, _ in examples], MAIL_TOKENS),
    ]


def _one(arm: str, archive: Path, owner: list[str], count: int, gguf: Path) -> None:
    model = load_bundled() if arm == "ours" else unmodified()
    results = {}
    for name, prompts, new_tokens in _work(model, archive, owner, count):
        started = time.perf_counter()
        if arm == "ours":
            tokens = _ours(model, prompts, new_tokens)
        elif arm == "generate":
            tokens = _generate(model, prompts, new_tokens, 8)
        else:
            tokens, seconds = _llama_cpp(gguf, prompts, new_tokens, int(arm.split()[1]))
            started = time.perf_counter() - seconds
        results[name] = {"seconds": round(time.perf_counter() - started, 2), "tokens": tokens}
    print(json.dumps(results))


def _compare(archive: Path, owner: list[str], count: int, rounds: int, gguf: Path) -> None:
    arguments = ["--archive", str(archive), "--gguf", str(gguf), "--count", str(count), "--owner", *owner]
    results = alternate("benchmarks.generation", ARMS, arguments, rounds)
    for name in ("summaries", "mails"):
        speed = {
            arm: statistics.median(run[name]["tokens"] / run[name]["seconds"] for run in runs)
            for arm, runs in results.items()
        }
        ratios = [f"{speed['ours'] / speed[arm]:.2f} times {arm}" for arm in ARMS[1:]]
        print(f"generation: {name}: {speed['ours']:.0f} tokens a second, {', '.join(ratios)}")


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, default=DEMO)
    parser.add_argument("--owner", nargs="*", default=[])
    parser.add_argument("--gguf", type=Path, default=SMOLLM2.with_suffix(".gguf"))
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", choices=ARMS)
    arguments = parser.parse_args()
    if arguments.one:
        _one(arguments.one, arguments.archive, arguments.owner, arguments.count, arguments.gguf)
    else:
        _compare(arguments.archive, arguments.owner, arguments.count, arguments.rounds, arguments.gguf)


if __name__ == "__main__":
    from email_assistant.privacy import guard

    guard.protect()
    main()
