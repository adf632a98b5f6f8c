"""The mail that is answered, from the bytes of an .eml or .msg file."""

from dataclasses import dataclass

from email_assistant.archive.messages import ParsedMessage, RawMessage
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.reply_context import answered_text
from email_assistant.compose.drafts import reply_subject
from email_assistant.errors import DataError

# How a compound file begins, as Outlook's .msg files are.
COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
# Characters of its text that are kept; the page sends no more.
MAX_TEXT = 60_000


@dataclass(frozen=True)
class AnsweredMail:
    """What an answer takes from the mail that it answers.

    Attributes:
        text: Its text, without quotes and signature.
        to: Whom to answer, as `Name <address>`.
        subject: The subject of the answer.
        message_id: Its Message-ID, without brackets; empty if it has none.
        references: The Message-IDs before it in its thread.
        is_cut: Whether the end of its text is left out because it is very long.
    """

    text: str
    to: str
    subject: str
    message_id: str
    references: list[str]
    is_cut: bool = False


def read_mail(data: bytes) -> AnsweredMail:
    """Read a mail to answer.

    Args:
        data: An .eml or .msg file. The end may be missing, as of a mail with large attachments.

    Raises:
        DataError: when it is not a mail, or has no text.
    """
    is_msg = data.startswith(COMPOUND_FILE)
    message = parse_item(RawMessage("the dropped file", data, format="msg" if is_msg else "rfc822"))
    if not isinstance(message, ParsedMessage):
        raise DataError("this file is not a mail")
    mail = of_message(message)
    if not mail.text:
        raise DataError("this mail has no text to answer")
    return mail


def of_message(message: ParsedMessage) -> AnsweredMail:
    """What an answer takes from a message; it goes to whom the message asks to answer, else to its sender."""
    # Without a Message-ID of its own, the id is a hash.
    message_id = message.id if "@" in message.id else ""
    references = [each for each in message.references if each != message_id]
    to = ", ".join(map(str, message.reply_to or message.senders[:1]))
    text = answered_text(message.text)
    is_cut = len(text) > MAX_TEXT
    return AnsweredMail(text[:MAX_TEXT], to, reply_subject(message.subject), message_id, references, is_cut)
