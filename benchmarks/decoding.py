"""Compares sampling parameters, with and without best-of-n sampling, on mails that an adapter has not seen.

    python -m benchmarks.decoding --outputs outputs/results --ways temperature=0.8,top_p=0.9,min_p=0 temperature=1.2

Each of `--ways` is a list of values of `generation`; all others are as configured.

It uses the adapter that was trained last in a folder of outputs, and mails that its split left out
(`split.max_train_mails`), so that test mails remain unseen. Each mail is generated several times. Scores are means over
these sets; after ± is their standard deviation, the noise of sampling. Then the best of all sets is chosen for each
mail, as `generation.candidates` does.
"""

import argparse
import random
import statistics
from collections.abc import Sequence
from pathlib import Path

from email_assistant.privacy import guard

guard.protect()

from benchmarks.model import ROOT, configured  # noqa: E402
from email_assistant.configuration.schema import Config  # noqa: E402
from email_assistant.evaluation.best_of_n import best_completion  # noqa: E402
from email_assistant.evaluation.generate_mails import candidate_seed, sampling_params  # noqa: E402
from email_assistant.evaluation.scoring import Scorer, build_scorer  # noqa: E402
from email_assistant.language_model.decoding import Completion  # noqa: E402
from email_assistant.language_model.fingerprint import base_fingerprint  # noqa: E402
from email_assistant.language_model.generation import generate  # noqa: E402
from email_assistant.language_model.loading import LanguageModel, load_adapter  # noqa: E402
from email_assistant.language_model.process_settings import set_up_base  # noqa: E402
from email_assistant.metrics.scores import SCORES  # noqa: E402
from email_assistant.requests.prompting import (  # noqa: E402
    Prompter,
    PromptSettings,
    retrieval_embedder,
)
from email_assistant.storage import jsonl  # noqa: E402
from email_assistant.storage.records import Pair  # noqa: E402

SHOWN = ("sense", "facts_kept", "facts_invented", "mauve", "bleu", "chrf", "length_ratio", "ended", "style_sign_off")


def main() -> None:
    """Write, score and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=Path, default=ROOT / "outputs")
    parser.add_argument("--ways", nargs="+", default=["temperature=0.8", "temperature=1.0", "temperature=1.2"])
    parser.add_argument("--mails", type=int, default=100)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("overrides", nargs="*", help="further values, as for run.py")
    arguments = parser.parse_args()
    usual = ["data=archive", f"paths.outputs={arguments.outputs.resolve()}", *arguments.overrides]
    # All are checked first, so that a mistake in the last one does not waste the work of the others.
    ways = {way: configured(*usual, *(f"generation.{value}" for value in way.split(","))) for way in arguments.ways}
    config = configured(*usual)
    latest = config.outputs / "latest"
    training = jsonl.read(latest / "split" / "train.jsonl", Pair)
    pairs = _left_out(latest)[: arguments.mails]
    model = load_adapter(
        set_up_base(config.model), latest / "train" / "adapter", base_fingerprint(config.model, config.outputs)
    )
    prompter = Prompter(PromptSettings.of(config), model.encoder, training, retrieval_embedder(config, model))
    prompts = [prompter.prompt_token_ids(pair, "plain") for pair in pairs]
    test_set = build_scorer(config, model, pairs, training)
    print(f"{len(pairs)} mails, {arguments.samples} sets\n\n| | {' | '.join(SHOWN)} |\n|---|{'---|' * len(SHOWN)}")
    for way, way_config in ways.items():
        sets = [_write(way_config, model, prompts, sample) for sample in range(arguments.samples)]
        _print(way, test_set, sets)
        chosen = [best_completion(pair, candidates) for pair, *candidates in zip(pairs, *sets, strict=True)]
        _print(f"{way}, best of {arguments.samples}", test_set, [chosen])


def _left_out(latest: Path) -> list[Pair]:
    """The pairs that are not in any part of the split, shuffled with a fixed seed."""
    parts = ("train", "validation", "test")
    used = {pair["id"] for part in parts for pair in jsonl.read(latest / "split" / f"{part}.jsonl")}
    left = [pair for pair in jsonl.read(latest / "summarize" / "pairs.jsonl", Pair) if pair["id"] not in used]
    random.Random("left out").shuffle(left)
    return left


def _write(config: Config, model: LanguageModel, prompts: Sequence[list[int]], sample: int) -> list[Completion]:
    completions: dict[int, Completion] = {}
    seeds = [candidate_seed(config.generation, config.seed, prompt, sample) for prompt in prompts]
    settings = config.generation
    generate(model, prompts, sampling_params(settings), seeds, settings.batch_size, completions.__setitem__)
    return [completions[index] for index in range(len(prompts))]


def _print(label: str, test_set: Scorer, sets: Sequence[Sequence[Completion]]) -> None:
    measured = [test_set.measure([mail.text for mail in mails], [mail.is_complete for mail in mails]) for mails in sets]
    cells = [_cell([scores[name].value for scores in measured], SCORES[name].digits) for name in SHOWN]
    print(f"| {label} | {' | '.join(cells)} |", flush=True)


def _cell(values: Sequence[float], digits: int) -> str:
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


if __name__ == "__main__":
    main()
