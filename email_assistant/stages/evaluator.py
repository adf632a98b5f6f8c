"""The arms of an evaluation: generates their mails for the test set, and scores them."""

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Generation
from email_assistant.console import StageLogger, screen
from email_assistant.errors import ModelError
from email_assistant.evaluation import generation_cache
from email_assistant.evaluation.generate_mails import generate_mails, text_generator
from email_assistant.evaluation.memorization import EXTRACTED_TOKENS, KNOWN_TOKENS, extraction_score
from email_assistant.evaluation.scoring import Scorer, build_scorer, perplexity_of
from email_assistant.evaluation.typed_requests import requests_file, with_typed_requests
from email_assistant.language_model.adapter_folder import WEIGHTS
from email_assistant.language_model.fingerprint import (
    base_fingerprint,
    base_identity,
    generation_key,
    head_start_folder,
)
from email_assistant.language_model.generation import TextGenerator
from email_assistant.language_model.loading import LanguageModel, load_adapter
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.metrics.authorship import Judge, authorship_score, train_judge
from email_assistant.metrics.bootstrap import bootstrap_weights, interval
from email_assistant.metrics.per_mail_score import PerMailScore
from email_assistant.pipeline.context import StageInputs, archive_paths
from email_assistant.reports.sample_mails import SHOWN_MAILS, mail_panel
from email_assistant.requests.arms import ARMS, generation_of, single_draft
from email_assistant.requests.prompting import Prompter, PromptSettings, retrieval_embedder
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.storage.records import CachedMail, GeneratedMail, Pair

log = StageLogger(__name__, "evaluate")
# Maximum number of the owner's mails to train the authorship judge on: the n-grams of more do not fit in memory.
MAX_JUDGE_MAILS = 5000
# The arm that gaps are measured from, and the one that the others are compared with.
BASELINE, REFERENCE = "base", "tuned"


