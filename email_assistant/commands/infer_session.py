"""The tuned model, loaded to write mails for instructions: for a whole file, or one by one as they are typed."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from email_assistant.configuration.schema import Config
from email_assistant.console import printable
from email_assistant.errors import DataError
from email_assistant.evaluation.generate_mails import (
    candidate_seed,
    generate_best,
    generate_mails,
    sampling_params,
    tuned_model,
)
from email_assistant.language_model.adapter_folder import WEIGHTS, request_forms
from email_assistant.language_model.context_window import room_for_prompt, too_long
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.fingerprint import base_identity, generation_key
from email_assistant.language_model.generation import TextGenerator
from email_assistant.language_model.loading import LanguageModel
from email_assistant.language_model.streaming import stream
from email_assistant.metrics.guessed_greeting import without_guessed_name
from email_assistant.progress import bar
from email_assistant.requests.prompting import Prompter, PromptSettings, configured_style, retrieval_embedder
from email_assistant.requests.reading import Reading, order_hint
from email_assistant.requests.request_form import how_to_ask
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.storage.records import Pair, Request


@dataclass(frozen=True)
class InferSession:
    """A loaded model and everything that its prompts need.

    Attributes:
        config: The whole configuration.
        adapter: The adapter's folder.
        generator: The model with the adapter.
        prompter: Builds prompts.
        to_answer: The mail to answer, if any.
        training_hash: A hash of the mails that prompts may show; None if they show none.
    """

    config: Config
    adapter: Path
    generator: TextGenerator
    prompter: Prompter
    to_answer: str | None
    training_hash: str | None

    def write(self, instructions: Sequence[str], progress_file: Path) -> list[str]:
        """Write a mail for each instruction.

        Args:
            instructions: What the mails should say.
            progress_file: Keeps finished mails, so that an interrupted run resumes. Mails that were written with
                other values are not reused.
        """
        key = self._key()
        requests = [self._request(f"{key} {index} {text}", text) for index, text in enumerate(instructions)]
        prompts = [self._prompt(request) for request in requests]
        config = self.config
        mails = generate_mails(
            self.generator, requests, prompts, config.generation, config.seed, progress_file, config.stage
        )
        return [
            self._without_guessed_name(request, mail["text"]) for request, mail in zip(requests, mails, strict=True)
        ]

    def chat(self) -> None:
        """Write a mail for each line that is typed, until an empty line or the end of the input.

        Raises:
            DataError: when a line is not UTF-8.
        """
        forms, hinted, room = request_forms(self.adapter), False, room_for_prompt(self.config)
        print(how_to_ask(forms), flush=True)
        reading = Reading.of(self.config.summarizer)
        while True:
            print("> ", end="", flush=True)
            instruction = _typed_line()
            if not instruction:
                return
            if not hinted and (hint := order_hint([instruction], forms, reading)):
                print(hint, flush=True)
                hinted = True
            request = self._request(instruction, instruction)
            prompt = self._prompt(request)
            if room is not None and len(prompt) > room:
                print(too_long(len(prompt), self.config, room), flush=True)
                continue
            for piece in self._pieces(request, prompt):
                print(printable(piece), end="", flush=True)
            print("\n", flush=True)

    def _key(self) -> str:
        """A hash of everything that a mail depends on besides its instruction."""
        config = self.config
        retrieval = [config.retrieval.method, config.retrieval.mails, config.retrieval.max_tokens, self.training_hash]
        return hash_of(
            [
                hash_file(self.adapter / WEIGHTS),
                base_identity(config.model, config.outputs),
                generation_key(config.generation, config.model, config.outputs),
                config.seed,
                self.to_answer,
                retrieval,
                Reading.of(config.summarizer).versions(),
            ]
        )

    def _request(self, identity: str, instruction: str) -> Request:
        return {"id": identity, "instruction": instruction, "context": self.to_answer}

    def _prompt(self, request: Request) -> list[int]:
        return self.prompter.prompt_token_ids(request, configured_style(self.config.retrieval))

    def _pieces(self, request: Request, prompt: list[int]) -> Iterable[str]:
        """The mail's text: token by token, or at once if it is the best of several."""
        settings, seed = self.config.generation, self.config.seed
        if settings.num_candidates == 1:
            return stream(self.generator, prompt, sampling_params(settings), candidate_seed(settings, seed, prompt))
        chosen: list[str] = []
        with bar("writing", None):
            generate_best(self.generator, [request], [prompt], settings, seed, lambda _, mail: chosen.append(mail.text))
        return [self._without_guessed_name(request, mail) for mail in chosen]

    def _without_guessed_name(self, request: Request, mail: str) -> str:
        return without_guessed_name(request["instruction"], mail, self.to_answer)


def _typed_line() -> str:
    """The next line of the standard input; empty at its end.

    Raises:
        DataError: when it is not UTF-8.
    """
    # Python has None for a standard input that is closed.
    if sys.stdin is None:
        return ""
    try:
        line = sys.stdin.readline()
        # Under some locales Python passes on invalid bytes as lone surrogates.
        line.encode()
    except UnicodeError as error:
        raise DataError(
            "the typed request is not UTF-8; set the terminal to UTF-8, or use infer.input with a UTF-8 file"
        ) from error
    return line.strip()


@contextmanager
def open_session(
    config: Config,
    distributed: DistributedContext,
    adapter: Path,
    training: Sequence[Pair],
    training_hash: str | None,
    to_answer: str | None,
) -> Iterator[InferSession]:
    """Load the base model with an adapter.

    Args:
        config: The whole configuration.
        distributed: Decides the device.
        adapter: The adapter's folder.
        training: Mails that prompts may show.
        training_hash: A hash of these; None if they show none.
        to_answer: The mail to answer, if any.

    Raises:
        ModelError: when the adapter was trained on another base model.
    """
    with tuned_model(config, distributed, adapter) as generator:
        loaded = generator if isinstance(generator, LanguageModel) else None
        prompter = Prompter(PromptSettings.of(config), generator.encoder, training, retrieval_embedder(config, loaded))
        yield InferSession(config, adapter, generator, prompter, to_answer, training_hash)
