"""Write, for every mail, the instruction that would have produced it: the stage "summarize".

The base model writes it, or rules make a rough note, or both, or it is taken from a corrected file.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.errors import DataError
from email_assistant.language_model.fingerprint import base_identity
from email_assistant.metrics.facts import frequent_facts
from email_assistant.pipeline.context import StageInputs
from email_assistant.progress import bar
from email_assistant.requests.instruction_jobs import InstructionJob, speaks_to_model
from email_assistant.requests.instructions import quality, recipient_name
from email_assistant.requests.rough_notes import rough_note
from email_assistant.stages.catalog import sentences_depend_on
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS, lines_by_key
from email_assistant.storage.hashing import hash_of
from email_assistant.storage.jsonl import ResumableJsonl
from email_assistant.storage.records import Email, Pair, Sentence

SENTENCES, REJECTED = "sentences.jsonl", "rejected.jsonl"
log = StageLogger(__name__, "summarize")


class Rejected(TypedDict):
    """A line of rejected.jsonl: a mail without a good answer so far, as in `InstructionJob`."""

    key: str
    faults: list[str]
    attempts: int


class Instruction(TypedDict):
    """Everything in a pair except its mail.

    Attributes:
        instruction: What the mail should say.
        method: How it was made.
        faults: The reasons why answers of the model were rejected.
        email: A corrected mail that replaces the archive's.
        variants: Other instructions for the same mail.
    """

    instruction: str
    method: str
    faults: NotRequired[list[str]]
    email: NotRequired[str | None]
    variants: NotRequired[list[str]]


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write pairs.jsonl in the order of the mails, sentences.jsonl, and report.json.

    Sentences that the model wrote under the same configuration are reused from earlier artifacts, so that when an
    archive grows, only its new mails are summarized.
    """
    settings = inputs.config.summarizer
    with jsonl.Lines(inputs.artifacts["data"].path("emails.jsonl"), Email) as emails:
        if settings.method == "from_file":
            instructions = _from_file(Path(settings.path or ""), emails)
        elif settings.method == "rough":
            instructions = _by_rules(inputs.config.seed, settings.variants, emails)
        else:
            instructions = _by_model(inputs, emails, folder)
        path = folder / "pairs.jsonl"
        jsonl.write(path, (_pair(email, instructions[email["id"]]) for email in emails if email["id"] in instructions))
        injections = sum(map(speaks_to_model, jsonl.Field(emails, "text")))
        with jsonl.Lines(path, Pair) as pairs:
            report = _report(len(emails), pairs, instructions, injections)
    jsonl.write_json(folder / "report.json", report)
    _log(report, settings.method == "model")
    return {"pairs": report["pairs"], **{f"by_{method}": count for method, count in report["methods"].items()}}


def _report(
    emails: int, pairs: Sequence[Pair], instructions: Mapping[str, Instruction], injections: int
) -> dict[str, Any]:
    """Counts of how the instructions were made, and how much they say about their mails."""
    methods = Counter(record["method"] for record in instructions.values())
    rejections = Counter(reason for record in instructions.values() for reason in record.get("faults", []))
    return {
        "emails": emails,
        "pairs": len(pairs),
        "without_pair": emails - len(pairs),
        "methods": dict(methods.most_common()),
        "speaking_to_model": injections,
        "faults_of_tries": dict(rejections.most_common()),
        **(quality(pairs) if pairs else {}),
    }


def _log(report: Mapping[str, Any], by_model: bool) -> None:
    methods = ", ".join(f"{count} {method}" for method, count in report["methods"].items())
    log.info("%d pairs: %s", report["pairs"], methods)
    if report["speaking_to_model"] and by_model:
        skipped = report["speaking_to_model"]
        log.info("did not ask the model about %d mails that look like prompt injection", skipped)
    if "facts_named" in report:
        share = 100 * report["facts_named"]
        log.info("instructions contain %.0f%% of the mails' names, dates and numbers", share)


def _pair(email: Email, instruction: Instruction) -> Pair:
    """A line of pairs.jsonl."""
    pair: Pair = {
        "id": email["id"],
        "instruction": instruction["instruction"],
        "email": instruction.get("email") or email["text"],
        "subject": email["subject"],
        "thread": email["thread"],
        "date": email["date"],
        "method": instruction["method"],
    }
    if "context" in email:
        pair["context"] = email["context"]
    if instruction.get("variants"):
        pair["variants"] = instruction["variants"]
    return pair


def _from_file(path: Path, emails: Sequence[Email]) -> dict[str, Instruction]:
    """Corrected instructions by the mail's id, some with a corrected mail.

    Raises:
        DataError: when a record is for an unknown mail or has no instruction, or there is no record.
    """
    known = set(jsonl.Field(emails, "id"))
    instructions: dict[str, Instruction] = {}
    for number, record in enumerate(jsonl.read_typed(path, "an id and an instruction"), start=1):
        instruction = record.get("instruction") or ""
        mail, email, variants = str(record.get("id")), record.get("email"), record.get("variants") or []
        if mail not in known:
            raise DataError(
                f"{path}, record {number}: no mail of this archive has the id {mail!r}; correct it, or delete the line"
            )
        if not isinstance(instruction, str):
            raise DataError(f"{path}, record {number}: the instruction must be text")
        if not instruction.strip():
            raise DataError(f"{path}, record {number}: the instruction is empty; delete the line to drop the mail")
        if not isinstance(email, str | None):
            raise DataError(f"{path}, record {number}: email must be text")
        if not isinstance(variants, list) or not all(isinstance(variant, str) for variant in variants):
            raise DataError(f"{path}, record {number}: variants must be a list of instructions")
        read: Instruction = {
            "instruction": instruction.strip(),
            "email": email,
            "method": "file",
            "variants": variants,
        }
        if instructions.setdefault(mail, read) != read:
            raise DataError(f"{path}, record {number}: another instruction for the mail {mail!r}; delete one of them")
    if not instructions:
        raise DataError(f"{path}: contains no pairs; write one per line, with id and instruction")
    return instructions


