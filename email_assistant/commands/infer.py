"""Mails for instructions: a file of them to a table, or typed one by one."""

import itertools
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from email_assistant.archive.reply_context import message_to_answer, text_to_answer, truncate_words
from email_assistant.commands.infer_input import read_instructions
from email_assistant.compose.drafts import DRAFT_BEGINS, Draft, draft_files, of_message, write_drafts
from email_assistant.configuration.schema import Config, Infer
from email_assistant.console import StageLogger
from email_assistant.errors import DataError, reason_of_folder
from email_assistant.experiments.registry import adapter_path
from email_assistant.language_model.adapter_folder import check_folder, request_forms
from email_assistant.language_model.context_window import check_lengths
from email_assistant.pipeline.context import Context, adapter_folder, tag_adapter
from email_assistant.requests.reading import Reading, order_hint
from email_assistant.requests.request_form import with_quoted_mail
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import atomic_path
from email_assistant.storage.named_files import check_replaceable, inputs_of
from email_assistant.storage.records import Pair

log = StageLogger(__name__, "infer")
# What a spreadsheet reads as a formula: '=1', '+SUM(…)', '@SUM(…)', '-2+3'.
FORMULA = re.compile(r"[=+@]|-\S")
COLUMNS = ["instruction", "generated_email"]
# How a table begins that an earlier call wrote, also after a spreadsheet saved it with other separators or in quotes.
TABLE_BEGINS = tuple(
    (mark + separator.join(f"{quote}{column}{quote}" for column in COLUMNS)).encode()
    for mark, separator, quote in itertools.product(("", "\ufeff"), ",;\t", ("", '"'))
)
# Names of files of spreadsheets, which refuse a CSV file of such a name.
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")


def check(config: Config) -> None:
    """Check the input, the output and the adapter before anything is trained or loaded.

    Raises:
        DataError: when the input or the thread is missing or empty, an instruction is too long for the model, or the
            output cannot be written.
        ModelError: when the adapter's folder does not contain one.
    """
    if adapter := adapter_path(config):
        check_folder(adapter)
    to_answer = _to_answer(config)
    if config.infer.input is not None:
        instructions = read_instructions(Path(config.infer.input))
        _check_lengths(config, instructions, to_answer)
        check_output(config)
        if config.infer.drafts is not None:
            _check_drafts(Path(config.infer.drafts), config.infer, len(instructions))


def run(context: Context) -> None:
    """Write `infer.output` from `infer.input`, or answer at a prompt when there is no input."""
    # It imports torch, which `check` does not need.
    from email_assistant.commands.infer_session import open_session

    config = context.config
    context.run.open()
    adapter = adapter_folder(context)
    tag_adapter(context.run, adapter)
    training, training_hash = _training(context)
    with open_session(config, context.distributed, adapter, training, training_hash, _to_answer(config)) as session:
        if config.infer.input is None:
            session.chat()
            return
        instructions = read_instructions(Path(config.infer.input))
        if hint := order_hint(instructions, request_forms(adapter), Reading.of(config.summarizer)):
            log.info("%s", hint)
        output = Path(config.infer.output)
        progress_file = output.with_name(f".{output.name}.progress.jsonl")
        mails = session.write(instructions, progress_file)
    write_table(output, instructions, mails, config.infer.csv_safe, config.infer.csv_bom)
    if config.infer.drafts is not None:
        folder = Path(config.infer.drafts)
        write_drafts(folder, _drafts(config.infer, mails))
        log.info("wrote %d drafts to %s", len(mails), folder)
    progress_file.unlink()
    log.info("wrote %d mails to %s", len(mails), output)
    context.run.log_metrics({"infer.mails": len(mails)})


def _training(context: Context) -> tuple[Sequence[Pair], str | None]:
    """The mails that prompts may show, and their hash; none without retrieval."""
    if context.config.retrieval.method == "none":
        return [], None
    split = context.artifacts["split"]
    return jsonl.Lines(split.path("train.jsonl"), Pair), split.content_hash("train.jsonl")


