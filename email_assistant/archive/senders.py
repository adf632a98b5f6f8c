"""Who wrote a message: usually the one in From, but not if a list or another person sent it.

Also which addresses reach the same mailbox.
"""

import re
import unicodedata
from email.message import Message
from functools import lru_cache

from email_assistant.archive.headers import parse_people
from email_assistant.archive.locales import any_of
from email_assistant.archive.message_kinds import LIST_HEADERS, ROBOT_ADDRESS
from email_assistant.archive.messages import Person

VIA = re.compile(rf"(?<!\s)\s+(?:{any_of(lambda locale: locale.via)})\s+.+$", re.IGNORECASE)
ON_BEHALF = re.compile(rf"(.+?)(?<!\s)\s*\(?\b(?:{any_of(lambda locale: locale.on_behalf)})\s+(.+?)\)?$", re.IGNORECASE)
LIST_ADDRESS = re.compile(
    r"\bbounces?\b|^owner-|[-+](?:owner|request|admin|bounces?|errors?)\b|^(?:listserv|majordomo|mailman)|^errors?[-@+]",
    re.IGNORECASE,
)
BOTH_NAMES = 2
WORD = re.compile(r"[^\W\d_]{2,}")
APOSTROPHES = {ord(character): "'" for character in "’‘ʼ`"}
# Turkish has an i without a dot, whose capital other languages take for that of their i.
DOTS = {ord("ı"): "i", ord("\u0307"): ""}
# Domains that the same account has at a provider, by the one that stands for all.
DOMAINS = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), "gmail.com"),
    **dict.fromkeys(("yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "narod.ru"), "yandex.ru"),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), "icloud.com"),
    **dict.fromkeys(("protonmail.com", "proton.me", "pm.me", "protonmail.ch"), "protonmail.com"),
}


def authors(message: Message) -> list[Person]:
    """Everyone who may have written a message.

    A mailing list that rewrites From as 'Jane Roe via the list' has the true address in Reply-To. A mail that is sent
    on behalf of somebody was written by the person in Sender, not by the one in From.
    """
    people = _whole(parse_people(message, "From")) or parse_people(message, "Sender", "Return-Path")
    via = [person for person in people if VIA.search(person.name)]
    if via and _is_of_a_list(message, via):
        named = [Person(VIA.sub("", person.name).strip("' "), "") for person in via]
        return named + parse_people(message, "Reply-To", "X-Original-From")
    sender = next(iter(parse_people(message, "Sender")), None)
    behalf = next((match for person in people if (match := ON_BEHALF.fullmatch(person.name))), None)
    if behalf:
        return _behind(behalf, people, sender)
    if sender is None or not people or sender in people or _is_list(message, sender):
        return people
    if any(_is_same(sender, person) for person in people) or not sender.name:
        # Gmail names the account from which a mail is sent under another address, without a name.
        return [*people, sender]
    return [sender]


def _whole(people: list[Person]) -> list[Person]:
    """The writers; 'Roe, Jane' without an address is one, where the comma is not between two full names."""
    if len(people) != BOTH_NAMES or any(person.address or "," in person.name for person in people):
        return people
    if all(" " in person.name for person in people):
        return people
    return [Person(", ".join(person.name for person in people), "")]


def _is_of_a_list(message: Message, via: list[Person]) -> bool:
    """Whether a list rewrote From, and no service for documents or meetings wrote in somebody's name."""
    if any(message[name] for name in (*LIST_HEADERS, "Reply-To", "X-Original-From")):
        return True
    return not {person.address for person in via}.isdisjoint(
        person.address for person in parse_people(message, "To", "Cc")
    )


def _behind(behalf: re.Match[str], people: list[Person], sender: Person | None) -> list[Person]:
    """The author of a mail whose From says 'X on behalf of Y': X, unless X is a list or a program."""
    delegate, principal = behalf[1].strip(" '\""), behalf[2].strip(" '\"")
    if "@" in delegate or LIST_ADDRESS.search(delegate) or ROBOT_ADDRESS.search(f"{delegate}@"):
        return [Person(principal, person.address) for person in people]
    return [Person(delegate, ""), *([sender] if sender else [])]


def _is_list(message: Message, sender: Person) -> bool:
    address = sender.address
    if LIST_ADDRESS.search(address) or ROBOT_ADDRESS.search(address):
        return True
    is_bulk = str(message["Precedence"] or "").lower() in ("list", "bulk")
    return is_bulk or any(message[name] for name in LIST_HEADERS)


def _is_same(sender: Person, person: Person) -> bool:
    """Whether two people are one: the same mailbox, or names that share a word."""
    if sender.address and canonical(sender.address) == canonical(person.address):
        return True
    return bool(_words(sender) & _words(person))


def _words(person: Person) -> set[str]:
    return {word.casefold() for word in WORD.findall(f"{person.name} {person.address.partition('@')[0]}")}


@lru_cache(maxsize=65536)
def canonical(address: str) -> str:
    """The address in lower case without what does not change its mailbox.

    A tag after '+' is left away (RFC 5233). Gmail ignores dots, Yandex takes them for hyphens, and some providers have
    several domains.
    """
    local, at, domain = address.strip().lower().rstrip(".").rpartition("@")
    if not at:
        return domain
    # '"jane roe"@x.example': quotation marks that are needed for some characters, and allowed for all.
    local = local[1:-1] if len(local) > 2 and local[0] == local[-1] == '"' else local
    name, domain = local.partition("+")[0] or local, DOMAINS.get(domain, _in_ascii(domain))
    if domain == "gmail.com":
        name = name.replace(".", "") or name
    elif domain == "yandex.ru":
        name = name.replace(".", "-")
    return f"{name}@{domain}"


def _in_ascii(domain: str) -> str:
    """The domain as name servers know it (IDNA), which some programs write and others do not."""
    try:
        return domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


@lru_cache(maxsize=65536)
def plain_name(name: str) -> str:
    """A display name without what differs between programs: case, blanks, apostrophes; 'Jane Roe' for 'Roe, Jane'."""
    plain = unicodedata.normalize("NFKC", name).translate(APOSTROPHES).casefold().translate(DOTS)
    last, comma, first = plain.partition(",")
    turned = f"{first} {last}" if comma and first.strip() and "," not in first else plain
    return " ".join(turned.split())
