"""What a person made of drafts on the compose page: each request as typed, the draft, and the mail as sent.

They are kept only where the person allows it, in one file of the outputs that only its owner may read.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from filelock import FileLock

from email_assistant.archive.purging import Terms, load_terms
from email_assistant.errors import DataError
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import write_private
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.storage.records import Edit

# The compose page's folder in the outputs, and its file of edits.
FOLDER, EDITS_FILE = "compose", "edits.jsonl"
_TEXTS = ("id", "date", "request", "to", "subject", "context", "draft", "text")


def edits_file(outputs: Path) -> Path:
    """The file of edits, which need not exist."""
    return outputs / FOLDER / EDITS_FILE


def load(outputs: Path) -> list[Edit]:
    """The edits, the oldest first; none if none were kept.

    Raises:
        DataError: If the file is corrupt.
    """
    file = edits_file(outputs)
    if not file.exists():
        return []
    edits = jsonl.read(file)
    for number, edit in enumerate(edits, start=1):
        if not _is_edit(edit):
            raise DataError(f"{file}, record {number}: not a draft kept by the compose page; delete this line")
    return sorted((cast(Edit, edit) for edit in edits), key=lambda edit: edit["date"])


def content_hash(outputs: Path) -> str:
    """The hash of the file of edits; another one as soon as it changes."""
    file = edits_file(outputs)
    return hash_file(file) if file.exists() else hash_of([])


def keep(outputs: Path, edit: Edit) -> bool:
    """Keep an edit in place of an earlier one with its id; one that is the same keeps its date.

    Returns:
        Whether it is kept; False if it matches what was purged.

    Raises:
        DataError: If the file is corrupt.
        OSError: If it cannot be written.
    """
    is_purged = False

    def change(kept: list[Edit]) -> list[Edit]:
        nonlocal is_purged
        # Read under the lock: a purge saves its terms before it removes edits.
        is_purged = matches(load_terms(outputs), edit)
        if is_purged or any({**each, "date": edit["date"]} == edit for each in kept):
            return kept
        return [*(each for each in kept if each["id"] != edit["id"]), edit]

    _rewrite(outputs, change)
    return not is_purged


def remove(outputs: Path, ids: Iterable[str]) -> None:
    """Remove the edits with these ids, and those that match what was purged.

    Raises:
        DataError: If the file is corrupt.
        OSError: If it cannot be written.
    """
    removed = set(ids)

    def change(kept: list[Edit]) -> list[Edit]:
        purged = load_terms(outputs)
        return [edit for edit in kept if edit["id"] not in removed and not matches(purged, edit)]

    if edits_file(outputs).exists():
        _rewrite(outputs, change)


def matches(terms: Terms, edit: Edit) -> bool:
    """Whether an edit contains the words of a purge term, or answers a mail that a term names."""
    records: list[dict[str, Any]] = [{**edit, "to": [edit["to"]]}, *({"id": answered} for answered in edit["answers"])]
    return any(map(terms.matches_record, records))


def texts(edit: Edit) -> Iterator[str]:
    """Every text of an edit in which passages of mails may be."""
    yield from (edit["request"], edit["subject"], edit["context"], edit["draft"], edit["text"])


def _rewrite(outputs: Path, change: Callable[[list[Edit]], list[Edit]]) -> None:
    """Replace the whole file if it changes, one process at a time, so that nothing of a removed edit is left in it."""
    file = edits_file(outputs)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(file.with_suffix(".lock")):
        kept = load(outputs)
        changed = change(kept)
        if changed != kept:
            write_private(file, "".join(map(jsonl.line, changed)))


def _is_edit(record: dict[str, Any]) -> bool:
    answers = record.get("answers")
    has_texts = all(isinstance(record.get(name), str) for name in _TEXTS)
    return has_texts and isinstance(answers, list) and all(isinstance(each, str) for each in answers)
