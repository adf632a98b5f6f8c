"""Outlook's .pst and .ost, read by libpff."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from email_assistant.archive.folders import is_sent_folder, kinds_of_folders
from email_assistant.archive.messages import ParsedMessage, Unreadable
from email_assistant.archive.outlook import MessageProperties, to_message

MAGIC = b"!BDN"


def looks_like_pst(head: bytes) -> bool:
    """Whether it is a personal folders file."""
    return head.startswith(MAGIC)


def read(stream: BinaryIO, name: str) -> Iterator[ParsedMessage | Unreadable]:
    """Yield the messages of all folders; contacts, notes and appointments are skipped.

    Raises:
        ValueError: If the file is damaged, incomplete or another one with the same first bytes.
    """
    import pypff

    archive = pypff.file()
    try:
        archive.open_file_object(stream)
    except OSError as error:
        raise ValueError("a damaged or incomplete Outlook data file, which Outlook's scanpst may repair") from error
    try:
        yield from _read_folder(archive.get_root_folder(), name, [])
    finally:
        archive.close()


def _read_folder(folder: Any, name: str, parents: list[str]) -> Iterator[ParsedMessage | Unreadable]:
    path = [*parents, _get(folder, "name") or ""]
    sent, kinds = is_sent_folder(path), kinds_of_folders(path)
    for index in range(folder.number_of_sub_folders):
        yield from _read_folder(folder.get_sub_folder(index), name, path)
    for index in range(folder.number_of_sub_messages):
        source = f"{name}/{'/'.join(part for part in path if part)}#{index}"
        try:
            message = folder.get_sub_message(index)
            # Folders of mail also have contacts and appointments, which have no sender.
            if hasattr(message, "sender_name") and _get(message, "client_submit_time") is not None:
                yield to_message(_properties(message, kinds), source, sent)
        except (OSError, ValueError) as error:
            yield Unreadable(source, f"{type(error).__name__}: {error}")


def _properties(message: Any, kinds: frozenset[str]) -> MessageProperties:
    return MessageProperties(
        headers=_get(message, "transport_headers") or "",
        subject=_get(message, "subject") or "",
        sender=_get(message, "sender_name") or "",
        sent=_get(message, "client_submit_time"),
        plain=_get(message, "plain_text_body"),
        html=_get(message, "html_body"),
        rtf=_get(message, "rtf_body"),
        kinds=kinds,
    )


def _get(item: Any, attribute: str) -> Any:
    """An attribute of an item; None if the file does not have it, which libpff reports as an error."""
    try:
        return getattr(item, attribute)
    except (OSError, AttributeError, UnicodeDecodeError):
        return None
