"""The recipient of a mail, of whom an order speaks in the third person, becomes 'you': 'he pays the vet', 'you pay'."""

import re

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED, NAMES
from email_assistant.lexicon.note_subjects import VERBS
from email_assistant.requests.order_persons import (
    HE,
    HERE,
    JOINS,
    SHE,
    SUBJECTS,
    SUBJECTS_BY_OBJECT,
    THEY,
    Recipient,
    by_ending,
    said_of,
)
from email_assistant.requests.order_text import BEFORE_NOUNS, DAYS, Words, plain

_ADVERBS = frozenset(order_words.ADVERBS.split())
_NO_VERBS = frozenset(order_words.NO_VERBS.split())
_AFTER_OBJECT = frozenset(order_words.AFTER_OBJECT.split())
_AFTER_POSSESSIVE = frozenset(order_words.AFTER_POSSESSIVE.split())
_COUNTED = frozenset(order_words.COUNTS.split())
_TITLES = frozenset(order_words.TITLES.split())
_KNOWN_VERBS = frozenset(VERBS.split())
# What a pronoun becomes, and of whom it is said. 'Her' and 'his' depend on the next word.
_OTHER_FORMS = {
    "him": ("he", "you"),
    "them": ("they", "you"),
    "their": ("they", "your"),
    "hers": ("she", "yours"),
    "theirs": ("they", "yours"),
    "himself": ("he", "yourself"),
    "herself": ("she", "yourself"),
    "themselves": ("they", "yourselves"),
}
_AGREES = {
    "is": "are",
    "was": "were",
    "has": "have",
    "does": "do",
    "isn't": "aren't",
    "wasn't": "weren't",
    "hasn't": "haven't",
    "doesn't": "don't",
    "isnt": "arent",
    "wasnt": "werent",
    "hasnt": "havent",
    "doesnt": "dont",
}
_GIVES = frozenset(f"{order_words.GIVES} let call ring text".split())
_BEFORE_THINGS = frozenset(order_words.BEFORE_THINGS.split())
# 'He can fetch it', 'could she send it': what a recipient is asked to do.
_ASKS = frozenset(order_words.ASKS.split())
_BEFORE_PLACES = frozenset(order_words.BEFORE_PLACES.split())
_TO_ALL = re.compile(r"^(would )you(?= like to come)|^(?:thanks|thank you)(?= for\b)", re.IGNORECASE)
_ENDINGS = {"": "", "s": "", "ll": " will", "d": " would", "re": " are", "ve": " have"}
_IS = frozenset(("be", "been", "are", "were", "aren't", "weren't"))
_OF_PERSONS = frozenset(order_words.OF_PERSONS.split())
_ROLES = frozenset(f"{order_words.ROLES} {order_words.JOBS}".split()) - frozenset(order_words.ORGANIZATIONS.split())
_KIN = HE | SHE | _ROLES
# 'I can send her the papers'.
_I_GIVE = re.compile(
    rf"\b(?:i|we)(?:['’]\w+)? (?:\w+ ){{0,2}}(?:{'|'.join(order_words.GIVES.split())}) $", re.IGNORECASE
)
_ANIMALS = frozenset(order_words.ANIMALS.split())
# Before the recipient's own dog.
_OF_OTHERS = frozenset(("his", "her", "their", "your"))
_PARTICIPLES = frozenset(order_words.PARTICIPLES.split())
# Said of others than oneself.
_WANTS = frozenset(("wants", "wanted", "needs", "needed", "asked", "asks", "told", "expects", "expected"))
_BEFORE_DONE = frozenset(("already", "just", "never", "ever"))
# 'She's still lost' may mean that she is.
_ALWAYS_DONE = frozenset(("got", "been", "had"))
# 'Bob says he can have it' leaves open who.
_REPORTS = frozenset(order_words.REPORTS.split())
_PREPOSITIONS = frozenset(("from", "with", "of", "to", "for", "about", "by", "at", "against"))
_OWES = frozenset(order_words.OWES.split())
# 'Let her take it'.
_LETS = frozenset(("letting", "making", "having", "seeing", "watching", "hearing", "let", "made"))
_MAKES = frozenset(("let", "lets", "make", "makes", "made", "help", "helps", "helped"))


