"""What an instruction is asked with, what makes one bad, and what stands in for it."""

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from email_assistant.archive.language import is_cyrillic
from email_assistant.archive.threads import REPLY_PREFIX
from email_assistant.metrics.copying import TrainingMails, longest_run
from email_assistant.metrics.facts import facts, mentions, phrases, stem
from email_assistant.metrics.style import FUNCTION_WORDS, SENTENCE_END, TOKEN

_GREETINGS = (
    r"dear|hi|hello|hey|good (?:morning|afternoon|evening)|"
    r"привет|здравствуй(?:те)?|добр(?:ый|ое|ого) \w+|уважаем\w+|дорог\w+"
)
GREETING = re.compile(rf"^(?:{_GREETINGS})\b", re.IGNORECASE)
SIGN_OFF = re.compile(
    r"\n\s*(best|kind|warm|regards|sincerely|yours|thanks|thank you|cheers|с уважением|спасибо|всего доброго)\b[^\n]*$",
    re.IGNORECASE,
)
PREFIX = re.compile(
    r"^\s*(\W*(instruction|task|prompt|request|answer|summary|инструкция|задание|просьба|ответ)\s*:\s*|"
    r"(sure|certainly|of course|here is|here's|конечно|вот)\b[^:\n]{0,60}[:!.]\s+)",
    re.IGNORECASE,
)
CHAT_GREETING = re.compile(r"^\s*(hi|hello|hey|привет|здравствуйте)( there)?\s*[,!.]\s*", re.IGNORECASE)
WORD = re.compile(r"\w+")
# Marks around an answer; an apostrophe that belongs to the word before it, as in "Bo's", stays.
QUOTES = re.compile(r"^[\s\"'«»“”*]+(?<!')(?<!’)|^['’](?!s\b)|[\s\"'«»“”*]+$")
# Where a clause ends that can be left out with all that follows.
CLAUSE = re.compile(r"[,;.]? (?:and|but|because|since|as|и|а|но|потому)\b|[,;.] ")
FEWEST_WORDS = 4
SPACE_BEFORE_MARK = re.compile(r"\s+([,.;:])")
# A shorter instruction is not 'longer than its mail', though it has more letters than 'Ok, see you.'
ALWAYS_SHORT_ENOUGH = 15
COPIED_WORDS = 8
COPIED_SHARE = 0.6
# A part of a start that is left out where its field is unknown.
OPTIONAL, FIELD = re.compile(r"\[([^\]]*)\]"), re.compile(r"{(\w+)}")
# Tags of mailing lists, in front of a subject or after 'Re:'.
TAG = re.compile(r"^\s*\[[^\]]{1,40}\]\s*")
# A longer subject is a first sentence, which nobody would type as a topic.
LONGEST_TOPIC = 12
OPENING, CLOSING = tuple("\"'«“"), tuple("\"'»”")
_NAME = (
    r"(?:(?:[Mm]r|[Mm]rs|[Mm]s|[Dd]r|[Pp]rof)\.? )?[A-ZА-ЯЁ][\w'’-]*(?:(?: (?:&|and|и) |[ /])[A-ZА-ЯЁ][\w'’-]*){0,3}"
)
# 'Hi Mary, …', 'Dear Mr. Hallgrim:', 'Здравствуйте, Велимир Кузьмич!': a greeting, then a name.
GREETED = re.compile(
    rf"\s*(?i:{_GREETINGS}|мил\w+)"
    rf"[ ,]+(?P<name>{_NAME}) ?(?:[,:!.—–-]|\n|$)"
)
# 'Mary: …', or 'Mary,' on a line of its own: a name alone.
CALLED = re.compile(rf"\s*(?P<name>{_NAME}) ?(?::|[,!—–-]+ *\n)")
# 'Ahoy Mr Quill,': a line of its own of some capitalised words.
OPENED = re.compile(r"\s*[A-ZА-ЯЁ][\w'’.-]*(?: [A-ZА-ЯЁ][\w'’.-]*){0,3} ?[,:!—–-]+ *\n")
# A word, a number, a name as of a file: '10.10.0.100', 'AT&T', '$12.50', '/dev/sdb1'.
BARE = re.compile(r"[^\w$€£/~]*(?P<word>.*?)[^\w%€]*$")
ADDRESS = re.compile(r"://|^www\.|@")
# Of further sentences fewer words are not noted.
FEWEST_NOTED = 2
# Lines of so few words end a mail: 'Thanks', 'Best, Ruth'.
LONGEST_SIGN_OFF = 3
NEGATIONS = ("no", "not", "нет", "не")
# Who does it to whom: left out, a promise reads as an order.
_PERSONS = (
    "i me my you your he him his she her we us our they them their who whom whose "
    "я меня мне мной мой моя моё мою мои ты тебя тебе твой твоя твою твои он его ему она её ей мы нас нам наш наша "
    "нашу наши вы вас вам ваш ваша вашу ваши они их им кто кого кому"
)
PERSONS = frozenset(_PERSONS.split())
# What is asked; elsewhere these words join clauses, and are left out.
_ASKING = "what when where which why how что когда где куда какой какая какие почему зачем как сколько ли"
ASKING = frozenset(_ASKING.split())
QUESTION = re.compile(r"\?[\"'”»)\]]*\s*$")
# Politeness, which nobody jots down.
POLITE = ("please", "thanks", "thank", "пожалуйста", "спасибо")
STOP_WORDS = FUNCTION_WORDS | frozenset(POLITE)
# What a request does with a mail's matter; a mail need not have these words.
_SAYING = (
    "write email mail message letter ask asking tell say inform explain mention state reply respond discuss let know "
    "recipient sender includ provid request send thank confirm detail information whether they following "
    "напиши письмо попроси просьб сообщ скажи ответ уточн спрос расскаж объясн благодар поблагодар напомн подтверд"
)
SAYING = tuple(_SAYING.split())
# Of a clause's other words the mail has at least this share.
FOUNDED_SHARE = 0.5
# A sentence that says less of its mail than this share of what notes would say is too vague.
TOLD_SHARE = 0.5
# Words that open a mail as a name would.
_NO_NAMES = (
    "ahoy greetings morning happy merry welcome thanks thank yes no ok okay sure sorry fyi ps note subject "
    "attached great all everyone team folks there "
    "спасибо да нет хорошо коллеги всем"
)
NO_NAMES = frozenset(_NO_NAMES.split())