def _to_answer(config: Config) -> str | None:
    """The text of the mail to answer, at most as long as in training."""
    if config.infer.thread is None:
        return None
    return truncate_words(text_to_answer(Path(config.infer.thread)), config.data.context_words)


def _drafts(settings: Infer, mails: Sequence[str]) -> list[Draft]:
    """The mails as drafts; if they answer a mail, to its sender and in its thread."""
    message = message_to_answer(Path(settings.thread)) if settings.thread else None
    if message is None:
        return [Draft(mail) for mail in mails]
    answered = of_message(message)
    return [Draft(mail, answered.subject, answered.to, answered.message_id, answered.references) for mail in mails]


def _check_lengths(config: Config, instructions: Sequence[str], to_answer: str | None) -> None:
    """Check that every instruction fits into the model's window, with the mail to answer and a mail after it."""
    numbered = enumerate(instructions, start=1)
    check_lengths(
        config,
        (
            (f"{config.infer.input}, instruction {number}", with_quoted_mail(instruction, to_answer))
            for number, instruction in numbered
        ),
    )


def check_output(config: Config) -> None:
    """Check that the table can be written, and replaces nothing but an earlier table.

    Raises:
        DataError: when it cannot.
    """
    key, output = "infer.output", Path(config.infer.output)
    if config.infer.output.endswith(os.sep):
        raise DataError(f"{config.infer.output}: is the name of a folder; set {key} to the file to write")
    if output.suffix.lower() in SPREADSHEETS:
        raise DataError(f"{output}: the table is CSV, which spreadsheets open; set {key} to a name that ends in .csv")
    settings = config.infer
    named = {"infer.input": settings.input, "infer.thread": settings.thread, "data.path": config.data.path}
    check_replaceable(key, output, inputs_of(named), TABLE_BEGINS, "a table of this program")
    _check_folder_writable(output.parent, output, f"set {key} to another file")


def _check_drafts(folder: Path, settings: Infer, count: int) -> None:
    """Check that drafts can be written to a folder, and replace nothing but earlier drafts as they were written."""
    key = "infer.drafts"
    _check_folder_writable(folder, folder, f"set {key} to another folder")
    inputs = list(inputs_of({"infer.input": settings.input, "infer.thread": settings.thread}))
    for file in draft_files(folder, count):
        check_replaceable(key, file, inputs, (DRAFT_BEGINS,), "a draft of this program", in_folder=True)


def _check_folder_writable(folder: Path, target: Path, remedy: str) -> None:
    """Check that a folder, which is made, can be written to; an error names `target` and the remedy."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(f"{target}: cannot be written: {reason_of_folder(error)}; {remedy}") from error


def write_table(
    output: Path, instructions: Sequence[str], mails: Sequence[str], safe: bool, bom: Literal["auto"] | bool
) -> None:
    """Write a CSV of instructions and mails.

    Args:
        output: The file.
        instructions: One per row.
        mails: One per row.
        safe: Whether to put an apostrophe before mails that a spreadsheet would run as a formula. Instructions are
            not changed: they are the user's own, and identify the rows.
        bom: Whether the file begins with a byte order mark, without which Excel does not read it as UTF-8; auto: only
            if a cell has characters outside of ASCII.
    """
    import pandas

    table = pandas.DataFrame({COLUMNS[0]: instructions, COLUMNS[1]: mails})
    if safe:
        table[COLUMNS[1]] = table[COLUMNS[1]].map(_not_a_formula)
    if bom == "auto":
        bom = not all(cell.isascii() for column in COLUMNS for cell in table[column])
    with atomic_path(output) as partial:
        table.to_csv(partial, index=False, encoding="utf-8-sig" if bom else "utf-8", lineterminator="\r\n")


def _not_a_formula(cell: str) -> str:
    """Quote a cell as OWASP recommends; after a dash only if it calculates, because mails often begin with a list."""
    return f"'{cell}" if FORMULA.match(cell.lstrip(" \t\r\n")) else cell
