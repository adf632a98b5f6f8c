"""How long training and evaluation will take on this machine, before they start.

The machine's speed is measured once, on two layers of random weights, and kept in `speeds.json`; the time of real work
corrects it. How long the model's mails will be is unknown: those of the tuned model are assumed to be as long as
the owner's.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeGuard

from email_assistant.configuration.schema import Config, Generation, Trainer
from email_assistant.console import StageLogger, rough_duration
from email_assistant.experiments import sweep_environment
from email_assistant.pipeline.context import Context
from email_assistant.progress import WholeCall, current_call
from email_assistant.requests.arms import ARMS, generation_of, single_draft
from email_assistant.storage import json_cache, jsonl
from email_assistant.storage.artifacts import Artifact
from email_assistant.storage.records import Pair

log = StageLogger(__name__, "time")
SPEEDS_FILE = "speeds.json"
# Mails whose tokens are counted.
SAMPLED_MAILS = 50
# A base model without an adapter writes longer mails than people do.
BASE_LENGTH = 2.0
# Assumed steps of a beam search, as a share of the tokens of a text: it goes on until no other text can be better.
SEARCH_LENGTH = 1.3
# Loading the model, plots, pages, the classifier: what does not depend on the number of mails.
FIXED_SECONDS = 10.0
# Shorter work says nothing of the machine's speed.
TELLING_SECONDS = 10.0
# The label of the progress bar of training.
FITTING = "train"
# A forward pass without gradients, as a share of a training step over the same tokens.
FORWARD_SHARE = 1 / 3
# Shape of what is measured: sequences and tokens of each in training, tokens of each prompt in writing.
_SEQUENCES, _TOKENS, _PROMPT = 4, 128, 16


@dataclass(frozen=True)
class Writing:
    """Texts to write in a batch that requests join as soon as there is room.

    Attributes:
        requests: Their number.
        generation: How many drafts of each are written, and how.
        tokens: Mean tokens of a text.
        longest: Tokens of the longest one.
        prompt_tokens: Mean tokens of a prompt.
    """

    requests: int
    generation: Generation
    tokens: float
    longest: float
    prompt_tokens: float

    @property
    def row_steps(self) -> float:
        """Steps of all rows."""
        return self.requests * self.generation.num_candidates * self._steps_of(self.tokens)

    @property
    def steps(self) -> float:
        """Steps of the batch. The last rows leave it when the longest text among them is written."""
        texts = self.requests * self.generation.num_candidates
        rows = min(texts, self.generation.most_rows)
        if not rows:
            return 0.0
        return (texts - rows) / rows * self._steps_of(self.tokens) + self._steps_of(self.longest)

    def _steps_of(self, tokens: float) -> float:
        """Steps that a text of this length takes, or the search for it: all beams of a search go on to its end."""
        needed = tokens * (SEARCH_LENGTH if self.generation.beams > 1 else 1.0)
        return min(needed, self.generation.max_new_tokens)


@dataclass(frozen=True)
class Speeds:
    """Seconds of the model's work on this machine.

    Attributes:
        trained_token: Forward and backward pass, for each token.
        step: Generating one token for each row of a batch, apart from what every row adds.
        row: What every row adds to that.
        beam: What it adds besides, if it is a beam: the choice among all continuations, and copies of rows.
    """

    trained_token: float
    step: float
    row: float
    beam: float

    def writing(self, work: Writing) -> float:
        """Seconds to write texts."""
        reading = work.requests * work.prompt_tokens * self.trained_token * FORWARD_SHARE
        row = self.row + (self.beam if work.generation.beams > 1 else 0.0)
        return reading + work.steps * self.step + work.row_steps * row


@dataclass(frozen=True)
class Lengths:
    """The size of the work.

    Attributes:
        prompt: Mean tokens of a prompt.
        mail: Mean tokens of a mail.
        longest: Tokens of the longest mail.
        training: Number of training mails.
        validation: Number of validation mails.
        test: Number of test mails.
    """

    prompt: float
    mail: float
    longest: float
    training: int
    validation: int
    test: int

    def writing(self, requests: int, generation: Generation, shown: int = 0, length: float = 1.0) -> Writing:
        """Mails to write.

        Args:
            requests: Their number.
            generation: How they are written.
            shown: Mails that every prompt shows.
            length: The length of the mails, as a share of that of the owner's.
        """
        prompt = self.prompt + shown * self.mail
        return Writing(requests, generation, length * self.mail, length * self.longest, prompt)


def fitting_seconds(
    trainer: Trainer, seconds_per_token: float, tokens: float, training_mails: int, validation_mails: float
) -> float:
    """Expected seconds of all steps and validations, if training does not stop early.

    Args:
        trainer: Epochs, steps and validations.
        seconds_per_token: Forward and backward pass.
        tokens: Mean tokens of an example, prompt and mail.
        training_mails: Number of examples to train on.
        validation_mails: Number of examples to validate on.
    """
    trained = trainer.epochs * training_mails
    if trainer.max_steps:
        trained = min(trained, trainer.max_steps * trainer.batch_size)
    # Also before the first step and after the last.
    validations = trainer.validations_per_epoch * trainer.epochs + 2
    return (trained + FORWARD_SHARE * validations * validation_mails) * tokens * seconds_per_token


def training_pieces(config: Config, speeds: Speeds, lengths: Lengths) -> dict[str, float]:
    """Expected seconds of `stage=train`, by the labels of its progress bars; under "" what has none."""
    tokens = lengths.prompt + lengths.mail
    fitting = fitting_seconds(config.trainer, speeds.trained_token, tokens, lengths.training, lengths.validation)
    return {FITTING: fitting, **scoring_pieces(config, speeds, lengths)}


def scoring_pieces(config: Config, speeds: Speeds, lengths: Lengths) -> dict[str, float]:
    """The same for an adapter that is trained and only has to be scored again."""
    scored = min(config.trainer.scored_mails, lengths.validation)
    return {"score": speeds.writing(lengths.writing(scored, config.generation)), "": FIXED_SECONDS}


def evaluation_pieces(config: Config, speeds: Speeds, lengths: Lengths) -> dict[str, float]:
    """The same for `stage=evaluate`, without mails that earlier evaluations wrote."""
    settings, generation = config.evaluation, config.generation
    mails = min(settings.max_mails or lengths.test, lengths.test)
    judged, extracted = (min(count, lengths.training) for count in (settings.judge_mails, settings.extraction_mails))
    pieces = {"others": speeds.writing(lengths.writing(judged, single_draft(generation), length=BASE_LENGTH))}
    read_tokens = 2 * extracted * (lengths.prompt + lengths.mail) + 2 * mails * lengths.mail
    for name in settings.arms:
        arm = ARMS[name]
        shown = {"plain": 0, "few_shot": settings.shots}.get(arm.style, config.retrieval.mails)
        length = BASE_LENGTH if arm.adapter == "none" else 1.0
        work = lengths.writing(mails, generation_of(name, generation, settings), shown, length)
        pieces[name] = speeds.writing(work)
        # The likelihood of the owner's mail, and MAUVE's features of the one that was written.
        read_tokens += mails * (work.prompt_tokens + lengths.mail + work.tokens)
    return {**pieces, "": FIXED_SECONDS + read_tokens * speeds.trained_token * FORWARD_SHARE}


ESTIMATES = {"train": training_pieces, "evaluate": evaluation_pieces}


def announce(stage: str, context: Context, is_rescored: bool) -> None:
    """Log how long a stage that is about to run and those after it will take, and let progress bars show it.

    Nothing is logged for stages that take seconds, nor where the estimate would be wrong: several processes, jobs of a
    sweep, another backend, differentially private training.

    Args:
        stage: The stage that is about to run.
        context: The state of this call.
        is_rescored: Whether an earlier result of the stage only has to be scored again.
    """
    config, call = context.config, current_call()
    stages = call.stages[call.stages.index(stage) :] if call else ()
    if not call or call.expected or not (stages and set(stages) <= ESTIMATES.keys()) or not _is_known(context):
        return
    file = config.outputs / SPEEDS_FILE
    speeds = Speeds(**json_cache.get_or_compute(file, _key(config), lambda: _measure(config), _are_speeds))
    lengths = _lengths(config, context.artifacts["split"])
    estimates = {**ESTIMATES, "train": scoring_pieces} if is_rescored else ESTIMATES
    fitting = _with_rows_that_fit(config, lengths)
    call.expect({name: estimates[name](fitting, speeds, lengths) for name in stages})
    parts = ", ".join(f"{name} about {rough_duration(sum(call.expected[name].values()))}" for name in stages)
    log.info("expected on this machine: %s", parts)


def learn(context: Context, call: WholeCall) -> None:
    """Correct the machine's speeds by how long the pieces of a call took, for the estimates of later calls.

    The measurement before the first call may have met a busy machine.
    """
    file, key = context.config.outputs / SPEEDS_FILE, _key(context.config) if call.measured else ""
    values = json_cache.read(file).get(key)
    if not _are_speeds(values):
        return
    training, writing = (_delay(call, of_training) for of_training in (True, False))
    corrected = {name: seconds * (training if name == "trained_token" else writing) for name, seconds in values.items()}
    json_cache.add(file, {key: corrected})


def _are_speeds(values: Any) -> TypeGuard[dict[str, float]]:
    """Whether a value of the file has the fields of `Speeds`."""
    return (
        isinstance(values, dict)
        and values.keys() == {field.name for field in fields(Speeds)}
        and all(isinstance(value, int | float) for value in values.values())
    )


def _delay(call: WholeCall, of_training: bool) -> float:
    """How many times as long as expected training took, or all other work; 1 if it was too short to tell."""
    pieces = {piece: seconds for piece, seconds in call.measured.items() if (piece[1] == FITTING) == of_training}
    return call.delay(pieces) if sum(pieces.values()) > TELLING_SECONDS else 1.0


def _is_known(context: Context) -> bool:
    config = context.config
    return (
        config.plan.probe
        and config.generation.backend == "transformers"
        and config.trainer.privacy != "differential"
        and context.distributed.world_size == 1
        and sweep_environment.current_job() is None
    )


def _key(config: Config) -> str:
    from email_assistant.language_model import number_format
    from email_assistant.language_model.meta_model import architecture

    base = architecture(config.model)
    sizes = [getattr(base, name, None) for name in ("hidden_size", "num_hidden_layers", "vocab_size")]
    rows = [config.generation.most_rows, config.generation.beams]
    parts = [config.model.dtype, config.model.quantization, config.model.device, *sizes, *rows]
    parts += [] if config.model.dense_to_write else ["without dense weights"]
    return ", ".join(map(str, [number_format.machine_name(config.model), *parts]))


def _measure(config: Config) -> Mapping[str, float]:
    from email_assistant.language_model.meta_model import architecture
    from email_assistant.training import planning
    from email_assistant.training.memory_estimate import MicroBatch
    from email_assistant.training.throughput_probe import ThroughputProbe

    machine, setup = planning.local_machine(config.model), planning.TrainingSetup.from_config(config)
    on_gpu = machine.device.type == "cuda"
    is_dense = on_gpu and planning.dense_to_write(setup, machine, planning.loaded_base(setup, machine)) > 0
    probe = ThroughputProbe(architecture(config.model), machine.device, machine.dtype, setup.nf4, is_dense)
    batch = MicroBatch([_TOKENS] * _SEQUENCES, planning.USUAL_TARGET_SHARE)
    trained = probe.step_seconds(config.lora, batch, recompute=False) / (_SEQUENCES * _TOKENS)
    rows, beams = max(2, config.generation.most_rows), config.generation.beams
    one, many = (probe.prefill_and_token_seconds(config.lora, count, _PROMPT)[1] for count in (1, rows))
    row = max(0.0, many - one) / (rows - 1)
    searching = probe.prefill_and_token_seconds(config.lora, rows, _PROMPT, beams)[1] if beams > 1 else many
    return asdict(Speeds(trained, max(0.0, one - row), row, max(0.0, searching - many) / rows))


def _with_rows_that_fit(config: Config, lengths: Lengths) -> Config:
    """The configuration with as many rows at a time as a GPU has room for."""
    from email_assistant.training import planning

    setup = planning.TrainingSetup.from_config(config)
    generation = planning.generation_that_fits(setup, config.generation, round(lengths.prompt))
    return replace(config, generation=generation)


def _lengths(config: Config, split: Artifact) -> Lengths:
    from email_assistant.language_model.loading import load_encoder
    from email_assistant.requests.prompting import Prompter, PromptSettings, retrieval_embedder

    training, validation, test = (
        jsonl.Lines(split.path(f"{name}.jsonl"), Pair) for name in ("train", "validation", "test")
    )
    sampled: Sequence[Pair] = training[:SAMPLED_MAILS]
    encoder = load_encoder(config.model)
    prompter = Prompter(PromptSettings.of(config), encoder, training, retrieval_embedder(config, None))
    prompts = [len(prompter.prompt_token_ids(pair, "plain")) for pair in sampled]
    mails = [len(encoder.text_ids(pair["email"])) + 1 for pair in sampled]
    counts = (len(training), len(validation), len(test))
    return Lengths(statistics.mean(prompts), statistics.mean(mails), max(mails), *counts)
