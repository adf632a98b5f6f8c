"""Instructions to mails: a file of them to a table, or one by one on the terminal."""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from email_assistant.archive.answering import text_to_answer, truncate_words
from email_assistant.configuration.schema import Config
from email_assistant.console import printable
from email_assistant.errors import DataError
from email_assistant.experiments.registry import adapter_path
from email_assistant.language_model.adapter_folder import WEIGHTS, check_base, check_folder
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.fingerprint import base_fingerprint, generation_key
from email_assistant.pipeline.context import Context, adapter_folder, tag_adapter
from email_assistant.progress import bar
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import atomic_path
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.storage.records import Pair, Request

log = logging.getLogger(__name__)
# What a spreadsheet takes for a formula: '=1', '+SUM(…)', '@SUM(…)', '-2+3'.
FORMULA = re.compile(r"[=+@]|-\S")
COLUMNS = ["instruction", "generated_email"]


def check(config: Config) -> None:
    """Find out what is wrong with the input, the output or the adapter before anything is trained or loaded.

    Raises:
        DataError: when the input or the thread is missing or empty, or the output cannot be written.
        ModelError: when the adapter's folder holds none.
    """
    if adapter := adapter_path(config):
        check_folder(adapter)
    _context(config)
    if config.infer.input is not None:
        read_instructions(Path(config.infer.input).expanduser())
        check_writable(Path(config.infer.output).expanduser())


def run(context: Context) -> None:
    """Write `infer.output` from `infer.input`, or answer at a prompt when there is no input."""
    config = context.config
    context.run.open()
    adapter = adapter_folder(context)
    tag_adapter(context.run, adapter)
    training, of_training = _training(context)
    if config.infer.input is None:
        _talk(context, adapter, training)
        return
    instructions = read_instructions(Path(config.infer.input).expanduser())
    output = Path(config.infer.output).expanduser()
    mails = _write(context, adapter, instructions, output, training, of_training)
    write_table(output, instructions, mails, config.infer.csv_safe)
    _progress_file(output).unlink()
    log.info("%-10s %d mails in %s", "infer", len(mails), output)
    context.run.log_metrics({"infer.mails": len(mails)})


def _training(context: Context) -> tuple[Sequence[Pair], str | None]:
    """The mails to retrieve from, and their hash; none where nothing is retrieved."""
    if context.config.retrieval.method == "none":
        return [], None
    split = context.artifacts["split"]
    return jsonl.Lines(split.path("train.jsonl"), Pair), split.content("train.jsonl")