def addressee(email: str) -> str:
    """The name that a mail greets; empty where it greets nobody by name."""
    for pattern in (GREETED, CALLED):
        found = pattern.match(email)
        if found and found["name"].split()[0].casefold() not in NO_NAMES:
            return found["name"]
    return ""


def topic(subject: str) -> str:
    """What a subject says a mail is about, without reply marks and list tags; empty where it is no topic."""
    shorter, text = subject, ""
    while shorter != text:
        text = shorter
        shorter = TAG.sub("", REPLY_PREFIX.sub("", text))
    text = " ".join(text.split()).strip(".:!-–— ")
    if text[:1] in OPENING and text[-1:] in CLOSING:
        text = text[1:-1]
    return text if 0 < len(WORD.findall(text)) <= LONGEST_TOPIC else ""


def recipient_name(recipients: list[str]) -> str:
    """The display name of the first recipient that has one; empty when none has."""
    for recipient in recipients:
        name = " ".join(recipient.partition("<")[0].split()).strip("\"' ,")
        if name and "@" not in name:
            return name
    return ""


def instruction_prefix(template: str, email: str, subject: str, recipients: list[str]) -> str:
    """How an instruction begins: the template's parts in [ ] of which something is known, without the others.

    Args:
        template: With {recipient} and {topic}, each in a part in [ ].
        email: The mail, whose greeting says how its recipient is called.
        subject: Of the mail.
        recipients: Of its headers, for a mail that greets nobody.
    """
    known = {"recipient": addressee(email) or recipient_name(recipients), "topic": topic(subject)}

    def filled(part: re.Match[str]) -> str:
        return part[1].format(**known) if all(known[field] for field in FIELD.findall(part[1])) else ""

    return OPTIONAL.sub(filled, template)


