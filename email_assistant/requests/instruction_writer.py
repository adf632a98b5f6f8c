"""Writes instructions by a model, rejects the bad ones, and falls back to keyword notes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from email_assistant.configuration.schema import Summarizer
from email_assistant.language_model.decoding import Completion, SamplingParams, row_seed
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.generation import generate
from email_assistant.language_model.loading import LanguageModel
from email_assistant.requests.injection import speaks_to_model
from email_assistant.requests.instruction_job import InstructionJob
from email_assistant.requests.instructions import clause_prefixes, normalize
from email_assistant.requests.rejection import is_vague, rejection_reason
from email_assistant.storage.records import Sentence

# Only the first tokens of a mail decide whether an instruction makes the mail more likely.
JUDGED_TOKENS = 64
# Faults that dropping the last clauses may fix.
CURED_BY_SHORTENING = ("invented", "unfounded", "too_long", "copied")
TOP_P = 0.95


class InstructionWriter:
    """Writes instructions by a model, rejects the bad ones, and falls back to keyword notes."""

    def __init__(
        self,
        settings: Summarizer,
        model: LanguageModel,
        seed: int,
        keep: Callable[[Sentence], None],
        surprisal: Callable[[TokenizedExample], float] | None = None,
        reject: Callable[[InstructionJob], None] = lambda job: None,
    ) -> None:
        """Prepare the model.

        Args:
            settings: Prompts and number of retries.
            model: The base model.
            seed: The seed of the retries.
            keep: Called with every finished sentence.
            surprisal: The model's negative log-likelihood of an example's completion, in nats. If it is given, an
                instruction is rejected unless it makes its mail more likely.
            reject: Called with a job whose answer was rejected.
        """
        self.settings, self.model, self.seed, self._keep, self._surprisal = settings, model, seed, keep, surprisal
        self._reject = reject
        self._baselines: dict[str, float] = {}

    def write(self, jobs: Sequence[InstructionJob]) -> None:
        """Write a sentence for every job: greedily, then by sampling if rejected, finally without the model.

        A job starts at the attempt in its `attempts`, so that a resumed run repeats none.
        """
        settings = self.settings
        pending = []
        for job in jobs:
            if speaks_to_model(job.email["text"]):
                job.faults.append("speaks_to_model")
                self._finish_without_model(job)
            else:
                pending.append(job)
        for attempt in range(settings.retries + 1):
            due = [job for job in pending if job.attempts == attempt]
            if not due:
                continue
            temperature = 0.0 if attempt == 0 else settings.retry_temperature
            params = SamplingParams(settings.max_new_tokens, temperature, top_p=TOP_P)
            prompts = [self._prompt(job) for job in due]
            seeds = [row_seed(self.seed + attempt, prompt) for prompt in prompts]
            judge = partial(self._judge, due, "model" if attempt == 0 else f"retry_{attempt}")
            generate(self.model, prompts, params, seeds, settings.batch_size, judge)
            pending = [job for job in pending if not job.done]
        for job in pending:
            self._finish_without_model(job)

    def judge(self, job: InstructionJob, method: str, completion: Completion) -> None:
        """Keep the longest run of leading clauses that is good; record what is wrong with the others.

        Args:
            job: The job; it is done if the instruction or a part of it is good, or if notes replace it.
            method: The name of the attempt.
            completion: The model's answer.
        """
        email, start = job.email, job.start
        known = " ".join([email["subject"], *email["to"]])
        candidates = clause_prefixes(normalize(completion.text, start), start)
        if not completion.is_complete:
            # How its last clause would have ended is unknown.
            next(candidates)
            job.faults.append("unfinished")
        for candidate in candidates:
            fault = rejection_reason(candidate, start, email["text"], completion.text, known)
            if not fault and is_vague(candidate, email["text"], job.without_model[0]):
                # Another attempt is rarely less vague.
                job.faults.append("says_little")
                self._finish_without_model(job)
                return
            if not fault and self._surprisal and not self._helps(job, candidate, self._surprisal):
                fault = "unhelpful"
            if not fault:
                self._finish(job, candidate, method)
                return
            job.faults.append(fault)
            if fault not in CURED_BY_SHORTENING:
                return

    def _judge(self, jobs: Sequence[InstructionJob], method: str, index: int, completion: Completion) -> None:
        job = jobs[index]
        self.judge(job, method, completion)
        if not job.done:
            job.attempts += 1
            self._reject(job)

    def _prompt(self, job: InstructionJob) -> list[int]:
        """The prompt's token ids: examples in the mail's language as earlier turns, then the mail."""
        template = self.settings.prompts[job.language]
        examples = [
            (template.replace("{email}", example.email), example.instruction)
            for example in self.settings.examples.get(job.language, [])
        ]
        question = template.replace("{email}", self._shortened(job.email["text"]))
        return self.model.encoder.prompt(question, examples, job.start)

    def _shortened(self, text: str) -> str:
        """A mail without its middle if it has more than `settings.mail_tokens` tokens."""
        encoder, limit = self.model.encoder, self.settings.mail_tokens
        ids = encoder.text_ids(text)
        if len(ids) <= limit:
            return text
        half = limit // 2
        return f"{encoder.decode(ids[:half])}\n[…]\n{encoder.decode(ids[-half:])}"

    def _finish(self, job: InstructionJob, sentence: str, method: str) -> None:
        self._keep({"key": job.key, "sentence": sentence, "method": method, "faults": job.faults})
        job.done = True

    def _finish_without_model(self, job: InstructionJob) -> None:
        self._finish(job, *job.without_model)

    def _helps(self, job: InstructionJob, sentence: str, surprisal: Callable[[TokenizedExample], float]) -> bool:
        """Whether the mail's beginning is more likely after a sentence than after what is known without the model."""
        if job.key not in self._baselines:
            self._baselines[job.key] = surprisal(self._beginning(job, job.start))
        return surprisal(self._beginning(job, sentence)) < self._baselines[job.key]

    def _beginning(self, job: InstructionJob, sentence: str) -> TokenizedExample:
        """The mail's first `JUDGED_TOKENS` tokens, after an instruction."""
        prompt = self.model.encoder.prompt(job.completed(sentence))
        whole = self.model.encoder.completed(prompt, job.email["text"])
        return replace(whole, ids=whole.ids[: len(prompt) + JUDGED_TOKENS])
