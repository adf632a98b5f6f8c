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
_PAST = (
    r"\w{2,}[^e\W]ed|sent|got|made|found|saw|went|took|told|said|wrote|bought|gave|left|lost|met|paid|spoke|thought|"
    "forgot|brought|kept|came|heard|did|began|chose|drove|felt|held|knew|sold|taught|understood|won"
)
_PARTICIPLE = (
    rf"{_PAST}|taken|given|written|seen|done|spoken|forgotten|begun|chosen|driven|known|gone|tied|packed|put|read|set"
)
_DETERMINER = "a|an|the|to|my|your|his|her|its|our|their|this|that|one|what|who|where|how|why|it|he|she|they|we|you|i"
# 'I bring' without 'I' is an order; 'I need' is not.
_STATES = "need|want|think|hope|guess|believe|suppose|wish|doubt|prefer|can|could|may|might|had|was|must"
_DOUBTS = "know|think|see|need|want|have|mind|believe|understand|expect|remember|recall"
# Who or what a clause that follows 'that' is about.
_CLAUSE = "i|you|we|he|she|they|it|there|my|your|our|his|her|their|the"
# 'As you please', 'anxious to please' are no requests.
_REQUESTED = r"(?<!\byou )(?<!\bwe )(?<!\bthey )(?<!\bto )(?<!\bmay )(?<!\bmight )(?<!\bwill )"