def keyword_notes(email: str, limit: int) -> str:
    """What a mail says first, as a person would jot it down: its words without those that carry no meaning.

    Who does it to whom is kept, and what is asked stays a question: 'I send draft, did you get comments?' is neither an
    order nor a report.

    Args:
        email: The mail; its greeting and its sign-off are passed over.
        limit: At most so many meaningful words; those for persons and questions are not counted.
    """
    lines = _after_greeting(email).split("\n")
    while lines and len(WORD.findall(lines[-1])) <= LONGEST_SIGN_OFF:
        lines.pop()
    taken: list[str] = []
    room = limit
    for sentence in SENTENCE_END.split("\n".join(lines)):
        asked = bool(QUESTION.search(sentence))
        words, meaningful_words = _jotted(sentence, asked, room)
        # What one word is left of, it does not tell.
        if meaningful_words >= (FEWEST_NOTED if taken else 1) and not GREETING.match(sentence.strip()):
            taken.append(" ".join(words) + ("?" if asked else ""))
            room -= meaningful_words
    return ", ".join(taken).replace("?, ", "? ")


def _jotted(sentence: str, asked: bool, room: int) -> tuple[list[str], int]:
    """The words of a sentence that notes keep, up to the last that means something, and how many of them do."""
    words: list[str] = []
    kept = count = 0
    for word in filter(None, map(_bare, sentence.split())):
        small = _before_apostrophe(word.casefold())
        if is_content_word(word.casefold()):
            if count == room:
                break
            count += 1
            words.append(word)
            kept = len(words)
        elif small in PERSONS or (asked and small in ASKING):
            words.append(word)
    return words[:kept], count


def _after_greeting(email: str) -> str:
    """A mail without the words of its greeting, also one of the owner's own making."""
    greeted = addressee(email)
    if greeted:
        return email[email.find(greeted) + len(greeted) :]
    opened = OPENED.match(email)
    return email[opened.end() :] if opened else email


def _bare(word: str) -> str:
    """A word without the marks around it; empty for addresses and for what has neither letter nor digit."""
    found = BARE.match(word)
    return found["word"] if found and not ADDRESS.search(word) else ""


def is_content_word(word: str) -> bool:
    """Whether a lower-cased word carries meaning: not a function word, not politeness; negations do."""
    if word in NEGATIONS or word.endswith(("n't", "n’t")):
        return True
    return not {word, _before_apostrophe(word)} & STOP_WORDS


def _before_apostrophe(word: str) -> str:
    return word.replace("’", "'").partition("'")[0]


def says_little(instruction: str, email: str, noted: str) -> bool:
    """Whether an instruction gives far fewer of its mail's meaningful words than notes would.

    Args:
        instruction: A sentence.
        email: The mail that it is for.
        noted: What would stand in its place.
    """
    return len(_told(instruction, email)) < TOLD_SHARE * len(_told(noted, email))


def _told(said: str, email: str) -> set[str]:
    """The stems of a mail's meaningful words that a text has."""
    return content_stems(email) & content_stems(said)


def content_stems(text: str) -> set[str]:
    """The stems of a text's words, without function words and politeness."""
    return {stem(word) for word in TOKEN.findall(text.casefold()) if is_content_word(word)}


def append_missing_facts(instruction: str, email: str, template: str, limit: int, habits: frozenset[str]) -> str:
    """An instruction with the names, dates and numbers of its mail that it leaves out.

    Args:
        instruction: A sentence.
        email: The mail that it is for.
        template: With {facts}, in the mail's language.
        limit: At most so many are added, those that the mail gives first.
        habits: Facts that the owner's mails give so often that nobody would ask for them, as of `frequent_facts`.
    """
    said = instruction
    missing: list[str] = []
    for phrase in phrases(_after_greeting(email)):
        new = facts(f"about {phrase}") - habits
        if len(missing) < limit and new and not all(mentions(said, fact) for fact in new):
            missing.append(phrase)
            said = f"{said} {phrase}"
    sentence = instruction if instruction[-1] in ".!?…" else f"{instruction}."
    return f"{sentence} {template.format(facts=', '.join(missing))}" if missing else sentence


