"""All scores: their labels, which values are better, and their bounds."""

from dataclasses import dataclass
from typing import Literal

INFINITE = float("inf")
# The owner's own mails as an arm: the reference for style, MAUVE and authorship. Its BLEU and chrF are chance level.
OWNER = "owner"


@dataclass(frozen=True)
class ScoreSpec:
    """Display and comparison settings of a score.

    Attributes:
        label: Its name.
        short: Its name in narrow tables.
        better: 'high', 'low', or 'near' if it should be near the owner's own.
        lowest: Its lower bound.
        highest: Its upper bound.
        digits: Decimals that are displayed.
    """

    label: str
    short: str
    better: Literal["high", "low", "near"] = "high"
    lowest: float = 0.0
    highest: float = INFINITE
    digits: int = 3


SCORES = {
    "bleu": ScoreSpec("BLEU", "BLEU", highest=100.0, digits=1),
    "chrf": ScoreSpec("chrF", "chrF", highest=100.0, digits=1),
    "mauve": ScoreSpec("MAUVE", "MAUVE", highest=1.0),
    "authorship": ScoreSpec("Attributed to the owner", "authorship", highest=1.0, digits=2),
    "perplexity": ScoreSpec("Perplexity of the real mails", "perplexity", "low", lowest=1.0, digits=1),
    "length_ratio": ScoreSpec("Length (1 is the owner's)", "length", "near", digits=2),
    "ended": ScoreSpec("Complete", "complete", highest=1.0, digits=2),
    "facts_kept": ScoreSpec("Names, dates, numbers kept", "kept", highest=1.0, digits=2),
    "facts_invented": ScoreSpec("Facts added per mail", "added", "near", digits=2),
    "longest_copy": ScoreSpec("Longest copied run, words", "longest copy", "near", digits=1),
    "copied": ScoreSpec("Words in copied runs", "copied", "near", highest=1.0, digits=3),
    "style_greeting": ScoreSpec("Greeting", "greeting", "low", highest=1.0, digits=2),
    "style_sign_off": ScoreSpec("Sign-off", "sign-off", "low", highest=1.0, digits=2),
    "style_mail_length": ScoreSpec("Mail length difference (log2)", "mail", "low", digits=2),
    "style_sentence_length": ScoreSpec("Sentence length difference (log2)", "sentence", "low", digits=2),
    "style_punctuation": ScoreSpec("Punctuation", "marks", "low", highest=1.0, digits=2),
    "style_emoji": ScoreSpec("Emoji", "emoji", "low", highest=1.0, digits=2),
    "style_function_words": ScoreSpec("Function words", "words", "low", highest=1.0, digits=2),
}
