"""Formats that are not read, by the first bytes of their files, and what to do with each."""

import re

# Formats of other mail programs, containers that need another program, and documents that are no mail.
FORMATS = {
    b"\xcf\xad\x12\xfe": "Outlook Express (.dbx), which undbx converts to .eml files",
    b"*mbx*\r\n": "mbx of Pine and UW IMAP, which their mailutil converts to mbox",
    b"\x1a\0\0\x04\0\0": "Lotus Notes (.nsf), from which Notes exports .eml files",
    b"SQLite format 3\0": "a SQLite database, as Mailspring has; export the mail from the program as mbox or .eml",
    b"\0\1\0\0Standard ": "an Access database; export the table with the mail as CSV",
    b"\x21\x09\x70\x19": "The Bat! (.tbb), which exports .eml files or a Unix mailbox",
    b"-- MySQL dump": "a dump of a database; export the table with the mail as CSV",
    b"-- MariaDB dump": "a dump of a database; export the table with the mail as CSV",
    b"--\n-- PostgreSQL database dump": "a dump of a database; export the table with the mail as CSV",
    b"<?xml": "XML, in a form that is not known; export the mail from the program as mbox or .eml",
    b"ref: refs/": "a part of a git repository; check its files out, or export its mail as mbox",
    b"PAR1": "a Parquet table; save it as CSV, as pandas.read_parquet('mail.parquet').to_csv('mail.csv') does",
    b"\xd0\xcf\x11\xe0": "a document of old Excel or Word, or a file of Windows; save a table as CSV",
    b"Rar!\x1a\x07": "a RAR archive; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it first",
    b"\x04\x22\x4d\x18": "compressed by lz4; unpack it first",
    b"\x1f\x9d": "compressed by compress (.Z); unpack it first",
    b"PK\x05\x06": "an empty zip file",
    b"PK\x07\x08": "a part of a split zip file; join the parts first",
    b"MZ": "a Windows program; if it unpacks mail, unpack it first",
    b"%PDF-": "a PDF document; export the mail from the mail program as mbox or .eml",
    b"{\\rtf": "a document in rich text; export the mail from the mail program as mbox or .eml",
    b"-----BEGIN PGP MESSAGE-----": "encrypted by PGP; decrypt it first",
    b"BEGIN:VCARD": "contacts (vCard), without mail",
    b"BEGIN:VCALENDAR": "appointments (iCalendar), without mail",
}
WEB_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
# Fields above a memo of Notes, of which mail has others.
NOTES_TEXT = re.compile(rb"(?:[\w$]+:[^\n]*\n){1,40}?(?:SendTo|PostedDate|ComposedDate|\$UpdatedBy):")
# What Office and LibreOffice write first into the zip file that a document of theirs is.
DOCUMENT = re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|xl/|word/|ppt/|mimetype)", re.DOTALL)


def format_of(head: bytes) -> str | None:
    """The format of a file that begins with these bytes and what to do with it; None if none of these."""
    if WEB_PAGE.match(head):
        return "a web page (HTML); export the mail from the mail program as mbox or .eml"
    if NOTES_TEXT.match(head):
        return "structured text of Notes; export the mail from Notes as .eml files"
    if DOCUMENT.match(head):
        return _document(head)
    return next((name for magic, name in FORMATS.items() if head.startswith(magic)), None)


def _document(head: bytes) -> str:
    is_open = b"opendocument" in head[:200]
    if b"opendocument.spreadsheet" in head[:200] or (b"xl/" in head and not is_open):
        return f"an {'OpenDocument' if is_open else 'Excel'} table; save the sheet with the mail as CSV"
    kind = "an OpenDocument document" if is_open else "a Word document" if b"word/" in head else "a document of Office"
    return f"{kind}; export the mail from the mail program as mbox or .eml"
