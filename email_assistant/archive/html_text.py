"""Converts HTML mail to text, with quoted lines marked by '>' as in plain mail.

So the same rules remove quotes from HTML and plain text. Removing the quoting elements as a whole would also remove
answers between quoted paragraphs.
"""

import re
from collections.abc import Iterable

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
DELIMITERS = ".gmail_signature_prefix"
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
# What only programs read, such as the words that a mailbox shows beside a subject.
HIDDEN = (("display", "none"), ("visibility", "hidden"))
NO_LENGTH = re.compile(r"0+(?:\.0*)?[a-z%]*")
MAY_HIDE = re.compile(r"\bhidden\b|:\s*none|max-height\s*:\s*0|font-size\s*:\s*0", re.IGNORECASE)
# A picture in place of a face: its text is an emoji, or what was typed.
FACE = re.compile(
    "[\u203c\u2049\u2139\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\u200d\ufe0f\u20e3"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f]{1,14}|[:;]-?[)(DPp|]"
)
# What Outlook makes of faces, arrows and the marks of lists: letters in a font of pictures.
WINGDINGS = "[style*=Wingdings i], font[face*=Wingdings i]"
OF_WINGDINGS = {
    **{"J": ":)", "K": ":|", "L": ":(", "à": "→", "ß": "←", "è": "→", "ü": "✓"},
    **dict.fromkeys("§nØvqu", "•"),
}
# Private-use characters are placeholders for the markers until the text is split into lines.
OPEN, CLOSE, START, SIGNATURE = "\ue0f0", "\ue0f1", "\ue0f2", "\ue0f3"
PLACEHOLDERS = re.compile(f"([{OPEN}{CLOSE}{START}{SIGNATURE}])")


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail, with a line per block and quoted lines marked by '>'."""
    tree = LexborHTMLParser(PLACEHOLDERS.sub("", html[:MAX_CHARACTERS]))
    _spell_pictures(tree)
    for node in tree.css(INVISIBLE_ELEMENTS):
        node.decompose()
    if MAY_HIDE.search(html):
        _remove_hidden(tree)
    for node in tree.css(f"{ATTRIBUTIONS}, {DELIMITERS}"):
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


def _spell_pictures(tree: LexborHTMLParser) -> None:
    """Write faces and marks as text that programs show by pictures or by letters in a font of pictures."""
    for node in tree.css("img[alt]"):
        alt = (node.attributes.get("alt") or "").strip()
        if FACE.fullmatch(alt):
            node.insert_before(alt)
    for node in tree.css(WINGDINGS):
        text = OF_WINGDINGS.get((node.text() or "").strip())
        if text:
            node.replace_with(f"{text} " if text == "•" else text)


def _remove_hidden(tree: LexborHTMLParser) -> None:
    """Remove what is not shown.

    The body itself stays, and a mark of where a quote begins. Tables without size have cells with one.
    """
    styled = [(node, _style(node)) for node in tree.css("body [style], body [hidden]")]
    sized = [node.parent for node, style in styled if "font-size" in style and node.parent is not None]
    above_text, above_marks = _with_ancestors(sized), _with_ancestors(tree.css(QUOTE_START))
    hidden = [
        node
        for node, style in styled
        if ("hidden" in node.attributes or _is_hidden(style, node.mem_id in above_text))
        and node.mem_id not in above_marks
    ]
    # From the innermost, since nothing is left of what is inside a node that was removed.
    for node in reversed(hidden):
        node.decompose()


def _style(node: LexborNode) -> dict[str, str]:
    """The declarations of an element's style, in lower case."""
    parts = (each.partition(":") for each in (node.attributes.get("style") or "").lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in parts}


def _is_hidden(style: dict[str, str], has_size_below: bool) -> bool:
    if any(style.get(name) == value for name, value in HIDDEN):
        return True
    if NO_LENGTH.fullmatch(style.get("max-height", "")) and style.get("overflow") == "hidden":
        return True
    return NO_LENGTH.fullmatch(style.get("font-size", "")) is not None and not has_size_below


def _with_ancestors(nodes: Iterable[LexborNode]) -> set[int]:
    """The ids of some nodes and of all that they are in."""
    ids: set[int] = set()
    for node in nodes:
        current: LexborNode | None = node
        while current is not None and current.mem_id not in ids:
            ids.add(current.mem_id)
            current = current.parent
    return ids


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
