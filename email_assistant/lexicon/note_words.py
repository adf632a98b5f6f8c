"""What a rough note leaves out of a mail or says shorter, in the languages that have tables of their own.

Every table is a sequence of `Rewrite`s, which are applied to one sentence after the other, in their order. They are
written so that names, numbers, negations and persons survive: a word that says who does what is only dropped where the
verb still says it.
"""

from dataclasses import dataclass, field


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
# Function words that a line of greeting may have.
IN_GREETINGS = "and you on all my to both everyone и мои of at the for in"
# Greetings, patterns: with which a mail opens; after a name; after a name and a comma.
RARE_GREETINGS = "Ahoy|Салют"
AFTER_NAMES = "приветствую|салют"
SECOND_GREETINGS = "здорово|приветствую|салют|hi|hello|good morning"
POSTSCRIPT = r"(?:P\.?\s?P?\.?S\.?|П\.?П?\.?С\.?)(?=[\s:,.—–-])"
# Single words that end a mail and are no name.
LAST_WORDS = "thanks|thx|cheers|ok|yes|no|спасибо|да|нет"
NOT_IN_SIGNATURES = "attached|see|is|are|не|not|no|нет"
# A full stop after these ends no sentence: titles, companies, initials, units.
ABBREVIATED = (
    r"Mr|Mrs|Ms|Dr|Prof|St|Inc|Co|Corp|Ltd|No|no|рис|илл|п|пп|ст|гл|Ext|vs|etc|e\.g|i\.e|approx|ext|p|pp|им|ул|г|гг|"
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
        small_words: Words, and how often they are left out of a note of full strength where no negation, number or
            mark is beside them.
        phrasal: Pattern of words that belong together with a preposition after them: 'put on', 'wait for'.
        negations: Words that negate, beside those of `Language`, lower case.
        quantities: Words beside which a small word may turn the sense: 'more than', 'all but', lower case.
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
    small_words: tuple[tuple[str, float], ...] = ()
    phrasal: str = "(?!)"
    negations: str = ""
    quantities: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    multipliers: dict[str, int] = field(default_factory=dict)
    ordinals: str = ""
    dependent: str = ""
