"""The text inside winmail.dat, which Outlook sends where it takes the recipient for another Outlook (TNEF)."""

from tnefparse import TNEF

from email_assistant.archive.charsets import decode_text
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.rtf import rtf_to_text


def tnef_to_text(data: bytes) -> str:
    """The text of the mail; empty if there is none.

    Raises:
        ValueError: If the data is broken.
    """
    try:
        tnef = TNEF(data, do_checksum=False)
        plain, page, rich = tnef.body, tnef.htmlbody, tnef.rtfbody
    except Exception as error:  # the library raises whatever its reading of damaged data leads to
        raise ValueError(f"not a TNEF attachment: {type(error).__name__}: {error}") from error
    text = _to_text(plain).rstrip("\0")
    if text.strip():
        return text.replace("\r\n", "\n").replace("\r", "\n")
    if page:
        return html_to_text(_to_text(page))
    return rtf_to_text(rich if isinstance(rich, bytes) else rich.encode("latin-1", "replace")) if rich else ""


def _to_text(value: object) -> str:
    if isinstance(value, list):
        return "".join(map(_to_text, value))
    return decode_text(value) if isinstance(value, bytes) else str(value or "")
