"""What the benchmarks of the model share."""

import json
from pathlib import Path

from email_assistant.archive import owner, readers
from email_assistant.archive.mail import Mail
from email_assistant.archive.selection import Limits, select
from email_assistant.config import Model
from email_assistant.instructions import from_headers
from email_assistant.language_model.loading import LanguageModel, load_base

ROOT = Path(__file__).resolve().parents[1]


def embedded() -> LanguageModel:
    """The embedded model in float32 on the processor."""
    path = str(ROOT / "models" / "smollm2_135m")
    return load_base(Model(path=path, quantization="none", dtype="float32", device="cpu", threads=None))


def pairs() -> list[tuple[str, str]]:
    """Instructions and mails of the demo archive."""
    pieces, _ = readers.find_pieces(ROOT / "demo" / "archive.mbox", "auto")
    messages = [message for piece in pieces for message in readers.read(piece, {})]
    found = owner.find(message for message in messages if isinstance(message, Mail))
    kept = select(messages, found, Limits(5, 1500, 0.9, None)).kept
    emails = json.loads(json.dumps(kept))
    return [(from_headers(email["subject"], email["to"], email["language"]), email["text"]) for email in emails]
