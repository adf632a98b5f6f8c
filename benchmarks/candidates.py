"""Four mails for each request after some example mails, generated in one call and in four calls.

python -m benchmarks candidates    requests of the demo, three example mails, at most forty tokens

One call prefills a prompt once for all its candidates. The mails are the same.
"""

from collections.abc import Sequence

from benchmarks.measure import Row, compare, speed
from benchmarks.model import load_bundled, pairs
from email_assistant.language_model.decoding import Completion, SamplingParams, completion_seed
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel

MAILS, SHOTS, CANDIDATES, NEW_TOKENS, BATCH = 4, 3, 4, 40, 32


def rows(rounds: int) -> list[Row]:
    """Mails per second, on the same prompts and seeds.

    Raises:
        SystemExit: when the mails differ.
    """
    model, examples = load_bundled(), pairs()
    shots = examples[MAILS : MAILS + SHOTS]
    prompts = [model.encoder.prompt(instruction, shots) for instruction, _ in examples[:MAILS]]
    if _together(model, prompts) != _one_by_one(model, prompts):
        raise SystemExit("candidates: one call and four calls do not generate the same mails")
    return compare(
        f"{CANDIDATES} candidates per request in one call, float32, mails/s",
        speed(lambda: len(_together(model, prompts))),
        {f"{CANDIDATES} calls": speed(lambda: len(_one_by_one(model, prompts)))},
        rounds,
    )


def _together(model: LanguageModel, prompts: Sequence[list[int]]) -> list[str]:
    return _write(model, [(prompt, candidate) for prompt in prompts for candidate in range(CANDIDATES)])


def _one_by_one(model: LanguageModel, prompts: Sequence[list[int]]) -> list[str]:
    calls = [_write(model, [(prompt, candidate) for prompt in prompts]) for candidate in range(CANDIDATES)]
    return [mail for mails in zip(*calls, strict=True) for mail in mails]


def _write(model: LanguageModel, rows: Sequence[tuple[list[int], int]]) -> list[str]:
    completions: dict[int, Completion] = {}
    seeds = [completion_seed(1, prompt, candidate) for prompt, candidate in rows]
    params = SamplingParams(NEW_TOKENS, temperature=1.2, top_p=0.95, min_p=0.1)
    generate(model, [prompt for prompt, _ in rows], params, seeds, BATCH, completions.__setitem__)
    return [completions[index].text for index in range(len(rows))]
