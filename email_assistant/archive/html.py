"""Text from HTML mail, without what the mail program quoted."""

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser

# What mail programs wrap a quoted or forwarded message in.
QUOTED = ", ".join(
    [
        "blockquote[type=cite]",
        ".gmail_quote",
        ".gmail_extra",
        ".moz-cite-prefix",
        ".moz-forward-container",
        ".yahoo_quoted",
        ".protonmail_quote",
        ".zmail_extra",
        "#reply-intro",
    ]
)
# Outlook marks where the quoted message begins; it and all that follows goes.
QUOTE_BEGINS = "#divRplyFwdMsg, #appendonsend, #mail-editor-reference-message-container"
INVISIBLE = "style, script, head, title, template"


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail, a line for every block; empty when all of it is quoted."""
    tree = LexborHTMLParser(html)
    for node in tree.css(f"{INVISIBLE}, {QUOTED}"):
        node.decompose()
    for node in tree.css(QUOTE_BEGINS):
        _remove_with_what_follows(node)
    return extract_plain_text(tree.html or "", preserve_formatting=True, main_content=False, links=False).strip()


def _remove_with_what_follows(node: object) -> None:
    following = getattr(node, "next", None)
    while following is not None:
        after = following.next
        following.decompose()
        following = after
    node.decompose()  # type: ignore[attr-defined]
