"""Which parts of a sentence may change places in a rough note: patterns, matched without case."""

_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_CLOCK = r"\d{1,2}(?:[.:]\d\d)?(?: ?[ap]\.?m\.?\b)?"
# English adverbials of time.
TIME_EN = (
    rf"(?:on |by |this |next |last |until |from ){_DAY}s?(?: (?:morning|afternoon|evening|night))?"
    rf"(?: at {_CLOCK}(?: o['’]clock)?)?|tomorrow(?: (?:morning|afternoon|evening|night))?|tonight|today|yesterday|"
    r"(?:this|next|last) (?:week|month|year|morning|afternoon|evening|weekend|time)|"
    rf"(?:at|by|from|after|before) {_CLOCK}(?: (?:on|tomorrow) ?(?:{_DAY})?)?|"
    r"(?:on|by|until|from|before|after) the \d{1,2}(?:st|nd|rd|th)"
)
# With one of these in it, an adverbial at the end may belong to only a part, or moving it would change the meaning.
ENTANGLED_EN = (
    r"\b(?:that|if|when|because|until|till|to|by|from|before|after|and|or|not|no|never|nothing|nobody|only|but|than|"
    r"except|unless|who|which|what|where|how|whether|since|as)\b|n['’]t\b|[,:;?()\ue000-\uf8ff—–]| - |"
    # 'I hear Ann comes on Friday': it is Ann who does it then.
    r"\b(?:h(?:ear|eard|ope|oped)|s(?:ay|ays|aid|ee|aw)|t(?:hink|hought|ell|old)|know|knew|promised?|agreed?|decided?|"
    r"wants?|wanted|needs?|suggest(?:s|ed)?|propose[sd]?|prefer|choose|asked|expect(?:s|ed)?|remember|forget|forgot|sure)\b"
)
# A clause that refers to the other one stays behind it.
REFERS_EN = r"\b(?:it|he|she|they|them|him|her|his|its|their|this|that|these|those|then|so|there)\b"
# 'Tell me if', 'don't come because', 'as soon as': what comes before is not a condition's consequence.
ASKS_EN = (
    r"\b(?:know|tell|ask|see|check|wonder|sure|say|matter|mind|doubt|depend\w*|find|hear|remember|decide|not|only|just|"
    r"even|no|never|and|or|but|that|what|which|who|how|as|than|soon)\b|n['’]t\b"
)
JOINS_EN = r"\b(?:and|but|or)\b"
# Conjunctions of clauses that may stand on either side; with a comma between the clauses, or without.
CONDITIONS_EN = "if|when|because|once|unless|whenever"
CONDITIONS_FIRST_EN = "if|when|because|once|unless"
REASONS_EN = "since|as|although|though"
# An adverbial after one of these belongs to it.
STRANDED = (
    r"\b(?:for|of|with|at|on|in|about|like|than|see|just|even|only|"
    r"на|в|за|про|о|для|из|у|хоть|даже|аж|уже|ещё|лишь|только)$"
)
# Never taken apart: a postscript.
POSTSCRIPT = r"(?:ps|пс)\b"

# Russian adverbials of time.
TIME_RU = (
    r"(?:в |во |с |до |к |после |на |по )?(?:следующ\w+ |эт\w+ |прошл\w+ )?(?:понедельник\w*|вторник\w*|сред[уыеа]|"
    r"четверг\w?|пятниц[уыеа]|суббот[уыеа]|воскресень[еяю])(?:,? в \d{1,2}(?:[.:]\d\d)?)?|завтра(?: утром| вечером)?|"
    r"сегодня(?: утром| вечером)?|вчера|"
    r"(?:до|к|с|после|в) \d{1,2}[.:]\d\d|(?:до|к|с|после) \d{1,2}(?:-го|-му)|"
    r"(?:на|в) (?:этой|следующей|прошлой) неделе|"
    r"(?:до|к|с|после|по) \d{1,2} (?:января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)"
)
ENTANGLED_RU = (
    r"\b(?:и|или|либо|но|а|не|ни|нет|без|что|чтобы|если|когда|как|до|с|со|к|по|от|только|лишь|кроме|чем|пока|"
    r"котор\w+|кто|где|куда|либо)\b|[,:;?()\ue000-\uf8ff—–]| - "
)
REFERS_RU = r"\b(?:он|она|оно|они|его|её|ее|их|ему|ей|им|это|этот|эту|тогда)\b"
ASKS_RU = r"\b(?:и|но|а|не|ни|только|сообщ\w+|скаж\w+|напиш\w+|знаю|знать|жаль|тогда|даже|что|ли)\b"
JOINS_RU = r"\b(?:и|но|а)\b"
CONDITIONS_RU = "если|когда|поскольку|так как"
CONDITIONS_FIRST_RU = "если|когда"
# 'Ваша посылка' is as often typed 'посылка ваша'; after the noun, nothing may follow that could belong to it.
ATTRIBUTE_RU = (
    r"(?<![\w-])(?<!\bв )(?<!\bво )(?<!\bна )(?<!\bпо )(?<!\bза )(?<!\bдо )(?<!\bот )"
    r"(?P<first>(?!перв|втор|кажд|люб|друг|сам|глав|нов|рабоч|един|честн)"
    r"(?:ваш(?:а|е|и|у|его|ей|их|им)?|наш(?:а|е|и|у|его|ей|их|им)?|мо[йяюи]|моего|моей|моих|тво[йяюи]|твоего|твоей|"
    r"твоих|[а-яё]{3,}(?:ский|ская|ское|ские|скую|ского|ской|ских|ный|ная|ное|ные|ную|ного|ных|"
    r"вый|вая|вое|вые|вую|вого|вых))) "
    r"(?P<second>(?!\w*(?:ли|ла|ло|ет|ёт|ит|ют|ут|ят|ат|ть|ся|сь)\b)[а-яё]{4,})"
    r"(?=[,.!?;]|$| (?:в|на|с|к|до|у|за|по|из|от|и|не|для|уже|будет|есть|нет|я|мы|вы|ты)\b)"
)
# 'Закрой форточку' is as often typed 'форточку закрой'.
OBJECT_RU = (
    r"(?P<start>^|[,:;] |\bи )(?P<first>[а-яё]{2,}(?:йте|ите|ьте|ай|уй|ей|ой)) "
    r"(?P<second>(?!не\b|мне\b|нам\b|их\b|его\b)[а-яё]{3,}(?:у|ю|ы|и|ей|ов))"
    r"(?=[,.!?;]|$| (?:в|на|с|к|до|у|за|по|из|от)\b)"
)
# No noun: it stays where it is.
ADJECTIVE_RU = r"(?:ый|ий|ой|ая|яя|ое|ее|ые|ие|ую|юю|ого|его|ых|их|ым|им)$"
