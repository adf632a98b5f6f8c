"""Training and validation examples from the pairs of a split."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from email_assistant.archive.duplicates import near_duplicates
from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.evaluation.memorization import canaries
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.language_model.loading import LanguageModel
from email_assistant.requests.prompting import Prompter, PromptSettings, retrieval_embedder
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair
from email_assistant.training.examples import Examples, render_example, validate_examples
from email_assistant.training.trainer import TrainingData

log = StageLogger(__name__, "train")


@dataclass
class EncodedCounts:
    """Counts of the mails of a set that became examples.

    Attributes:
        mails: Mails that became an example.
        dropped: Mails that were too long.
        cut: Examples whose mail was cut to fit.
    """

    mails: int = 0
    dropped: int = 0
    cut: int = 0


def prepare(config: Config, base: LanguageModel, split: Path, scratch: Path) -> tuple[TrainingData, EncodedCounts]:
    """Encode the pairs of a split, with the canaries among the training examples.

    Args:
        config: The whole configuration.
        base: The base model: its tokenizer, and its embeddings if they are used to retrieve similar mails.
        split: The folder of the split.
        scratch: A folder for the encoded examples.

    Returns:
        The training and the validation examples, and the counts of the training mails. Where mails have several
        instructions, a mail has an example for as many of them as there are epochs to use them.
    """
    pairs, validation_pairs = jsonl.Lines(split / "train.jsonl", Pair), jsonl.Lines(split / "validation.jsonl", Pair)
    prompter = Prompter(PromptSettings.of(config), base.encoder, pairs, retrieval_embedder(config, base))
    canary_examples = _canary_examples(base.encoder, config)
    chosen: Iterable[Pair] = pairs
    if config.trainer.privacy == "careful":
        chosen = _without_near_duplicates(pairs, config.split.near_duplicate_similarity)
    max_length = config.trainer.max_length
    variants = min(config.trainer.epochs, max((1 + len(pair.get("variants", [])) for pair in pairs), default=1))
    training, counts = _encode(prompter, chosen, scratch / "train", "training", max_length, canary_examples, variants)
    validation, _ = _encode(prompter, validation_pairs, scratch / "validation", "validation", max_length)
    return TrainingData(training, validation, variants), counts


def _without_near_duplicates(pairs: Sequence[Pair], similarity: float) -> Iterator[Pair]:
    """The pairs except those whose mail nearly repeats an earlier one: what occurs often is memorized."""
    repeats = {later for later, _ in near_duplicates(jsonl.Field(pairs, "email"), similarity)}
    log.info("left out %d near-duplicates", len(repeats))
    return (pair for index, pair in enumerate(pairs) if index not in repeats)


def _encode(
    prompter: Prompter,
    pairs: Iterable[Pair],
    path: Path,
    name: str,
    max_length: int,
    more: Sequence[TokenizedExample] = (),
    variants: int = 1,
) -> tuple[Examples, EncodedCounts]:
    """Write the examples of the pairs that fit, one for each variant, then `more`, to a file."""
    counts = EncodedCounts()

    def encoded() -> Iterator[TokenizedExample]:
        for pair in pairs:
            tried = [prompter.example(with_variant(pair, number)) for number in range(variants)]
            fitting = [example for example in tried if example is not None]
            if len(fitting) < variants:
                counts.dropped += 1
                continue
            counts.mails += 1
            counts.cut += any(example.cut for example in fitting)
            yield from fitting
        for example in more:
            yield from itertools.repeat(example, variants)

    examples = Examples.write(path, encoded())
    if counts.dropped or counts.cut:
        log.info(
            "%s mails longer than trainer.max_length=%d: %d dropped, %d cut",
            name,
            max_length,
            counts.dropped,
            counts.cut,
        )
    return examples, counts


def with_variant(pair: Pair, number: int) -> Pair:
    """A pair with the instruction whose turn it is: its own, then its variants, then its own again."""
    instructions = [pair["instruction"], *pair.get("variants", [])]
    return {**pair, "instruction": instructions[number % len(instructions)]}


def _canary_examples(encoder: ChatEncoder, config: Config) -> list[TokenizedExample]:
    """The canaries as examples, each as often as configured."""
    settings = config.trainer
    once = [
        encoder.completed(encoder.prompt(canary.instruction), canary.email)
        for canary in canaries(settings.canaries, config.seed)
    ]
    if once:
        log.info("planted %d canaries, copies of each: %d", len(once), settings.canary_repeats)
    return once * settings.canary_repeats


def check(encoder: ChatEncoder, data: TrainingData) -> None:
    """Refuse examples that would teach nothing, and print the first one with its supervised part marked.

    Raises:
        DataError: as `validate_examples`.
    """
    validate_examples(encoder, data.training, data.validation)
    if data.training:
        # Only on the screen: log files must not contain mail.
        example = render_example(encoder, data.training[0])
        print(f"First training example (the loss is computed on the part between » and «):\n{example}", flush=True)
