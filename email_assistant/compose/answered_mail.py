"""The mail that is answered, from the bytes of an .eml or .msg file."""

from dataclasses import dataclass

from email_assistant.archive.headers import parse_people
from email_assistant.archive.messages import ParsedMessage, RawMessage
from email_assistant.archive.mime_tree import parse_header
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.reply_context import answered_text
from email_assistant.compose.drafts import reply_subject
from email_assistant.errors import DataError

# How a compound file begins, as Outlook's .msg files are.
COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")


@dataclass(frozen=True)
class AnsweredMail:
    """What an answer takes from the mail that it answers.

    Attributes:
        text: Its text, without quotes and signature.
        to: Whom to answer, as `Name <address>`.
        subject: The subject of the answer.
        message_id: Its Message-ID, without brackets; empty if it has none.
        references: The Message-IDs before it in its thread.
    """

    text: str
    to: str
    subject: str
    message_id: str
    references: list[str]


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
    reply_to = [] if is_msg else parse_people(parse_header(data), "Reply-To")
    mail = of_message(message, ", ".join(map(str, reply_to)))
    if not mail.text:
        raise DataError("this mail has no text to answer")
    return mail


def of_message(message: ParsedMessage, reply_to: str = "") -> AnsweredMail:
    """What an answer takes from a message.

    Args:
        message: The message.
        reply_to: Whom it asks to answer instead of its sender.
    """
    # Without a Message-ID of its own, the id is a hash.
    message_id = message.id if "@" in message.id else ""
    references = [each for each in message.references if each != message_id]
    to = reply_to or ", ".join(map(str, message.senders[:1]))
    return AnsweredMail(answered_text(message.text), to, reply_subject(message.subject), message_id, references)
