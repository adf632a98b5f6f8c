"""Parses the items that readers yield, completely or only their headers. A broken item becomes an Unreadable."""

from dataclasses import replace

from email_assistant.archive import mime
from email_assistant.archive.messages import ArchiveItem, ParsedMessage, RawMessage, Unreadable
from email_assistant.archive.mime_tree import header_bytes
from email_assistant.archive.outlook import parse_msg


def parse_item(item: ArchiveItem) -> ParsedMessage | Unreadable:
    """Parse an item completely."""
    return _parse(item, mime.parse)


def parse_envelope(item: ArchiveItem) -> ParsedMessage | Unreadable:
    """Parse an item without its text."""
    message = _parse(item, mime.parse_envelope)
    return replace(message, text="") if isinstance(message, ParsedMessage) else message


def _parse(item: ArchiveItem, parser: mime.Parser) -> ParsedMessage | Unreadable:
    if not isinstance(item, RawMessage):
        return item
    try:
        parse = parse_msg if item.format == "msg" else parser
        message = parse(item.data, item.source, item.sent_folder)
        message.kinds |= item.kinds
        return message
    except Exception as error:  # a hostile message may raise anything, and must not stop the others
        return Unreadable(item.source, f"{type(error).__name__}: {error}"[:200])


def without_body(item: ArchiveItem) -> ArchiveItem:
    """The item without its body, to send less data to other processes."""
    if isinstance(item, ParsedMessage):
        return replace(item, text="")
    if isinstance(item, Unreadable) or item.format != "rfc822":
        return item
    try:
        return replace(item, data=header_bytes(item.data))
    except ValueError as error:
        return Unreadable(item.source, str(error))


def approximate_size(item: ArchiveItem) -> int:
    """The approximate size of an item in bytes, to limit batches."""
    return len(item.data) if isinstance(item, RawMessage) else len(item.text) if isinstance(item, ParsedMessage) else 0