def _by_rules(seed: int, variants: int, emails: Sequence[Email]) -> dict[str, Instruction]:
    """Rough notes by the mail's id. A mail's notes depend on the seed, its id and its text, not on the other mails."""
    notes = {email["id"]: _notes(email, seed, variants) for email in emails}
    return {mail: _first_of(texts, "rough") for mail, texts in notes.items() if texts}


def _notes(email: Email, seed: int, variants: int) -> list[str]:
    """Rough notes for a mail; none for a mail without words."""
    recipient, language = recipient_name(email["to"]), email["language"]
    seeds = (hash_of([seed, email["id"], number]) for number in range(variants))
    notes = (rough_note(email["text"], recipient, language, random.Random(seed)) for seed in seeds)
    return [note for note in notes if note]


def _first_of(texts: Sequence[str], method: str) -> Instruction:
    first, *others = texts
    return {"instruction": first, "method": method, "variants": others}


def _by_model(inputs: StageInputs, emails: Sequence[Email], folder: Path) -> dict[str, Instruction]:
    """The model's orders, with the facts that they leave out, by the mail's id.

    A rough note replaces an order that the model did not write. With both forms a mail also has its rough notes.
    """
    config = inputs.config
    basis = hash_of(
        {
            "version": inputs.version,
            **sentences_depend_on(config),
            "inputs": base_identity(config.model, config.outputs),
        }
    )
    jobs = [InstructionJob(config.summarizer, email, basis) for email in emails]
    sentences = _sentences(inputs, jobs, folder / PROGRESS)
    jsonl.write(folder / SENTENCES, (sentences[job.key] for job in jobs))
    frequent = frequent_facts(jsonl.Field(emails, "text"))
    instructions: dict[str, Instruction] = {}
    for job in jobs:
        sentence = sentences[job.key]
        if texts := _orders_and_notes(config, job, sentence, frequent):
            instruction = _first_of(texts, sentence["method"])
            instructions[job.email["id"]] = {**instruction, "faults": sentence["faults"]}
    return instructions


def _orders_and_notes(config: Config, job: InstructionJob, sentence: Sentence, frequent: frozenset[str]) -> list[str]:
    """A mail's instructions: the order if there is one, then as many rough notes as `summarizer.forms` asks for."""
    replaced, both = sentence["method"] == "rough", "rough" in config.summarizer.forms
    orders = [] if replaced else [job.with_missing_facts(sentence["sentence"], frequent)]
    return orders + _notes(job.email, config.seed, config.summarizer.variants if both else int(replaced))


def _sentences(inputs: StageInputs, jobs: Sequence[InstructionJob], progress_folder: Path) -> dict[str, Sentence]:
    """A sentence for every job, by its key: from earlier artifacts, from an interrupted run, or newly generated."""
    wanted = {job.key for job in jobs}
    with ResumableJsonl(progress_folder / SENTENCES, Sentence, key="key") as progress:
        known = lines_by_key(inputs.earlier("summarize"), SENTENCES, wanted, Sentence)
        known |= {key: sentence for key, sentence in progress.records.items() if key in wanted}
        pending = list({job.key: job for job in jobs if job.key not in known}.values())
        if known:
            log.info("reused %d of %d instructions from cache", len(known), len(wanted))
        if pending:
            with ResumableJsonl(progress_folder / REJECTED, Rejected, key="key") as rejected:
                _generate(inputs, pending, progress, rejected, len(wanted))
        return {**known, **progress.records}


def _generate(
    inputs: StageInputs,
    jobs: Sequence[InstructionJob],
    progress: ResumableJsonl[Sentence],
    rejected: ResumableJsonl[Rejected],
    total: int,
) -> None:
    # These import torch, which is not needed when every sentence is known.
    from email_assistant.evaluation.perplexity import Surprisal
    from email_assistant.language_model.process_settings import set_up_base
    from email_assistant.requests.instruction_writer import InstructionWriter

    for job in jobs:
        if job.key in rejected.records:
            job.rejections, job.attempts = rejected.records[job.key]["faults"], rejected.records[job.key]["attempts"]
    with bar("summarize", total, total - len(jobs)) as progress_bar:

        def on_finished(sentence: Sentence) -> None:
            progress.append(sentence)
            progress_bar.advance()

        def on_rejected(job: InstructionJob) -> None:
            rejected.append({"key": job.key, "faults": job.rejections, "attempts": job.attempts})

        config = inputs.config
        model = set_up_base(config.model, inputs.distributed)
        surprisal = Surprisal(model.model, model.device).nats if config.summarizer.verify else None
        InstructionWriter(config.summarizer, model, config.seed, on_finished, surprisal, on_rejected).write(jobs)
