"""Several mails for each request, after mails that are shown: four in one call beside four calls of one each.

python -m benchmarks candidates    twelve requests of the demo, three mails shown, sixty tokens at most

One call reads a prompt once for all its candidates. The mails are the same.
"""

from collections.abc import Callable, Sequence

from benchmarks.model import embedded, pairs
from email_assistant.language_model.decoding import Completion, SamplingParams, row_seed
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel

MAILS, SHOWN, CANDIDATES, NEW_TOKENS, BATCH = 12, 3, 4, 60, 32


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Both ways on the same prompts and seeds.

    Raises:
        SystemExit: when they do not write the same.
    """
    model, found = embedded(), pairs()
    shots = found[MAILS : MAILS + SHOWN]
    prompts = [model.encoder.prompt(instruction, shots) for instruction, _ in found[:MAILS]]
    if _together(model, prompts) != _one_by_one(model, prompts):
        raise SystemExit("candidates: four at once write other mails than one after the other")
    return (
        f"to a call for each of {CANDIDATES} candidates, prompts of {len(prompts[0])} tokens",
        lambda: _together(model, prompts),
        lambda: _one_by_one(model, prompts),
    )


def _together(model: LanguageModel, prompts: Sequence[list[int]]) -> list[str]:
    return _write(model, [(prompt, candidate) for prompt in prompts for candidate in range(CANDIDATES)])


def _one_by_one(model: LanguageModel, prompts: Sequence[list[int]]) -> list[str]:
    calls = [_write(model, [(prompt, candidate) for prompt in prompts]) for candidate in range(CANDIDATES)]
    return [mail for mails in zip(*calls, strict=True) for mail in mails]


def _write(model: LanguageModel, rows: Sequence[tuple[list[int], int]]) -> list[str]:
    found: dict[int, Completion] = {}
    seeds = [row_seed(1, prompt, candidate) for prompt, candidate in rows]
    decoding = SamplingParams(NEW_TOKENS, temperature=1.2, top_p=0.95, min_p=0.1)
    generate(model, [prompt for prompt, _ in rows], decoding, seeds, BATCH, found.__setitem__)
    return [found[place].text for place in range(len(rows))]
