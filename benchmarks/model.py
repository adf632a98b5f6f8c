"""What the benchmarks of the model share."""

import tempfile
from pathlib import Path

from email_assistant.archive import readers
from email_assistant.archive.selection import Rules, read_and_select
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
    archive = ROOT / "demo" / "archive.mbox"
    with tempfile.TemporaryDirectory() as work:
        rules = Rules(min_words=5, max_words=1500, duplicate_similarity=0.9, drop=frozenset({"vacation"}))
        _, _, chosen = read_and_select(lambda: readers.read([archive], "auto", {}), [], rules, Path(work))
        emails = list(chosen.kept)
    return [(from_headers(email["subject"], email["to"], email["language"]), email["text"]) for email in emails]
