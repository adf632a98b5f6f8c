"""The names of all scores: what they are called, which way is better, and within which bounds they lie."""

from dataclasses import dataclass
from typing import Literal

INFINITE = float("inf")
# The owner's own training mails in the place of written ones: what a perfect writer would score.
OWNER = "owner"


@dataclass(frozen=True)
class Score:
    """How a score is read.

    Attributes:
        label: For people.
        short: The same for narrow tables.
        better: 'high', 'low', or 'near': the nearer to the owner's own.
        lowest: That it can be.
        highest: That it can be.
        digits: After the point, where it is shown.
    """

    label: str
    short: str
    better: Literal["high", "low", "near"] = "high"
    lowest: float = 0.0
    highest: float = INFINITE
    digits: int = 3


SCORES = {
    "bleu": Score("BLEU", "BLEU", highest=100.0, digits=1),
    "chrf": Score("chrF", "chrF", highest=100.0, digits=1),
    "mauve": Score("MAUVE", "MAUVE", highest=1.0),
    "authorship": Score("Taken for the owner's", "owner's?", highest=1.0, digits=2),
    "perplexity": Score("Perplexity of the real mails", "perplexity", "low", lowest=1.0, digits=1),
    "length_ratio": Score("Length (1 is the owner's)", "length", "near", digits=2),
    "ended": Score("Ended by itself", "ended", highest=1.0, digits=2),
    "facts_kept": Score("Names, dates, numbers kept", "kept", highest=1.0, digits=2),
    "facts_invented": Score("Facts added, a mail", "added", "near", digits=2),
    "longest_copy": Score("Longest copied run, words", "run", "near", digits=1),
    "copied": Score("Words in copied runs", "copied", "near", highest=1.0, digits=3),
    "style_greeting": Score("Greeting", "greeting", "low", highest=1.0, digits=2),
    "style_sign_off": Score("Sign-off", "sign-off", "low", highest=1.0, digits=2),
    "style_mail_length": Score("Mail length, octaves", "mail", "low", digits=2),
    "style_sentence_length": Score("Sentence length, octaves", "sentence", "low", digits=2),
    "style_punctuation": Score("Punctuation", "marks", "low", highest=1.0, digits=2),
    "style_emoji": Score("Emoji", "emoji", "low", highest=1.0, digits=2),
    "style_function_words": Score("Function words", "words", "low", highest=1.0, digits=2),
}
