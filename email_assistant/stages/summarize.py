"""An instruction for every mail, written by the base model or taken from a corrected file."""

import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from email_assistant import instructions, jsonl
from email_assistant.artifacts import PROGRESS
from email_assistant.config import Config, Summarizer
from email_assistant.context import Context
from email_assistant.errors import DataError
from email_assistant.progress import Bar, bar

log = logging.getLogger(__name__)
Record = dict[str, Any]


def run(context: Context, folder: Path) -> dict[str, Any]:
    """Write pairs.jsonl, in the order of the mails, and report.json, which counts how each came about."""
    emails = jsonl.read(context.artifacts["data"].path("emails.jsonl"))
    settings = context.config.summarizer
    if settings.method == "from_file":
        written = _from_file(Path(settings.path or "").expanduser(), emails)
    else:
        written = _by_model(context.config, emails, folder / PROGRESS)
    pairs = [_pair(email, written[email["id"]]) for email in emails if email["id"] in written]
    jsonl.write(folder / "pairs.jsonl", pairs)
    methods = Counter(pair["method"] for pair in pairs)
    faults = Counter(fault for record in written.values() for fault in record.get("faults", []))
    report = {
        "emails": len(emails),
        "pairs": len(pairs),
        "without_pair": len(emails) - len(pairs),
        "methods": dict(methods.most_common()),
        "faults_of_tries": dict(faults.most_common()),
    }
    jsonl.write_json(folder / "report.json", report)
    shown = ", ".join(f"{count} {method}" for method, count in methods.most_common())
    log.info("%-10s %d pairs: %s", "summarize", len(pairs), shown)
    return {"pairs": len(pairs), **{f"by_{method}": count for method, count in methods.items()}}


def _pair(email: Record, written: Record) -> Record:
    """A line of pairs.jsonl."""
    context = {"context": email["context"]} if "context" in email else {}
    return {
        "id": email["id"],
        "instruction": written["instruction"],
        "email": written.get("email") or email["text"],
        "subject": email["subject"],
        "thread": email["thread"],
        "date": email["date"],
        "method": written["method"],
        **context,
    }


def _from_file(path: Path, emails: list[Record]) -> dict[str, Record]:
    """Corrected pairs by id; an `email` in them replaces the mail's text."""
    known = {email["id"] for email in emails}
    written: dict[str, Record] = {}
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


def _by_model(config: Config, emails: list[Record], progress_folder: Path) -> dict[str, Record]:
    """Instructions by the model; what an interrupted call had finished is read back."""
    progress_folder.mkdir(parents=True, exist_ok=True)
    path = progress_folder / "instructions.jsonl"
    finished = jsonl.read_finished(path)
    jsonl.write(path, finished)
    written = {record["id"]: record for record in finished}
    pending = [email for email in emails if email["id"] not in written]
    if written:
        log.info("%-10s %d of %d were there", "summarize", len(written), len(emails))
    if not pending:
        return written
    with path.open("a", encoding="utf-8") as file, bar("summarize", len(emails), len(written)) as progress:

        def keep(record: Record) -> None:
            written[record["id"]] = record
            file.write(jsonl.line(record))
            file.flush()

        _write_instructions(config, pending, keep, progress)
    return written


def _write_instructions(config: Config, emails: list[Record], keep: Callable[[Record], None], progress: Bar) -> None:
    """Ask for every instruction, again with another seed where it is bad, and last make it from the headers."""
    from email_assistant.language_model.decoding import Decoding
    from email_assistant.language_model.generation import write_all
    from email_assistant.language_model.loading import load_base

    settings = config.summarizer
    model = load_base(config.model)
    faults: dict[str, list[str]] = {}
    pending = emails
    for attempt in range(settings.retries + 1):
        asked = _Round(settings, pending, attempt, faults, keep, progress)
        temperature = 0.0 if attempt == 0 else settings.retry_temperature
        decoding = Decoding(settings.max_new_tokens, temperature, top_p=0.95)
        prompts = asked.prompts(model.encoder)
        write_all(model, prompts, decoding, config.seed + attempt, settings.batch_size, asked.judge)
        pending = asked.rejected
        if not pending:
            return
    for email in pending:
        instruction = instructions.from_headers(email["subject"], email["to"], email["language"])
        keep({"id": email["id"], "instruction": instruction, "method": "subject", "faults": faults[email["id"]]})
        progress.advance()


class _Round:
    """One try at the instructions of some mails: what is asked, and what becomes of the answers."""

    def __init__(
        self,
        settings: Summarizer,
        emails: list[Record],
        attempt: int,
        faults: dict[str, list[str]],
        keep: Callable[[Record], None],
        progress: Bar,
    ) -> None:
        self.settings, self.emails, self.attempt = settings, emails, attempt
        self.faults, self.keep, self.progress = faults, keep, progress
        self.starts = [_start(settings, email) for email in emails]
        self.rejected: list[Record] = []

    def prompts(self, encoder: Any) -> list[list[int]]:
        """The ids of what is asked for each mail."""
        return [
            encoder.prompt(_question(self.settings, email, encoder), _examples(self.settings, email), start)
            for email, start in zip(self.emails, self.starts, strict=True)
        ]

    def judge(self, index: int, answer: Any) -> None:
        """Keep a good instruction; put a bad one's mail among the rejected."""
        email, start = self.emails[index], self.starts[index]
        instruction = instructions.clean(answer.text, start)
        known = " ".join([email["subject"], *email["to"]])
        wrong = instructions.fault(instruction, start, email["text"], answer.text, known)
        if not wrong and not answer.ended:
            wrong = "unfinished"
        if wrong:
            self.faults.setdefault(email["id"], []).append(wrong)
            self.rejected.append(email)
            return
        method = "model" if self.attempt == 0 else f"retry_{self.attempt}"
        faults = self.faults.get(email["id"], [])
        self.keep({"id": email["id"], "instruction": instruction, "method": method, "faults": faults})
        self.progress.advance()


def _start(settings: Summarizer, email: Record) -> str:
    return instructions.start_for(settings.starts[_language(settings, email)], email["to"])


def _language(settings: Summarizer, email: Record) -> str:
    return email["language"] if email["language"] in settings.prompts else "en"


def _examples(settings: Summarizer, email: Record) -> list[tuple[str, str]]:
    """The examples of the mail's language as earlier turns."""
    language = _language(settings, email)
    prompt = settings.prompts[language]
    return [
        (prompt.replace("{email}", example.email), example.instruction)
        for example in settings.examples.get(language, [])
    ]


def _question(settings: Summarizer, email: Record, encoder: Any) -> str:
    """The prompt with the mail in it; of a long mail the middle is left out."""
    text = email["text"]
    ids = encoder.text_ids(text)
    if len(ids) > settings.mail_tokens:
        half = settings.mail_tokens // 2
        text = f"{encoder.decode(ids[:half])}\n[…]\n{encoder.decode(ids[-half:])}"
    return settings.prompts[_language(settings, email)].replace("{email}", text)
