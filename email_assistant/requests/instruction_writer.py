"""Writes instructions by a model and rejects the bad ones."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from email_assistant.configuration.schema import Summarizer
from email_assistant.errors import DataError
from email_assistant.language_model.decoding import Completion, SamplingParams, completion_seed
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel
from email_assistant.requests.instruction_jobs import InstructionJob, speaks_to_model
from email_assistant.requests.instructions import clause_prefixes, is_vague, normalize, rejection_reason
from email_assistant.storage.records import Sentence

# Only the first tokens of a mail decide whether an instruction makes the mail more likely.
LIKELIHOOD_TOKENS = 64
# Rejection reasons that dropping the last clauses may fix.
FIXED_BY_SHORTENING = ("invented", "unfounded", "too_long", "copied")
TOP_P = 0.95


class InstructionWriter:
    """Writes instructions by a model and rejects the bad ones, which rough notes replace."""

    def __init__(
        self,
        settings: Summarizer,
        model: LanguageModel,
        seed: int,
        on_finished: Callable[[Sentence], None],
        surprisal: Callable[[TokenizedExample], float] | None = None,
        on_rejected: Callable[[InstructionJob], None] = lambda job: None,
    ) -> None:
        """Prepare the model.

        Args:
            settings: Prompts and number of retries.
            model: The base model.
            seed: The seed of sampled retries.
            on_finished: Called with the accepted answer of each job, or an empty one of the method `rough`.
            surprisal: The model's negative log-likelihood of an example's completion, in nats. If it is given, an
                instruction is rejected unless it makes its mail more likely.
            on_rejected: Called with a job whose answer was rejected.
        """
        self.settings, self.model, self.seed, self._surprisal = settings, model, seed, surprisal
        self._on_finished, self._on_rejected = on_finished, on_rejected
        self._baselines: dict[str, float] = {}

    def write(self, jobs: Sequence[InstructionJob]) -> None:
        """Write an instruction for every job: greedily, then by sampling if rejected; else a rough note replaces it.

        A job starts at the attempt in its `attempts`, so that a resumed run repeats none.
        """
        settings = self.settings
        pending = []
        for job in jobs:
            if speaks_to_model(job.email["text"]):
                job.rejections.append("speaks_to_model")
                self._leave_to_rules(job)
            else:
                pending.append(job)
        for attempt in range(settings.retries + 1):
            due = [job for job in pending if job.attempts == attempt]
            if not due:
                continue
            temperature = 0.0 if attempt == 0 else settings.retry_temperature
            params = SamplingParams(settings.max_new_tokens, temperature, top_p=TOP_P)
            prompts = [self._prompt(job) for job in due]
            seeds = [completion_seed(self.seed + attempt, prompt) for prompt in prompts]
            on_answer = partial(self._on_answer, due, "model" if attempt == 0 else f"retry_{attempt}")
            generate(self.model, prompts, params, seeds, settings.batch_size, on_answer)
            pending = [job for job in pending if not job.done]
        for job in pending:
            self._leave_to_rules(job)

    def review(self, job: InstructionJob, method: str, completion: Completion) -> None:
        """Accept the longest run of leading clauses that is good; record why longer ones are rejected.

        Args:
            job: The job; it is done if the instruction or a part of it is good, or if a rough note replaces it.
            method: The name of the attempt.
            completion: The model's answer.
        """
        email, start = job.email, job.start
        headers = " ".join([email["subject"], *email["to"]])
        candidates = clause_prefixes(normalize(completion.text, start), start)
        if not completion.is_complete:
            # How its last clause would have ended is unknown.
            next(candidates)
            job.rejections.append("unfinished")
        for candidate in candidates:
            reason = rejection_reason(candidate, start, email["text"], completion.text, headers)
            if not reason and is_vague(candidate, email["text"]):
                # Another attempt is rarely less vague.
                job.rejections.append("says_little")
                self._leave_to_rules(job)
                return
            if not reason and self._surprisal and not self._helps(job, candidate, self._surprisal):
                reason = "unhelpful"
            if not reason:
                self._finish(job, candidate, method)
                return
            job.rejections.append(reason)
            if reason not in FIXED_BY_SHORTENING:
                return

    def _on_answer(self, jobs: Sequence[InstructionJob], method: str, index: int, completion: Completion) -> None:
        job = jobs[index]
        self.review(job, method, completion)
        if not job.done:
            job.attempts += 1
            self._on_rejected(job)

    def _prompt(self, job: InstructionJob) -> list[int]:
        """The prompt's token ids: examples in the mail's language as earlier turns, then the mail.

        Where the model's window is too small, there are fewer examples, then less of the mail.

        Raises:
            DataError: when the window has no room for any of the mail.
        """
        examples, mail_tokens, window = list(self._examples(job.language)), self.settings.mail_tokens, self.model.window
        while True:
            prompt = self._prompt_with(job, examples, mail_tokens)
            excess = 0 if window is None else len(prompt) + self.settings.max_new_tokens - window
            if excess <= 0:
                return prompt
            if not examples:
                mail_tokens = min(mail_tokens, len(self.model.encoder.text_ids(job.email["text"]))) - excess
            examples = examples[1:]
            if mail_tokens < 2:
                raise DataError(
                    f"the model's context window of {window} tokens is too small for a mail and its "
                    "request; use summarizer=rough"
                )

    def _examples(self, language: str) -> Iterator[tuple[str, str]]:
        template = self.settings.prompts[language]
        for example in self.settings.examples.get(language, []):
            yield template.replace("{email}", example.email), example.instruction

    def _prompt_with(self, job: InstructionJob, examples: Sequence[tuple[str, str]], mail_tokens: int) -> list[int]:
        text = self._shortened(job.email["text"], mail_tokens)
        question = self.settings.prompts[job.language].replace("{email}", text)
        return self.model.encoder.prompt(question, examples, job.start)

    def _shortened(self, text: str, limit: int) -> str:
        """A mail without its middle if it has more tokens than the limit."""
        encoder = self.model.encoder
        ids = encoder.text_ids(text)
        if len(ids) <= limit:
            return text
        half = limit // 2
        return f"{encoder.decode(ids[:half])}\n[…]\n{encoder.decode(ids[-half:])}"

    def _finish(self, job: InstructionJob, answer: str, method: str) -> None:
        self._on_finished({"key": job.key, "sentence": answer, "method": method, "faults": job.rejections})
        job.done = True

    def _leave_to_rules(self, job: InstructionJob) -> None:
        self._finish(job, "", "rough")

    def _helps(self, job: InstructionJob, answer: str, surprisal: Callable[[TokenizedExample], float]) -> bool:
        """Whether the mail's beginning is more likely after an answer than after what is known without the model."""
        if job.key not in self._baselines:
            self._baselines[job.key] = surprisal(self._beginning(job, job.start))
        return surprisal(self._beginning(job, answer)) < self._baselines[job.key]

    def _beginning(self, job: InstructionJob, answer: str) -> TokenizedExample:
        """The mail's first `LIKELIHOOD_TOKENS` tokens, after the instruction that an answer becomes."""
        prompt = self.model.encoder.prompt(job.with_missing_facts(answer))
        whole = self.model.encoder.completed(prompt, job.email["text"])
        return replace(whole, ids=whole.ids[: len(prompt) + LIKELIHOOD_TOKENS])
