"""Formats with mail that are not read, by the first bytes of their files, and how to convert each."""

# Outlook Express, the University of Washington's programs, Lotus Notes, and containers that need another program.
FORMATS = {
    b"\xcf\xad\x12\xfe": "Outlook Express (.dbx), which undbx converts to .eml files",
    b"*mbx*\r\n": "mbx of Pine and UW IMAP, which their mailutil converts to mbox",
    b"\x1a\0\0\x04\0\0": "Lotus Notes (.nsf), from which Notes exports .eml files",
    b"SQLite format 3\0": "a SQLite database, as Mailspring has; export the mail from the program as mbox or .eml",
    b"Rar!\x1a\x07": "a RAR archive; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it first",
}


def format_of(head: bytes) -> str | None:
    """The format of a file that begins with these bytes and what to do with it; None if none of these."""
    return next((name for magic, name in FORMATS.items() if head.startswith(magic)), None)
