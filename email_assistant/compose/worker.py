"""Turns jobs into rows of a batch, and the rows' tokens into messages."""

import json
import queue
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter

from email_assistant.compose.messages import (
    Failed,
    FromModel,
    Job,
    JobError,
    PromptRead,
    Ready,
    RowSettings,
    TextPiece,
    job_from,
    to_line,
)
from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.errors import EmailAssistantError, ModelError
from email_assistant.evaluation.generate_mails import candidate_seed, sampling_params, tuned_model
from email_assistant.language_model.decoding import SamplingParams, completion_seed
from email_assistant.language_model.distributed import SINGLE_PROCESS
from email_assistant.language_model.generation import TextGenerator
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.streaming import (
    BatchWriter,
    BeamRequest,
    Piece,
    SequentialWriter,
    TextRequest,
    TextWriter,
    text_writer,
)
from email_assistant.requests.prompting import Prompter, PromptSettings, configured_style, retrieval_embedder
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair, Request

log = StageLogger(__name__, "compose")
# Temperatures below this one choose the likeliest token; logits divided by them would overflow. The smallest top_p.
MIN_TEMPERATURE, MIN_TOP_P = 1e-3, 1e-6
# Tokens that a prompt and its text may have together, if the model allows more.
MAX_CONTEXT = 4096
Received = queue.SimpleQueue[dict[str, Any]]


def serve(setup: Mapping[str, Any], received: Received, out: BinaryIO) -> None:
    """Load a model and write jobs until the process ends.

    Args:
        setup: `config`, the whole configuration; `adapter`, its folder; `training`, the file of training pairs that
            prompts may show, or None; `scratch`, a folder for files that the server removes.
        received: Messages of the server.
        out: Where messages go.
    """
    config: Config = TypeAdapter(Config).validate_json(json.dumps(setup["config"]))
    try:
        with tuned_model(config, SINGLE_PROCESS, Path(setup["adapter"]), Path(setup["scratch"])) as model:
            Worker(config, model, setup["training"], out).run(received)
    except EmailAssistantError as error:
        _send(out, Failed(str(error)))


class Worker:
    """Writes the texts of all jobs at the same time."""

    def __init__(self, config: Config, model: TextGenerator, training: str | None, out: BinaryIO) -> None:
        """Prepare for jobs.

        Args:
            config: The whole configuration.
            model: What writes.
            training: The file of training pairs that prompts may show; None: they show none.
            out: Where messages go.
        """
        loaded = model if isinstance(model, LanguageModel) else None
        pairs: Sequence[Pair] = jsonl.Lines(Path(training), Pair) if training else []
        self._config, self._model, self._encoder, self._out = config, model, model.encoder, out
        self._writer: TextWriter = text_writer(model)
        self._prompter = Prompter(PromptSettings.of(config), model.encoder, pairs, retrieval_embedder(config, loaded))
        # Unfinished rows of each job.
        self._rows: dict[str, set[int]] = {}
        self._max_tokens = _max_tokens(loaded)

    def run(self, received: Received) -> None:
        """Write jobs, one token of each at a time. Never returns: the process ends with its input."""
        _send(self._out, Ready(self._max_tokens, isinstance(self._writer, BatchWriter)))
        while True:
            while not (self._writer.is_busy and received.empty()):
                self._handle(received.get())
            for piece in self._step():
                self._send_piece(piece)

    def _step(self) -> list[Piece]:
        """The next pieces; an error ends all jobs, whose rows share the step, and the next ones get a new writer."""
        try:
            return self._writer.step()
        except Exception as error:
            log.error("%s while writing", type(error).__name__)
        # Without the old writer's weights and caches, there may be room for a new one's.
        self._writer = SequentialWriter(self._model)
        self._writer = text_writer(self._model)
        for job in list(self._rows):
            self._send_failure(job)
        self._rows.clear()
        return []

    def _handle(self, message: Mapping[str, Any]) -> None:
        if "cancel" in message:
            self._cancel(message["cancel"])
            return
        try:
            self._start(job_from(message["write"]))
        except Exception as error:
            # Its message may quote the job.
            log.error("%s before writing", type(error).__name__)
            job = str(message["write"]["id"])
            self._cancel(job)
            self._send_failure(job)

    def _cancel(self, job: str) -> None:
        for row in self._rows.pop(job, ()):
            self._writer.cancel(f"{job} {row}")

    def _send_failure(self, job: str) -> None:
        _send(
            self._out, JobError(job, "model_stopped", "an internal error ended this text; see the log in the terminal")
        )

    def _start(self, job: Job) -> None:
        try:
            prompt = self._prompt(job)
        except ModelError:
            _send(self._out, JobError(job.id, "conversation", "the model's chat template does not allow these turns"))
            return
        room = self._max_tokens - len(prompt)
        if room < 1:
            message = f"the prompt has {len(prompt)} tokens; this model accepts at most {self._max_tokens - 1}"
            _send(self._out, JobError(job.id, "context_length", message))
            return
        _send(self._out, PromptRead(job.id, len(prompt)))
        self._rows[job.id] = set(range(job.num_texts))
        for number, row in enumerate(job.rows):
            # A temperature that is asked for applies to every row.
            seed = (
                candidate_seed(self._config.generation, row.seed, prompt, row.candidate)
                if row.temperature is None
                else completion_seed(row.seed, prompt, row.candidate)
            )
            params = self._params(row, job.max_tokens, room)
            self._writer.add(TextRequest(f"{job.id} {number}", prompt, params, seed, tuple(job.stop), bool(job.start)))
        if job.beams:
            ids = tuple(f"{job.id} {number}" for number in range(len(job.rows), job.num_texts))
            params = self._params(RowSettings(), job.max_tokens, room)
            self._writer.add(BeamRequest(ids, prompt, params, tuple(job.stop), bool(job.start)))

    def _prompt(self, job: Job) -> list[int]:
        if job.request is None:
            return self._encoder.conversation(job.turns, job.start)
        request: Request = {"id": job.request, "instruction": job.request, "context": job.context}
        prompt = self._prompter.prompt_token_ids(request, configured_style(self._config.retrieval))
        return [*prompt, *(self._encoder.text_ids(job.start) if job.start else [])]

    def _params(self, row: RowSettings, max_tokens: int | None, room: int) -> SamplingParams:
        usual = sampling_params(self._config.generation)
        temperature = usual.temperature if row.temperature is None else row.temperature
        top_p = usual.top_p if row.top_p is None else row.top_p
        return replace(
            usual,
            max_new_tokens=min(room, usual.max_new_tokens if max_tokens is None else max_tokens),
            temperature=temperature if temperature >= MIN_TEMPERATURE else 0.0,
            top_p=max(top_p, MIN_TOP_P),
        )

    def _send_piece(self, piece: Piece) -> None:
        job, _, number = piece.id.rpartition(" ")
        row = int(number)
        if piece.finish_reason:
            self._rows[job].discard(row)
            if not self._rows[job]:
                del self._rows[job]
        if piece.text or piece.finish_reason:
            message = TextPiece(job, row, piece.text, piece.num_tokens, piece.finish_reason, piece.log_probability)
            _send(self._out, message)


def _send(out: BinaryIO, message: FromModel) -> None:
    out.write(to_line(message))
    out.flush()


def _max_tokens(model: LanguageModel | None) -> int:
    """Tokens that a prompt and its text may have together; llama.cpp is given `MAX_CONTEXT`."""
    config = getattr(model.model, "config", None) if model else None
    return min(MAX_CONTEXT, int(getattr(config, "max_position_embeddings", MAX_CONTEXT)))