_POLITE = (
    Rewrite(
        r"^(?:could|can|would|will) you (?:please|kindly) ([^,;]+?)\?$", (r"pls \1.", r"\1.", r"\1."), 1.0, habit=True
    ),
    Rewrite(
        r"^(?:i would|i['’]d|we would|we['’]d) (?:be (?:very )?grateful|appreciate it) if you (?:could|would) ",
        ("pls ", "", "can you "),
    ),
    Rewrite(r"^i was (?:wondering|hoping) (?:if )?you could ", ("can you ",)),
    Rewrite(
        r"^(?:i (?:just )?want(?:ed)? to|i am writing to|i['’]m writing to|just a (?:quick )?note to|this is to) "
        r"(?:let you know|tell you|inform you|say) that ",
        ("",),
        0.9,
    ),
    Rewrite(r"^(?:please (?:note|be advised|be aware)|i am pleased to (?:inform|tell) you) that ", ("note: ", "")),
    Rewrite(r"\bplease let me know\b", ("let me know", "tell me")),
    Rewrite(rf",? ?{_REQUESTED}\bplease\b(?=[.,!?]*$)", ("", "", " pls")),
    Rewrite(rf"{_REQUESTED}\bplease\b", ("", "", "", "pls"), 1.0, habit=True),
    Rewrite(r"(?:^|(?<=\byou ))kindly (?=\w)"),
    Rewrite(r"^(?:i am|i['’]m) (?:very |so |really )?(sorry|glad|happy|pleased)(?: that)?\b", (r"\1",), 0.9),
    Rewrite(r"^i['’]m afraid,? (?!of\b|to\b|for\b)|,? ?\bi['’]m afraid\b(?=[.!,]*$)", ("",), 0.8),
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
# 3 pm is typed as 3pm, and by a few as 3p or 15:00.
_CLOCK = (
    *(
        Rewrite(rf"(?<![\w:.]){hour}(?:[:.]00)? ?p\.?m\b\.?(?=[ ,;?!.]|$)", (f"{hour + 12}:00",), 0.1, habit=True)
        for hour in range(1, 12)
    ),
    Rewrite(r"\b(\d{1,2}(?:[:.]\d\d)?) p\.?m\b\.?(?=[ ,;?!.]|$)", (r"\1pm", r"\1pm", r"\1pm", r"\1p"), 0.7, habit=True),
    Rewrite(r"\b(\d{1,2}(?:[:.]\d\d)?) a\.?m\b\.?(?=[ ,;?!.]|$)", (r"\1am",), 0.7, habit=True),
)
_NUMBERS = (
    Rewrite(
        r"(\d+) by (\d+)(?= ?(?:mm|cm|m|metres?|meters?|ft|feet|foot|in|inch|inches|px|pixels)\b)", (r"\1x\2",), 0.8
    ),
    Rewrite(r"(\d) o['’]clock\b(?! \w{3,})", (r"\1",), 0.8, habit=True),
    Rewrite(r"(\d) ?per ?cent\b", (r"\1%",), 0.5, habit=True),
    *_CLOCK,
)
# Whole phrases, before their articles are left out.
_PHRASES = (
    Rewrite(r"\bas soon as possible\b", ("asap",), 0.9),
    Rewrite(r"\bfor your information\b", ("fyi",), 0.9),
    Rewrite(r"\bby the way\b", ("btw",), 1.0, habit=True),
    Rewrite(r"\bfor example\b", ("eg",), 0.5),
    Rewrite(r"\bat the moment\b|\bat present\b", ("now", "atm"), 1.0, habit=True),
    Rewrite(r"(?<!\bmight )(?<!\bmay )(?<!\bjust )(?<!\bcould )\bas well\b(?! as)", ("too",), 0.6),
    Rewrite(r"\bby (?:the )?end of (?:the )?day\b", ("by eod",), 0.3, habit=True),
    Rewrite(r"\bconference call\b", ("conf call",), 0.3, habit=True),
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
            ("obtain", "get"),
            ("repair", "fix"),
        )
    ),
)
_SMALLER = (
    Rewrite(r"\bcan ?not\b(?! only)", ("can't",), 0.95),
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
    Rewrite(rf"^i (?=(?:{_STATES})\b(?! *[,.;]))", ("",), 1.0),
    Rewrite(r"^i (?=(?:can['’]t|couldn['’]t|haven['’]t|hadn['’]t|won['’]t|wasn['’]t|didn['’]t)\b)", ("",), 1.0),
    Rewrite(rf"^i (?=(?:never )?(?:{_PAST})\b)", ("",), 1.0),
    Rewrite(rf"^i (?=don['’]t (?:{_DOUBTS})\b)", ("",), 1.0),
    Rewrite(rf"(?<=, )(?:and |but )?i (?=(?:{_STATES}|can['’]t|couldn['’]t|didn['’]t|haven['’]t)\b)", ("",), 0.5),
    Rewrite(r"\bi shall\b", ("i'll",), 0.9),
    Rewrite(r"\bwe shall\b", ("we'll",), 0.9),
    Rewrite(r"\bshall\b(?! (?:i|we)\b)", ("will",), 0.7),
    Rewrite(r"(?<!\bthan )(?<!\bas )\bi am\b(?= \w)(?! (?:and|or|but|if|when)\b)", ("i'm",), 0.9),
    Rewrite(rf"\b(i|you|we|they) have (?={_PARTICIPLE}\b)", (r"\1've ",), 0.6),
    Rewrite(r"\b(i|you|he|she|it|we|they) will\b(?= \w)(?! (?:and|or|but|if|when)\b)", (r"\1'll",), 0.8),
    Rewrite(
        r"(?<!\bwhere )(?<!\bhow )(?<!\bwhat )(?<!\bas )(?<!\bthan )\b(you|we|they) are\b(?= \w)"
        r"(?! (?:and|or|but|if|when)\b)",
        (r"\1're",),
        0.8,
    ),
    Rewrite(
        r"(?<!\bwhat )(?<!\bwhere )(?<!\bhow )(?<!\bwho )(?<!\bas )(?<!\bthan )(?<!['’]s )(?<!\bis )"
        r"\b(it|he|she|that|what|where|who|there|here|how) is\b(?= \w)(?! (?:to|and|or|but|if|when)\b)",
        (r"\1's",),
        0.8,
    ),
    Rewrite(r"^there(?: is| are|['’]s) ", ("",), 0.6),
    Rewrite(r"^do (?=you (?:have|want|need|know|think|mind)\b)", ("",), 0.35),
    Rewrite(r"^(?:is|are) (?=(?:the|your|our|my)\b)(?=.*\?)", ("",), 0.35),
    # Only after a subject that is plain, and not before a participle: 'Ann is asked to' is not 'Ann asked to'.
    Rewrite(
        rf"(?:^|(?<=, )|(?<=\band )|(?<=\bbut )|(?<=\bif )|(?<=\bbecause )|(?<=\bthat ))"
        rf"((?:the|my|your|our|his|her|their|its) (?:[\w'’-]+ )?[\w'’-]*\w) (?:is|are) "
        rf"(?!(?:{_DETERMINER}|{_PARTICIPLE}|\w+en|\w*ought|being|not|no|never|none|and|or)\b)(?=\w)",
        (r"\1 ",),
        0.6,
    ),
    Rewrite(
        rf"(?:^|(?<=, ))((?:the|my|your|our|his|her|their) (?:[\w'’-]+ )?[\w'’-]*\w) will be "
        rf"(?=(?:at|on|in) (?:\d|{_DAY}|{_MONTH}))",
        (r"\1 ",),
        0.4,
    ),
    Rewrite(
        rf"\b(\w{{2,}}[^e\W]ed|shows?|suggests?|wonder|guess|doubt|think|thought|know|knew|hope|say|says|said|see|hear|"
        r"heard|believe|suppose|sure|glad|sorry|note|understand|told \w+|tell \w+|afraid|happy|aware|find|found|"
        rf"worried) that (?=(?:{_CLAUSE})\b)",
        (r"\1 ",),
        0.9,
    ),
    Rewrite(
        r"(?<=\w)(?<!\bafter)(?<!\bbefore)(?<!\bfor)(?<!\bof)(?<!\bto)(?<!\bin)(?<!\bwith)(?<!\bby)(?<!\blike)"
        r"(?<!\bis)(?<!\bwas)(?<!\bare)(?<!\bwere)(?<!\bbe)(?<!\bdo)(?<!\bdid)(?<!\bnow)(?<!\bnot)(?<!\bbut)(?<!\bexcept)(?<!\bbelow)(?<!\babove)(?<!\bthan)(?<!\bas)"
        r"(?<!\band)(?<!\bor) that "
        r"(?=(?:i|you|we|he|she|they|it|my|your|our|his|her|their|there)\b)",
        (" ",),
        0.85,
    ),
    Rewrite(r"^it (?=(?:looks|sounds|seems|appears|turns out|works|depends|means)\b)", ("",), 0.7),
    Rewrite(rf"\bso that (?=(?:{_CLAUSE})\b)", ("so ",), 0.9),
    Rewrite(r"\bin order to\b", ("to",)),
    Rewrite(
        r"\b(?:in fact|as a matter of fact|i must say|as you can see|for what it['’]s worth|needless to say),? ",
        ("",),
        0.8,
    ),
    Rewrite(r"\b(?:is|are) (?:unable|not able) to\b", ("can't",), 0.7),
    Rewrite(r"\b(?:is|are) able to\b", ("can",), 0.8),
    Rewrite(r"\b(i|you|we|they) have to\b", (r"\1 gotta",), 0.15),
    Rewrite(r"\b(you|we|they) would like\b", (r"\1 want",), 0.4),
    Rewrite(r"\blet me know\b", ("tell me",), 0.4),
    Rewrite(r"^let us\b(?! know| have| in\b)", ("let's",), 0.8),
    Rewrite(r"\b(?:take|have) a (?:quick )?look\b", ("look",), 0.8),
    Rewrite(r"\ba lot of\b", ("lots of",), 0.4),
    Rewrite(r"\bin addition,? (?!to\b)", ("also ",), 0.8),
    Rewrite(r"\bsuch as\b", ("eg",), 0.5),
    Rewrite(r"\bmost likely\b", ("prob",), 0.6),
    Rewrite(r"\bthe end of the (month|week|year|day)\b", (r"end of \1",), 0.8),
    Rewrite(r"\b(all|both) of (?=the\b|my\b|your\b|our\b|his\b|these\b|those\b)", (r"\1 ",), 0.5),
    Rewrite(rf"\bon (?={_DATED}\b)", ("",), 0.9),
    # A price has 'at', too.
    Rewrite(
        rf"\bat (?=\d{{1,2}}(?::\d\d\b| ?[ap]m\b|(?:\.[0-5]\d)? (?:on\b|tomorrow\b|today\b|{_DATED})))", ("",), 0.6
    ),
    Rewrite(rf"\b({_DAY}) at (?=\d)", (r"\1 ",), 0.5),
    Rewrite(rf"\bin (?={_MONTH}\b)(?=\w+ \d)", ("",), 0.5),
    Rewrite(rf"\b(\d{{1,2}}(?:st|nd|rd|th)?) of (?={_MONTH}\b)", (r"\1 ",), 0.9),
    Rewrite(
        r"(?<!\bnot )(?<!n['’]t )(?<!\bno )(?<!\bthe )\b(?:very|really|actually) "
        r"(?=\w)(?!not\b|much\b|many\b|few\b|little\b)",
        ("",),
        0.5,
    ),
    # 'The only one', 'the few': not all of them. 'An hour': for each. 'Annex A' is a name.
    Rewrite(
        r"\b(?-i:(?<!\ball )the(?! (?:more|less|least|most|same thing|only|few|little|ones?|case|opposite|heck)\b)|"
        r"an(?! hour\b)) "
        r"(?=[\w\"'(“‘$£€\ue000-\uf8ff])",
        ("",),
        0.97,
    ),
    Rewrite(
        r"(?<!\bnot )(?<!\bsuch )(?<!\bat )(?<!\bin )(?<!\bso )(?<!\bmany )(?<!\bwhat )(?<!\bonce )(?<!\btwice )"
        r"(?<!\btimes )(?<!\d )(?<!\bpounds )(?<!\beuros )(?<!\bdollars )(?<!\bquid )(?<!\bhours )(?<!\bcents )"
        r"(?<!\bpence )"
        r"\b(?-i:a) (?!few\b|little\b|lot\b|bit\b|while\b|couple\b|thing\b|"
        r"soul\b|word\b|good many\b|good deal\b|great many\b|great deal\b|do\b|"
        r"look\b|clue\b|hundred\b|third\b|half\b|quarter\b|second\b|"
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
    Rewrite(r"\bwith\b", ("w/", "w/", "w/", "w"), 0.6, habit=True),
    *habits(0.3, "because=bc|cos; although=tho; though=tho; through=thru; until=till|til|until"),
    *habits(0.85, "minutes=min|mins; hours=hrs; weeks=wks; year=yr; years=yrs; information=info; photographs=photos"),
    Rewrite(r"\babout (?=\d)", ("~", "abt "), 0.6),
    Rewrite(
        r"\babout (?=(?:the (?!same\b)|my|your|our|his|her|their|this|that)\b|(?-i:[A-Z]))", ("abt ",), 0.3, habit=True
    ),
    Rewrite(r"\bnumber (?=\d)", ("no. ",), 0.6, habit=True),
    *habits(0.7, "photograph=photo; documents=docs; telephone=phone; approximately=about|approx"),
    *habits(0.3, "meeting=mtg; message=msg; appointment=appt; department=dept; people=ppl; maximum=max"),
    *habits(0.3, "especially=esp; including=incl; versus=vs; minimum=min; average=avg; government=govt"),
    *habits(0.3, "management=mgmt; questions=qs; without=w/o"),
    *habits(0.1, "before=b4"),
)
_SYNONYMS = (
    Rewrite(r"\bregarding\b|\bwith regard to\b", ("re", "about"), 0.9),
    Rewrite(r"\bprior to\b", ("before",), 0.9),
    Rewrite(r"^however, ", ("but ",), 0.7),
    Rewrite(r"^(?:and )?(?:therefore|thus|hence|consequently),? ", ("so ",), 0.6),
    *habits(0.6, "requires=needs; assist=help; inform=tell; additional=extra; somebody=someone"),
    *habits(0.6, "repaired=fixed; perhaps=maybe; upon=on; begin=start; purchased=bought; currently=now"),
    *habits(0.5, "difficult=hard; immediately=right away; sufficient=enough; ensure=make sure; shortly=soon"),
    *habits(0.5, "assistance=help; enquire=ask; inquire=ask; everybody=everyone"),
    *habits(0.4, "whether=if; entire=whole; contains=has; numerous=many; probably=prob"),
    *habits(0.4, "yesterday=yday; week=wk; hour=hr"),
    *habits(0.2, "something=sth; month=mth"),
)
_AND = (
    # Without the comma it may join persons: 'Kofi and I swap'.
    Rewrite(r"(?<=(?-i:[a-z])), and (?=(?:i|you|we|he|she|they|it)\b)", (", ",), 0.7),
    Rewrite(r"(?<=\w) and (?=\w)(?!then\b|if\b|not\b|i\b)", (" + ", " & ", " & "), 0.3, habit=True),
)
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
        (r"\1 \2, \3 ",),
        0.8,
        terse=True,
    ),
    Rewrite(r"^there (?:was|were|has been|have been) ", ("",), 0.6, terse=True),
    Rewrite(
        rf"^((?:(?!\b(?:you|he|she|they|we|who)\b|(?-i:[A-Z]))[^.])*?(?:,|, and| but| so| because)) i "
        rf"(?=(?:{_STATES}|{_PAST}|can['’]t|won['’]t|didn['’]t|couldn['’]t|haven['’]t|will)\b)",
        (r"\1 ",),
        0.8,
        terse=True,
    ),
    Rewrite(r"\bhas to be (?=\w+)", ("must be ",), 0.6, terse=True),
    Rewrite(
        r"(?<=\w) and (?=\w+)(?!then\b|if\b|not\b|i\b|we\b|you\b|\d)(?<!between \w and )", (" + ",), 0.55, terse=True
    ),
    Rewrite(r", which (?:is|are|was|were) (?=\w)(?!why)", (", ",), 0.8, terse=True),
    Rewrite(
        r"(?<=\w{3})(?<!after)(?<!before)(?<!like)(?<!with) (?:that|which) (?=(?:i|you|we|they|he|she)\b)",
        (" ",),
        0.8,
        terse=True,
    ),
    Rewrite(r"\b(?:the|an?) (\w{3,}) of (?:the|an?|my|your|our) (?=\w)", (r"\1 of ",), 0.5, terse=True),
    Rewrite(r"^(?:and|so(?! (?:far|many|much|long|that)\b)) (?=\w)", ("",), 0.6, terse=True),
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
        r"(?:please )?(?:do not|don['’]t) hesitate to (?:contact|call|ask|email|write to) (?:me|us)?"
        r"[^\d\ue000-\uf8ff]{0,60}",
        r"(?:have|enjoy) a (?:nice|good|great|lovely|wonderful) (?:day|weekend|evening|week|one)",
        r"(?:good (?:morning|afternoon|evening)|hello|hi|hey)(?: there| all| everyone)?",
        r"best(?: wishes| regards)?|kind regards|regards|yours(?: sincerely| truly| faithfully)?|cheers",
    ),
    openers=(
        r"right then|well then|well|right|so|anyway|anyhow|first of all|to be honest|as you know",
        r"(?:one|two|three|four|five|six)(?=:)",
    ),
    not_names=(
        "indeed however yes no ok okay also actually today tomorrow yesterday maybe perhaps anyway first second "
        "third "
        "finally well so then still thus hence again great good nice right sure sorry otherwise instead meanwhile "
        "approved confirmed agreed granted received done noted understood rejected accepted mhm aha uh um oops uff ugh "
        "personally attached enclosed fortunately unfortunately sadly honestly basically generally usually currently "
        "recently lately later now here there if when since because after before while once as and but or in on at "
        "for from with without to by of yeah yep nope hmm ah oh wow congratulations monday tuesday wednesday "
        "thursday "
        "friday saturday sunday besides nevertheless nonetheless therefore furthermore moreover additionally "
        "next last"
    ),
    times=_TIMES,
    negations="never nor neither none nobody nothing nowhere without hardly cannot",
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
