"""Reduces the text of a message to its author's own words, in two steps.

`strip_quotes_and_footers` cuts what can be recognized in a single message: quotes, and what programs add. `finish` cuts
the signature, which is learned from the whole archive, and rejoins wrapped lines.
"""

from collections.abc import Collection
from dataclasses import dataclass

from email_assistant.archive import quotes
from email_assistant.archive.code_blocks import strip_code
from email_assistant.archive.footers import strip_armor, strip_footers
from email_assistant.archive.invitations import strip_invitations
from email_assistant.archive.paragraphs import collapse_spaces, unwrap
from email_assistant.archive.signatures import EMPTY_PROFILE, SignatureProfile, strip_signature

# Non-breaking spaces, which mail programs write for a second space, and characters without width.
NORMALIZED = str.maketrans({"\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u00ad": "", "\u200b": "", "\ufeff": ""})


@dataclass(frozen=True)
class StrippedText:
    """A message after the first step.

    Attributes:
        text: The author's words with their line breaks; the signature may still be there.
        context: The quoted text that the message answers, cleaned; empty if there is none or it was not requested.
        cuts: What was cut, without repetitions: armor, code, device, disclaimer, footer, forward,
            invitation, list, quote.
    """

    text: str
    context: str
    cuts: tuple[str, ...]


def strip_quotes_and_footers(
    text: str, drop_code: bool, with_context: bool = False, authors: Collection[str] = ()
) -> StrippedText:
    """First step: cut what is recognizably quoted or added by a program.

    Args:
        text: The text of the message.
        drop_code: Whether patches, logs and listings are also cut.
        with_context: Whether to return the quoted text that the message answers.
        authors: The names and addresses of the message's writer in lower case, to tell whose a patch is.
    """
    text, had_armor = strip_armor(text if text.isascii() else text.translate(NORMALIZED))
    parts = quotes.split(text)
    lines, had_invitation = strip_invitations(parts.own.split("\n"))
    lines, cuts = strip_footers(lines)
    cuts |= {"invitation"} if had_invitation else set()
    if drop_code:
        lines, had_code = strip_code(lines, authors)
        cuts |= {"code"} if had_code else set()
    cuts |= {"armor"} if had_armor else set()
    cuts |= ({"forward"} if parts.forwarded else {"quote"}) if parts.quoted else set()
    context = _context(parts) if with_context and parts.quoted else ""
    return StrippedText(quotes.normalize_lines(lines), context, tuple(sorted(cuts)))


def finish(text: str, profile: SignatureProfile = EMPTY_PROFILE) -> str:
    """Second step: cut the owner's signature, and rejoin the lines that a mail program wrapped."""
    return collapse_spaces(unwrap(strip_signature(text, profile)))


def _context(parts: quotes.MessageParts) -> str:
    lines, _ = strip_footers(parts.context().split("\n"))
    return finish("\n".join(lines))
