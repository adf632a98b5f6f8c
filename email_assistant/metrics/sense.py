"""Sense: whether a mail says what was asked, and nothing else.

BLEU and chrF reward shared words, MAUVE and style the owner's manner; a mail that says the opposite of its request can
have all of these. Here each mail is compared with its own request: names, dates and numbers, negations, who does what,
and the words that carry meaning. No reference mail is needed, so it also works on requests that were never answered.

Everything is counted by rules in English and Russian. They see a missing 'not', a wrong name or a loop; they do not see
whether sentences make sense. The owner's own mails, scored against their requests, show what can be reached: people say
things in other words.

Facts are the entity-level checks of summaries (Nan et al. 2021, arXiv:2102.09130) in both directions: a mail should
mention every name, date and number of its request, and no others.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from email_assistant.archive.language import is_cyrillic
from email_assistant.archive.mail_parts import sentences, split_greeting, without_sign_off
from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.words import SENTENCE_END
from email_assistant.metrics.clauses import Clause, clauses
from email_assistant.metrics.facts import mentions
from email_assistant.metrics.per_mail_score import PerMailScore, mean_score, ratio_score
from email_assistant.metrics.same_words import Words, facts_in, is_said, tokens
from email_assistant.metrics.usual import Usual

# Words with which requests ask and which their mails need not have: 'tell', 'ask'.
_ASKING = tuple(words("request_words"))
_HEADERS = re.compile(rf"^(?:{alternatives('request_headers')})", re.IGNORECASE)
# Longest addressee before a colon: 'mr and mrs coleman: ...', in words.
_LONGEST_ADDRESSEE = 4
# An order begins with one of these words, after 'please' or 'can you'.
_ORDER_WORDS = 3
# A run of this many words that was already said is a repetition; so is a shorter sentence of at least _SENTENCE words.
_RUN, _SENTENCE = 5, 3


@dataclass(frozen=True)
class SenseFeatures:
    """What is known of a mail and its request.

    Attributes:
        facts_asked: Number of names, dates and numbers of the request, and its addressee.
        facts_lost: Number of them that the mail does not mention.
        facts_added: Number of names, dates and numbers of the mail that neither the request, nor the mail that is
            answered, nor usual mails of the owner have.
        negations_lost: Negated clauses of the request that the mail does not negate.
        negations_added: Negated clauses of the mail beyond those.
        persons_wrong: Of 'I' and 'you', those that the request names and the mail does not, and clauses of the
            request that the mail says of the other one.
        content_said: The share of the request's content words that the mail has in any form.
        content_unfounded: The share of the mail's content words, outside greeting and sign-off, that neither the
            request, nor the mail that is answered, nor usual mails of the owner have.
        repeated: The share of the mail's words in sentences and runs that it has said before.
    """

    facts_asked: int
    facts_lost: int
    facts_added: int
    negations_lost: int
    negations_added: int
    persons_wrong: int
    content_said: float
    content_unfounded: float
    repeated: float


# Of a logistic model of whether the owner could send the mail as it is. They are chosen by hand, not fitted to any
# readings: a mail that keeps everything in other words has about 0.9, one with a wrong negation, name or person less
# than a half, one about something else 0.
COEFFICIENTS = {
    "intercept": -1.3,
    "facts_lost": -1.8,
    "facts_added": -1.5,
    "negations_lost": -3.0,
    "negations_added": -3.0,
    "persons_wrong": -2.5,
    "content_said": 6.0,
    "content_unfounded": -3.5,
    "repeated": -10.0,
}
# More of a kind of mistake does not make a mail worse, and more of the request's words do not make it better: people
# say a fifth of them in other words.
_MOST, _ENOUGH = 3, 0.8


def could_be_sent(features: SenseFeatures) -> float:
    """The probability that the owner could send the mail without correcting what it says."""
    return 1 / (1 + math.exp(-log_odds(features)))


def log_odds(features: SenseFeatures) -> float:
    """The log-odds of `could_be_sent`."""
    values = {name: min(_MOST, value) for name, value in vars(features).items()}
    values |= {"intercept": 1.0, "content_said": min(_ENOUGH, features.content_said)}
    return float(sum(weight * values[name] for name, weight in COEFFICIENTS.items()))


@dataclass(frozen=True)
class FactCheck:
    """The names, dates and numbers of a mail compared with those of its request.

    Attributes:
        asked: Number of facts of the request; an addressee is one.
        lost: Those that the mail does not mention, in lower case, numbers in digits; an addressee as typed.
        added: Those that only the mail has; the name that it greets is one, if the request has an addressee.
        greeted: The words of the name that the mail greets if nobody gave any of them.
    """

    asked: int
    lost: tuple[str, ...]
    added: tuple[str, ...]
    greeted: tuple[str, ...]


def check_facts(request: str, mail: str, usual: Usual, context: str | None = None) -> FactCheck:
    """Find the facts that a mail lost or added; the arguments are those of `sense_features`."""
    greeted, body = _body(mail)
    given = f"{request}\n{context or ''}"
    known, written = Words(tokens(given)), Words(tokens(mail))
    request = _without_headers(request)
    addressee, wanted = _addressee(request), _facts(request, tokens(request), usual)
    wanted -= set(addressee)
    lost = [fact for fact in wanted if not _mentions(written, mail, fact)]
    added = [fact for fact in facts_in(body) - usual.facts if not _mentions(known, given, fact)]
    asked = len(wanted) + bool(addressee)
    unknown = () if any(map(known.has, greeted)) else tuple(greeted)
    if addressee:
        # Without one, the name that a mail greets may be that of its headers.
        if not any(map(written.has, addressee)):
            lost.append(" ".join(addressee))
        if unknown:
            added.append(" ".join(unknown))
    return FactCheck(asked, tuple(lost), tuple(added), unknown)


def sense_features(request: str, mail: str, usual: Usual, context: str | None = None) -> SenseFeatures:
    """Compare a mail with its request.

    Args:
        request: A rough note or an order.
        mail: The mail that was written for it.
        usual: What the owner's mails usually say.
        context: The mail that is answered, if any.
    """
    _, body = _body(mail)
    known, written = Words(tokens(f"{request}\n{context or ''}")), Words(tokens(mail))
    is_order = _is_order(tokens(request))
    check = check_facts(request, mail, usual, context)
    request = _without_headers(request)
    asked = tokens(request)
    asked_clauses, written_clauses = clauses(request), clauses(body)
    negations_lost, negations_added = _negations(asked_clauses, written_clauses, usual)
    return SenseFeatures(
        facts_asked=check.asked,
        facts_lost=len(check.lost),
        facts_added=len(check.added),
        negations_lost=negations_lost,
        negations_added=negations_added,
        persons_wrong=_persons_wrong(asked_clauses, written_clauses, is_order, "?" in body),
        content_said=_share_said(asked, written),
        content_unfounded=_share_unfounded(tokens(_saying(body)), known, usual),
        repeated=_repeated(body),
    )


def sense(
    mails: Sequence[str], requests: Sequence[str], contexts: Sequence[str | None], usual: Usual
) -> dict[str, PerMailScore]:
    """Scores of what mails say.

    Args:
        mails: Mails.
        requests: The request for each of them.
        contexts: The mail that each of them answers, if any.
        usual: What the owner's mails usually say.
    """
    found = [
        sense_features(request, mail, usual, context)
        for mail, request, context in zip(mails, requests, contexts, strict=True)
    ]
    return {
        "sense": mean_score([could_be_sent(each) for each in found]),
        "content_said": mean_score([each.content_said for each in found]),
        "content_unfounded": mean_score([each.content_unfounded for each in found]),
        "facts_kept": ratio_score(
            [each.facts_asked - each.facts_lost for each in found], [each.facts_asked for each in found]
        ),
        "facts_invented": mean_score([each.facts_added for each in found]),
        "negations_wrong": mean_score([each.negations_lost + each.negations_added for each in found]),
        "persons_wrong": mean_score([each.persons_wrong for each in found]),
        "repeated": mean_score([each.repeated for each in found]),
    }


def _body(mail: str) -> tuple[list[str], str]:
    """Whom a mail greets, and the mail without its greeting and its sign-off."""
    name, body = split_greeting(mail, None)
    return [token for token in tokens(name) if is_said(token)], without_sign_off(body)


def _without_headers(request: str) -> str:
    """A request without a beginning that only gives recipient and subject, if it says more."""
    rest = _HEADERS.sub("", request, count=1)
    return rest if tokens(rest) else request


def _saying(body: str) -> str:
    """A mail's text without sentences that are only polite."""
    return "\n".join(sentences(body, "ru" if is_cyrillic(body) else "en"))


