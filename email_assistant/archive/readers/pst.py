"""Outlook's .pst and .ost, by libpff."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from email_assistant.archive.mail import Mail, Unreadable
from email_assistant.archive.mime import is_sent
from email_assistant.archive.outlook import Fields, to_mail

MAGIC = b"!BDN"


def looks_like_pst(head: bytes) -> bool:
    """Whether it is a personal folders file."""
    return head.startswith(MAGIC)


def read(stream: BinaryIO, name: str) -> Iterator[Mail | Unreadable]:
    """The messages of all folders; contacts, notes and appointments are passed over."""
    import pypff

    archive = pypff.file()
    archive.open_file_object(stream)
    try:
        yield from _folder(archive.get_root_folder(), name, [])
    finally:
        archive.close()


def _folder(folder: Any, name: str, above: list[str]) -> Iterator[Mail | Unreadable]:
    path = [*above, _quietly(folder, "name") or ""]
    sent = is_sent(path)
    for number in range(folder.number_of_sub_folders):
        yield from _folder(folder.get_sub_folder(number), name, path)
    for number in range(folder.number_of_sub_messages):
        source = f"{name}/{'/'.join(part for part in path if part)}#{number}"
        try:
            message = folder.get_sub_message(number)
            # Contacts and appointments lie beside mail and have no sender.
            if hasattr(message, "sender_name") and _quietly(message, "client_submit_time") is not None:
                yield to_mail(_fields(message), source, sent)
        except (OSError, ValueError) as error:
            yield Unreadable(source, f"{type(error).__name__}: {error}")


def _fields(message: Any) -> Fields:
    return Fields(
        headers=_quietly(message, "transport_headers") or "",
        subject=_quietly(message, "subject") or "",
        sender=_quietly(message, "sender_name") or "",
        sent=_quietly(message, "client_submit_time"),
        plain=_quietly(message, "plain_text_body"),
        html=_quietly(message, "html_body"),
        rtf=_quietly(message, "rtf_body"),
    )


def _quietly(item: Any, attribute: str) -> Any:
    """An attribute of an item; None where the file does not hold it, which libpff reports as an error."""
    try:
        return getattr(item, attribute)
    except (OSError, AttributeError, UnicodeDecodeError):
        return None