def read_instructions(path: Path) -> list[str]:
    """The non-empty lines of a text file, in order.

    Raises:
        DataError: when there is no such file, it is no text, or it has no instruction.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; infer.input names a text file with one instruction a line")
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no text in UTF-8 (byte {error.start})") from error
    instructions = [line.strip() for line in lines if line.strip()]
    if not instructions:
        raise DataError(f"{path}: has no instruction; write one a line")
    return instructions


def check_writable(output: Path) -> None:
    """Find out before the work whether the table can be written.

    Raises:
        DataError: when it cannot.
    """
    if output.is_dir():
        raise DataError(f"{output}: is a folder; infer.output names the file to write")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise DataError(f"{output}: cannot be written: {error.strerror}; infer.output names the file") from error
    if output.exists() and not os.access(output, os.W_OK):
        raise DataError(f"{output}: cannot be written: it is read-only")


def write_table(output: Path, instructions: list[str], mails: list[str], safe: bool) -> None:
    """Write the CSV beside its place and rename it into it.

    Args:
        output: Where.
        instructions: One a row.
        mails: One a row.
        safe: Put an apostrophe before a mail that a spreadsheet would run as a formula. Instructions stay: they are
            the user's own, and rows are found by them.
    """
    import pandas

    table = pandas.DataFrame({COLUMNS[0]: instructions, COLUMNS[1]: mails})
    if safe:
        table[COLUMNS[1]] = table[COLUMNS[1]].map(_not_a_formula)
    with atomic_path(output) as partial:
        table.to_csv(partial, index=False, encoding="utf-8", lineterminator="\r\n")


def _not_a_formula(cell: str) -> str:
    """As OWASP advises against CSV injection; of a dash only what calculates, since mails begin with lists, too."""
    begins = cell.lstrip(" \t\r\n")
    return f"'{cell}" if FORMULA.match(begins) else cell


def _context(config: Config) -> str | None:
    """What the mails are to answer, as long as in training at most."""
    if config.infer.thread is None:
        return None
    return truncate_words(text_to_answer(Path(config.infer.thread).expanduser()), config.data.context_words)


@contextmanager
def _loaded(config: Config, peers: DistributedContext, adapter: Path) -> Iterator[Any]:
    """The base model with the adapter, refused where it was trained on another base before the base is read."""
    check_base(adapter, base_fingerprint(config))
    if config.generation.backend == "llama_cpp":
        from email_assistant.evaluation.scoring import by_llama_cpp
        from email_assistant.language_model.loading import load_encoder

        config.outputs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=config.outputs) as scratch:
            yield by_llama_cpp(config, load_encoder(config.model), adapter, Path(scratch))
        return
    from email_assistant.language_model.loading import load_adapter
    from email_assistant.language_model.process import set_up_base

    yield load_adapter(set_up_base(config.model, peers), adapter, base_fingerprint(config))


def _progress_file(output: Path) -> Path:
    return output.with_name(f".{output.name}.progress.jsonl")


def _prompter(config: Config, model: Any, training: Sequence[Pair]) -> Any:
    from email_assistant.evaluation.scoring import embedder
    from email_assistant.language_model.loading import LanguageModel
    from email_assistant.requests.prompting import Prompter, PromptSettings

    loaded = model if isinstance(model, LanguageModel) else None
    return Prompter(PromptSettings.of(config), model.encoder, training, embedder(config, loaded))


def _write(
    context: Context,
    adapter: Path,
    instructions: list[str],
    output: Path,
    training: Sequence[Pair],
    of_training: str | None,
) -> list[str]:
    """The mails; those that a call with the same values had written before it was cut off are read back."""
    from email_assistant.evaluation.scoring import write_mails
    from email_assistant.requests.prompting import configured_style

    config = context.config
    progress, answered = _progress_file(output), _context(config)
    key = hash_of(
        [
            hash_file(adapter / WEIGHTS),
            base_fingerprint(config),
            generation_key(config),
            config.seed,
            answered,
            [config.retrieval.method, config.retrieval.mails, config.retrieval.max_tokens, of_training],
        ]
    )
    # The id holds the key, so that what was written with other values is not taken for this call's.
    pairs: list[Request] = [
        {"id": f"{key} {place} {text}", "instruction": text, "context": answered}
        for place, text in enumerate(instructions)
    ]
    with _loaded(config, context.peers, adapter) as model:
        prompter, style = _prompter(config, model, training), configured_style(config.retrieval)
        prompts = [prompter.ids(pair, style) for pair in pairs]
        written = write_mails(model, pairs, prompts, config.generation, config.seed, progress, "infer")
    return [record["text"] for record in written]


def _talk(context: Context, adapter: Path, training: Sequence[Pair]) -> None:
    """Answer each line that is typed; an empty line or end of file ends it."""
    config = context.config
    answered = _context(config)
    with _loaded(config, context.peers, adapter) as model:
        _answer_lines(config, model, _prompter(config, model, training), answered)


def _answer_lines(config: Config, model: Any, prompter: Any, context: str | None) -> None:
    from email_assistant.evaluation.scoring import decoding_of, write_best
    from email_assistant.language_model.decoding import row_seed
    from email_assistant.language_model.generation import stream
    from email_assistant.requests.prompting import configured_style

    def pieces(instruction: str, prompt: list[int]) -> Iterable[str]:
        """The mail while it is written, or whole where it is chosen of several."""
        if config.generation.num_candidates == 1:
            return stream(model, prompt, decoding_of(config.generation), row_seed(config.seed, prompt))
        chosen: list[str] = []
        with bar("writing", None):
            write_best(
                model,
                [instruction],
                [prompt],
                config.generation,
                config.seed,
                lambda _, answer: chosen.append(answer.text),
            )
        return chosen

    print("What should the mail say? (one line; an empty line ends)", flush=True)
    while True:
        print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            return
        instruction = line.strip()
        pair = {"id": instruction, "thread": None, "instruction": instruction, "context": context}
        prompt = prompter.ids(pair, configured_style(config.retrieval))
        for piece in pieces(instruction, prompt):
            print(printable(piece), end="", flush=True)
        print("\n", flush=True)
