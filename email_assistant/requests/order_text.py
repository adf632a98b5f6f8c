"""The words of an order, with what is before and after each."""

import re

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED
from email_assistant.lexicon.note_subjects import MONTH_NAMES
from email_assistant.requests.order_persons import SUBJECTS

_TOKEN = re.compile(r"[\w'’]+|[^\w'’]+")
# As people type them.
_APOSTROPHES = {"hes": "he's", "shes": "she's", "theyre": "they're", "theyve": "they've", "theyll": "they'll"}
_BEFORE_CLAUSES = frozenset(order_words.BEFORE_CLAUSES.split())
# 'Ask the vet can Bo have it'.
_BEGIN_QUESTIONS = frozenset(("can", "could", "will", "would", "should", "may", "does", "do", "did"))
_BEFORE_MONTHS = frozenset(order_words.BEFORE_MONTHS.split())
DAYS = frozenset(order_words.DAYS.split())
# 'All the', 'the Mr'.
_MOST_BEFORE_NOUN = 3
# In words; a longer text without a comma is no one clause.
_LONGEST_CLAUSE = 30
BEFORE_NOUNS = frozenset(
    ("the", "my", "our", "his", "her", "their", "your", "a", "an", "both", "all", "mr", "mrs", "ms", "dr")
)


class Words:
    """A text as words and what is between them, which can be replaced one by one."""

    def __init__(self) -> None:
        """Begin without a text."""
        self._tokens: list[str] = []
        # Where the words are among the tokens.
        self._places: list[int] = []

    def _read(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._places = [place for place, token in enumerate(self._tokens) if token[0].isalnum() or token[0] in "'’"]

    def _after(self, number: int) -> str:
        """The next word in lower case; empty if there is none, or more than a blank before it."""
        return self._word(number + 1) if self._is_joined(number) else ""

    def _before(self, number: int) -> str:
        """The word before in lower case; empty if there is none, or more than a blank after it."""
        return self._word(number - 1) if number > 0 and self._is_joined(number - 1) else ""

    def _is_joined(self, number: int) -> bool:
        """Whether there is nothing but a blank between a word and the next one."""
        return number + 1 < len(self._places) and not self._tokens[self._places[number] + 1].strip()

    def _word(self, number: int) -> str:
        return plain(self._tokens[self._places[number]])

    def _is_one_clause(self, subject: int, number: int) -> bool:
        """Whether a word is in the clause that begins with a subject."""
        if number - subject > _LONGEST_CLAUSE:
            return False
        ends = _BEFORE_CLAUSES | SUBJECTS | {"i", "we", "it"}
        inner = {self._word(each).partition("'")[0] for each in range(subject + 1, number)}
        return all(map(self._is_joined, range(subject, number))) and not inner & ends

    def _is_name(self, number: int) -> bool:
        """Whether a word is capitalized within a sentence, as the names are that are in no table."""
        place = self._places[number]
        return (
            self._word(number) != "i"
            and self._tokens[place].istitle()
            and not self._is_date(number)
            and not self._begins_sentence(place)
        )

    def _is_date(self, number: int) -> bool:
        """Whether a word is a month or a day, which some persons are called, too."""
        word, before = self._word(number), self._before(number)
        if word in DAYS or not re.fullmatch(MONTH_NAMES, word):
            return word in DAYS
        is_typed_as_name = word in CALLED and self._tokens[self._places[number]][0].isupper()
        in_date = before in _BEFORE_MONTHS or before[:1].isdigit() or self._after(number)[:1].isdigit()
        return in_date or not is_typed_as_name

    def _begins_clause(self, number: int) -> bool:
        for _ in range(_MOST_BEFORE_NOUN):
            number -= self._before(number) in BEFORE_NOUNS
        return self._before(number) in _BEFORE_CLAUSES | _BEGIN_QUESTIONS | {""}

    def _begins_sentence(self, place: int) -> bool:
        return place == 0 or self._tokens[place - 1].rstrip().endswith((".", "!", "?"))


def plain(word: str) -> str:
    """A word in lower case, with the apostrophe that people leave out."""
    plain = word.casefold().replace("’", "'")
    return _APOSTROPHES.get(plain, plain)