def _addressee(request: str) -> list[str]:
    """The words before a first colon that say whom a note is for: 'piers: need ladder'; empty if there are none."""
    before, colon, _ = request.partition(":")
    found = tokens(before)
    if not colon or "\n" in before or len(found) > _LONGEST_ADDRESSEE or any(not token.isalpha() for token in found):
        return []
    return [token for token in found if is_said(token) and not token.startswith(_ASKING)]


def _facts(request: str, asked: Sequence[str], usual: Usual) -> set[str]:
    """The names, dates and numbers of a request, with names in lower case that the owner's mails have."""
    return facts_in(request) | {token for token in asked if token in usual.names and is_said(token)}


def _mentions(found: Words, text: str, fact: str) -> bool:
    return found.has(fact) or (not fact.isalnum() and mentions(text, fact))


def _share_said(asked: Sequence[str], written: Words) -> float:
    """The share of a request's content words that a mail has; 1 if the request has none."""
    wanted = {token for token in asked if is_said(token) and not token.startswith(_ASKING)}
    return sum(map(written.has, wanted)) / len(wanted) if wanted else 1.0


def _share_unfounded(content: Sequence[str], known: Words, usual: Usual) -> float:
    """The share of a mail's content words that are neither known nor usual."""
    said = sum(map(is_said, content))
    new = [token for token in usual.unusual(content) if is_said(token) and not token.startswith(_ASKING)]
    return sum(not known.has(token) for token in new) / said if said else 0.0


