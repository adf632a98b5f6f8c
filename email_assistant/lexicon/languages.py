"""The words of each language, and the joined words of all languages.

Mails mix languages, so the rules of all of them apply to every text. Another language is one more `Language` in
`LANGUAGES`. Patterns are regular expressions, matched without case.
"""

from dataclasses import dataclass
from operator import attrgetter


@dataclass(frozen=True, kw_only=True)
class Language:
    """The words and patterns of one language.

    Attributes:
        greeting_words: Words of a greeting line other than names, in lower case: 'good', 'morning', 'all'.
        greetings: Patterns of what opens a mail: 'dear', 'good morning'.
        familiar_greetings: Patterns that open a mail only before a name.
        chat_greetings: Patterns with which a chat model opens an answer.
        sign_offs: Patterns of what closes a mail.
        not_names: Capitalised words that open a mail as a name would, lower case: 'thanks', 'all'.
        function_words: Articles, pronouns, prepositions, auxiliary verbs and the like, lower case.
        first_person: Pronouns of the writer, lower case, with 'е' for 'ё'.
        second_person: Pronouns of the reader, likewise.
        pronouns: Personal pronouns and possessives, lower case: who does it to whom.
        question_words: Question words, lower case.
        negations: Negations, lower case.
        more_negations: Negations beside those, such as contractions typed without an apostrophe, lower case.
        soft_negations: Patterns of beginnings of words that can say what a negation says: 'refus' for 'do not want'.
        negation_idioms: Patterns of negations that negate nothing: 'do not forget'.
        polite_words: Polite words, lower case.
        request_words: Beginnings of words that requests use and mails need not contain: 'write', 'ask'.
        request_headers: Patterns of the beginning of a request that was made from a mail's headers: 'write an email to
            Bo about rope'. The mail need not say that.
        sentence_openers: Words that often precede a name at the beginning of a sentence, lower case.
        conjunctions: Patterns that join clauses.
        weekdays_months: Patterns of weekdays, months and days such as 'tomorrow', in any inflection.
        answer_labels: Patterns of labels before an answer: 'instruction', 'task'.
        answer_preambles: Patterns of a chat model's preambles: 'sure', 'here is'.
    """

    greeting_words: str = ""
    greetings: str = ""
    familiar_greetings: str = ""
    chat_greetings: str = ""
    sign_offs: str = ""
    not_names: str = ""
    function_words: str = ""
    first_person: str = ""
    second_person: str = ""
    pronouns: str = ""
    question_words: str = ""
    negations: str = ""
    more_negations: str = ""
    soft_negations: str = ""
    negation_idioms: str = ""
    polite_words: str = ""
    request_words: str = ""
    request_headers: str = ""
    sentence_openers: str = ""
    conjunctions: str = ""
    weekdays_months: str = ""
    answer_labels: str = ""
    answer_preambles: str = ""


