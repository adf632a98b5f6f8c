"""All scores: their groups and labels, which values are better, and their bounds."""

from dataclasses import dataclass
from typing import Literal

INFINITE = float("inf")
# Raised whenever mails get other scores or more of them. Mails that were generated before are then scored again.
SCORES_VERSION = 6
Group = Literal["sense", "style", "overlap", "model", "copying"]
# In the order of tables: what a mail says comes first.
GROUPS: dict[Group, str] = {
    "sense": "Sense: does it say what was asked",
    "style": "Style: is it like the owner's",
    "overlap": "Overlap with the owner's mail for the same request",
    "model": "The model",
    "copying": "Copying from training mails",
}
# The owner's own mails as an arm: the reference for style, MAUVE and authorship. Its BLEU and chrF are chance level.
OWNER = "owner"
# Signatures that concern all scores: hashes of the owner's mails that are scored, and of their requests.
OWNER_MAILS, REQUESTS = "mails", "requests"


@dataclass(frozen=True)
class ScoreSpec:
    """Display and comparison settings of a score.

    Attributes:
        label: Its name.
        short: Its name in narrow tables.
        group: What it is about.
        better: 'high', 'low', or 'near' if it should be near the owner's own.
        lowest: Its lower bound.
        highest: Its upper bound.
        digits: Decimals that are displayed.
    """

    label: str
    short: str
    group: Group
    better: Literal["high", "low", "near"] = "high"
    lowest: float = 0.0
    highest: float = INFINITE
    digits: int = 3


SCORES = {
    "sense": ScoreSpec("Says what was asked", "sense", "sense", highest=1.0, digits=2),
    "content_said": ScoreSpec("Words of the request kept", "said", "sense", highest=1.0, digits=2),
    "content_unfounded": ScoreSpec("Words not asked for", "unasked", "sense", "near", highest=1.0, digits=2),
    "facts_kept": ScoreSpec("Names, dates, numbers kept", "kept", "sense", highest=1.0, digits=2),
    "facts_invented": ScoreSpec("Facts added per mail", "added", "sense", "near", digits=2),
    "negations_wrong": ScoreSpec("Negations lost or added per mail", "negations", "sense", "low", digits=2),
    "persons_wrong": ScoreSpec("'I' and 'you' lost or swapped per mail", "persons", "sense", "low", digits=2),
    "repeated": ScoreSpec("Repeated words", "repeated", "sense", "low", highest=1.0, digits=3),
    "mauve": ScoreSpec("MAUVE", "MAUVE", "style", highest=1.0),
    "authorship": ScoreSpec("Attributed to the owner", "authorship", "style", highest=1.0, digits=2),
    "length_ratio": ScoreSpec("Length (1 is the owner's)", "length", "style", "near", digits=2),
    "style_greeting": ScoreSpec("Greeting", "greeting", "style", "low", highest=1.0, digits=2),
    "style_sign_off": ScoreSpec("Sign-off", "sign-off", "style", "low", highest=1.0, digits=2),
    "style_mail_length": ScoreSpec("Mail length difference (log2)", "mail", "style", "low", digits=2),
    "style_sentence_length": ScoreSpec("Sentence length difference (log2)", "sentence", "style", "low", digits=2),
    "style_punctuation": ScoreSpec("Punctuation", "marks", "style", "low", highest=1.0, digits=2),
    "style_emoji": ScoreSpec("Emoji", "emoji", "style", "low", highest=1.0, digits=2),
    "style_function_words": ScoreSpec("Function words", "words", "style", "low", highest=1.0, digits=2),
    "bleu": ScoreSpec("BLEU", "BLEU", "overlap", highest=100.0, digits=1),
    "chrf": ScoreSpec("chrF", "chrF", "overlap", highest=100.0, digits=1),
    "perplexity": ScoreSpec("Perplexity of the real mails", "perplexity", "model", "low", lowest=1.0, digits=2),
    "ended": ScoreSpec("Complete", "complete", "model", highest=1.0, digits=2),
    "longest_copy": ScoreSpec("Longest copied run, words", "longest copy", "copying", "near", digits=1),
    "copied": ScoreSpec("Words in copied runs", "copied", "copying", "near", highest=1.0, digits=3),
}
