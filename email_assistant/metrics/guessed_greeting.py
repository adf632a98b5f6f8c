"""A mail that greets somebody whom nobody named: the model has guessed a name, or taken the note's 'no' for one."""

import re

from email_assistant.archive.mail_parts import split_greeting
from email_assistant.lexicon.languages import alternatives
from email_assistant.lexicon.note_words import EVERYBODY, RARE_GREETINGS
from email_assistant.metrics.same_words import tokens
from email_assistant.metrics.sense import check_facts
from email_assistant.metrics.usual import Usual

_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_AND = re.compile(r"^ (?:and|&|и) ")
# Greetings that need a name.
_NEED_A_NAME = frozenset(
    ("dear", "dearest", "уважаемый", "уважаемая", "дорогой", "дорогая", "liebe", "lieber", "cher", "chère", "querido")
)
_GREETS_A_WORD = re.compile(
    rf"({alternatives('greetings', 'familiar_greetings')}|{RARE_GREETINGS}) "
    r"(yes|yep|no|nope|ok|okay|sure|sorry|thanks|да|нет|ладно|хорошо|спасибо)([,!.:]?)\n\s*",
    re.IGNORECASE,
)


def without_guessed_name(request: str, mail: str, context: str | None = None) -> str:
    """The mail without the name in its greeting, if the request names no recipient: 'Ahoy Mike,' becomes 'Ahoy,'.

    A greeting that needs a name goes, too: 'Dear Mike,'. A line that says more than a greeting stays. If it greets a
    word with which the request begins ('Ahoy No,'), that word begins the text.

    Args:
        request: What was typed.
        mail: The mail that was written for it.
        context: What else is given: the mail that is answered.
    """
    greets = _GREETS_A_WORD.match(mail)
    if greets and request.strip().casefold().startswith(greets[2].casefold()):
        return f"{greets[1]}{greets[3]}\n\n{greets[2].capitalize()}. {mail[greets.end() :]}"
    line, _, rest = mail.partition("\n")
    found = check_facts(request, mail, Usual(), context)
    guessed = set(found.greeted) - EVERYBODY
    # Beside a recipient that the request names, it is a fact that the mail adds.
    if not guessed or " ".join(found.greeted) in found.added or split_greeting(mail, None)[1].strip() != rest.strip():
        return mail
    named = [word for word in _WORD.finditer(line) if set(tokens(word[0])) & guessed]
    if not named or not rest.strip():
        return mail
    before, after = line[: named[0].start()].rstrip(), _AND.sub(" ", line[named[-1].end() :], count=1)
    # 'Hi, Mike!'
    greeting = (before.rstrip(",") if after[:1] in (",", "!", ".", ":") else before) + after
    left = [word.casefold() for word in _WORD.findall(greeting)]
    return rest.lstrip("\n") if not left or left[-1] in _NEED_A_NAME else f"{greeting}\n{rest}"
