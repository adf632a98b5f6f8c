"""A message's text to its writer's own words, in two steps: what one message shows, then what all of them teach."""

from dataclasses import dataclass

from email_assistant.archive import quotes
from email_assistant.archive.code import without_code
from email_assistant.archive.footers import without_armor, without_footers
from email_assistant.archive.paragraphs import close_up, unwrap
from email_assistant.archive.signatures import NOTHING, Learned, without_signature

# What mail programs write for a second space, and characters that have no width.
UNTYPED = str.maketrans({"\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u00ad": "", "\u200b": "", "\ufeff": ""})


@dataclass(frozen=True)
class Draft:
    """A message after the first step.

    Attributes:
        text: The writer's words, lines as they were; the signature may still be there.
        context: What the message answers, cleaned; empty when it quotes nothing or nobody asked.
        cuts: What was taken off, each once: armor, code, device, disclaimer, footer, forward, list, quote.
    """

    text: str
    context: str
    cuts: tuple[str, ...]


def draft(text: str, drop_code: bool, with_context: bool = False) -> Draft:
    """Take off what one message shows to be another's or a program's.

    Args:
        text: The message's text.
        drop_code: Whether patches, logs and listings go as well.
        with_context: Whether what it answers is wanted.
    """
    text, signed = without_armor(text.translate(UNTYPED))
    parts = quotes.split(text)
    lines, cuts = without_footers(parts.own.split("\n"))
    if drop_code:
        lines, had_code = without_code(lines)
        cuts |= {"code"} if had_code else set()
    cuts |= {"armor"} if signed else set()
    cuts |= ({"forward"} if parts.forwarded else {"quote"}) if parts.quoted else set()
    return Draft(quotes.tidy(lines), _context(parts) if with_context and parts.quoted else "", tuple(sorted(cuts)))


def finish(text: str, learned: Learned = NOTHING) -> str:
    """Take off the signature that the archive teaches, and make paragraphs whole."""
    return close_up(unwrap(without_signature(text, learned)))


def _context(parts: quotes.Parts) -> str:
    lines, _ = without_footers(parts.context().split("\n"))
    return finish("\n".join(lines))