def base_form(verb: str) -> str:
    """The base of a verb in the third person, in lower case: 'pays', 'pay'; 'tries', 'try'."""
    if verb.endswith("ies") and len(verb) > len("dies"):
        return verb[:-3] + "y"
    if re.search(r"(?:ss|sh|ch|x|zz|o)es$", verb):
        return verb[:-2]
    return verb[:-1]


class SecondPerson(Words):
    """Turns the parts of an order, one after the other, from the third into the second person.

    A pronoun stays where it may mean somebody else, who was named at the beginning of a clause or just before it.
    """

    def __init__(self, recipient: Recipient) -> None:
        """Begin with an order to write to a recipient."""
        super().__init__()
        self._names = recipient.names
        self._front = recipient.front
        # What 'they' become first: 'you and your kids'.
        self._with_others = recipient.with_others
        self._pronouns = set(recipient.pronouns)
        self._likely = by_ending(recipient.front.casefold())
        # Of whom a pronoun may be said that is not the recipient.
        self._others: set[str] = set()
        self._is_group = recipient.pronouns == {"they"} and not recipient.is_organization
        self._has_named_all = False
        # Whether the recipients are several who have names of their own.
        self._are_joined = re.search(r"(?-i:[A-Z])[\w'’-]*(?: and | ?[&+] |, )(?-i:[A-Z])", recipient.front) is not None
        # Whether several things were named.
        self._has_things = False
        # Those of the others that may be one and the same person.
        self._unclear: set[str] = set()
        # 'He' and 'she', of whomever else the text names, and of the writer's mother and the like.
        self._named_others: set[str] = set()
        self._kin: set[str] = set()
        # The same of those who are named within a clause: 'I met Nina and she likes her work'.
        self._met: set[str] = set()
        self._has_plural = False
        # Whether an order to an organization names several persons.
        self._has_people = False
        self._is_organization = recipient.is_organization
        # Whether a pronoun may mean the recipient or somebody else.
        self.is_unclear = False
        self._start_part("")

    def _start_part(self, text: str) -> None:
        """Begin with a part of the order, of which nothing is known yet."""
        self._read(text)
        self._named_before: set[int] = set()
        # Of whom pronouns may be said that somebody helps.
        self._helped: set[str] = set()
        self._helped_at = 0
        # The same of somebody whose verb is an 's': 'mum's out, she will call'.
        self._doing: set[str] = set()
        # The number of the last 'you', and of the last other name, that does something in its clause.
        self._doer: int | None = None
        self._other: int | None = None
        # The number of the last other name that somebody belongs to, and of whom pronouns may be said.
        self._owner: int | None = None
        self._of_owner: set[str] = set()
        # The number of a 'you' of whom it is asked if they can give something.
        self._giver: int | None = None
        # The number of the last pronoun like the recipient's that means somebody else.
        self._kept: int | None = None

    def is_meant_by(self, pronoun: str) -> None:
        """Take note that the order itself calls the recipient so: 'and thank her'."""
        if meant := SUBJECTS_BY_OBJECT.get(pronoun.casefold()):
            self._pronouns &= {meant}
            self._others -= {meant}
            self._helped = set()
            self._met = set()
            self._has_people = False
            self._kin -= {meant}

    def said(self, text: str) -> str:
        """A part of the order with the recipient as 'you'; what was said before counts."""
        self._start_part(text)
        for number, place in enumerate(self._places):
            word = plain(self._tokens[place])
            stem, _, ending = word.partition("'")
            is_named = self._tokens[place].partition("'")[0].partition("’")[0] in self._names
            if is_named and not self._is_one_of_them(number):
                self._named(number, ending)
            elif stem in SUBJECTS and (not ending or ending in {"s", "ll", "d", "re", "ve"}):
                self._subject(number, stem, ending)
            elif word in {"her", "his"}:
                self._her_or_his(number, word)
            elif word in _OTHER_FORMS:
                self._other_form(number, word)
            elif ending == "s" and self._tokens[place][0].isupper() and self._after(number) in _KIN:
                self._owner, self._of_owner = number, said_of(stem)
                if stem in CALLED and len(self._pronouns) > 1:
                    self._mention(number, stem)
            elif not ending or (stem in CALLED and len(self._pronouns) > 1):
                self._mention(number, stem)
            elif ending == "s" and self._is_owner(number, stem):
                # 'Ivo's inhaler is in his bag'.
                self._named_others |= by_ending(stem)
                self._meet(stem)
            elif ending == "s" and self._is_doing(number, stem):
                self._doing = {"he"} if stem in HE else {"she"} if stem in SHE else said_of(stem)
        return "".join(self._tokens)

    def _other_form(self, number: int, word: str) -> None:
        """'Them', 'their' and the like."""
        who, you = _OTHER_FORMS[word]
        # '3 of them' are things.
        counted = self._before(number - 1) if self._before(number) == "of" else ""
        of = counted.isdigit() or (counted in _COUNTED and (self._has_plural or not self._is_group))
        # 'You' do it to somebody else, or to yourself.
        is_object = word in {"him", "them"}
        done = is_object and self._doer is not None and self._is_one_clause(self._doer, number)
        # 'Whichever suits them' is about persons.
        is_them = word == "them" and self._before(number) != "suits"
        things = is_them and ((self._has_things and not self._is_group) or self._after(number) == "they")
        if not of and not done and not things and self._means_recipient(who, is_object, number):
            # 'Thank them for the flowers, mum loved them' is about the flowers.
            self._doubt(is_them and not self._after(number) and self._has_things)
            self._put(self._places[number], you)
        elif word == "their" and self._is_group:
            # 'Those who pay get their key'.
            self._doubt(self._other is None or self._word(self._other) != "those")

    def _means_recipient(
        self, pronoun: str, is_object: bool = False, number: int = 0, is_subject: bool = False
    ) -> bool:
        """Whether a pronoun may mean nobody else. The subject of a clause is not its object, too."""
        if pronoun not in self._pronouns:
            # 'Sam has a cold, so he is off' tells who Sam is.
            if pronoun in self._unclear:
                self._others -= self._unclear - {pronoun}
                self._unclear = set()
            return False
        # 'Zoe's dad fetches her' is about Zoe.
        if self._owner is not None and pronoun in self._of_owner and self._is_one_clause(self._owner, number):
            self._doubt(True)
            return False
        # 'Thanks for finding Dad and driving him home'.
        if (
            is_object
            and pronoun in self._helped
            and (self._before(number).endswith("ing") or self._is_one_clause(self._helped_at, number))
        ):
            return False
        about_another = is_object and self._other is not None and self._is_one_clause(self._other, number)
        if is_object and self._kept is not None and self._is_one_clause(self._kept, number):
            about_another = self._after(self._kept) in _WANTS
            # 'My husband is ill, we'd be glad if he visited him'.
            self._doubt(not about_another)
        if pronoun in self._others and not about_another:
            self._doubt(is_object and (self._is_given(number) or pronoun == "they"))
            # 'Thanks for letting Ida use her oven' leaves open whose.
            self._doubt(pronoun in self._helped and not is_subject)
            return False
        self._doubt(pronoun in self._helped)
        self._doubt(
            (len(self._pronouns) > 1 and pronoun in self._named_others) or (pronoun in self._met and not is_object)
        )
        # From now on it is known who the recipient is.
        self._pronouns &= {pronoun}
        return True

    def front_of(self, note: str) -> str:
        """What a note begins with: only one name if the note speaks of the others."""
        if not self._with_others or self._with_others.casefold() not in note.casefold():
            return self._front
        return re.split(r" (?:and|&) (?:his|her|their) ", self._front)[0]

    def with_others(self, note: str) -> str:
        """A note that invites or thanks the others, too: 'would you and your kids like to come'."""
        if not self._with_others or self._has_named_all:
            return note
        named = _TO_ALL.sub(lambda found: f"{found[1] or 'thanks to '}{self._with_others}", note, count=1)
        self._has_named_all = named != note
        return named

    def _doubt(self, is_unclear: bool) -> None:
        self.is_unclear = self.is_unclear or is_unclear

    def _is_given(self, number: int) -> bool:
        """Whether a pronoun is somebody to whom the writer gives something: 'I can send him one'."""
        start = self._places[max(0, number - 4)]
        return _I_GIVE.search("".join(self._tokens[start : self._places[number]])) is not None

    def _subject(self, number: int, stem: str, ending: str) -> None:
        # 'Whether Jo or he is in'.
        if self._before(number) in {"or", "and"} and self._other == number - 2:
            self._others.discard(stem)
        if self._is_elliptic(number, stem):
            return
        if self._gives(number, stem):
            self._put(self._places[number], "you")
            self._giver = number
            return
        if stem in self._doing or not self._means_recipient(stem, number=number, is_subject=True):
            around = {self._after(number), self._before(number)}
            is_asked = bool(around & _ASKS if not ending else ending == "d" and "better" in around)
            self._doubt(stem in self._pronouns and is_asked)
            # 'Your mum rang, she wants her to ring back'.
            self._kept = number if stem in self._pronouns else None
            return
        place = self._places[number]
        self._doer = number
        self._doubt_subject(number, stem, ending)
        if stem != "they":
            self._join(number)
        if stem == "they" and self._with_others and not self._has_named_all:
            self._put(place, f"{self._with_others}{_ENDINGS[ending]}")
        elif not ending:
            self._put(place, "you")
            if self._before(number) in _AGREES:
                self._put(self._places[number - 1], _AGREES[self._before(number)])
            elif stem != "they":
                self._agree(number)
        elif ending == "s":
            self._put(place, "you've" if self._is_done(number) else "you're")
            self._agree_with_others(number)
        else:
            self._put(place, f"you'{ending}")

    def _doubt_subject(self, number: int, stem: str, ending: str) -> None:
        """Take note if a pronoun may mean somebody else, or things."""
        # 'May I bring my mother, she is with us', 'my doctor says she knows'.
        reported = self._before(number) in _REPORTS and self._before(number - 1) in _ROLES
        self._doubt(stem in self._kin or reported)
        has_things = self._has_plural if self._is_organization else self._has_things
        # 'There are old people here and they have to stand'.
        self._doubt(stem == "they" and self._has_people)
        if stem == "they" and has_things:
            # 'The bins were full, they are' leaves open what.
            self._doubt(self._is_said_of_things(number, ending))

    def _is_said_of_things(self, number: int, ending: str) -> bool:
        """Whether 'they' may be things; 'they're welcome' is said of persons."""
        if ending == "re":
            return self._after(number) not in _OF_PERSONS
        is_at = next((at for at in range(number + 1, number + 4) if self._after(at - 1) in _IS), None)
        return is_at is not None and self._after(is_at) not in _OF_PERSONS

    def _is_elliptic(self, number: int, stem: str) -> bool:
        """Whether 'they' are the things that were just asked about: 'if the scans are in, and if they are, …'."""
        after = self._after(number) in _IS and not self._after(number + 1)
        return stem == "they" and self._is_organization and self._has_plural and after and self._before(number) == "if"

    def _gives(self, number: int, stem: str) -> bool:
        """Whether it is asked if the recipient can give something: others are told about, 'ask if she can send it'."""
        before, does = self._before(number), self._after(number + 1)
        is_only = self._pronouns == {stem} and stem in self._others
        return (
            is_only and number == 1 and before in {"if", "whether"} and self._after(number) in _ASKS and does in _GIVES
        )

    def _join(self, number: int) -> None:
        """Somebody may do it with the recipient: 'he and Jo' are 'they' from now on, 'he or Jo is' becomes 'are'."""
        after = self._after(number)
        if after in {"and", "&"}:
            self._pronouns.add("they")
            self._likely.add("they")
        elif after == "or" and self._after(number + 1):
            owned = self._after(number + 1) in BEFORE_NOUNS
            verb = number + 3 + owned
            if verb < len(self._places) and all(map(self._is_joined, range(number, verb))):
                self._as_plural(verb, known=self._word(verb) not in _AGREES)

    def _is_done(self, number: int) -> bool:
        """Whether a subject's 's' is a 'has': 'she's still got it'."""
        after = self._after(number)
        done = _PARTICIPLES if after in _BEFORE_DONE else _ALWAYS_DONE
        return after in _PARTICIPLES or (after in _ADVERBS and self._after(number + 1) in done)

    def _is_one_of_them(self, number: int) -> bool:
        """Whether one of several recipients is named alone: 'Bo is ill', after 'tell Ann and Bo'."""
        if not self._are_joined or self._word(number) == HERE:
            return False
        joined = {number - 2: self._before(number), number + 2: self._after(number)}
        # 'And ask Bo if he can send it'.
        self._doubt(self._before(number) in {"ask", "tell", "thank", "remind", "let"})
        return not any(
            join in JOINS and 0 <= other < len(self._places) and self._tokens[self._places[other]] in self._names
            for other, join in joined.items()
        )

    def _named(self, number: int, ending: str) -> None:
        place = self._places[number]
        # 'Bob and Ann are late' is about two; what stands for the name must not stay.
        if self._before(number) in JOINS and self._word(number) != HERE:
            return
        # 'Mr Van Dam' becomes one 'you', as 'the Bakers' do.
        if self._before(number) in _TITLES | {"the"} or (self._before(number) and number - 1 in self._named_before):
            self._tokens[self._places[number - 1]] = self._tokens[place - 1] = ""
        self._named_before.add(number)
        after = self._after(number)
        if ending == "s" or (not ending and self._tokens[place][-1] in "'’"):
            is_verb = after in {"not", "a", "an", "the", "late", "coming"} | _PARTICIPLES or after.endswith("ing")
            self._put(place, "you're" if is_verb else "your", is_name=True)
        elif not ending:
            self._put(place, "you", is_name=True)
            # 'The bill from Ann is wrong' is not about Ann.
            if self._before(number) not in _PREPOSITIONS:
                self._agree(number)

    def _her_or_his(self, number: int, word: str) -> None:
        after = self._after(number)
        is_object = word == "her" and self._is_object(number, after)
        done = is_object and self._doer is not None and self._is_one_clause(self._doer, number)
        # 'Ask if she can send her work': whose?
        self._doubt(not is_object and self._giver is not None and self._is_one_clause(self._giver, number))
        if done or not self._means_recipient("she" if word == "her" else "he", is_object, number):
            return
        # 'His brother still has his': whose is it?
        if word == "his" and (not after or after in _AFTER_POSSESSIVE) and self._follows_man(number):
            return
        if word == "his":
            you = "yours" if not after or after in _AFTER_POSSESSIVE else "your"
        else:
            you = "you" if is_object else "your"
        self._put(self._places[number], you)

    def _follows_man(self, number: int) -> bool:
        """Whether another man is named in the three words before."""
        return any(self._word(each) in HE for each in range(max(0, number - 4), number))

    def _is_object(self, number: int, after: str) -> bool:
        """Whether 'her' has no noun: 'ask her on tuesday', and not 'her tuesday run'."""
        if after in DAYS:
            last = self._after(number + 1)
            return not last or last in _AFTER_OBJECT or last in JOINS
        # 'I owe her lunch', and not 'I owe her mother'.
        if self._before(number) in _OWES and after not in _KIN:
            return True
        made = self._before(number) in _MAKES and after in _KNOWN_VERBS
        # 'Tell her that's ok'.
        after = after.partition("'")[0] if not after.endswith("'s") or after == "that's" else after
        return not after or after in _AFTER_OBJECT or after.isdigit() or made or after == "every"

    def _agree(self, number: int) -> None:
        """The verb of 'you', and those that follow with 'and', lose their 's'."""
        while self._after(number) in _ADVERBS and not self._is_subject(number + 1):
            number += 1
        if self._after(number):
            self._as_plural(number + 1, known=False)
        self._agree_with_others(number)

    def _agree_with_others(self, number: int) -> None:
        """The same for verbs that follow with 'and' or a comma."""
        while number + 1 < len(self._places) and (self._is_joined(number) or self._is_listed(number)):
            number += 1
            if self._is_subject(number):
                return
            if self._word(number) in JOINS or self._is_listed(number):
                self._as_plural(number + 1, known=True)

    def _is_subject(self, number: int) -> bool:
        """Whether a word does something itself: the verbs after it are not those of the word before."""
        token = self._tokens[self._places[number]]
        return token in self._names or plain(token).partition("'")[0] in SUBJECTS

    def _is_listed(self, number: int) -> bool:
        """Whether a comma and a verb follow a word: 'he got it, starts monday'."""
        if number + 1 >= len(self._places) or self._tokens[self._places[number] + 1].strip() != ",":
            return False
        verb = self._word(number + 1)
        return verb in _AGREES or bool({verb, base_form(verb)} & _KNOWN_VERBS)

    def _as_plural(self, number: int, known: bool) -> None:
        word = self._word(number) if number < len(self._places) else ""
        if plural := _AGREES.get(word):
            self._put(self._places[number], plural)
        elif word.endswith("s") and word not in _NO_VERBS and not word.endswith("'s"):
            base = base_form(word)
            if not known or base in _KNOWN_VERBS:
                self._put(self._places[number], base)

    def _mention(self, number: int, word: str) -> None:
        """Somebody else is named: whom a later pronoun may mean."""
        # 'Mr Ng' is the recipient.
        if word in _TITLES and number + 1 < len(self._places) and self._tokens[self._places[number + 1]] in self._names:
            return
        self._count(number, word)
        if word in THEY or word == "those":
            said = {"they"}
        elif word in _ANIMALS and self._before(number) not in _OF_OTHERS:
            # 'The dog is well, he eats'.
            self._doing |= {"he", "she"} if self._begins_clause(number) else set()
            return
        elif word in HE or word in SHE:
            said = {"he"} if word in HE else {"she"}
            self._kin |= said if word not in _TITLES and self._before(number) not in {"a", "an"} else set()
        # 'Will' is a name only with a capital letter.
        elif not self._is_date(number) and (
            word in NAMES or (word in CALLED and self._tokens[self._places[number]][0].isupper())
        ):
            said = said_of(word)
        elif self._before(number) in _TITLES:
            return
        # 'The Holts'.
        elif self._is_name(number) and self._before(number) == "the" and word.endswith("s"):
            said = {"they"}
        elif self._is_name(number) and self._begins_clause(number) and self._after(number) not in _REPORTS:
            said = by_ending(word)
        else:
            if self._is_person(number):
                self._named_others |= by_ending(word)
                self._help(number, by_ending(word))
                self._meet(word)
            return
        self._add_other(number, word, said)

    def _add_other(self, number: int, word: str, said: set[str]) -> None:
        """Take note of whom a pronoun may mean besides the recipient."""
        self._named_others |= said - {"they"}
        self._help(number, said)
        # Now somebody else may be 'he' or 'she'.
        self._pronouns = self._pronouns & self._likely or self._pronouns
        if len(self._pronouns) > 1 or self._begins_clause(number) or self._after(number) in SUBJECTS:
            self._others |= said
            self._unclear = said if len(said) > 1 else set()
            self._other = number
        else:
            self._meet(word)

    def _meet(self, word: str) -> None:
        """Somebody is named who does nothing there, but of whom a later pronoun may be said."""
        ending = by_ending(word)
        if word in NAMES or (len(ending) == 1 and word not in HE | SHE | THEY):
            self._met |= said_of(word) if word in NAMES else ending

    def _count(self, number: int, word: str) -> None:
        """Take note of things and persons in the plural."""
        self._has_things = self._has_things or self._is_things(number, word)
        self._has_people = self._has_people or (self._is_organization and word in THEY)
        self._has_plural = self._has_plural or (
            re.fullmatch(r"[a-z]{2,}[^s]s", word) is not None and word not in _NO_VERBS
        )

    def _help(self, number: int, said: set[str]) -> None:
        """Somebody else may be helped: 'thanks for letting Finn play although he was late' is about Finn."""
        start = number - (self._before(number) in BEFORE_NOUNS)
        before = self._before(start)
        if before in _LETS or before.endswith("ing"):
            self._helped, self._helped_at = said - {"they"}, number
        if before in _LETS:
            self._others |= self._helped
            self._other = number

    def _is_person(self, number: int) -> bool:
        """Whether a word may name somebody of whom a pronoun says more; 'Kettle Creek' after 'on' is a place."""
        reports = self._after(number) in _REPORTS and self._after(number + 1) in SUBJECTS | {"that"}
        after_name = number > 0 and (
            self._before(number) in _TITLES or (self._is_joined(number - 1) and self._is_name(number - 1))
        )
        return self._is_name(number) and self._before(number) not in _BEFORE_PLACES and not reports and not after_name

    def _is_owner(self, number: int, stem: str) -> bool:
        """Whether a word is a name of somebody to whom something belongs."""
        place = self._places[number]
        is_name = self._tokens[place][0].isupper() and not self._begins_sentence(place)
        return is_name and stem not in DAYS and stem not in SUBJECTS | {"i", "it"} and not self._is_doing(number, stem)

    def _is_doing(self, number: int, stem: str) -> bool:
        """Whether an 's' after a word is an 'is' or 'has': 'mum's out of hospital'."""
        after = self._after(number)
        is_verb = after in _AFTER_OBJECT | _ADVERBS | _PARTICIPLES or after.endswith(("ing", "ed"))
        is_another = stem in HE | SHE | NAMES or (stem in _ANIMALS and self._before(number) not in _OF_OTHERS)
        return (is_verb or stem in _ANIMALS) and is_another and self._after(number) not in _KIN

    def _is_things(self, number: int, word: str) -> bool:
        """Whether a word may be a plural that 'them' means: 'the new tablets'."""
        before = (self._before(number), self._before(number - 1))
        is_counted = any(each.isdigit() or each in _BEFORE_THINGS or each.endswith("'s") for each in before)
        # 'My son wants'.
        is_person = before[0] in _KIN or re.search(r"(?:er|or|man|ist)$", before[0]) is not None
        is_verb = base_form(word) in _KNOWN_VERBS and is_person
        return is_counted and not is_verb and re.fullmatch(r"[a-z]{3,}(?<!s)s", word) is not None

    def _put(self, place: int, word: str, is_name: bool = False) -> None:
        self._has_named_all = self._has_named_all or word.startswith("you")
        old = self._tokens[place]
        is_capital = old[0].isupper() and (not is_name or self._begins_sentence(place))
        self._tokens[place] = word[0].upper() + word[1:] if is_capital else word
