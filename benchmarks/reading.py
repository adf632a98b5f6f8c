"""Reading an mbox: this project's reader beside the standard library's mailbox and modern email policy."""

import mailbox
import tempfile
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from pathlib import Path

from email_assistant.archive.readers import mbox

DEMO = Path(__file__).resolve().parents[1] / "demo" / "archive.mbox"
COPIES = 5


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Five copies of the demo archive, every message to its text."""
    path = Path(tempfile.mkdtemp()) / "archive.mbox"
    path.write_bytes(DEMO.read_bytes() * COPIES)

    def ours() -> list[str]:
        return [getattr(mail, "text", "") for mail in mbox.read(path, "x")]

    def peer() -> list[str]:
        parser = BytesParser(policy=policy.default)
        texts = []
        for message in mailbox.mbox(path):
            body = parser.parsebytes(message.as_bytes()).get_body(("plain", "html"))
            texts.append(body.get_content() if body else "")
        return texts

    return "to the standard library's mailbox with email.policy.default", ours, peer
