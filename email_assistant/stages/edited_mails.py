"""From edits of the compose page to pairs: the request as typed, and the mail as its owner made it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from email_assistant.archive import cleaning, edits, purging
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.reply_context import truncate_words
from email_assistant.archive.selection import Selection
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.archive.threads import hash64
from email_assistant.console import StageLogger
from email_assistant.lexicon.words import count_words
from email_assistant.requests.reading import Reading
from email_assistant.requests.request_form import TYPED, with_recipient
from email_assistant.requests.typed_lines import one_line
from email_assistant.storage.records import Edit, Pair

log = StageLogger(__name__, "data")
# Before the id of an edit in the ids of pairs.
EDIT_PREFIX = "edit-"


def edited_pairs(
    outputs: Path, rules: SelectionRules, index: ArchiveIndex, selection: Selection
) -> tuple[list[Pair], dict[str, Any]]:
    """The edits as pairs, the oldest first, cleaned and selected by the rules for the archive's mails.

    Call it after the archive's mails were written, which names their threads.

    Args:
        outputs: The folder of outputs, which holds the edits.
        rules: The length and the languages of mails to keep.
        index: The archive's threads.
        selection: The owner's signature and languages, and what replaces personal data.

    Returns:
        The pairs, and the numbers of edits read, kept and dropped, as in report.json.

    Raises:
        DataError: If the file of edits is corrupt.
    """
    purged, dropped = purging.load_terms(outputs), Counter[str]()
    read, pairs = edits.load(outputs), list[Pair]()
    for edit in read:
        text = cleaning.finish(edit["text"].replace("\r\n", "\n"), selection.profile)
        reason = "purged" if edits.matches(purged, edit) else _drop_reason(text, rules, selection)
        if reason:
            dropped[reason] += 1
        else:
            pairs.append(_pair(edit, text, rules, index, selection))
    log.info("%d edited drafts, %d of them kept", len(read), len(pairs))
    return pairs, {"read": len(read), "kept": len(pairs), "dropped": dict(dropped.most_common())}


def _drop_reason(text: str, rules: SelectionRules, selection: Selection) -> str | None:
    is_other = rules.languages and selection.language(text) not in rules.languages
    return rules.fault_of_length(count_words(text)) or ("other_language" if is_other else None)


def _pair(edit: Edit, text: str, rules: SelectionRules, index: ArchiveIndex, selection: Selection) -> Pair:
    redact = selection.redact
    pair: Pair = {
        "id": f"{EDIT_PREFIX}{edit['id']}",
        "instruction": redact(_instruction(edit)),
        "email": redact(text),
        "subject": redact(edit["subject"]),
        "thread": index.threads.named_thread(reversed(edit["answers"])) or f"edit {hash64(next(_origin(edit))):016x}",
        "date": edit["date"],
        "method": TYPED,
    }
    if rules.context_words:
        pair["context"] = redact(truncate_words(edit["context"], rules.context_words)) or None
    return pair


def _instruction(edit: Edit) -> str:
    """The request as the page asks the model, but for the name of a recipient whom an order does not name."""
    # An order with a name in front of it would no longer be read as one.
    is_order = Reading(orders=True).takes_for_order(edit["request"])
    return one_line(edit["request"]) if is_order else with_recipient(edit["request"], edit["to"])


def _origin(edit: Edit) -> Iterator[str]:
    """What names the thread of an edit that is in no thread of the archive: its first mail, or the edit itself."""
    yield from edit["answers"][:1]
    yield edit["id"]
