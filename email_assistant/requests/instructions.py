"""Instructions from a model's answers: normalized, shortened, completed with the facts that they omit, or rejected.

An instruction begins with the mail's recipient and topic, from its greeting and headers.
"""

import re
import statistics
from collections.abc import Iterator, Sequence

from email_assistant.archive.language import is_cyrillic
from email_assistant.archive.threads import REPLY_PREFIX
from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.words import WORD
from email_assistant.metrics.copying import TrainingMails, longest_run
from email_assistant.metrics.facts import content_stems, facts, is_content_word, mentions, phrases, stem
from email_assistant.storage.records import Pair

# The beginning: a part of a template that is left out if its field is unknown.
OPTIONAL, FIELD = re.compile(r"\[([^\]]*)\]"), re.compile(r"{(\w+)}")
# A mailing list's tag, in front of a subject or after 'Re:'.
LIST_TAG = re.compile(r"^\s*\[[^\]]{1,40}\]\s*")
# A longer subject is the mail's first sentence, which nobody would type as a topic.
MAX_TOPIC_WORDS = 12
OPENING_QUOTES, CLOSING_QUOTES = tuple("\"'«“"), tuple("\"'»”")
_NAME = (
    r"(?:(?:[Mm]r|[Mm]rs|[Mm]s|[Dd]r|[Pp]rof)\.? )?[A-ZА-ЯЁ][\w'’-]*(?:(?: (?:&|and|и) |[ /])[A-ZА-ЯЁ][\w'’-]*){0,3}"
)
# 'Hi Mary, …', 'Dear Mr. Hallgrim:', 'Здравствуйте, Велимир Кузьмич!': a greeting, then a name.
GREETED = re.compile(
    rf"\s*(?i:{alternatives('greetings', 'familiar_greetings')})[ ,]+(?P<name>{_NAME}) ?(?:[,:!.—–-]|\n|$)"
)
# 'Mary: …', or 'Mary,' on a line of its own: only a name.
CALLED = re.compile(rf"\s*(?P<name>{_NAME}) ?(?::|[,!—–-]+ *\n)")
# 'Ahoy Mr Quill,': a line of capitalized words.
OPENED = re.compile(r"\s*[A-ZА-ЯЁ][\w'’.-]*(?: [A-ZА-ЯЁ][\w'’.-]*){0,3} ?[,:!—–-]+ *\n")
NOT_NAMES = words("not_names")
# What a model writes around its answer.
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
# Why an answer is rejected.
GREETING = re.compile(rf"^(?:{alternatives('greetings')})\b", re.IGNORECASE)
SIGN_OFF = re.compile(rf"\n\s*({alternatives('sign_offs')})\b[^\n]*$", re.IGNORECASE)
MIN_WORDS = 2
# A shorter instruction is never too long, even if it has more letters than 'Ok, see you.'
ALWAYS_SHORT_ENOUGH = 15
# An instruction is copied if a run of at least COPIED_WORDS words, and this share of all words, is the mail's.
COPIED_WORDS = 8
COPIED_SHARE = 0.6
# What requests do with a mail's content; the mail need not have these words.
REQUEST_WORDS = tuple(words("request_words"))
# A clause is unfounded if its mail has less than this share of its other content words.
FOUNDED_SHARE = 0.5
# An instruction is vague if it has fewer than this number, and less than this share, of the mail's content words.
ENOUGH_CONTENT_WORDS, ENOUGH_CONTENT_SHARE = 6, 0.5


def instruction_prefix(template: str, email: str, subject: str, recipients: list[str]) -> str:
    """Fill in the beginning of an instruction.

    Args:
        template: The template, with {recipient} and {topic} each in a part in [ ] that is omitted if unknown.
        email: The mail, whose greeting may name its recipient.
        subject: The mail's subject.
        recipients: The recipients in the headers, for a mail that greets nobody by name.
    """
    known = {"recipient": greeted_name(email) or recipient_name(recipients), "topic": topic_of(subject)}

    def fill(part: re.Match[str]) -> str:
        return part[1].format(**known) if all(known[field] for field in FIELD.findall(part[1])) else ""

    return OPTIONAL.sub(fill, template)


