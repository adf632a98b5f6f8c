"""The text of the message to answer: the context of a reply, from an archive or from a file that the user names."""

from pathlib import Path

from email_assistant.archive import cleaning, readers
from email_assistant.archive.charsets import decode_text
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.parsing import parse_item
from email_assistant.errors import DataError
from email_assistant.storage.named_files import check_readable

MAX_TEXT_BYTES = 4 << 20


def truncate_words(text: str, words: int) -> str:
    """The first words of a text with its line breaks, and '…' if there are more."""
    lines, left = [], words
    for line in text.split("\n"):
        line_words = line.split()
        if len(line_words) > left:
            lines.append(" ".join([*line_words[:left], "…"]))
            break
        lines.append(line)
        left -= len(line_words)
    return "\n".join(lines).strip()


def text_to_answer(path: Path) -> str:
    """The text of a message without quotes and signature.

    Args:
        path: A message or thread in any supported format of archives, or plain text. The newest message of a thread is
            used.

    Raises:
        DataError: If the file does not exist or has no text.
    """
    check_readable(path, "set infer.thread to the mail or thread to answer")
    newest = message_to_answer(path)
    text = newest.text if newest else decode_text(path.read_bytes()[:MAX_TEXT_BYTES]).replace("\r\n", "\n")
    answered = answered_text(text)
    if not answered or "\0" in answered:
        raise DataError(f"{path}: contains no text to answer; set infer.thread to another mail")
    return answered


def answered_text(text: str) -> str:
    """The text of a message without quotes and signature; what it quotes if it says nothing itself."""
    stripped = cleaning.strip_quotes_and_footers(text, drop_code=False, with_context=True)
    answered = cleaning.finish(stripped.text) or stripped.context
    return answered if answered.strip() else ""


def message_to_answer(path: Path) -> ParsedMessage | None:
    """The newest message of a file; None if the file is plain text."""
    return max(_messages(path), key=lambda message: message.timestamp, default=None)


def _messages(path: Path) -> list[ParsedMessage]:
    messages = map(parse_item, readers.read([path], "auto", {}))
    return [message for message in messages if isinstance(message, ParsedMessage) and message.text.strip()]
