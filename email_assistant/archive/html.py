"""Text from HTML mail, with what the mail program quoted marked '>' as in plain mail.

So one set of rules takes quotes from both, and people who answer between the quoted paragraphs keep
their answers, which removing the quoting elements as a whole would lose.
"""

import re

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser, LexborNode

# Longer pages are cut: what the writer typed stands at their beginning, and nobody types two million characters.
LONGEST = 2_000_000
# What mail programs wrap a quoted message in.
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
# Outlook and others mark where the quoted message begins; all that follows is quoted.
QUOTE_BEGINS = "#divRplyFwdMsg, #appendonsend, #mail-editor-reference-message-container, hr#stopSpelling"
ATTRIBUTIONS = ".moz-cite-prefix, #reply-intro"
SIGNATURES = (
    ".gmail_signature, .moz-signature, #Signature, [data-smartmail=gmail_signature], #protonmail_signature_block"
)
INVISIBLE = "style, script, head, title, template, img, svg, object, noscript"
# Private-use characters stand for the marks until the text is laid out in lines.
OPEN, CLOSE, BEGIN, SIGNATURE = "\ue0f0", "\ue0f1", "\ue0f2", "\ue0f3"
MARKS = re.compile(f"([{OPEN}{CLOSE}{BEGIN}{SIGNATURE}])")


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail, a line for every block, quoted lines marked '>'."""
    tree = LexborHTMLParser(MARKS.sub("", html[:LONGEST]))
    for node in tree.css(INVISIBLE):
        node.decompose()
    for node in tree.css(ATTRIBUTIONS):
        node.decompose()
    for node in tree.css(".gmail_attr"):
        if _next_tag(node) == "blockquote":
            node.decompose()
    for node in tree.css(QUOTED):
        node.insert_before(OPEN)
        node.insert_after(CLOSE)
    for node in tree.css(QUOTE_BEGINS):
        node.insert_before(BEGIN)
    for node in tree.css(SIGNATURES):
        node.insert_before(SIGNATURE)
    text = extract_plain_text(tree.html or "", preserve_formatting=True, main_content=False, links=False)
    return _marked(text).strip()


def _next_tag(node: LexborNode) -> str | None:
    following = node.next
    while following is not None and following.tag in ("-text", "br"):
        if (following.text() or "").strip():
            return None
        following = following.next
    return following.tag if following is not None else None


def _marked(text: str) -> str:
    """The text with the private-use characters turned into marks at the beginning of lines."""
    lines: list[str] = []
    depth = 0
    for piece in MARKS.split(text):
        if piece in (OPEN, CLOSE):
            depth = max(0, depth + (1 if piece == OPEN else -1))
        elif piece == BEGIN:
            lines.append("-----Original Message-----")
        elif piece == SIGNATURE:
            lines.append("-- ")
        else:
            lines += [f"{'>' * depth} {line}" if depth else line for line in piece.strip("\n").split("\n")]
    return "\n".join(lines)
