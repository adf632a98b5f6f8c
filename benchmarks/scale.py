"""Time and peak memory of each stage for growing archives, and the exponents of the growth.

    python -m benchmarks.scale --mails 1000 10000 100000
    python -m benchmarks.scale --mails 5000 50000 --stages data summarize split --plan --jobs 300

The archive is synthetic, with word frequencies by Zipf's law, varied lengths, dates and threads, and some
near-duplicates. Every stage is a separate call of run.py, so that its peak memory is its own. Instructions are read
from a file, since a model writes each at the same speed however many there are. Training takes a few steps of a random
two-layer model, since the time of a step does not depend on the number of mails either; only the preparation does.
What training and writing with the real model take is planned (--plan), not run. --jobs adds what the commands cost that
read a store with a sweep of so many jobs.
"""

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import scale_store
from benchmarks.stage_cost import ROOT, Cost, cost_of

STAGES = ("data", "summarize", "split", "train", "evaluate", "again")
VOCABULARY = 60_000
# Lengths are log-normal: the median number of words, and the standard deviation of its logarithm.
MEDIAN_WORDS, LENGTH_SIGMA = 60, 0.9
STEPS = 3
# Constant, since writing a mail takes the same time for any size of the archive.
SCORED = 4


def main() -> None:
    """Measure and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument(
        "--plan", action="store_true", help="print stage=plan of the default model on the largest archive"
    )
    parser.add_argument("--jobs", type=int, default=0, help="measure a store with a sweep of this many jobs; 0: none")
    parser.add_argument("--rounds", type=int, default=1, help="the number of runs whose median is printed")
    arguments = parser.parse_args()
    # Every other stage reads what this one writes.
    stages = [stage for stage in STAGES if stage in arguments.stages or stage == "data"]
    costs: dict[str, dict[int, Cost]] = {stage: {} for stage in stages}
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own, since children inherit the peak memory of their parent.
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            model = executor.submit(random_model, Path(folder)).result()
        for count in arguments.mails:
            folders = [Path(folder) / f"{count}-{number}" for number in range(arguments.rounds)]
            rounds = [_measure(each, model, count, stages) for each in folders]
            for stage in stages:
                costs[stage][count] = median([costs_of[stage] for costs_of in rounds])
        _print(costs, arguments.mails)
        overrides = _overrides(folders[0], model, arguments.mails[-1])
        if arguments.plan:
            _plan(overrides)
        if arguments.jobs:
            scale_store.print_costs(folders[0], overrides, arguments.jobs)


def _print(costs: dict[str, dict[int, Cost]], counts: Sequence[int]) -> None:
    print(f"| | {' | '.join(f'{count:,}' for count in counts)} | exponent of time, of processor time, of memory |")
    print(f"|---|{'---|' * (len(counts) + 1)}")
    for stage, by_count in costs.items():
        exponents = [
            exponent(counts, [vars(by_count[count])[name] for count in counts]) for name in vars(Cost(0, 0, 0))
        ]
        shown = ", ".join(f"{value:.2f}" for value in exponents)
        print(f"| {stage} | {' | '.join(map(str, by_count.values()))} | {shown} |")


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each part of some costs."""
    return Cost(**{name: statistics.median(vars(cost)[name] for cost in costs) for name in vars(costs[0])})


def exponent(counts: Sequence[int], values: Sequence[float]) -> float:
    """The exponent of growth between the last two counts, where constant costs matter least."""
    if len(counts) < 2:
        return math.nan
    return math.log(values[-1] / values[-2]) / math.log(counts[-1] / counts[-2])


def _plan(overrides: Sequence[str]) -> None:
    """Print what training and writing with the default model need for an archive whose stages before are cached."""
    groups = ("data.", "paths.", "summarizer", "split.")
    call = ["stage=plan", *(override for override in overrides if override.startswith(groups)), "tracking=none"]
    print(f"\n    python run.py {' '.join(call)}\n", flush=True)
    subprocess.run([sys.executable, "run.py", *call], cwd=ROOT, check=True)


def _measure(folder: Path, model: Path, count: int, stages: Sequence[str]) -> dict[str, Cost]:
    folder.mkdir()
    archive, pairs = folder / "sent.jsonl", folder / "pairs.jsonl"
    write_archive(archive, count)
    call = _overrides(folder, model, count)
    costs = {}
    # The first call in a folder chooses this machine's number format, which needs torch; no stage is charged with it.
    cost_of(["stage=status", *call, "tracking=none"])
    for stage in stages:
        # With everything cached, this measures the lookup of artifacts.
        name = "evaluate" if stage == "again" else stage
        costs[stage] = cost_of([f"stage={name}", *call, "tracking=none"])
        print(f"{count} {stage} {costs[stage]}", file=sys.stderr, flush=True)
        if stage == "data":
            _write_pairs(folder / "outputs" / "latest" / "data" / "emails.jsonl", pairs)
    return costs


def write_archive(path: Path, count: int, seed: int = 1) -> None:
    """Write a JSONL archive of one author. Every fiftieth mail nearly repeats the one before."""
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 11))) for _ in range(VOCABULARY)]
    weights = [1 / (rank + 3) for rank in range(VOCABULARY)]
    text: list[str] = []
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            if not text or rng.random() > 0.02:
                length = max(8, int(rng.lognormvariate(math.log(MEDIAN_WORDS), LENGTH_SIGMA)))
                text = rng.choices(words, weights, k=min(length, 1500))
            else:
                text = [*text[:-1], rng.choice(words)]
            day = 1 + number % 28
            record = {
                "id": f"m{number}@writer.example",
                "subject": " ".join(text[:3]),
                "body": f"Dear {words[number % 500]},\n\n{' '.join(text)}.\n\nYours, W",
                "to": f"{words[number % 500]}@people.example",
                "date": f"{2000 + number * 20 // count}-{1 + number % 12:02d}-{day:02d}T10:{number % 60:02d}:00+00:00",
                "thread": f"t{number // 2 if number % 3 else number}",
            }
            file.write(json.dumps(record) + "\n")


def _overrides(folder: Path, model: Path, count: int) -> list[str]:
    """The overrides of all calls on the archive in a folder."""
    return [
        f"data.path={folder}/sent.jsonl", f"paths.outputs={folder}/outputs", f"model.path={model}", "model.threads=1",
        "summarizer=from_file", f"summarizer.path={folder}/pairs.jsonl", f"trainer.scored_mails={SCORED}",
        f"trainer.max_steps={STEPS}", "generation.max_new_tokens=8", "trainer.max_length=256", "trainer.too_long=cut",
        # Constant sizes of validation and test, so that only the preparation grows.
        f"evaluation.max_mails={SCORED}", "evaluation.judge_mails=12", f"evaluation.extraction_mails={SCORED}",
        f"split.test_fraction={100 / count:.6f}", f"split.validation_fraction={100 / count:.6f}",
    ]  # fmt: skip


def _write_pairs(emails: Path, pairs: Path) -> None:
    with emails.open(encoding="utf-8") as source, pairs.open("w", encoding="utf-8") as target:
        for line in source:
            email = json.loads(line)
            beginning = " ".join(email["text"].split()[2:14])
            target.write(json.dumps({"id": email["id"], "instruction": f"Write an email: {beginning}"}) + "\n")


def random_model(folder: Path, width: int = 64) -> Path:
    """A random model of two layers with the bundled model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(ROOT / "models" / "smollm2_135m")
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, tie_word_embeddings=True,
    )  # fmt: skip
    path = folder / f"model-{width}"
    LlamaForCausalLM(shape).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


if __name__ == "__main__":
    main()
