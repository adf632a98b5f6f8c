"""English tables for rough notes."""

from email_assistant.lexicon.note_words import NoteWords, Rewrite, habits

_SMALL = "zero - two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
# 'one' is left out: it is a pronoun as often as a number.
NUMBERS = {
    **{word: value for value, word in enumerate(f"{_SMALL} eighteen nineteen".split()) if word != "-"},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), start=2)},
}
_HOUR = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_DATED = rf"(?:{_DAY}|the \d|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|{_MONTH} \d)"
# Whoever does it: after these, 'is' is not left out but contracted.
_PRONOUN = (
    "i|it|he|she|they|we|you|that|this|these|those|there|here|who|what|which|where|how|when|why|one|and|or|but|if|as|"
    "than|not|nobody|nothing|none|everything|everyone|all|so|only"
)
_DETERMINER = "a|an|the|to|my|your|his|her|its|our|their|this|that|one|what|who|where|how|why|it|he|she|they|we|you|i"
_PAST = (
    r"\w{2,}[^e\W]ed|sent|got|made|found|saw|went|took|told|said|wrote|bought|gave|left|lost|met|paid|spoke|thought|"
    "forgot|brought|kept|came|heard|did|began|chose|drove|felt|held|knew|sold|taught|understood|won"
)
_PARTICIPLE = (
    rf"{_PAST}|taken|given|written|seen|done|spoken|forgotten|begun|chosen|driven|known|gone|tied|packed|put|read|set"
)
# 'I bring' without 'I' is an order; 'I need' is not.
_STATES = "need|want|think|hope|guess|believe|suppose|wish|doubt|prefer|can|could|may|might|had|was|must"
_DOUBTS = "know|think|see|need|want|have|mind|believe|understand|expect|remember|recall"

