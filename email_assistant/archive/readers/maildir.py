"""Maildir: a folder with cur/ and new/, a file for every message."""

from collections.abc import Iterator
from pathlib import Path

from email_assistant.archive.mail import Mail, Unreadable
from email_assistant.archive.mime import SENT_LABELS
from email_assistant.archive.readers import eml


def is_maildir(path: Path) -> bool:
    """Whether a folder is a Maildir."""
    return (path / "cur").is_dir() and (path / "new").is_dir()


def files(path: Path) -> list[Path]:
    """The files of the messages that were delivered, in order of name."""
    return sorted(file for part in ("cur", "new") for file in (path / part).iterdir() if file.is_file())


def read(path: Path, name: str) -> Iterator[Mail | Unreadable]:
    """The messages of one Maildir; its subfolders are Maildirs of their own."""
    sent = path.name.lstrip(".").lower().startswith(SENT_LABELS)
    for file in files(path):
        for message in eml.read(file, f"{name}/{file.name}"):
            if isinstance(message, Mail):
                message.sent_folder |= sent
            yield message
