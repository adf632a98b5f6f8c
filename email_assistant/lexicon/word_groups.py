"""Words that say the same: abbreviations, irregular forms, and the words that notes use for those of mails."""

import re
from functools import cache

from email_assistant.lexicon import note_phrases_en, note_phrases_ru
from email_assistant.lexicon.note_words_en import ENGLISH
from email_assistant.lexicon.note_words_ru import RUSSIAN

# Beside the replacements of rough notes. The first word of a group stands for all of them.
_GROUPS = """
tomorrow tmrw tmr tmw 2moro; tonight tonite; yesterday yday; monday mon; tuesday tue tues; wednesday wed weds;
thursday thu thur thurs; friday fri; saturday sat; sunday sun; january jan; february feb; march mar; april apr; june
jun; july jul; august aug; september sep sept; october oct; november nov; december dec; please pls plz; thanks thank
thx ty; meeting mtg; meet met; appointment appt; message msg; information info; photograph photo pic picture; document
doc docs; telephone phone; minute min mins; hour hr hrs; week wk wks; people ppl; pound pounds quid; approximately
approx; address addr; manager mgr; agreement agmt; required reqd; between btwn; quantity qty; reference ref;
department dept; maximum max; weekend wkend; birthday bday; email mail; bring brought; take took taken; get got
gotten; send sent; come came; go went gone; buy bought; pay paid; say said; tell told; make made; see saw seen; leave
left; keep kept; write wrote written; give gave given; find found; know knew known; hear heard; think thought; break
broke broken; choose chose chosen; drive drove driven; eat ate eaten; fall fell fallen; feel felt; forget forgot
forgotten; hold held; lend lent; lose lost; mean meant; ring rang rung; sell sold; show shown; sleep slept; speak
spoke spoken; spend spent; steal stole stolen; swim swam swum; teach taught; wear wore worn; win won; begin began
begun; build built; catch caught; sit sat; stand stood; noon midday; understand understood; woman women; man men;
child children; foot feet; knife knives; shelf shelves; half halves; have has had; do does did done; понедельник пн
пон понед; вторник вт; среда ср среду; четверг чт чтв; пятница пт пятн; суббота сб; воскресенье вс воскр; завтра
завтр; сегодня сег; января янв; февраля фев; марта мар; апреля апр; августа авг; сентября сент сен; октября окт;
ноября ноя; декабря дек; пожалуйста пжл плз пжлст; спасибо спс; телефон тел; кабинет каб; рубль руб р рублей; тысяча
тыс; час ч часов; минута мин; человек чел; штука шт; страница стр; метр м; документ док доки; встреча встр встретиться
встретимся; совещание совещ; идти иду идём идем шёл шел шла пойти пойду; ехать еду едет поеду; прийти приду придёт
придет пришёл пришел пришла пришли; дать дам даст дал дала; взять возьму возьмёт взял взяла возьми; привезти привезу
привёз привез привезла; принести принесу принёс принес принесла; ждать жду ждёт ждем; писать пишу пишет напиши
написал; послать пошлю послал; нести несу нёс нес; лечь лягу лёг; сесть сяду сел; деньги денег деньгам; день дня дню
дней дни; ребёнок ребенок дети детей; лёд льда; рот рта; лоб лба; отец отца отцу; конец конца; цвет цвета; год года
лет; раз разу; друг друзья друзей; брат братья; стул стулья; лист листья;
"""
_WHOLE_WORD = re.compile(r"\\b([^\W\d_]+)\\b")


@cache
def _representatives() -> dict[str, str]:
    """The word that stands for a word's group, by word in lower case and with 'е' for 'ё'."""
    groups = [group.split() for group in _GROUPS.replace("\n", " ").split(";")]
    for rewrite in (*ENGLISH.rewrites, *RUSSIAN.rewrites):
        match = _WHOLE_WORD.fullmatch(rewrite.pattern)
        if match and rewrite.habit and all(choice.isalpha() for choice in rewrite.choices):
            groups.append([match[1], *rewrite.choices])
    by_word: dict[str, str] = {}
    for group in groups:
        members = [plain(word) for word in group]
        first = next((by_word[word] for word in members if word in by_word), members[0] if members else "")
        for word in members:
            by_word.setdefault(word, first)
    return by_word


def plain(word: str) -> str:
    """A word in lower case, with 'е' for 'ё'."""
    return word.casefold().replace("ё", "е")


def representative(word: str) -> str:
    """The word that stands for a word's group; the word itself if it has none.

    Args:
        word: The result of `plain`.
    """
    return _representatives().get(word, word)


def synonyms(word: str) -> frozenset[str]:
    """Words that notes type for a word, and words that they type it for.

    Args:
        word: The result of `plain`.
    """
    return _synonyms().get(word, frozenset())


@cache
def _synonyms() -> dict[str, frozenset[str]]:
    by_word: dict[str, set[str]] = {}
    english, russian = note_phrases_en, note_phrases_ru
    for table in (english.PHRASES, english.VERBS, english.FORMS, russian.PHRASES, russian.FORMS):
        for phrase, typed in table.items():
            for other in typed:
                if phrase.isalpha() and other.isalpha():
                    by_word.setdefault(plain(phrase), set()).add(plain(other))
                    by_word.setdefault(plain(other), set()).add(plain(phrase))
    return {word: frozenset(others) for word, others in by_word.items()}
