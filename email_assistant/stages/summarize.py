"""An instruction for every mail, written by the base model or taken from a corrected file."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from email_assistant.configuration.schema import Summarizer
from email_assistant.errors import DataError
from email_assistant.language_model.fingerprint import base_identity
from email_assistant.metrics.facts import frequent_facts
from email_assistant.pipeline.context import StageInputs
from email_assistant.progress import Bar, bar
from email_assistant.requests import instructions
from email_assistant.requests.injection import speaks_to_model
from email_assistant.requests.instruction_prefix import instruction_prefix
from email_assistant.requests.keyword_notes import keyword_notes
from email_assistant.requests.rejection import is_vague, rejection_reason
from email_assistant.stages.catalog import sentences_depend_on
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS, lines_by_key
from email_assistant.storage.hashing import hash_of
from email_assistant.storage.jsonl import ResumableJsonl
from email_assistant.storage.records import Email, Pair, Sentence

if TYPE_CHECKING:
    from email_assistant.evaluation.perplexity import Surprisal
    from email_assistant.language_model.decoding import Completion
    from email_assistant.language_model.loading import LanguageModel

# Tokens of a mail by whose likelihood its instruction is judged.
JUDGED_TOKENS = 64
# Faults that an instruction may be without when its last clauses are left out.
MENDED_BY_LESS = ("invented", "unfounded", "too_long", "copied")
SENTENCES = "sentences.jsonl"
log = logging.getLogger(__name__)


class Instruction(TypedDict):
    """What a pair is made of beside its mail.

    Attributes:
        instruction: What the mail should say.
        method: How it was made.
        faults: Why earlier answers of the model were rejected.
        email: A corrected mail, in the place of the archive's.
    """

    instruction: str
    method: str
    faults: NotRequired[list[str]]
    email: NotRequired[str | None]


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write pairs.jsonl, in the order of the mails, sentences.jsonl and report.json, which counts how each came about.

    What the model said of a mail under the same configuration is taken from artifacts of before, so that an archive
    that has grown is asked for its new mails alone.
    """
    emails = jsonl.Lines(inputs.artifacts["data"].path("emails.jsonl"), Email)
    settings = inputs.config.summarizer
    if settings.method == "from_file":
        written = _from_file(Path(settings.path or "").expanduser(), emails)
    else:
        written = _by_model(inputs, emails, folder)
    path = folder / "pairs.jsonl"
    jsonl.write(path, (_pair(email, written[email["id"]]) for email in emails if email["id"] in written))
    pairs = jsonl.Lines(path, Pair)
    methods = Counter(record["method"] for record in written.values())
    faults = Counter(fault for record in written.values() for fault in record.get("faults", []))
    told = sum(map(speaks_to_model, jsonl.Field(emails, "text")))
    report: dict[str, Any] = {
        "emails": len(emails),
        "pairs": len(pairs),
        "without_pair": len(emails) - len(pairs),
        "methods": dict(methods.most_common()),
        "speaking_to_model": told,
        "faults_of_tries": dict(faults.most_common()),
    }
    if pairs:
        report |= instructions.quality(pairs)
    jsonl.write_json(folder / "report.json", report)
    shown = ", ".join(f"{count} {method}" for method, count in methods.most_common())
    log.info("%-10s %d pairs: %s", "summarize", len(pairs), shown)
    if told:
        log.info("%-10s %d mails give orders to a language model: it was not asked about them", "summarize", told)
    if pairs:
        given = 100 * report["facts_named"]
        log.info("%-10s they give %.0f%% of the mails' names, dates and numbers", "summarize", given)
    return {"pairs": len(pairs), **{f"by_{method}": count for method, count in methods.items()}}


def _pair(email: Email, written: Instruction) -> Pair:
    """A line of pairs.jsonl."""
    pair: Pair = {
        "id": email["id"],
        "instruction": written["instruction"],
        "email": written.get("email") or email["text"],
        "subject": email["subject"],
        "thread": email["thread"],
        "date": email["date"],
        "method": written["method"],
    }
    if "context" in email:
        pair["context"] = email["context"]
    return pair


