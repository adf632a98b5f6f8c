"""What a rough note leaves out of a mail or says shorter, in the languages that have tables of their own.

Every table is a sequence of `Rewrite`s, which are applied to one sentence after the other, in their order. They are
written so that names, numbers, negations and persons survive: a word that says who does what is only dropped where the
verb still says it.
"""

import re
from dataclasses import dataclass, field
from functools import cache

JOINT = re.compile(r"( and | |-)", re.IGNORECASE)


@dataclass(frozen=True)
class Rewrite:
    """A regular expression and what people type in its place.

    Attributes:
        pattern: Matched without case, anywhere in a sentence with its closing mark.
        choices: Replacements, which may refer to groups. Empty: nothing.
        share: How often it is applied in a note of full strength.
        habit: Whether a note does it always or never, however short its style: 'w/' for 'with'.
        terse: Whether only the shortest notes do it.
    """

    pattern: str
    choices: tuple[str, ...] = ("",)
    share: float = 1.0
    habit: bool = False
    terse: bool = False


# Of languages without tables of their own, only greetings (words, lower case) and sign-offs (patterns) are known.
OTHER_GREETINGS = (
    "hallo liebe lieber liebes guten tag sehr geehrte geehrter grüezi moin servus bonjour bonsoir cher chère salut "
    "hola buenos buenas estimado estimada querido querida ciao buongiorno caro cara gentile olá bom dia prezado "
    "prezada "
    "hej beste geachte dag cześć dzień dobry szanowny szanowna ahoj вітаю шановний шановна"
)
OTHER_SIGN_OFFS = (
    r"(?:mit )?(?:freundliche|viele|beste|liebe|herzliche|schöne)[nr]? grüße?n?|gruß|danke|cordialement|bien à vous|"
    r"merci|(?:un )?saludos?|un abrazo|gracias|cordiali saluti|saluti|grazie|atenciosamente|abraços|obrigad[oa]|"
    r"groet\w*|"
    r"met vriendelijke groet|med vänlig|pozdrawiam|s pozdravem|дякую|з повагою"
)

# Of words that greet, those that also name whom a mail is for.
NAMING = "all everyone team folks there всем коллеги господа друзья"
# Those who are greeted where no name is known.
EVERYBODY = frozenset(f"{NAMING} everybody both guys sir sirs madam ladies gentlemen colleagues friends".split())
# Function words that a line of greeting may have.
IN_GREETINGS = "and you on all my to both everyone и мои of at the for in"
# Greetings, patterns: with which a mail opens; after a name; after a name and a comma.
RARE_GREETINGS = "Ahoy|Hiya|Heya|Howdy|Салют"
AFTER_NAMES = "приветствую|салют"
SECOND_GREETINGS = "здорово|приветствую|салют|hi|hello|good morning"
POSTSCRIPT = r"(?:P\.?\s?P?\.?S\.?|П\.?П?\.?С\.?)(?=[\s:,.—–-])"
# Single words that end a mail and are no name.
LAST_WORDS = "thanks|thx|cheers|ok|yes|no|спасибо|да|нет"
# With these, which are shorter than the words of `frequent_words.txt`, people begin a note.
SHORT_FIRST_WORDS = (
    "late cool fine lost gone home back busy away open paid free full ill sick news rent tea food keys milk eggs time "
    "date plan help beer wine soup lift ride car bus taxi tax bank work idea wish menu list todo shop post boat bike "
    "door heat gas cold rain snow flu left wait stop next same both none aye ha haha lol yay rope"
)
# Single letters that answer: 'y' for yes, 'k' for okay.
LETTERS_THAT_ANSWER = "[ynku]"
# What is named by a letter after it: 'Plan B'.
LETTERED = (
    "plan|option|part|room|gate|hall|block|group|line|type|class|version|variant|vitamin|section|appendix|annex|"
    "schedule|table|form|level|phase|side|team|terminal|platform|building|floor|company|series|grade|"
    "план|вариант|часть|группа|корпус|зал|тип|класс|витамин|раздел|блок|секция|выход|строка|пункт|подъезд"
)
# What a paragraph of one capitalised word says that is no name, besides adverbs in -ly.
SAID_IN_A_WORD = (
    r"thanks|thx|thanx|cheers|perfect|brilliant|wonderful|excellent|fantastic|splendid|awesome|superb?|cool|wow|hooray|"
    r"bravo|indeed|maybe|never|always|again|later|soon|tonight|noon|midnight|once|twice|none|both|neither|either|half|zero|"
    r"(?:no|some|any|every)(?:body|one|thing|where|how|way)|approved|accepted|attached|cancell?ed|confirmed|enclosed|"
    r"fixed|paid|received|sent|solved|sorted|understood|done|apolog\w+|congrat\w+|regards|ditto|enjoy|help|call|hurry|"
    r"wait|stop|onwards?|upwards?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|january|february|march|"
    r"april|may|june|july|august|september|october|november|december|prima|perfekt|genau|danke|gruß|grüße|schade|leider|"
    r"bitte|niemand|nichts|merci|parfait|gracias|grazie"
)
NOT_IN_SIGNATURES = "attached|see|is|are|не|not|no|нет"
# A full stop after these ends no sentence: titles, companies, initials, units.
ABBREVIATED = (
    r"Mr|Mrs|Ms|Dr|Prof|St|Jan|Feb|Aug|Sept|Oct|Nov|Dec|Inc|Co|Corp|Ltd|No|no|рис|илл|п|пп|ст|гл|Ext|vs|etc|e\.g|i\.e|approx|ext|p|pp|им|ул|г|гг|"
    r"руб|тыс|стр|кв|каб|д|т|тел|см|т\.[екдп]|[A-Z]"
)


