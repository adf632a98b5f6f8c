"""The two forms of a request: an order to an assistant, and a rough note to the reader of the mail.

'ask Piers to bring the ladder back' is an order: the assistant turns Piers into 'you'. 'piers: need ladder back' is a
rough note: persons stay as they are in the mail. Small models write mails from notes and fail at orders.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from email_assistant.archive.mail_parts import NOT_NAMES, first_name
from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED
from email_assistant.requests.typed_lines import one_line
from email_assistant.storage.records import Pair

Form = Literal["rough", "order"]
EXAMPLES: dict[Form, str] = {
    "rough": "piers: i need the ladder back before sunday",
    "order": "ask Piers to bring the ladder back before sunday",
}
# A form in a smaller share of the training requests was not learned.
MIN_SHARE = 0.1
# The method of a pair whose request a person typed, on the compose page or for the evaluation.
TYPED = "typed"

_NOT_ME = r"(?!(?:me|us|myself|nobody|nothing|no|(?:every|any)(?:body|one) you)\b)"
# Nouns follow these verbs in notes: 'email attached', 'invite link', 'answer: no', 'text is fine'.
_NOT_A_NOUN = (
    r"(?!(?:me|us|is|was|are|were|will|has|had|from|to|for|in|on|at|of|by|with|and|or|not|no|yes|address|addresses|"
    r"attached|received|sent|came|list|link|only|below|above|again|back|that|this|asap|when|if|or)\b)"
)
# 'Email the list', 'check with the form'.
_THINGS = (
    "(?:list|form|file|files|report|invoice|draft|copy|copies|photo|photos|pdf|link|address|code|number|scan|quote|"
    "bill|receipt|receipts|details|info|plan|agenda|minutes|contract|same|other|above|below|attached|one|rest|new|"
    "final)"
)
# 'Email will follow'.
_FIRST_NAMES = "|".join(
    sorted(CALLED - {"will", "may", "art", "hope", "max", "miles", "grant", "mark", "june", "faith"})
)
LETTER = r"(?:e-?mail|mail|letter|message|note|reply|answer|response)"
_LETTER = rf"(?:\w+ ){{0,2}}{LETTER}\b"
_OTHER_LETTER = r"(?:\w+ ){0,2}(?:refusal|apology|reminder|invitation|request|complaint)\b"
# 'The reply that we got' may begin with a noun, 'respond that' does not.
_SAID = (
    r"(?:respond that \w|(?:reply|answer) that (?:there|it|(?:i|we)(?! (?:got|get|gave|had|sent|wrote|want|wanted|"
    r"expect|expected|received|heard|need|needed|promised)\b))\b)"
)
_TITLE = rf"(?:{'|'.join(order_words.TITLES.split())})\.?"
_CALLED = (
    rf"(?:{_TITLE} (?!and\b)\w+|(?:mr|dr) and (?:mrs|dr|ms) \w+|"
    rf"(?-i:[A-Z])[\w'’-]+(?: (?-i:[A-Z])[\w'’-]+)?|(?:{_FIRST_NAMES})\b)"
)
# Who may be written to: a name, 'my sister', 'the dentist'; but not 'the list'.
_PERSON = (
    rf"(?:{_CALLED}|(?:the|my|our|his|her) (?:(?!{_THINGS}\b)[\w'’-]+ ){{0,2}}?(?!{_THINGS}\b)[\w'’-]+"
    r"(?: (?-i:[A-Z])[\w'’-]+)?|(?:him|her|them)\b)"
)
_ENGLISH = (
    rf"ask {_NOT_ME}(?!(?:is|was|for|price|away)\b)\w",
    rf"(?:tell|remind|inform|notify|warn|congratulate) {_NOT_ME}\w",
    rf"let {_NOT_ME}(?:[\w.'’&-]+,? (?:(?:and|&|\+) )?){{1,6}}know\b",
    r"thank (?:everyone|everybody|all) who\b",
    r"thank (?!(?:you|u|ya|god|goodness|heavens?)\b)\w.{0,60}? (?:for|that)\b",
    rf"(?:write|reply|respond|answer|say|explain|confirm|apologi[sz]e)(?: back)? to {_NOT_ME}"
    r"(?!(?:you|your|my|our|this|that|the|a)\b)\w",
    rf"(?:write|draft|compose|send) (?:an?|the) {_LETTER} (?:to|about|for|that|asking|saying) {_NOT_ME}",
    rf"(?:write|draft|compose) (?:(?:an?|the) {_LETTER}:|an? {_OTHER_LETTER} to {_NOT_ME}\w)",
    rf"(?:can|could|would|will) you (?:please )?(?:draft|compose) an? (?:{_LETTER}|{_OTHER_LETTER}) to {_NOT_ME}\w",
    _SAID,
    rf"(?:say|send|answer|reply) (?:yes|no|thanks|thank you|sorry) to {_NOT_ME}\w",
    rf"(?:e-?mail|message|text) {_PERSON}(?:[:,.]| (?:and|that|about|to)\b|$)",
    rf"(?:(?:confirm|check) with|chase|complain to|apologi[sz]e to|reply to) {_PERSON}"
    r"(?:[:,.]| (?:and|that|they|he|she|about|for|if|whether|when|why|what|how)\b)",
    r"ask (?:if|whether) (?:he|she|they)\b",
    rf"(?:beg|nudge) {_PERSON} (?:to|for|about)\b|(?:find out from|report to) {_PERSON}",
    rf"thank (?!(?:you|u|ya|god)\b){_PERSON}(?: (?:on|at|in|from) [\w ]{{1,30}})?[.!]*$",
    rf"wish {_PERSON} (?:an?|all|the)\b",
    rf"offer {_CALLED} (?:an?|my|our|the|to)\b",
    rf"(?:text|e-?mail|message|write) {_CALLED},? (?:he|she|they|his|her|their)\b",
    r"check with \w+ (?:if|whether) (?:he|she|they)\b",
    rf"answer {_PERSON} that\b",
    rf"write to {_PERSON}(?:[:,.]| (?:and|that|if|whether)\b)",
    rf"(?:accept|decline|refuse|turn down|reject) (?:{_PERSON}['’]s|(?:the|an?) \w+ (?:from|of) {_PERSON})"
    r"[^,.:;]{0,30}[,.:;] ",
    rf"forward (?:\S+ ){{1,3}}to {_PERSON}",
    rf"say (?:\S+ ){{1,3}}to {_CALLED}",
    rf"invite {_PERSON}(?: and (?:his|her|their) \w+)?(?:,| (?:to|for|over|along|round)\b)",
    rf"invite {_NOT_A_NOUN}(?!(?:who|whom|whoever|anyone|anybody|everyone)\b)[\w'’-]+(?: (?:and|&|\+) [\w'’-]+)? "
    r"(?:to|for)\b",
    rf"(?:(?:write|e-?mail|mail|message|answer) (?!(?:the|an?|my|your|it|them)\b)|invite ){_NOT_A_NOUN}"
    r"(?:(?:mr|mrs|ms|dr|prof)\.? )?[\w'’-]+(?: [\w'’-]+)?"
    r"(?::|,? (?:that|to|about|and (?:ask|tell|say)|asking|saying)\b)",
)
# The same words in Russian ask the reader: 'напиши, когда приедешь'. An order names somebody.
_SOMEBODY = (
    r"(?!(?:мне|нам|меня|нас|себе)\b)(?:(?-i:[А-ЯЁ])\w|(?:ему|ей|им|его|её|ее|их|всем|всех)\b|"
    r"\w+(?:у|ю|е|и|ам|ям)(?: \w+)?,? (?:что|чтобы|чтоб|про|насчёт|насчет)\b)"
)
_RUSSIAN = (
    r"(?:напи(?:ши|шите|сать)|ска(?:жи|жите|зать)|спро(?:си|сите|сить)|(?:сообщи|ответь|ответи|напомни|передай|переда|"
    r"пригласи|поздравь|поздрави|предупреди|предложи|объясни|уведоми|пообещай|пообеща)(?:те|ть)?|отка(?:жи|жите|зать)) "
    rf"{_SOMEBODY}",
    r"(?:попроси|поблагодари)(?:те|ть)? (?!(?:меня|нас|чтобы|чтоб|если|когда|потом|лучше|сразу|за)\b)\w",
    r"спро(?:си|сите|сить) у (?!(?:меня|нас)\b)\w",
    r"извини(?:сь|тесь|ться) перед (?!(?:мной|мною|нами)\b)\w",
    r"пригласи(?:те|ть)? (?!(?:меня|нас|и|кого|всех)\b)\w+(?: и \w+)? на \w",
    r"ответ(?:ь|ьте|ить),? что (?:(?:я|мы|у меня|у нас)\b|(?:[а-яё]+ ){0,3}(?:смогу|могу|буду|приду|сможем|можем|будем|"
    r"опоздаю|согласен|согласна|согласны)\b)",
    r"(?:напиши|напишите|написать|составь|составьте) (?:\w+ )?(?:письмо|ответ)\b",
)
# Who is asked to do it, is the reader: 'tell Ann when you see her'.
_TO_THE_READER = re.compile(
    r"\b(?:if|when|before|after|unless|until|till|while|once|as soon as) (?:you|u)\b|"
    r"\b(?:hello|hi|hey|love|regards|greetings|wishes|thanks|congrat\w*)(?: \S+){0,3} from me\b|\byourself\b|"
    r"\b(?:если|когда|пока) (?:не )?(?:ты|вы|\w+(?:ешь|ёшь|ишь|ете|ёте|ите))\b",
    re.IGNORECASE,
)
# 'Ask Ann if you may come by' asks whether. In 'ask Ann if you need more', 'if you see her' or 'if you can' it is a
# condition for the reader.
_ASKED = (
    r"(?!(?:need|want|wish|like|prefer|see|meet|find|reach|get|feel|hear|run|know|do|be|some|any|not?|never|still|"
    r"have (?:any|more|some|questions?|doubts?|trouble|problems?)|use (?:an?|some|more|another|help))\b)\w"
)
_IF_IT_HAPPENS = r"(?!(?:have|ever|happen|decide|change|forget|lose|fail|miss|pass|come across)\b)"
_WHETHER = re.compile(
    rf"\bask {_NOT_ME}(?:[\w.'’&-]+,? (?:(?:and|&|\+) )?){{1,4}}?(?:"
    rf"(?:if|when) (?:you|u) (?:(?:may|might) |should {_IF_IT_HAPPENS}){_ASKED}|if (?:you|u) could {_ASKED}|"
    r"if (?:you|u) can (?:borrow|use|have|join|stay|keep|park|come)\b|"
    r"if (?:you are|you're|you’re|u r|ur) (?:allowed|supposed|expected|meant|welcome|invited)\b)",
    re.IGNORECASE,
)
_PLEASE = r"\W*(?:(?:please|pls|plz|kindly|пожалуйста),? )?"
_ORDER = re.compile(rf"{_PLEASE}(?:{'|'.join([*_ENGLISH, *_RUSSIAN])})", re.IGNORECASE)


def looks_like_order(text: str) -> bool:
    """Whether a request begins like an order to an assistant, in English or Russian; in doubt it does not.

    'Tell Ann …' does; 'tell me when', 'thank you for' and 'write-up attached' are said to the reader.
    """
    line = one_line(text)
    return _ORDER.match(line) is not None and not _TO_THE_READER.search(_WHETHER.sub("", line, count=1))


def with_recipient(request: str, recipient: str) -> str:
    """A request on one line with its recipient, where it does not name one itself: 'piers: need ladder'.

    Args:
        request: What was typed; an order is left as it is.
        recipient: Whom the mail is for, as typed: a name, an address or both; may be empty.
    """
    name = _name(recipient)
    line = one_line(request)
    if not name or _names(line, name) or looks_like_order(line):
        return line
    return f"{name.casefold()}: {line}"


def _names(line: str, name: str) -> bool:
    """Whether a request has a name as a word of its own: 'need' does not name Ed, nor 'i will come' Will."""
    line, name = line.replace("ё", "е"), name.replace("ё", "е")
    if name.casefold() in NOT_NAMES:
        return re.search(rf"^\W*(?i:{re.escape(name)}) ?[:,]|(?<=\S ){re.escape(name)}\b", line) is not None
    return re.search(rf"\b(?:{_declined(name)})\b", line, re.IGNORECASE) is not None


def _declined(name: str) -> str:
    """The pattern of a name that may be declined, as Russian ones are: 'Саввы', 'Ивану'."""
    stem, last = re.escape(name[:-1]), name[-1].casefold()
    if last in "ая":
        return rf"{stem}(?:[аяыиуюе]|[ое]й|[ое]ю)"
    if last in "йь":
        return rf"{stem}(?:[йьяюеи]|ем|ью)"
    return rf"{re.escape(name)}(?:[ауеы]|[ое]м)?" if re.fullmatch("[б-щ]", last) else re.escape(name)


def _name(recipient: str) -> str:
    """The first name of a recipient as typed; empty if there is only an address."""
    name = first_name(recipient)
    words = recipient.partition("<")[0].split()
    return name or (words[0] if words and words[0].isalpha() else "")


def trained_forms(pairs: Iterable[Pair], variants: int, wording: Callable[[str], str] = str) -> list[Form]:
    """The forms that an adapter learns, the more frequent one first; it does not learn a rare one.

    Args:
        pairs: The training pairs.
        variants: How many instructions of a pair training uses.
        wording: What prompts make of a request that a person typed.
    """
    counts = Counter(form for pair in pairs for form in itertools.islice(_forms(pair, wording), variants))
    return [form for form, count in counts.most_common() if count >= MIN_SHARE * counts.total()]


def _forms(pair: Pair, wording: Callable[[str], str]) -> Iterator[Form]:
    """The forms of a pair's instructions: known from who wrote them, unless a person did."""
    others = pair.get("variants", [])
    if pair["method"] in ("file", TYPED):
        for text in [pair["instruction"], *others]:
            read = wording(text) if pair["method"] == TYPED else text
            yield "order" if looks_like_order(read) else "rough"
    else:
        yield "rough" if pair["method"] == "rough" else "order"
        # Only rules write more than one.
        for _ in others:
            yield "rough"


def how_to_ask(forms: Sequence[str]) -> str:
    """What the terminal asks for, for an adapter that was trained on these forms; none: they are unknown."""
    if not forms:
        return "What should the mail say? (one line; an empty line quits)"
    examples = " or ".join(f"'{EXAMPLES[form]}'" for form in EXAMPLES if form in forms)
    return f"What should the mail say? For example: {examples} (one line; an empty line quits)"


def with_quoted_mail(instruction: str, mail: str | None) -> str:
    """An instruction followed by the mail to answer, quoted as mail programs do."""
    if not mail:
        return instruction
    return "\n".join([instruction, "", *(f"> {line}".rstrip() for line in mail.split("\n"))])
