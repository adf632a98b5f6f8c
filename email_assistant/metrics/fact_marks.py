"""Where a mail says names, dates and numbers that nobody gave, and which of its request's it leaves out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from email_assistant.archive.mail_parts import SIGN_OFF, split_greeting, without_sign_off
from email_assistant.lexicon.note_words import EVERYBODY
from email_assistant.metrics.facts import DATES, stem
from email_assistant.metrics.same_words import Words, tokens
from email_assistant.metrics.sense import check_facts
from email_assistant.metrics.usual import Usual

_WORD = re.compile(r"[^\W_]+(?:[.,:/'’-][^\W_]+)*")
# The longest number in words: 'a quarter past two', 'twenty five thousand'.
_LONGEST = 4


@dataclass(frozen=True)
class FactMarks:
    """What to show a person who checks a mail.

    Attributes:
        lost: Facts of the request that the mail does not mention, as they were typed.
        added: (start, end) of the words in the mail that say a fact that nobody gave, in their order.
    """

    lost: list[str]
    added: list[tuple[int, int]]


def mark_facts(request: str, mail: str, usual: Usual, context: str | None = None, signed: bool = False) -> FactMarks:
    """Compare the facts of a mail with those of its request.

    Args:
        request: A rough note or an order.
        mail: The mail.
        usual: What the owner's mails usually say; it counts as given.
        context: What else is given: the mail that is answered, its sender, the recipient.
        signed: Whether to mark names that sign the mail, too, unless they are usual.
    """
    found = check_facts(request, mail, usual, context)
    lost = [request[start:end] for start, end in _spans(request, found.lost, names_only=False)]
    added = list(_spans(mail, found.added, names_only=True))
    marked = {place for span in added for place in range(*span)}
    added += [span for span in _greeting(found.greeted, mail, usual) if marked.isdisjoint(range(*span))]
    if signed:
        known = Words(tokens(f"{request}\n{context or ''}"))
        added += [span for span in _signing(mail) if not _is_usual(mail[slice(*span)], usual, known)]
    return FactMarks(list(dict.fromkeys(lost)), sorted(set(added)))


def _greeting(greeted: Iterable[str], mail: str, usual: Usual) -> Iterator[tuple[int, int]]:
    """Where the greeting has a name that nobody gave: even of a frequent recipient, or of the owner, it is a guess."""
    line = mail[: len(mail) - len(mail.lstrip())] + mail.strip().partition("\n")[0]
    capitalized = {token for word in _WORD.findall(line) if word[0].isupper() for token in tokens(word)}
    persons = usual.names.union(*(tokens(mail[slice(*span)]) for span in _signing(mail)))
    names = [
        token
        for token in greeted
        if token in capitalized - EVERYBODY and (token in persons or stem(token) not in usual.words)
    ]
    name = " ".join(names)
    yield from _spans(line, [name] if name in " ".join(tokens(line)) else names, names_only=True)


def _signing(mail: str) -> Iterator[tuple[int, int]]:
    """Where the capitalised words of a mail's sign-off are that are not its closing phrase."""
    _, body = split_greeting(mail, None)
    said = without_sign_off(body)
    if not said or not mail.rstrip().endswith(body.strip()) or not body.strip().startswith(said):
        return
    start = len(mail.rstrip()) - len(body.strip()) + len(said)
    for line in re.finditer(r"[^\n]+", mail[start:]):
        text = line[0]
        # 'Best, Erin': the name comes after the phrase.
        phrase = len(text) if SIGN_OFF.match(text.strip()) else 0
        if phrase and "," in text:
            phrase = text.index(",")
        for word in _WORD.finditer(text, phrase):
            if word[0][0].isupper():
                yield start + line.start() + word.start(), start + line.start() + word.end()


def _is_usual(name: str, usual: Usual, known: Words) -> bool:
    """Whether the owner's mails or what is given have a name."""
    return any(
        token in usual.facts or token in usual.names or stem(token) in usual.words or known.has(token)
        for token in tokens(name)
    )


def _spans(text: str, wanted: Iterable[str], names_only: bool) -> Iterator[tuple[int, int]]:
    """Where a text says facts, in the fewest words; facts that it says nowhere in few words are left out.

    Args:
        text: The text.
        wanted: Facts as of `check_facts`.
        names_only: Whether a word must begin with a capital or be a date or number: 'Will' is a name, 'will' is not.
    """
    words = list(_WORD.finditer(text))
    left, taken = set(wanted), [False] * len(words)
    spans: list[tuple[int, int]] = []
    for size in range(1, _LONGEST + 1):
        said: set[str] = set()
        for place, last in enumerate(words[size - 1 :]):
            span = (words[place].start(), last.end())
            part = text[slice(*span)]
            if any(taken[place : place + size]) or (names_only and not _may_be_fact(part)):
                continue
            found = tokens(part)
            matched = left.intersection([*found, " ".join(found)])
            if matched:
                said |= matched
                spans.append(span)
                taken[place : place + size] = [True] * size
        left -= said
    yield from sorted(spans)


def _may_be_fact(part: str) -> bool:
    """Whether words in this form can be a name, a date or a number."""
    return part[0].isupper() or bool(DATES.search(part)) or any(token[0].isdigit() for token in tokens(part))
