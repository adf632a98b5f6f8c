"""The rules by which the owner's mails are selected and cleaned."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SelectionRules:
    """Rules for keeping and cleaning the owner's mails.

    Attributes:
        min_words: Mails with fewer words are dropped.
        max_words: Mails with more words are dropped; None for no limit.
        duplicate_similarity: Mails with this Jaccard similarity to an earlier one are dropped.
        max_mails: Only the newest are kept, up to this number; None for no limit.
        drop: Kinds of messages that are dropped.
        languages: Languages that are kept; empty for all.
        drop_code: Whether patches, logs and listings are cut.
        context_words: The maximum number of words of the message that a mail answers; None to keep no context.
        redact: Whether personal data is replaced by placeholders.
        others: The number of mails by other people to clean and keep in addition to the owner's.
    """

    min_words: int = 1
    max_words: int | None = None
    duplicate_similarity: float = 1.0
    max_mails: int | None = None
    drop: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    drop_code: bool = True
    context_words: int | None = None
    redact: bool = False
    others: int = 0