ENGLISH = Language(
    greeting_words="dear hi hello hey good morning afternoon evening all everyone team folks there greetings",
    greetings=r"dear|hi|hello|hey|good (?:morning|afternoon|evening)",
    chat_greetings="hi|hello|hey",
    sign_offs="best|kind|warm|regards|sincerely|yours|thanks|thank you|cheers",
    not_names=(
        "ahoy greetings morning happy merry welcome thanks thank yes no ok okay sure sorry fyi ps note subject "
        "attached great all everyone team folks there"
    ),
    function_words=(
        "a about after all also am an and any are as at be because been before but by can could did do does for from "
        "had has have he her here him his how i if in into is it its just like me more my no not now of on one only or "
        "our out over she should so some than that the their them then there these they this to up us was we were what "
        "when which who will with would you your"
    ),
    first_person="i me my mine myself we us our ours ourselves im ive",
    second_person="you your yours yourself yourselves u ur youre",
    pronouns="i me my you your he him his she her we us our they them their who whom whose",
    question_words="what when where which why how",
    negations="no not",
    more_negations=(
        "dont doesnt didnt cant isnt arent wasnt werent havent hasnt hadnt couldnt wouldnt shouldnt mustnt neednt wont "
        "aint nope"
    ),
    soft_negations=(
        "unable|impossib|unavailab|unlikely|refus|declin|fail|avoid|stop|cancel|beyond|except|instead|lack|missing|"
        "forbid|forbad|prohibit|too|skip"
    ),
    negation_idioms=(
        r"\b(?:do not|don['’]?t) (?:forget|hesitate|worry|mind)|\bnot? later than\b|\bnot only\b|\bwhy not\b|"
        r"\bno\.? ?(?=\d)|"
        r"\bno (?:problem|worries|doubt|hurry)\b|"
        r"\b[a-z]+n['’]?t (?:it|he|she|they|you|we|i)\b(?=[^.!?\n]*\?)"
    ),
    polite_words="please thanks thank",
    request_words=(
        "write email mail message letter ask asking tell say inform explain mention state reply respond discuss let "
        "know recipient sender includ provid request send thank confirm detail information whether they following"
    ),
    request_headers=r"write an? (?:email|letter|message)\b.*?(?= to (?-i:[a-z])|(?<!mr)(?<!mrs)(?<!ms)(?<!dr)\. )",
    sentence_openers="although however please since thanks though unless until whereas while",
    conjunctions="and|but|because|since|as",
    weekdays_months=(
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:january|february|march|april|june|july|august|september|"
        r"october|november|december)\b|\b(?:today|tomorrow|tonight|yesterday)\b"
    ),
    answer_labels="instruction|task|prompt|request|answer|summary",
    answer_preambles="sure|certainly|of course|here is|here's",
)
RUSSIAN = Language(
    greeting_words=(
        "привет здравствуй здравствуйте добрый доброе доброго день утро вечер дня утра вечера уважаемый уважаемая "
        "уважаемые дорогой дорогая дорогие милый милая всем коллеги"
    ),
    greetings=r"привет|здравствуй(?:те)?|добр(?:ый|ое|ого) \w+|уважаем\w+|дорог\w+",
    familiar_greetings=r"мил\w+",
    chat_greetings="привет|здравствуйте",
    sign_offs="с уважением|спасибо|всего доброго",
    not_names="спасибо да нет хорошо коллеги всем",
    function_words=(
        "а без бы был была были было быть в вам вас во вот все вы да для до его если есть еще ещё же за и из или их к "
        "как когда который ли мне мы на не нет ни но ну о об он она они от по при про с со так там те то тоже только "
        "ты у уже что чтобы это я"
    ),
    first_person=(
        "я меня мне мной мой моя мое мои моего моей моему моим моих мою мы нас нам нами наш наша наше наши нашего "
        "нашей нашу нашим наших нашими"
    ),
    second_person=(
        "ты тебя тебе тобой твой твоя твое твои твоего твоей твоему твою твоих вы вас вам вами ваш ваша ваше ваши "
        "вашего вашей вашему вашу ваших вашими"
    ),
    pronouns=(
        "я меня мне мной мой моя моё мою мои ты тебя тебе твой твоя твою твои он его ему она её ей мы нас нам наш наша "
        "нашу наши вы вас вам ваш ваша вашу ваши они их им кто кого кому"
    ),
    question_words="что когда где куда какой какая какие почему зачем как сколько ли",
    negations="нет не",
    more_negations="нету никакой никаких никакого никого ничто незачем",
    soft_negations="невозможн|отказ|отмен|кроме|вместо|хватит|перестан|запре|прекра|отсутств|лишь|слишком",
    negation_idioms=(
        r"\bне (?:забудь(?:те)?|стесняй(?:ся|тесь)|только|против|позже|позднее|раньше)\b|\bне \w+ ли\b|"
        r"\bне (?:могли|мог|могла) бы\b|\bнет ли\b"
    ),
    polite_words="пожалуйста спасибо",
    request_words=(
        "напиши письмо попроси просьб сообщ скажи ответ уточн спрос расскаж объясн благодар поблагодар напомн подтверд"
    ),
    request_headers=r"напиши письмо(?: \([^)]*\))?(?: на тему «[^»]*»)?",
    conjunctions="и|а|но|потому",
    weekdays_months=(
        r"\b(?:понедельник|вторник|сред[уаеы]|четверг|пятниц|суббот|воскресень)|"
        r"\b(?:январ|феврал|март|апрел|мая|июн|июл|август|сентябр|октябр|ноябр|декабр)|\b(?:сегодня|завтра|вчера)"
    ),
    answer_labels="инструкция|задание|просьба|ответ",
    answer_preambles="конечно|вот",
)
LANGUAGES = (ENGLISH, RUSSIAN)


def words(field: str) -> frozenset[str]:
    """The words of a field of `Language`, of all languages."""
    return frozenset(" ".join(map(attrgetter(field), LANGUAGES)).split())


def alternatives(*fields: str) -> str:
    """The patterns of fields of `Language`, of all languages, joined to one alternation without a group around it."""
    return "|".join(pattern for field in fields for pattern in map(attrgetter(field), LANGUAGES) if pattern)