def normalize(raw: str, start: str) -> str:
    """The instruction in a model's answer: one line that begins with `start`, prefixes and quotes off."""
    text = raw.strip()
    previous = None
    while text != previous:
        previous = text
        text = QUOTES.sub("", CHAT_GREETING.sub("", PREFIX.sub("", text))).strip()
    first = SPACE_BEFORE_MARK.sub(r"\1", text.split("\n", 1)[0].strip())
    if not first:
        return ""
    if first.casefold().startswith(start.casefold()):
        return first
    return f"{start}{first}" if first[0] in ",.;:'’" else f"{start} {first}"


def clause_prefixes(instruction: str, start: str) -> Iterator[str]:
    """An instruction, then without its last clause, without its last two, and so on, as long as it says something."""
    yield instruction
    ends = [match.start() for match in CLAUSE.finditer(instruction, len(start) + 1)]
    for end in reversed(ends):
        if len(WORD.findall(instruction[len(start) : end])) >= FEWEST_WORDS:
            yield instruction[:end]


def rejection_reason(instruction: str, start: str, email: str, raw: str, known: str = "") -> str | None:
    """Why an instruction cannot be used; None when it can.

    Args:
        instruction: As `normalize` gives it.
        start: What was written for the model.
        email: The mail that it is for.
        raw: The model's whole answer.
        known: What else may be named: subject and recipients.

    Returns:
        empty, itself_a_mail, copied, too_long, other_language, invented (a name or number that
        neither the mail nor its headers have) or unfounded (a clause of words that they have not).
    """
    said = instruction[len(start) :] if instruction.casefold().startswith(start.casefold()) else instruction
    if len(WORD.findall(said)) < 2:
        return "empty"
    if (GREETING.match(raw.strip()) and "\n" in raw.strip()) or SIGN_OFF.search(raw.strip()):
        return "itself_a_mail"
    if _is_copied(said, email):
        return "copied"
    if len(said) > len(email) and len(WORD.findall(said)) > ALWAYS_SHORT_ENOUGH:
        return "too_long"
    if is_cyrillic(said) != is_cyrillic(email):
        return "other_language"
    if _invents(said, f"{email} {known}"):
        return "invented"
    return "unfounded" if _is_unfounded(said, f"{email} {known}") else None


def quality(pairs: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What instructions say of their mails.

    Args:
        pairs: With instruction, email and subject.

    Returns:
        words: the median length of an instruction. facts_named: the share of the mails' names, dates and
        numbers that their instructions give. facts_unfounded: the share of the instructions' that neither mail
        nor subject has. greeted_named: of the mails that greet somebody by name, the share whose instruction
        has the name.
    """
    in_mails, named, in_instructions, unfounded, greeted, greeted_named = 0, 0, 0, 0, 0, 0
    for pair in pairs:
        instruction, email, subject = pair["instruction"], pair["email"], pair["subject"]
        of_mail, given, name = facts(email), facts(instruction), addressee(email)
        in_mails += len(of_mail)
        named += sum(mentions(instruction, fact) for fact in of_mail)
        in_instructions += len(given)
        unfounded += sum(not mentions(f"{email} {subject}", fact) for fact in given)
        greeted += bool(name)
        greeted_named += bool(name) and name in instruction
    return {
        "words": statistics.median(len(WORD.findall(pair["instruction"])) for pair in pairs),
        "facts_named": named / max(1, in_mails),
        "facts_unfounded": unfounded / max(1, in_instructions),
        "greeted_named": greeted_named / max(1, greeted),
    }


def _invents(said: str, source: str) -> bool:
    """Whether an instruction gives a name, date or number that is not in its source."""
    return any(not mentions(source, fact) for fact in facts(said))


def _is_unfounded(said: str, source: str) -> bool:
    """Whether any clause of an instruction speaks in words of its own for the most part."""
    source = source.casefold()
    for clause in CLAUSE.split(said):
        words = [word for word in WORD.findall(clause.casefold()) if is_content_word(word) and not _is_saying(word)]
        if sum(stem(word) in source for word in words) < FOUNDED_SHARE * len(words):
            return True
    return False


def _is_saying(word: str) -> bool:
    return word.startswith(SAYING)


def _is_copied(said: str, email: str) -> bool:
    """Whether most of the instruction is one run of the mail's own words."""
    run = longest_run([said], TrainingMails([email]))
    return run >= COPIED_WORDS and run >= COPIED_SHARE * len(WORD.findall(said))