_POLITE = (
    Rewrite(r"^(?:could|can|would|will) you (?:please|kindly) (.+?)\?$", (r"pls \1.", r"\1.", r"\1."), 1.0, habit=True),
    Rewrite(
        r"^(?:i would|i['’]d|we would|we['’]d) (?:be (?:very )?grateful|appreciate it) if you (?:could|would) ",
        ("pls ", "", "can you "),
    ),
    Rewrite(r"^i was (?:wondering|hoping) (?:if )?you could ", ("can you ",)),
    Rewrite(
        r"^(?:i (?:just )?want(?:ed)? to|i am writing to|i['’]m writing to|just a (?:quick )?note to|this is to) "
        r"(?:let you know|tell you|inform you|say)(?: that)? ",
        ("",),
        0.9,
    ),
    Rewrite(r"^(?:please (?:note|be advised|be aware)|i am pleased to (?:inform|tell) you) that ", ("note: ", "")),
    Rewrite(r"\bplease let me know\b", ("let me know", "tell me")),
    Rewrite(r",? ?\bplease\b(?=[.,!?]*$)", ("", "", " pls")),
    Rewrite(r"\bplease\b", ("", "", "", "pls"), 1.0, habit=True),
    Rewrite(r"\bkindly\b (?=\w)"),
    Rewrite(r"^(?:i am|i['’]m) (?:very |so |really )?(sorry|glad|happy|pleased)(?: that)?\b", (r"\1",), 0.9),
    Rewrite(r",? ?\bi['’]m afraid\b,?", ("",), 0.8),
    Rewrite(r"^(?:i would|i['’]d) like to\b", ("want to", "would like to"), 0.9),
    Rewrite(r"^(?:i would|i['’]d) like\b", ("want", "would like"), 0.9),
    Rewrite(r"^thank you (?:very much |so much )?for\b", ("thanks for", "thx for"), 0.95),
    Rewrite(r"^(?:many thanks|thanks (?:so much|a lot|very much)) for\b", ("thanks for", "thx for"), 0.9),
)
_TIMES = (
    Rewrite(rf"\bhalf past ({_HOUR})\b", (r"\1.30", r"\1:30"), 0.9, habit=True),
    Rewrite(rf"\b(?:a )?quarter past ({_HOUR})\b", (r"\1.15", r"\1:15"), 0.9, habit=True),
    Rewrite(rf"\bfive past ({_HOUR})\b", (r"\1.05", r"\1:05"), 0.9, habit=True),
    Rewrite(rf"\bten past ({_HOUR})\b", (r"\1.10", r"\1:10"), 0.9, habit=True),
    Rewrite(rf"\btwenty past ({_HOUR})\b", (r"\1.20", r"\1:20"), 0.9, habit=True),
    Rewrite(r"\ba hundred\b", ("100",), 0.9, habit=True),
    *(
        Rewrite(rf"\b(the|my|your|his|her|its|our|their) {word}\b", (rf"\1 {typed}",), share, habit=True)
        for word, typed, share in (("first", "1st", 0.4), ("second", "2nd", 0.8), ("third", "3rd", 0.8))
    ),
)
_NUMBERS = (
    Rewrite(r"(\d+) by (\d+)\b", (r"\1x\2",), 0.8, habit=True),
    Rewrite(r"(\d) (?:o['’]clock)\b", (r"\1",), 0.8, habit=True),
    # A few people write small numbers out.
    *(
        Rewrite(
            rf"(?<![\d.,:/#] )(?<!\bat )(?<!\bby )(?<!room )(?<!item )(?<!page )(?<!step )(?<![-+.])"
            rf"\b{digit} (?=[a-z]{{4,}})(?!{_MONTH})",
            (f"{word} ",),
            0.08,
            habit=True,
        )
        for digit, word in (("2", "two"), ("3", "three"), ("4", "four"), ("5", "five"), ("6", "six"))
    ),
)
# Whole phrases, before their articles are left out.
_PHRASES = (
    Rewrite(r"\bas soon as possible\b", ("asap",), 0.9),
    Rewrite(r"\bfor your information\b", ("fyi",), 0.9),
    Rewrite(r"\bby the way\b", ("btw",), 1.0, habit=True),
    Rewrite(r"\bfor example\b", ("eg",), 0.5),
    Rewrite(r"\bat the moment\b|\bat present\b", ("now", "atm"), 1.0, habit=True),
    Rewrite(r"\bas well\b(?! as)", ("too",), 0.6),
)
_VERBS = (
    *(
        # Only with an object: 'the receive channel' is none.
        Rewrite(
            rf"\b{verb} (?=(?:the|an?|my|your|our|his|her|its|their|this|that|these|those|any|some|no|it|them|"
            rf"you|us|me|\d)\b)",
            (f"{typed} ",),
            0.6,
            habit=True,
        )
        for verb, typed in (
            ("purchase", "buy"),
            ("receive", "get"),
            ("require", "need"),
            ("provide", "give"),
            ("obtain", "get"),
            ("locate", "find"),
            ("repair", "fix"),
            ("attempt", "try"),
        )
    ),
)
_SMALLER = (
    # A date at the end comes first.
    Rewrite(
        rf"^(?!ps\b|.*(?:[,:;?]|\b(?:that|if|when|because|until|till|to|by|from|before|after|and|or|not)\b|"
        rf"n['’]t\b))(.{{14,}}) "
        rf"(on {_DAY}(?: at \d[\d.:]*(?: ?[ap]m)?)?|tomorrow)\.$",
        (r"\2 \1.", r"\2: \1."),
        0.35,
    ),
    Rewrite(r"\bcan ?not\b", ("can't",), 0.95),
    Rewrite(r"\bwill not\b|\bshall not\b", ("won't",), 0.95),
    Rewrite(
        r"(?<!\ball )(?<!\beverything )(?<!\beveryone )\b(do|does|did|is|are|was|were|has|have|had|would|could|"
        r"should) not\b",
        (r"\1n't",),
        0.9,
    ),
    Rewrite(r"^(?:i am|i['’]m) not\b(?! to)", ("not",), 0.5),
    Rewrite(rf"^(?:i am|i['’]m) (?!(?:{_DETERMINER})\b)", ("",), 0.8),
    Rewrite(rf"^i have ({_PARTICIPLE})\b|^i['’]ve ({_PARTICIPLE})\b", (r"\1\2",), 0.7),
    Rewrite(r"^(?:i have|i['’]ve) (?!to\b)", ("have ",), 0.7),
    Rewrite(r"^(?:i will|i['’]ll|i shall) ", ("will ",), 0.7),
    Rewrite(r"^(?:i would|i['’]d) ", ("would ",), 0.5),
    Rewrite(rf"^i (?=(?:{_STATES})\b)", ("",), 1.0),
    Rewrite(r"^i (?=(?:can['’]t|couldn['’]t|haven['’]t|hadn['’]t|won['’]t|wasn['’]t|didn['’]t)\b)", ("",), 1.0),
    Rewrite(rf"^i (?=(?:never )?(?:{_PAST})\b)", ("",), 1.0),
    Rewrite(rf"^i (?=don['’]t (?:{_DOUBTS})\b)", ("",), 1.0),
    Rewrite(rf"(?<=, )(?:and |but )?i (?=(?:{_STATES}|can['’]t|couldn['’]t|didn['’]t|haven['’]t)\b)", ("",), 0.5),
    Rewrite(r"\b(we|you|they|he|she|it)(?: have| has|['’]ve) (?=\w{2,}[^e\W]ed\b)", (r"\1 ",), 0.6),
    Rewrite(
        r"^it (?=(?:has|had|was|will|can['’]?t?|could|should|makes|takes|needs|says|contains|gives)\b)(?!.*\?)",
        ("",),
        0.4,
    ),
    Rewrite(
        r"\b(\w{2,}[^e\W]ed|shows?|suggests?|means?|wonder|guess|doubt) that (?=\w+ \w)(?!is\b|was\b)", (r"\1 ",), 0.85
    ),
    Rewrite(r"\bi shall\b", ("i'll",), 0.9),
    Rewrite(r"\bwe shall\b", ("we'll",), 0.9),
    Rewrite(r"\bshall\b", ("will",), 0.7),
    Rewrite(r"\bi am\b", ("i'm",), 0.9),
    Rewrite(r"\b(i|you|we|they) have (?!to\b)(?=\w+(?:ed|en|t)\b)", (r"\1've ",), 0.6),
    Rewrite(r"\b(i|you|he|she|it|we|they) will\b", (r"\1'll",), 0.8),
    Rewrite(r"(?<!\bwhere )(?<!\bhow )(?<!\bwhat )\b(you|we|they) are\b(?! *[.,?!])", (r"\1're",), 0.8),
    Rewrite(r"\b(it|he|she|that|what|where|who|there|here|how) is\b(?! *[.,?!]| to\b)", (r"\1's",), 0.8),
    Rewrite(r"^there(?: is| are|['’]s) ", ("",), 0.6),
    Rewrite(r"\b(what|where|when|how|why|who) (?:do|does) (?=(?:you|they|we|it|he|she)\b)", (r"\1 ",), 0.5),
    Rewrite(r"^do (?=you (?:have|want|need|know|think|mind)\b)", ("",), 0.35),
    Rewrite(r"^(?:is|are) (?=(?:the|your|our|my)\b)(?=.*\?)", ("",), 0.35),
    Rewrite(rf"(?<![\w'’])(?!(?:{_PRONOUN})\b)([\w'’-]*\w) (?:is|are) (?!(?:{_DETERMINER})\b)(?=\w)", (r"\1 ",), 0.75),
    Rewrite(
        r"(?<![\w'’])(?!(?:to|will|would|should|could|may|might|must|can|not|never|who|which|that)\b)([\w'’]*\w) "
        r"(?:has|have) (?=\w{2,}[^e\W]ed\b)(?!.*\?)",
        (r"\1 ",),
        0.6,
    ),
    Rewrite(
        rf"(?<![\w'’])(?!(?:{_PRONOUN})\b)([\w'’-]*\w) will be (?!\w+ing\b)(?=.*(?:\d|{_DAY}|{_MONTH}|tomorrow))",
        (r"\1 ",),
        0.4,
    ),
    Rewrite(
        r"\b(think|thought|know|knew|hope|say|says|said|see|hear|heard|believe|suppose|guess|sure|glad|sorry|note|"
        r"understand|told \w+|tell \w+|afraid|happy|mean|means|aware|find|found|worried) that (?!['’]|is\b|was\b)",
        (r"\1 ",),
        0.9,
    ),
    Rewrite(
        r"(?<=\w)(?<!\bafter)(?<!\bbefore)(?<!\bfor)(?<!\bof)(?<!\bto)(?<!\bin)(?<!\bwith)(?<!\bby)(?<!\blike)"
        r"(?<!\bis)(?<!\bwas)(?<!\bdo)(?<!\bdid) that "
        r"(?=(?:i|you|we|he|she|they|it|my|your|our|his|her|their|there)\b)",
        (" ",),
        0.85,
    ),
    Rewrite(r"(?<=\w) (?:which|who) (?:is|are) (?=\w)(?!not\b|an?\b|the\b)", (" ",), 0.5),
    Rewrite(r"^it (?:is|['’]s) (?!(?:an?|the|not|me|him|her|us|them|you)\b)(?!.*\?)", ("",), 0.5),
    Rewrite(r"^it (?=(?:looks|sounds|seems|appears|turns out|works|depends|means)\b)", ("",), 0.7),
    Rewrite(
        rf"(?<![\w'’])(?!(?:{_PRONOUN})\b)([\w'’-]*\w) (?:was|were) (?=\w{{2,}}[^e\W]ed\b)(?!.*\?)", (r"\1 ",), 0.5
    ),
    Rewrite(r"\bso that\b", ("so",), 0.9),
    Rewrite(r"\bin order to\b", ("to",)),
    Rewrite(
        r"\b(?:in fact|as a matter of fact|i must say|as you can see|for what it['’]s worth|needless to say),? ",
        ("",),
        0.8,
    ),
    Rewrite(r"\b(?:sort|kind) of (?=\w+(?:y|ed|ing)\b)", ("",), 0.5),
    Rewrite(r"\b(?:i am|i['’]m) going to\b", ("will", "gonna"), 0.7),
    Rewrite(r"\b(?:is|are) (?:unable|not able) to\b", ("can't",), 0.7),
    Rewrite(r"\b(?:is|are) able to\b", ("can",), 0.8),
    Rewrite(r"\b(i|you|we|they) have to\b", (r"\1 must", r"\1 gotta"), 0.4),
    Rewrite(r"\b(you|we|they|he|she) would like\b", (r"\1 want",), 0.4),
    Rewrite(r"\blet me know\b", ("tell me",), 0.4),
    Rewrite(r"^let us\b(?! know| have)", ("let's",), 0.8),
    Rewrite(r"\b(?:take|have) a (?:quick )?look\b", ("look",), 0.8),
    Rewrite(r"\ba lot of\b", ("lots of", "much"), 0.4),
    Rewrite(r"\bin addition,? ", ("also ",), 0.8),
    Rewrite(r"\bdue to\b", ("bc of", "cos of"), 0.5),
    Rewrite(r"\bsuch as\b", ("like", "eg"), 0.7),
    Rewrite(r"\bmost likely\b", ("prob", "likely"), 0.6),
    Rewrite(r"\bthe end of the (month|week|year|day)\b", (r"\1 end", r"end of \1"), 0.8),
    Rewrite(r"\b(all|both|each|some|most) of (?=the\b|my\b|your\b|our\b|his\b|these\b|those\b)", (r"\1 ",), 0.5),
    Rewrite(rf"\bon (?={_DATED}\b)", ("",), 0.9),
    Rewrite(r"\bat (?=\d)", ("",), 0.6),
    Rewrite(rf"\b({_DAY}) at\b", (r"\1",), 0.5),
    Rewrite(rf"\bin (?={_MONTH}\b)(?=\w+ \d)", ("",), 0.5),
    Rewrite(rf"\b(\d{{1,2}}(?:st|nd|rd|th)?) of (?={_MONTH}\b)", (r"\1 ",), 0.9),
    Rewrite(
        r"(?<!\bnot )(?<!n['’]t )(?<!\bno )\b(?:very|really|just|quite|actually|simply) "
        r"(?=\w)(?!not\b)",
        ("",),
        0.5,
    ),
    Rewrite(r"\b(?:the|an)(?! (?:more|less|same thing)\b) (?=[\w\"'(“‘$£€\ue000-\uf8ff])", ("",), 0.97),
    Rewrite(
        r"(?<!\bnot )(?<!\bsuch )(?<!\bat )(?<!\bin )\ba (?!few\b|little\b|lot\b|bit\b|while\b|couple\b|thing\b|"
        r"soul\b|word\b|"
        r"clue\b|hundred\b|third\b|half\b|quarter\b|second\b|"
        r"week\b|day\b|month\b|year\b|hour\b|night\b|litre\b|metre\b|kilo\b|pound\b|head\b|piece\b|"
        r"man\b)(?=[\w\"'(“‘\ue000-\uf8ff])",
        ("",),
        0.97,
    ),
)
_ABBREVIATIONS = (
    *habits(0.85, "Monday=mon; Tuesday=tues|tues|tue; Wednesday=wed; Thursday=thurs|thurs|thu; Friday=fri"),
    *habits(0.85, "Saturday=sat; Sunday=sun"),
    *habits(0.75, "January=jan; February=feb; August=aug; September=sept|sep; October=oct"),
    *habits(0.75, "November=nov; December=dec"),
    *habits(0.3, "tomorrow=tmrw|tmr"),
    Rewrite(r"\bwith\b", ("w/", "w/", "w/", "w"), 0.9, habit=True),
    *habits(0.3, "because=bc|cos; although=tho; though=tho; through=thru; until=till|til|until"),
    *habits(0.85, "minutes=min|mins; hours=hrs; weeks=wks; year=yr; years=yrs; information=info; photographs=photos"),
    Rewrite(r"\babout (?=\d)", ("~", "abt ", "roughly "), 0.8),
    Rewrite(r"\babout (?=(?:the|my|your|our|his|her|their|this|that)\b|(?-i:[A-Z]))", ("re ", "abt "), 0.6),
    Rewrite(r"\bnumber (?=\d)", ("no. ", "no ", ""), 0.8, habit=True),
    Rewrite(r"(?<=day )evening\b", ("eve",), 0.6, habit=True),
    *habits(0.7, "photograph=photo; documents=docs; telephone=phone; approximately=about|approx"),
    *habits(0.3, "meeting=mtg; message=msg; appointment=appt; department=dept; people=ppl; maximum=max"),
)
_SYNONYMS = (
    Rewrite(
        r"(?<!\bnot )(?<!\bthe )(?<!\bmy )(?<!\bour )(?<!\byour )\bonly (?!ever\b|question\b|thing\b|one\b|way\b)",
        ("just ",),
        0.3,
        habit=True,
    ),
    Rewrite(r"\bregarding\b|\bconcerning\b|\bwith regard to\b", ("re", "about"), 0.9),
    Rewrite(r"\bprior to\b", ("before",), 0.9),
    *habits(0.6, "received=got; requires=needs; assist=help"),
    *habits(0.6, "inform=tell; additional=extra; somebody=someone"),
    Rewrite(r"^however,? ", ("but ",), 0.7),
    *habits(0.6, "therefore=so; children=kids; transaction=deal; discuss=talk about"),
    *habits(0.6, "repaired=fixed; mend=fix; mended=fixed; perhaps=maybe; upon=on"),
    *habits(0.6, "begin=start; purchased=bought; provided=gave; currently=now; afterwards=after; large=big"),
    *habits(0.5, "beautiful=lovely; difficult=hard; immediately=right away; sufficient=enough; beside=next to"),
    *habits(0.5, "ensure=make sure; shortly=soon; assistance=help; fetch=get"),
    *habits(0.4, "whether=if; must=have to; problem=issue; problems=issues; wonderful=great"),
    *habits(0.4, "glad=happy; entire=whole; remain=stay; remains=stays; quickly=fast; begin=start"),
    *habits(
        0.4,
        "contains=has; appears=seems; numerous=many; usually=mostly; recommend=suggest; answer=reply; probably=prob",
    ),
    *habits(0.4, "arrived=came; arrives=comes; arrive=come; several=a few; huge=big"),
    *habits(0.4, "something=sth; notify=tell"),
    *habits(0.4, "maybe=perhaps; seems=looks; nice=lovely"),
    *habits(0.4, "yesterday=yday; month=mth"),
    *habits(0.7, "hour=hr; week=wk"),
    *habits(0.5, "speak=talk; spoke=talked; enquire=ask; inquire=ask; reply=answer"),
    *habits(0.5, "anyone=anybody; everybody=everyone; finally=at last"),
)
_AND = (
    Rewrite(r",? and (?=(?:i|you|we|he|she|they|it)\b)", (", ",), 0.7),
    Rewrite(r"(?<=\w) and (?=\w)(?!then\b|if\b|not\b|i\b)", (" + ", " + ", " & "), 0.3, habit=True),
    Rewrite(r"^(?!.*\b(?:between|both)\b)(.*\w) and (?=\w)(?!then\b|if\b|not\b)", (r"\1, ",), 0.5),
)
_NO_NOUN = "i|we|you|they|he|she|it|who|which|that|this|there|to|and|or|so|not|never|nobody|nothing|all"
# What only the shortest notes do: as in a telegram.
_TELEGRAM = (
    Rewrite(r"^(?:can|could|would|will) you (?=(?!be\b|have\b|like\b|mind\b)\w{3,})(?=.*\?)", ("",), 0.5, terse=True),
    Rewrite(r"^(?:do you have|have you got|have you) (?=(?:an?|the|any|some|my|\d)\b)", ("got ", ""), 0.7, terse=True),
    Rewrite(r"^are you (?=\w+)(?=.*\?)", ("",), 0.5, terse=True),
    Rewrite(r"^(?:is|are) there ", ("",), 0.6, terse=True),
    Rewrite(r"^(?:i['’]m|i am) (?=\w+ing\b)", ("",), 0.9, terse=True),
    Rewrite(r"^(?:i['’]ll|i will) (?=\w)", ("will ",), 0.9, terse=True),
    Rewrite(r"^(?:i['’]d|i would) (?=\w)", ("would ",), 0.8, terse=True),
    Rewrite(r"^i (?=\w+ed\b)", ("",), 0.9, terse=True),
    Rewrite(
        rf"^(i|my|will|can['’]t|have) ([^,;:]{{4,60}}),? (and|but|so) i (?=(?:{_STATES}|can['’]t|won['’]t|will)\b)",
        (r"\1 \2, \3 ", r"\1 \2, "),
        0.8,
        terse=True,
    ),
    Rewrite(r"^it (?:is|was|has been|['’]s) (?=\w)(?!.*\?)", ("",), 0.6, terse=True),
    Rewrite(r"^(?:that|this) (?:is|['’]s) (?=\w)(?!.*\?)", ("",), 0.5, terse=True),
    Rewrite(r"^there (?:was|were|has been|have been) ", ("",), 0.6, terse=True),
    Rewrite(
        rf"^((?:(?!\b(?:you|he|she|they|we|who)\b|(?-i:[A-Z]))[^.])*?(?:,| and| but| so| because)) i "
        rf"(?=(?:{_STATES}|{_PAST}|can['’]t|won['’]t|didn['’]t|couldn['’]t|haven['’]t|will)\b)",
        (r"\1 ",),
        0.8,
        terse=True,
    ),
    Rewrite(r"(?<=[,;] )(?:and |but )?it(?:['’]s| is| was| has| will be)? (?=\w{2,})(?!.*\?)", ("",), 0.7, terse=True),
    Rewrite(r"\bif you (?=(?:want|need|like|wish|prefer|agree|can|could|have)\b)", ("if ",), 0.5, terse=True),
    Rewrite(r"(?<=\w) your (?=\w{3,})(?!own\b|turn\b|side\b|part\b)", (" ",), 0.45, terse=True),
    Rewrite(
        r"\b(we|you|they) (?:have|['’]ve) (?=(?:_PARTICIPLES)\b)".replace("_PARTICIPLES", _PARTICIPLE),
        (r"\1 ",),
        0.5,
        terse=True,
    ),
    Rewrite(r"\bto be (?=\w+ed\b)", ("",), 0.4, terse=True),
    Rewrite(r"\bhas to be (?=\w+)", ("must be ",), 0.6, terse=True),
    Rewrite(r"\bso (?:that )?(?=(?:i|you|we|he|she|they|it)\b)", ("so ", "- "), 0.2, terse=True),
    Rewrite(r", (?:and|but) (?=\w)", (", ",), 0.6, terse=True),
    Rewrite(
        r"(?<=\w) and (?=\w+)(?!then\b|if\b|not\b|i\b|we\b|you\b|\d)(?<!between \w and )",
        (", ", " + "),
        0.55,
        terse=True,
    ),
    Rewrite(r", which (?:is|are|was|were) (?=\w)(?!why)", (", ",), 0.8, terse=True),
    Rewrite(r", which (?=(?:has|have|had|will|can|would|costs?|means?|makes?|came|went)\b)", (", ",), 0.7, terse=True),
    Rewrite(
        r"(?<=\w{3})(?<!after)(?<!before)(?<!like)(?<!with) (?:that|which) (?=(?:i|you|we|they|he|she)\b)",
        (" ",),
        0.8,
        terse=True,
    ),
    Rewrite(r"(?<=\w) (?:that|which|who) (?:is|are|was|were) (?=\w+(?:ed|ing|en)\b)", (" ",), 0.8, terse=True),
    Rewrite(r"\b(will|must|can|should|to) be (?=\w{2,}(?:ed|en|t)\b)", (r"\1 be ", "to be "), 0.4, terse=True),
    Rewrite(
        rf"(?<![\w'’])(?!(?:{_NO_NOUN})\b)([\w'’-]*\w) will be (?=\w+(?:ed|en)\b)",
        (r"\1 to be ",),
        0.6,
        terse=True,
    ),
    Rewrite(
        r"^((?:(?!\b(?:which|who|what|where|how|when|if)\b|n['’]t\b).)*?)(?<![\w'’])"
        rf"(?!(?:{_NO_NOUN})\b)([\w'’-]*\w) will (?=(?!not\b|be\b|have\b|never\b)\w{{3,}})",
        (r"\1\2 to ", r"\1\2'll "),
        0.7,
        terse=True,
    ),
    Rewrite(r"(?<=\w) (?:has|have|had) been (?=\w{2,}(?:ed|en|t)\b)(?!.*\?)", (" ",), 0.6, terse=True),
    Rewrite(
        rf"(?<![\w'’])(?!(?:{_PRONOUN})\b)([\w'’-]*\w) (?:is|are) "
        r"(?=(?:an?|the|in|on|at|too|not|now|still|all|only|no)\b)(?!.*\?)",
        (r"\1 ",),
        0.6,
        terse=True,
    ),
    Rewrite(r"\b(?:the|an?) (\w{3,}) of (?:the|an?|my|your|our) (?=\w)", (r"\1 of ",), 0.5, terse=True),
    Rewrite(r"\b(?:some|any) (?=\w{4,})(?!one|body|thing)(?<!not any )", ("",), 0.4, terse=True),
    Rewrite(r"(?<=\w) (?:for you|to you)(?=[.,!?]|$)", ("",), 0.3, terse=True),
    Rewrite(r"(?<=\w) (?:now|then|anyway)(?=[.,!]|$)", ("",), 0.3, terse=True),
    Rewrite(r"^(?:and|but|so|then|also|now|or) (?=\w)", ("",), 0.6, terse=True),
)
ENGLISH = NoteWords(
    greetings="ahoy greetings hiya heya howdy afternoon my dearest",
    sign_offs=(
        r"(?:with )?(?:best|kind|warm|kindest|warmest|many)(?: (?:wishes|regards|thanks))?|regards|sincerely|"
        r"yours\b.*|"
        r"thanks(?: again| so much| in advance)?|thank you(?: again)?|cheers|love|take care|respectfully|all "
        r"the best|"
        r"speak soon|talk soon|see you(?: soon| then)?|ciao|xo+|hugs|thx"
    ),
    courtesies=(
        r"(?:many |thanks|thank you|thx|cheers)(?:thanks)?(?: again| so much| very much| a lot| in advance| all|"
        r" both| everyone"
        r"| for (?:your|the) (?:help|time|patience|attention|assistance|understanding|cooperation|consideration))*",
        r"(?:i|we)? ?(?:do |really )?hope (?:that )?(?:you (?:are|['’]re)|you're|all is|this (?:mail|email|note|"
        r"letter|message)?"
        r" ?finds you|everything is)(?: all)?(?: keeping| doing)?(?: very| going)? ?(?:well|fine|ok|good|great)?",
        r"how are you(?: doing| keeping| today)?",
        r"(?:i|we)? ?look(?:ing)? forward to (?:hearing from|your (?:reply|answer|response))(?: you)?(?: soon)?",
        r"(?:please )?(?:let me know|tell me|call me|contact me|feel free to \w+(?: me)?) if you have any "
        r"(?:further )?(?:questions|"
        r"queries)(?: or (?:concerns|comments))?",
        r"(?:please )?(?:do not|don['’]t) hesitate to (?:contact|call|ask|email|write to) (?:me|us)?.{0,60}",
        r"(?:have|enjoy) a (?:nice|good|great|lovely|wonderful) (?:day|weekend|evening|week|one)",
        r"(?:good (?:morning|afternoon|evening)|hello|hi|hey)(?: there| all| everyone)?",
        r"best(?: wishes| regards)?|kind regards|regards|yours(?: sincerely| truly| faithfully)?|cheers",
    ),
    openers=(
        r"right then|well then|well|right|okay|ok|so|anyway|anyhow|first of all|to be honest|as you know|of course",
        r"(?:one|two|three|four|five|six)(?=:)",
    ),
    not_names=(
        "indeed however yes no ok okay also actually today tomorrow yesterday maybe perhaps anyway first second "
        "third "
        "finally well so then still thus hence again great good nice right sure sorry otherwise instead meanwhile "
        "personally attached enclosed fortunately unfortunately sadly honestly basically generally usually currently "
        "recently lately later now here there if when since because after before while once as and but or in on at "
        "for from with without to by of yeah yep nope hmm ah oh wow congratulations monday tuesday wednesday "
        "thursday "
        "friday saturday sunday besides nevertheless nonetheless therefore furthermore moreover additionally "
        "next last"
    ),
    times=_TIMES,
    phrasal=(
        r"(?:put|turn|switch|take|took|hand|fill|go|went|look|ask|wait|pay|paid|come|came|get|got|keep|kept|"
        r"call|care|stand|"
        r"stood|speak|spoke|think|thought|hear|heard|send|sent|leave|left|let|move|bring|work|count|depend|rely|"
        r"sit|sat|sign|"
        r"log|hold|held|give|gave|pass|hope|apply|thank|search|reach|carry|insist|focus|base|try|break|settle|"
        r"tie|check|"
        r"drop|stay|fit|plug|run|ran|be|been|is|are|was|were|back|up|out|away|down|off|over|one|all|any|both|"
        r"each|some|"
        r"most|none|front|top|which|who|what|where|how|he|she|they|we|there|these|those|because|instead|kind|"
        r"sort|full|short|lot|way|thing|that|this|it|them|him|her|us|me|you)"
        r"(?:s|es|ed|ing|d)?"
    ),
    negations="never nor neither none nobody nothing nowhere without hardly cannot",
    quantities="one few little lot bit half more less than only but except until till",
    small_words=(
        ("the an", 0.9),
        ("is are", 0.8),
        ("was were", 0.15),
        ("of", 0.3),
        ("in on for at", 0.2),
        ("really some also", 0.4),
    ),
    rewrites=(*_POLITE, *_TELEGRAM, *_NUMBERS, *_PHRASES, *_VERBS, *_SMALLER, *_ABBREVIATIONS, *_SYNONYMS, *_AND),
    numbers=NUMBERS,
    multipliers={"hundred": 100, "thousand": 1000},
    ordinals=r"first|second|third|half|quarters?|\w+(?:th|ths|ieth)\b",
    dependent=(
        "it this that these those he she they but so then also if otherwise however and or them his her its their "
        "either neither both one two same such here there because therefore "
        "first second other another rest thus still again instead yes no ps"
    ),
)