def habits(share: float, table: str) -> tuple[Rewrite, ...]:
    """Whole words that a note always or never types otherwise.

    Args:
        share: The share of notes that do.
        table: 'minutes=min|mins; weeks=wks'; the typed forms of a word are drawn from.
    """
    entries = (entry.split("=") for entry in table.split("; "))
    return tuple(Rewrite(rf"\b{word}\b", tuple(typed.split("|")), share, habit=True) for word, typed in entries)


@dataclass(frozen=True, kw_only=True, eq=False)
class NoteWords:
    """The tables of one language.

    Attributes:
        greetings: Words that greet, lower case, beside those of `Language`.
        sign_offs: Patterns of lines that close a mail, beside those of `Language`.
        courtesies: Patterns of whole sentences that say nothing: 'I hope you are well'.
        openers: Patterns of what sentences open with and can do without: 'well,', 'first of all'.
        not_names: Words that open a sentence before a comma and are no name, lower case.
        times: How times of day and dates in words are written, before number words become digits.
        rewrites: What is said shorter, after that.
        negations: Words that negate, beside those of `Language`, lower case.
        numbers: Number words and their values; words that are more often something else are left out.
        multipliers: Number words that multiply what is before them.
        ordinals: Pattern of ordinal numbers: number words before one are part of it.
        dependent: Words at the beginning of a sentence that refer to the sentence before, lower case.
    """

    greetings: str = ""
    sign_offs: str = ""
    courtesies: tuple[str, ...] = ()
    openers: tuple[str, ...] = ()
    not_names: str = ""
    times: tuple[Rewrite, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    negations: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    multipliers: dict[str, int] = field(default_factory=dict)
    ordinals: str = ""
    dependent: str = ""


def with_digits(sentence: str, note_words: NoteWords) -> str:
    """A sentence with digits for its number words; names such as 'Seven Oaks' and ordinal numbers stay."""

    def typed(match: re.Match[str]) -> str:
        following = sentence[match.end() :].lstrip()
        is_name = match[0][0].isupper() and (match.start() > 0 or following[:1].isupper())
        goes_on = further.match(sentence, match.end())
        return match[0] if is_name or goes_on else _in_digits(match[0], note_words)

    numbers, further = _patterns(note_words)
    return numbers.sub(typed, sentence)


@cache
def _patterns(note_words: NoteWords) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A run of number words, and what makes it the beginning of something else, such as an ordinal number.

    Not one pattern with a possessive quantifier: Python 3.11.2 matches that wrongly.
    """
    number = "|".join(sorted(note_words.numbers, key=len, reverse=True))
    further = "|".join([number, *note_words.multipliers])
    numbers = rf"(?<![\w-])(?:{number})\b(?:(?: and | |-)(?:{further})\b)*"
    goes_on = rf"-\w|['’]\w| \d|[ -](?:{note_words.ordinals})"
    return re.compile(numbers, re.IGNORECASE), re.compile(goes_on, re.IGNORECASE)


def _in_digits(text: str, note_words: NoteWords) -> str:
    """The digits of one number, or of several that follow each other: 'two and three' is '2 and 3'."""
    words = JOINT.split(text)
    typed, total, part, last = "", 0, 0, 0
    for index in range(0, len(words), 2):
        word, joint = words[index].casefold(), words[index - 1] if index else ""
        multiplier = note_words.multipliers.get(word)
        value = note_words.numbers.get(word, 0)
        if multiplier:
            part = max(1, part) * multiplier
            total, part = (total + part, 0) if multiplier >= 1000 else (total, part)
            last = multiplier
        elif index and _continues(last, value, joint):
            part, last = part + value, value
        else:
            typed += f"{total + part}{joint}" if index else ""
            total, part, last = 0, value, value
    return f"{typed}{total + part}"


def _continues(last: int, value: int, joint: str) -> bool:
    """Whether a number word belongs to the number before it: 'forty-two', 'two hundred and five'."""
    hundreds = last >= 100 and 0 < value < 100
    return hundreds or (20 <= last < 100 and 0 < value < 10 and joint.strip().casefold() != "and")
