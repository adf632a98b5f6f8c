"""The mail that is to be answered: what a reply's context is, from an archive or from a file that a user names."""

from pathlib import Path

from email_assistant.archive import cleaning, readers
from email_assistant.archive.index import parse
from email_assistant.archive.mail import Mail
from email_assistant.archive.mime import decode
from email_assistant.errors import DataError

LARGEST_TEXT = 4 << 20


def shortened(text: str, words: int) -> str:
    """The beginning of a text, at most so many words, lines kept; '…' where it was cut."""
    lines, left = [], words
    for line in text.split("\n"):
        parts = line.split()
        if len(parts) > left:
            lines.append(" ".join([*parts[:left], "…"]))
            break
        lines.append(line)
        left -= len(parts)
    return "\n".join(lines).strip()


def text_to_answer(path: Path) -> str:
    """What a file holds to be answered, without what it quotes itself and without its signature.

    Args:
        path: A message or a thread of them in any format that archives have (the newest is answered),
            or a plain text.

    Raises:
        DataError: when there is no such file, or no text in it.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; infer.thread names the mail or thread to answer")
    newest = max(_mails(path), key=lambda mail: mail.moment, default=None)
    text = newest.text if newest else decode(path.read_bytes()[:LARGEST_TEXT], None).replace("\r\n", "\n")
    draft = cleaning.draft(text, drop_code=False, with_context=True)
    answered = cleaning.finish(draft.text) or draft.context
    if not answered.strip() or "\0" in answered:
        raise DataError(f"{path}: has no text to answer")
    return answered


def _mails(path: Path) -> list[Mail]:
    found = [parse(each) for each in readers.read([path], "auto", {})]
    return [mail for mail in found if isinstance(mail, Mail) and mail.text.strip()]
