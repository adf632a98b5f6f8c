"""'There is', 'it is' and "i'm" that a rough note leaves out are put back: 'no charge' is 'there is no charge'."""

import re

from email_assistant.lexicon.note_subjects import APOLOGIES, ASKED, JUDGED, LACKING, MISTAKES, NOTHING_TO, UNKNOWN
from email_assistant.requests.copulas import split_lead

# 'No doors were damaged' has its verb.
_HAS_VERB = r"(?!.*\b(?:is|are|was|were|has|have|had|will|would|can|could|should|must|may|does|do|did|\w+n['’]t)\b)"
_CLAUSES = tuple(
    (re.compile(pattern, re.IGNORECASE), put_in)
    for pattern, put_in in (
        (rf"{_HAS_VERB}(?:{LACKING}|{NOTHING_TO})", "there is"),
        (JUDGED, "it is"),
        (APOLOGIES, "i'm"),
        (r"makes (?:\w+ )?sense (?:to|if|that|when)\b", "it"),
        (r"makes (?:\w+ )?sense\b", "that"),
        (MISTAKES, "it was"),
        (rf"{UNKNOWN}|{ASKED}", "i have"),
    )
)


def with_expletive(clause: str) -> str:
    """A clause with the 'there is', 'it is' or "i'm" that it leaves out, if its first words need it.

    A sentence of a whole mail may begin so, too ('No charge.'), so a clause with a capital letter stays as it is.

    Args:
        clause: A sentence or a part of one, without commas.
    """
    # 'So' and 'sorry' may be leads.
    for start in sorted({0, len(split_lead(clause)[0])}):
        said = clause[start:]
        for pattern, put_in in _CLAUSES:
            if (found := pattern.match(said)) and not said[0].isupper():
                if (
                    put_in == "there is"
                    and not found[0].startswith("nothing")
                    and found[0].endswith("s")
                    and not found[0].endswith(("ss", "news", "gas", "bus"))
                ):
                    put_in = "there are"
                return f"{clause[:start]}{put_in} {said}"
    return clause
