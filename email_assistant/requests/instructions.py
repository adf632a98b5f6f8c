"""Instructions from a model's answers: normalized, shortened, and completed with the facts that they omit."""

import re
import statistics
from collections.abc import Iterator, Sequence

from email_assistant.lexicon.languages import alternatives
from email_assistant.lexicon.patterns import WORD
from email_assistant.metrics.facts import facts, mentions, phrases
from email_assistant.requests.instruction_prefix import greeted_name, without_greeting
from email_assistant.storage.records import Pair

LABEL = re.compile(
    rf"^\s*(\W*({alternatives('answer_labels')})\s*:\s*|({alternatives('answer_preambles')})\b[^:\n]{{0,60}}[:!.]\s+)",
    re.IGNORECASE,
)
CHAT_GREETING = re.compile(rf"^\s*({alternatives('chat_greetings')})( there)?\s*[,!.]\s*", re.IGNORECASE)
# Marks around an answer; an apostrophe that belongs to the word before it, as in "Bo's", stays.
QUOTES = re.compile(r"^[\s\"'«»“”*]+(?<!')(?<!’)|^['’](?!s\b)|[\s\"'«»“”*]+$")
SPACE_BEFORE_MARK = re.compile(r"\s+([,.;:])")
# The end of a clause, from where the rest of an instruction can be dropped.
CLAUSE = re.compile(rf"[,;.]? (?:{alternatives('conjunctions')})\b|[,;.] ")
MIN_PREFIX_WORDS = 4


def normalize(raw: str, start: str) -> str:
    """The instruction in a model's answer: one line that begins with `start`, without labels, preambles and quotes."""
    text = raw.strip()
    previous = None
    while text != previous:
        previous = text
        text = QUOTES.sub("", CHAT_GREETING.sub("", LABEL.sub("", text))).strip()
    first = SPACE_BEFORE_MARK.sub(r"\1", text.split("\n", 1)[0].strip())
    if not first:
        return ""
    if first.casefold().startswith(start.casefold()):
        return first
    return f"{start}{first}" if first[0] in ",.;:'’" else f"{start} {first}"


def clause_prefixes(instruction: str, start: str) -> Iterator[str]:
    """The instruction, then without its last clause, without its last two, down to `MIN_PREFIX_WORDS` words."""
    yield instruction
    ends = [match.start() for match in CLAUSE.finditer(instruction, len(start) + 1)]
    for end in reversed(ends):
        if len(WORD.findall(instruction[len(start) : end])) >= MIN_PREFIX_WORDS:
            yield instruction[:end]


def append_missing_facts(instruction: str, email: str, template: str, limit: int, frequent: frozenset[str]) -> str:
    """Append a sentence with the names, dates and numbers that an instruction omits.

    Args:
        instruction: A sentence.
        email: The mail that it is for.
        template: The template of the sentence, with {facts}, in the mail's language.
        limit: The maximum number of facts to add, in the mail's order.
        frequent: Facts that are not added, because many of the owner's mails have them: see `frequent_facts`.
    """
    text = instruction
    missing: list[str] = []
    for phrase in phrases(without_greeting(email)):
        new = facts(f"about {phrase}") - frequent
        if len(missing) < limit and new and not all(mentions(text, fact) for fact in new):
            missing.append(phrase)
            text = f"{text} {phrase}"
    sentence = instruction if instruction[-1] in ".!?…" else f"{instruction}."
    return f"{sentence} {template.format(facts=', '.join(missing))}" if missing else sentence


def quality(pairs: Sequence[Pair]) -> dict[str, float]:
    """The quality of instructions: how much of their mails they cover.

    Returns:
        words: The median length of an instruction. facts_named: The share of the mails' names, dates and numbers
        that their instructions mention. facts_unfounded: The share of the instructions' names, dates and numbers
        that neither mail nor subject mentions. greeted_named: The share of the mails that greet somebody by name
        whose instructions have that name, in any case. The shares do not count what rules wrote, which invents and
        omits nothing but types it in another way ('two hundred': '200'); they are absent if rules wrote everything.
    """
    words = {"words": statistics.median(len(WORD.findall(pair["instruction"])) for pair in pairs)}
    if all(pair["method"] == "rough" for pair in pairs):
        return words
    in_mails, named, in_instructions, unfounded, greeted, greeted_named = 0, 0, 0, 0, 0, 0
    for pair in pairs:
        if pair["method"] == "rough":
            continue
        instruction, email, subject = pair["instruction"], pair["email"], pair["subject"]
        mail_facts, instruction_facts, name = facts(email), facts(instruction), greeted_name(email)
        in_mails += len(mail_facts)
        named += sum(mentions(instruction, fact) for fact in mail_facts)
        in_instructions += len(instruction_facts)
        unfounded += sum(not mentions(f"{email} {subject}", fact) for fact in instruction_facts)
        greeted += bool(name)
        greeted_named += bool(name) and name.casefold() in instruction.casefold()
    return {
        **words,
        "facts_named": named / max(1, in_mails),
        "facts_unfounded": unfounded / max(1, in_instructions),
        "greeted_named": greeted_named / max(1, greeted),
    }