class Evaluator:
    """The model, the mails and the scorer that all arms share.

    Attributes:
        test: The test mails.
        typed_requests: The file that their requests were typed in; None if they were made from the mails.
        history: The metrics of every training step.
        generated: All mails, as lines for later evaluations, by their keys.
        scorer: Scores mails generated for the test set.
    """

    def __init__(self, inputs: StageInputs, work: Path) -> None:
        """Load the mails, the base model and the adapter.

        Args:
            inputs: The inputs of the stage.
            work: A folder that keeps finished mails, so that an interrupted evaluation resumes.
        """
        config, split = inputs.config, inputs.artifacts["split"]
        self._config, self._work, self._version = config, work, inputs.version
        self._distributed = inputs.distributed
        self._base = base_identity(config.model, config.outputs)
        self._earlier = inputs.earlier("evaluate")
        self.generated: dict[str, CachedMail] = {}
        work.mkdir(parents=True, exist_ok=True)
        test = jsonl.read(split.path("test.jsonl"), Pair)
        self.typed_requests = requests_file(config.evaluation.requests, archive_paths(config))
        if self.typed_requests:
            test = with_typed_requests(test, self.typed_requests)
        self.test = test[: config.evaluation.max_mails]
        self._training = jsonl.Lines(split.path("train.jsonl"), Pair)
        self._others = [record["text"] for record in jsonl.read(inputs.artifacts["data"].path("others.jsonl"))]
        trained = inputs.artifacts["train"]
        self.history = jsonl.read(trained.path("history.jsonl"))
        self._trained_metrics: dict[str, float] = jsonl.read_json(trained.path("metrics.json"))["metrics"]
        adapter = trained.path("adapter")
        self._adapter = trained.content_hash(f"adapter/{WEIGHTS}")
        self._model = load_adapter(
            set_up_base(config.model, inputs.distributed), adapter, base_fingerprint(config.model, config.outputs)
        )
        self._generator = text_generator(config.generation, config.model, self._model, adapter, work)
        self._prompter = Prompter(
            PromptSettings.of(config), self._model.encoder, self._training, retrieval_embedder(config, self._model)
        )
        self._prompts_by_arm: dict[tuple[str, tuple[str, ...]], list[list[int]]] = {}
        self.scorer: Scorer = build_scorer(config, self._model, self.test, self._training)

    def show_first_mails(self) -> None:
        """Print a few test mails by the base model and the tuned one side by side, each pair as soon as it is there."""
        arms = [arm for arm in (BASELINE, REFERENCE) if arm in self._config.evaluation.arms]
        shown, console = self.test[:SHOWN_MAILS] if arms else [], screen()
        if BASELINE in arms:
            # The base model often writes up to the longest length, and several mails at once take little longer.
            self._generate_first(BASELINE, shown)
        for pair in shown:
            line: dict[str, Any] = {**pair, **{arm: self._generate_first(arm, [pair])[0]["text"] for arm in arms}}
            console.print(mail_panel(line, arms, console.width))

    def _generate_first(self, arm: str, pairs: Sequence[Pair]) -> list[GeneratedMail]:
        return self._generate(arm, pairs, f"first {arm}", self._settings(arm))

    def generate(self, arm: str) -> list[GeneratedMail]:
        """Generate an arm's mails for the test set."""
        return self._generate(arm, self.test, arm, self._settings(arm))

    def _settings(self, arm: str) -> Generation:
        return generation_of(arm, self._config.generation, self._config.evaluation)

    def _generate(self, arm: str, pairs: Sequence[Pair], label: str, settings: Generation) -> list[GeneratedMail]:
        prompts = self._prompts(arm, pairs)
        keys, progress_file = self._keys(arm, pairs, prompts, settings), self._work / f"{label}.jsonl"
        written = generation_cache.from_lines(self.generated, keys)
        cached = generation_cache.lookup(
            self._earlier, {request_id: key for request_id, key in keys.items() if request_id not in written}
        )
        if cached:
            log.info("%s: reused %d of %d mails from cache", label, len(cached), len(pairs))
        cached |= written
        generator = self._generator_of(arm)
        with _adapter_of(arm, generator):
            mails = generate_mails(generator, pairs, prompts, settings, self._config.seed, progress_file, label, cached)
        self.generated |= {line["key"]: line for line in generation_cache.lines(keys, mails)}
        return mails

    def _generator_of(self, arm: str) -> TextGenerator:
        """What writes an arm's mails, inside of `_adapter_of`."""
        return self._head_start_generator if ARMS[arm].adapter == "head_start" else self._generator

    def _model_of(self, arm: str) -> LanguageModel:
        """The model of an arm, inside of `_adapter_of`."""
        return self._head_start_model if ARMS[arm].adapter == "head_start" else self._model

    def _adapter_hash(self, arm: str) -> str | None:
        if ARMS[arm].adapter == "head_start":
            return hash_file(self._head_start_folder / WEIGHTS)
        return self._adapter if ARMS[arm].adapter == "trained" else None

    @cached_property
    def _head_start_model(self) -> LanguageModel:
        config = self._config
        fingerprint = base_fingerprint(config.model, config.outputs)
        return load_adapter(set_up_base(config.model, self._distributed), self._head_start_folder, fingerprint)

    @cached_property
    def _head_start_generator(self) -> TextGenerator:
        work = self._work / "head_start"
        work.mkdir(exist_ok=True)
        settings, model = self._config.generation, self._head_start_model
        return text_generator(settings, self._config.model, model, self._head_start_folder, work)

    @cached_property
    def _head_start_folder(self) -> Path:
        folder = head_start_folder(self._config.model, self._config.outputs)
        if folder is None:
            raise ModelError(
                "evaluation.arms: there is no head start for this base model; remove the arm head_start, or "
                "set model.head_start"
            )
        return folder

    def _keys(
        self, arm: str, pairs: Sequence[Pair], prompts: Sequence[list[int]], settings: Generation
    ) -> dict[str, str]:
        """For the id of each pair, the hash of what a mail for it depends on."""
        basis = {
            "version": self._version,
            "base": self._base,
            "adapter": self._adapter_hash(arm),
            "generation": generation_key(settings, self._config.model, self._config.outputs),
            "seed": self._config.seed,
        }
        # The instruction is included because it decides which of several mails is best.
        return {
            pair["id"]: hash_of([basis, pair["instruction"], ids]) for pair, ids in zip(pairs, prompts, strict=True)
        }

    def _prompts(self, arm: str, pairs: Sequence[Pair]) -> list[list[int]]:
        """An arm's prompts, made once: they are used to generate mails, and for the likelihood of the real ones."""
        key = (arm, tuple(pair["id"] for pair in pairs))
        if key not in self._prompts_by_arm:
            self._prompts_by_arm[key] = [self._prompter.fitting_prompt(pair, ARMS[arm].style) for pair in pairs]
        return self._prompts_by_arm[key]

    def train_judge(self) -> Judge | None:
        """Train a classifier of the owner's training mails against mails by other people and by the base model."""
        count = min(self._config.evaluation.judge_mails, len(self._training))
        if not count:
            return None
        drawn = random.Random(f"{self._config.seed} judge").sample(self._training, count)
        by_base = _texts(self._generate("base", drawn, "others", single_draft(self._config.generation)))
        rng, total = random.Random(f"{self._config.seed} known to the judge"), len(self._training)
        indices = sorted(rng.sample(range(total), min(total, MAX_JUDGE_MAILS)))
        owned = [self._training[index]["email"] for index in indices]
        return train_judge(owned, [*self._others, *by_base], self._config.seed)

    def measure(self, arm: str, mails: list[GeneratedMail], judge: Judge | None) -> dict[str, PerMailScore]:
        """All scores of an arm."""
        scores = self.scorer.measure_generated(mails)
        if judge:
            scores["authorship"] = authorship_score(judge, _texts(mails))
        model = self._model_of(arm)
        with _adapter_of(arm, model):
            scores["perplexity"] = perplexity_of(model, self.test, self._prompts(arm, self.test), arm)
        return scores

    def measure_memorization(self) -> dict[str, Any] | None:
        """The share of training mails that can be extracted, and that the base model guesses; None if all are short."""
        config = self._config
        count = min(config.evaluation.extraction_mails, len(self._training))
        drawn = random.Random(f"{config.seed} extraction").sample(self._training, count)
        prompts, emails = self._prompts("base", drawn), [pair["email"] for pair in drawn]
        with _without_adapter(self._model):
            base = extraction_score(self._model, prompts, emails)
        tuned = extraction_score(self._model, prompts, emails)
        if base is None or tuned is None:
            return None
        weights = bootstrap_weights(len(base.contributions), config.evaluation.resamples, config.seed)
        return {
            "mails": len(base.contributions),
            "known_tokens": KNOWN_TOKENS,
            "extracted_tokens": EXTRACTED_TOKENS,
            "extracted": {"base": base.value, "tuned": tuned.value},
            "intervals": {
                arm: list(interval(score, weights, 0.0, 1.0)) for arm, score in (("base", base), ("tuned", tuned))
            },
            "canaries": {name: value for name, value in self._trained_metrics.items() if name.startswith("canar")},
        }

    def longest_copy(self, mails: Sequence[GeneratedMail]) -> int:
        """The longest run of words that any of these mails shares with a training mail."""
        return self.scorer.longest_copy(_texts(mails))

    def measure_owner(self, judge: Judge | None) -> dict[str, PerMailScore]:
        """The scores of randomly drawn training mails, as if they had been generated for the test set.

        They are an upper bound for style, but their BLEU is only chance level, since they are about something else.
        Sense, copying and authorship are measured on the test mails instead, because they compare with the
        mail's own request, or with training mails.
        """
        rng = random.Random(f"{self._config.seed} owner")
        enough = len(self._training) >= len(self.test)
        drawn = (rng.sample if enough else rng.choices)(self._training, k=len(self.test))
        scores = self.scorer.measure([pair["email"] for pair in drawn])
        scores |= self.scorer.measure_content(self.scorer.real)
        if judge:
            scores["authorship"] = authorship_score(judge, self.scorer.real)
        return scores


def _texts(mails: Sequence[GeneratedMail]) -> list[str]:
    return [mail["text"] for mail in mails]


def _adapter_of(arm: str, generator: TextGenerator) -> AbstractContextManager[None]:
    """Leave the adapter of a model as it is, or deactivate it for an arm that has none."""
    return _without_adapter(generator) if ARMS[arm].adapter == "none" else nullcontext()


@contextmanager
def _without_adapter(generator: TextGenerator) -> Iterator[None]:
    """Deactivate the adapter while the block runs."""
    if isinstance(generator, LanguageModel):
        with generator.model.disable_adapter():  # type: ignore[operator]
            yield
        return
    generator.adapted = False
    try:
        yield
    finally:
        generator.adapted = True
