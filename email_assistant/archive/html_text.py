"""Converts HTML mail to text, with quoted lines marked by '>' as in plain mail.

So the same rules remove quotes from HTML and plain text. Removing the quoting elements as a whole would also remove
answers between quoted paragraphs.
"""

import re

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser, LexborNode

from email_assistant.archive.attributions import is_full_attribution
from email_assistant.archive.header_blocks import find_header_block, find_separator

# Longer pages are truncated. The author's own text is at the beginning.
MAX_CHARACTERS = 2_000_000
MAX_HEADER_CHARACTERS = 2000
# Elements that mail programs wrap a quoted message in.
QUOTED = ", ".join(
    [
        "blockquote[type=cite]",
        "blockquote[cite]",
        "blockquote.gmail_quote",
        ".gmail_quote blockquote",
        "blockquote[style*=border-left]",
        "div[style*='border-left:solid blue']",
        ".yahoo_quoted",
        ".protonmail_quote",
        ".zmail_extra",
        "#OLK_SRC_BODY_SECTION",
    ]
)
# Outlook and others mark the start of the quoted message; everything after it is quoted.
QUOTE_START = "#divRplyFwdMsg, #appendonsend, #mail-editor-reference-message-container, hr#stopSpelling"
ATTRIBUTIONS = ".moz-cite-prefix, #reply-intro"
SIGNATURES = ", ".join(
    [
        ".gmail_signature",
        ".moz-signature",
        "#Signature",
        "[data-smartmail=gmail_signature]",
        "#protonmail_signature_block",
        ".protonmail_signature_block",
        "#ms-outlook-mobile-signature",
        "[name=messageSignatureSection]",
        ".front-signature",
        ".missive_signature",
        "signature",
        "#edo-signature",
    ]
)
INVISIBLE_ELEMENTS = "style, script, head, title, template, img, svg, object, noscript"
# Private-use characters are placeholders for the markers until the text is split into lines.
OPEN, CLOSE, START, SIGNATURE = "\ue0f0", "\ue0f1", "\ue0f2", "\ue0f3"
PLACEHOLDERS = re.compile(f"([{OPEN}{CLOSE}{START}{SIGNATURE}])")


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail, with a line per block and quoted lines marked by '>'."""
    tree = LexborHTMLParser(PLACEHOLDERS.sub("", html[:MAX_CHARACTERS]))
    for node in tree.css(INVISIBLE_ELEMENTS):
        node.decompose()
    for node in tree.css(ATTRIBUTIONS):
        node.decompose()
    for node in tree.css(".gmail_attr"):
        if _next_tag(node) == "blockquote":
            node.decompose()
    for node in tree.css(QUOTED):
        if _is_only_header(node):
            node.insert_before(START)
        else:
            node.insert_before(OPEN)
            node.insert_after(CLOSE)
    for node in tree.css(QUOTE_START):
        node.insert_before(START)
    for node in tree.css(SIGNATURES):
        node.insert_before(SIGNATURE)
    text = extract_plain_text(tree.html or "", preserve_formatting=True, main_content=False, links=False)
    return _resolve_placeholders(text).strip()


def _is_only_header(node: LexborNode) -> bool:
    """Whether a quoting element is around only the header of the quoted message, whose body follows it."""
    text = node.text(separator="\n", strip=True)
    if len(text) > MAX_HEADER_CHARACTERS:
        return False
    lines = _joined_labels(text.split("\n"))
    separator = find_separator(lines, 0) if lines else None
    lines = lines[separator.end :] if separator else lines
    if lines and is_full_attribution(" ".join(lines)):
        return not _is_above_quote(node)
    header = find_header_block(lines, 0) if lines else None
    return header is not None and header.end >= len(lines)


def _is_above_quote(node: LexborNode) -> bool:
    """Whether the next element is a quoting one, or contains one, and no words are between."""
    following = node.next
    while following is not None and following.tag in ("-text", "br"):
        if (following.text() or "").strip():
            return False
        following = following.next
    return following is not None and (following.css_matches(QUOTED) or following.css_first("blockquote") is not None)


def _joined_labels(pieces: list[str]) -> list[str]:
    """The lines of a header, of which labels and values are in elements of their own."""
    lines: list[str] = []
    for piece in filter(None, map(str.strip, pieces)):
        if lines and (lines[-1].endswith(":") or piece.startswith((":", "<"))):
            lines[-1] += f" {piece}"
        else:
            lines.append(piece)
    return lines


def _next_tag(node: LexborNode) -> str | None:
    following = node.next
    while following is not None and following.tag in ("-text", "br"):
        if (following.text() or "").strip():
            return None
        following = following.next
    return following.tag if following is not None else None


def _resolve_placeholders(text: str) -> str:
    """Replace the private-use characters by markers at the beginning of lines."""
    lines: list[str] = []
    depth = 0
    for piece in PLACEHOLDERS.split(text):
        if piece in (OPEN, CLOSE):
            depth = max(0, depth + (1 if piece == OPEN else -1))
            if not depth:
                # What an answer between quoted elements follows is not part of its paragraph.
                lines.append("")
        elif piece == START:
            lines.append("-----Original Message-----")
        elif piece == SIGNATURE:
            lines.append("-- ")
        else:
            lines += [f"{'>' * depth} {line}" if depth else line for line in piece.strip("\n").split("\n")]
    return "\n".join(lines)
