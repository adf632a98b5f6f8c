"""Fuzzes readers and cleaner: no input may raise an exception, hang, or lose a message.

    pip install atheris
    python -m benchmarks.fuzz mbox 600               target (message, text, mbox or archive) and seconds

Atheris mutates the messages of the demo archive, guided by coverage. Inputs that fail are written to crash-*, timeout-*
or oom-* in the current folder.
"""

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["email_assistant"]):
    from email_assistant.archive import cleaning, readers
    from email_assistant.archive.html_text import html_to_text
    from email_assistant.archive.messages import ParsedMessage, RawMessage, Unreadable
    from email_assistant.archive.parsing import parse_item
    from email_assistant.archive.readers import mbox
    from email_assistant.archive.redaction import Redactor
    from email_assistant.archive.signatures import SignatureProfile
    from email_assistant.errors import ArchiveError

ROOT = Path(__file__).resolve().parents[1]


def message(data: bytes) -> None:
    """Parse and clean one message."""
    parsed = parse_item(RawMessage("fuzz", data))
    assert isinstance(parsed, ParsedMessage | Unreadable)
    if isinstance(parsed, ParsedMessage):
        text(parsed.text.encode("utf-8", "surrogatepass"))


def text(data: bytes) -> None:
    """Clean and redact a text, as plain text and as HTML."""
    plain = data.decode("utf-8", "replace").replace("\r\n", "\n")
    for source in (plain, html_to_text(plain)):
        stripped = cleaning.strip_quotes_and_footers(source, drop_code=True, with_context=True)
        result = cleaning.finish(stripped.text, SignatureProfile(names=frozenset({"ada"})))
        Redactor().redact(result, "ru")


def split(data: bytes) -> None:
    """Split an mbox: there are messages, no longer than the file, and the same with another chunk size."""
    whole = b"From me@x.example Mon Jan  1 10:00:00 2024\n" + data
    messages = list(mbox.split(io.BytesIO(whole)))
    assert messages
    assert sum(len(message or b"") for message in messages) <= len(whole)
    usual, mbox.CHUNK_BYTES = mbox.CHUNK_BYTES, 17
    try:
        assert list(mbox.split(io.BytesIO(whole))) == messages
    finally:
        mbox.CHUNK_BYTES = usual


def archive(data: bytes) -> None:
    """Read a file of any format."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            for item in readers.read([Path(file.name)], "auto", {}):
                assert isinstance(parse_item(item), ParsedMessage | Unreadable)
        except ArchiveError:
            return


TARGETS: dict[str, Callable[[bytes], None]] = {"message": message, "text": text, "mbox": split, "archive": archive}


def main() -> None:
    """Fuzz one target for some seconds, starting from the messages of the demo archive."""
    name, seconds = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory() as corpus:
        demo = (ROOT / "demo" / "archive.mbox").read_bytes()
        for number, data in enumerate(mbox.split(io.BytesIO(demo))):
            (Path(corpus) / str(number)).write_bytes((data or b"")[:4000])
        limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=3000", "-max_len=20000", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", corpus], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