def _from_file(path: Path, emails: Sequence[Email]) -> dict[str, Instruction]:
    """Corrected pairs by id; an `email` in them replaces the mail's text."""
    known = set(jsonl.Field(emails, "id"))
    written: dict[str, Instruction] = {}
    for number, record in enumerate(jsonl.read(path), start=1):
        instruction = str(record.get("instruction") or "").strip()
        if record.get("id") not in known:
            raise DataError(f"{path}, record {number}: id {record.get('id')!r} is none of this archive's mails")
        if not instruction:
            raise DataError(f"{path}, record {number}: the instruction is empty; leave the line out to drop the mail")
        written[record["id"]] = {"instruction": instruction, "email": record.get("email"), "method": "file"}
    if not written:
        raise DataError(f"{path}: holds no pair")
    return written


def _by_model(inputs: StageInputs, emails: Sequence[Email], folder: Path) -> dict[str, Instruction]:
    """Instructions by the model: its sentences, and the facts that they leave out."""
    settings = inputs.config.summarizer
    # What the model's sentences depend on beside their mails.
    basis = hash_of(
        {"version": inputs.version, **sentences_depend_on(inputs.config), "inputs": base_identity(inputs.config)}
    )
    tasks = [_Task(settings, email, basis) for email in emails]
    said = _sentences(inputs, tasks, folder / PROGRESS)
    jsonl.write(folder / SENTENCES, (said[task.key] for task in tasks))
    habits = frequent_facts(jsonl.Field(emails, "text"))
    return {
        task.email["id"]: {
            "instruction": _completed(settings, task, said[task.key]["sentence"], habits),
            "method": said[task.key]["method"],
            "faults": said[task.key]["faults"],
        }
        for task in tasks
    }


def _sentences(inputs: StageInputs, tasks: "list[_Task]", progress_folder: Path) -> dict[str, Sentence]:
    """The model's sentence for every mail, by its key; those of before are read back."""
    wanted = {task.key for task in tasks}
    with ResumableJsonl(progress_folder / SENTENCES, Sentence, key="key") as progress:
        said = lines_by_key(inputs.earlier("summarize"), SENTENCES, wanted, Sentence)
        said |= {key: record for key, record in progress.records.items() if key in wanted}
        pending = list({task.key: task for task in tasks if task.key not in said}.values())
        if said:
            log.info("%-10s reused %d of %d from cache", "summarize", len(said), len(wanted))
        if pending:
            with bar("summarize", len(wanted), len(said)) as shown:
                _ask(inputs, pending, progress.append, shown)
        return {**said, **progress.records}


def _completed(settings: Summarizer, task: "_Task", sentence: str, habits: frozenset[str]) -> str:
    template = settings.mentions[task.language]
    return instructions.append_missing_facts(sentence, task.email["text"], template, settings.facts, habits)


def _ask(inputs: StageInputs, tasks: "list[_Task]", keep: Callable[[Sentence], None], progress: Bar) -> None:
    """Ask for every sentence, again with another seed where it is bad, and last do without one."""
    from email_assistant.language_model.decoding import SamplingParams, row_seed
    from email_assistant.language_model.generation import generate
    from email_assistant.language_model.process import set_up_base

    config, settings = inputs.config, inputs.config.summarizer
    desk = _Desk(settings, set_up_base(config.model, inputs.peers), keep, progress)
    pending = []
    for task in tasks:
        if speaks_to_model(task.email["text"]):
            task.faults.append("speaks_to_model")
            desk.finish_without_model(task)
        else:
            pending.append(task)
    for attempt in range(settings.retries + 1):
        if not pending:
            return
        temperature = 0.0 if attempt == 0 else settings.retry_temperature
        decoding = SamplingParams(settings.max_new_tokens, temperature, top_p=0.95)
        prompts = [desk.prompt(task) for task in pending]
        judge = partial(desk.judge, pending, "model" if attempt == 0 else f"retry_{attempt}")
        seeds = [row_seed(config.seed + attempt, prompt) for prompt in prompts]
        generate(desk.model, prompts, decoding, seeds, settings.batch_size, judge)
        pending = [task for task in pending if not task.done]
    for task in pending:
        desk.finish_without_model(task)