def greeted_name(email: str) -> str:
    """The name that a mail greets; empty if it greets nobody by name."""
    for pattern in (GREETED, CALLED):
        match = pattern.match(email)
        if match and match["name"].split()[0].casefold() not in NOT_NAMES:
            return match["name"]
    return ""


def without_greeting(email: str) -> str:
    """A mail without its greeting, even if only its owner greets like that."""
    name = greeted_name(email)
    if name:
        return email[email.find(name) + len(name) :]
    opened = OPENED.match(email)
    return email[opened.end() :] if opened else email


def topic_of(subject: str) -> str:
    """A subject without reply marks, list tags and quotation marks; empty if it is not a topic."""
    shorter, text = subject, ""
    while shorter != text:
        text = shorter
        shorter = LIST_TAG.sub("", REPLY_PREFIX.sub("", text))
    text = " ".join(text.split()).strip(".:!-–— ")
    if text[:1] in OPENING_QUOTES and text[-1:] in CLOSING_QUOTES:
        text = text[1:-1]
    return text if 0 < len(WORD.findall(text)) <= MAX_TOPIC_WORDS else ""


def recipient_name(recipients: list[str]) -> str:
    """The display name of the first recipient that has one; empty if none has."""
    for recipient in recipients:
        name = " ".join(recipient.partition("<")[0].split()).strip("\"' ,")
        if name and "@" not in name:
            return name
    return ""


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


def rejection_reason(instruction: str, start: str, email: str, full_answer: str, headers: str = "") -> str | None:
    """Why an instruction cannot be used; None if it can.

    Args:
        instruction: The result of `normalize`.
        start: The prefix that was given to the model.
        email: The mail that it is for.
        full_answer: The model's whole answer.
        headers: The mail's subject and recipients, which the instruction may also mention.

    Returns:
        'empty', 'itself_a_mail', 'copied', 'too_long', 'other_language', 'invented' (it has a name or number that
        neither the mail nor its headers have) or 'unfounded' (it has a clause in words that they do not have).
    """
    body = instruction[len(start) :] if instruction.casefold().startswith(start.casefold()) else instruction
    count, answer, source = len(WORD.findall(body)), full_answer.strip(), f"{email} {headers}"
    if count < MIN_WORDS:
        return "empty"
    if (GREETING.match(answer) and "\n" in answer) or SIGN_OFF.search(answer):
        return "itself_a_mail"
    if _is_copied(body, email):
        return "copied"
    if len(body) > len(email) and count > ALWAYS_SHORT_ENOUGH:
        return "too_long"
    if is_cyrillic(body) != is_cyrillic(email):
        return "other_language"
    if any(not mentions(source, fact) for fact in facts(body)):
        return "invented"
    return "unfounded" if _is_unfounded(body, source.casefold()) else None


def is_vague(instruction: str, email: str) -> bool:
    """Whether an instruction has few of its mail's content words."""
    enough = min(ENOUGH_CONTENT_WORDS, ENOUGH_CONTENT_SHARE * len(content_stems(without_greeting(email))))
    return len(content_stems(email) & content_stems(instruction)) < enough


def _is_unfounded(body: str, source: str) -> bool:
    """Whether the source has less than half of the content words of any clause."""
    for clause in CLAUSE.split(body):
        content = [
            word
            for word in WORD.findall(clause.casefold())
            if is_content_word(word) and not word.startswith(REQUEST_WORDS)
        ]
        if sum(stem(word) in source for word in content) < FOUNDED_SHARE * len(content):
            return True
    return False


def _is_copied(body: str, email: str) -> bool:
    """Whether most of the instruction is one run of the mail's own words."""
    run = longest_run([body], TrainingMails([email]))
    return run >= COPIED_WORDS and run >= COPIED_SHARE * len(WORD.findall(body))