def _negations(asked: Sequence[Clause], written: Sequence[Clause], usual: Usual) -> tuple[int, int]:
    """The numbers of negations lost and added, each by their counts or clause by clause, whichever is higher."""
    wanted = [clause for clause in asked if clause.negated]
    given = [clause for clause in written if clause.negated]
    soft_asked, soft_written = (sum(each.softly and not each.negated for each in side) for side in (asked, written))
    own = [clause for clause in given if usual.unusual(clause.said)]
    lost = len(wanted) - len(given) - soft_written
    added = len(own) - len(wanted) - soft_asked
    turned = sum(_is_turned(clause, written) for clause in wanted)
    return max(0, lost, turned), max(0, added)


def _is_turned(clause: Clause, written: Sequence[Clause]) -> bool:
    """Whether the mail says a negated clause, and nothing of it with a negation."""
    denying = [each for each in written if each.negated or each.softly]
    return bool(_best(clause, written)) and not any(map(clause.shared, denying))


def _best(clause: Clause, written: Sequence[Clause]) -> list[Clause]:
    """The clauses that say most of a clause, if they say enough of it."""
    shared = list(map(clause.shared, written))
    most = max(shared, default=0)
    if not clause.said or most < clause.enough:
        return []
    return [each for each, count in zip(written, shared, strict=True) if count == most]


def _persons_wrong(asked: Sequence[Clause], written: Sequence[Clause], is_order: bool, is_question: bool) -> int:
    """Persons that the request names and its mail does not, and clauses that the mail says of the other person.

    An order's 'you' may be the assistant; imperatives, questions and Russian verbs mean a person without a pronoun.
    None of these counts, so this finds fewer mistakes than there are.
    """
    openings = {clause.opening for clause in asked if is_said(clause.opening)}
    speaks = is_question or any(clause.implies_second or clause.opening in openings for clause in written)
    lost_first = any(clause.first for clause in asked) and not any(each.first or each.implies_first for each in written)
    lost_second = (
        not is_order
        and any(clause.second for clause in asked)
        and not (speaks or any(clause.second for clause in written))
    )
    return lost_first + lost_second + sum(_is_swapped(clause, written, is_order) for clause in asked)


def _is_order(asked: Sequence[str]) -> bool:
    """Whether a request speaks to an assistant, 'ask bo ...', rather than to its reader."""
    return any(token.startswith(_ASKING) for token in asked[:_ORDER_WORDS])


def _is_swapped(clause: Clause, written: Sequence[Clause], is_order: bool) -> bool:
    """Whether the mail says a clause about the other one of writer and reader."""
    if clause.first == clause.second or (is_order and clause.second):
        return False
    best = _best(clause, written)
    if clause.first:
        return bool(best) and all(each.second and not (each.first or each.implies_first) for each in best)
    return bool(best) and all(each.first and not (each.second or each.implies_second) for each in best)


def _repeated(body: str) -> float:
    """The share of words in sentences and runs that were said before."""
    found: list[str] = []
    again: set[int] = set()
    sentences_seen: set[tuple[str, ...]] = set()
    runs_seen: set[tuple[str, ...]] = set()
    for sentence in SENTENCE_END.split(body):
        said = tuple(tokens(sentence))
        if len(said) >= _SENTENCE and said in sentences_seen:
            again.update(range(len(found), len(found) + len(said)))
        sentences_seen.add(said)
        found.extend(said)
    for start in range(len(found) - _RUN + 1):
        run = tuple(found[start : start + _RUN])
        if run in runs_seen:
            again.update(range(start, start + _RUN))
        runs_seen.add(run)
    return len(again) / len(found) if found else 0.0