class _Task:
    """A mail that wants an instruction.

    Attributes:
        language: Of what is asked; English for languages without a prompt.
        start: How its instruction begins.
        key: A hash of all that the model's sentence depends on.
        faults: What was wrong with each try.
        done: Whether it has one.
        bare_surprise: Of the mail after what an instruction says without the model, in nats; None: not known yet.
    """

    def __init__(self, settings: Summarizer, email: Email, basis: str) -> None:
        self.email = email
        self.language = email["language"] if email["language"] in settings.prompts else "en"
        self.start = instruction_prefix(settings.starts[self.language], email["text"], email["subject"], email["to"])
        self.key = hash_of([basis, *(email[name] for name in ("text", "subject", "to", "language"))])
        self._settings = settings
        self.faults: list[str] = []
        self.done = False
        self.bare_surprise: float | None = None

    @cached_property
    def without_model(self) -> tuple[str, str]:
        """An instruction of the mail's own words, and the method's name."""
        jotted = keyword_notes(self.email["text"], self._settings.note_words)
        if not jotted:
            return self.start, "subject"
        return f"{self.start}. {self._settings.notes[self.language].format(notes=jotted)}", "notes"


class _Desk:
    """Where instructions are asked for, judged and kept."""

    def __init__(
        self,
        settings: Summarizer,
        model: "LanguageModel",
        keep: Callable[[Sentence], None],
        progress: Bar,
    ) -> None:
        self.settings, self.model, self.keep, self.progress = settings, model, keep, progress

    @cached_property
    def surprise(self) -> "Surprisal":
        """How little the model expects a mail; made when a sentence is first verified."""
        from email_assistant.evaluation.perplexity import Surprisal

        return Surprisal(self.model.model, self.model.device)

    def prompt(self, task: _Task) -> list[int]:
        """The ids of what is asked for a mail, after the examples of its language as earlier turns."""
        asked = self.settings.prompts[task.language]
        examples = [
            (asked.replace("{email}", example.email), example.instruction)
            for example in self.settings.examples.get(task.language, [])
        ]
        question = asked.replace("{email}", self._shortened(task.email["text"]))
        return self.model.encoder.prompt(question, examples, task.start)

    def judge(self, tasks: list[_Task], method: str, index: int, answer: "Completion") -> None:
        """Keep a good instruction, or as many of its clauses as are good; note what is wrong with a bad one."""
        task = tasks[index]
        email, start = task.email, task.start
        instruction = instructions.normalize(answer.text, start)
        known = " ".join([email["subject"], *email["to"]])
        parts = instructions.clause_prefixes(instruction, start)
        if not answer.is_complete:
            # Nobody knows how its last clause would have ended.
            next(parts)
            task.faults.append("unfinished")
        for part in parts:
            wrong = rejection_reason(part, start, email["text"], answer.text, known)
            if not wrong and is_vague(part, email["text"], task.without_model[0]):
                # Asked again, it seldom says more.
                task.faults.append("says_little")
                self.finish_without_model(task)
                return
            if not wrong and self.settings.verify and not self._helps(task, part):
                wrong = "unhelpful"
            if not wrong:
                self.finish(task, part, method)
                return
            task.faults.append(wrong)
            if wrong not in MENDED_BY_LESS:
                return

    def finish(self, task: _Task, sentence: str, method: str) -> None:
        """Keep what is said of a mail."""
        self.keep({"key": task.key, "sentence": sentence, "method": method, "faults": task.faults})
        task.done = True
        self.progress.advance()

    def finish_without_model(self, task: _Task) -> None:
        """Say in notes what no sentence says well."""
        self.finish(task, *task.without_model)

    def _helps(self, task: _Task, sentence: str) -> bool:
        """Whether the mail is likelier after a model's sentence than after what is known without it."""
        if task.bare_surprise is None:
            task.bare_surprise = self._surprise(task, task.start)
        return self._surprise(task, sentence) < task.bare_surprise

    def _surprise(self, task: _Task, sentence: str) -> float:
        """The nats of the mail's beginning after an instruction."""
        prompt = self.model.encoder.prompt(_completed(self.settings, task, sentence, frozenset()))
        whole = self.model.encoder.completed(prompt, task.email["text"])
        beginning = replace(whole, ids=whole.ids[: len(prompt) + JUDGED_TOKENS])
        return self.surprise.nats(beginning)

    def _shortened(self, text: str) -> str:
        """A mail as the model is shown it: of a long one the middle is left out."""
        encoder = self.model.encoder
        ids = encoder.text_ids(text)
        if len(ids) <= self.settings.mail_tokens:
            return text
        half = self.settings.mail_tokens // 2
        return f"{encoder.decode(ids[:half])}\n[…]\n{encoder.decode(ids[-half:])}"
