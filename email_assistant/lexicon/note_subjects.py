"""English tables for the subjects, and the 'is' and 'are', that rough notes leave out.

The tables up to TOLD say which words at the beginning of a clause show that the writer or the reader is meant, those
after it where 'is' or 'are' is missing. Lists of words separated by blanks are lower case; the others are regular
expressions, matched without case.
"""

DAY = r"(?:mon|tues?|wed|wednes|thurs?|fri|sat|satur|sun)(?:day)?"
MONTH_NAMES = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
MONTH = rf"{MONTH_NAMES}\.?"
# 'May' without a day is a verb.
_MONTH_OR_DATE = rf"(?:{MONTH} \d+\w*|(?!may\b){MONTH})"
_TIME = (
    r"(?:(?:tomorrow|today|tonight|yesterday)|(?:by|on|at|in|from|after|before|until|till|since|this|next|last) "
    rf"(?:the )?(?:tomorrow|today|tonight|yesterday|morning|afternoon|evening|noon|lunch|weekend|week|month|{DAY}|"
    rf"{_MONTH_OR_DATE}|\d{{1,2}}(?:[:.]\d\d)? ?[ap]\.?m))\b"
)
FEELINGS = "proud|ashamed|embarrassed|grateful|thankful|happy|glad|pleased|excited|relieved|impressed|sorry"
# What may stand before a clause's subject.
LEADS = (
    r"(?:(?:fyi|ok|okay|yes|yep|no(?=,)|nope|thanks|thx|sorry|hi|hello|well|anyway|btw|ps|p\.s\.|actually|and|but|"
    r"tho|though|then|now|unfortunately|maybe|perhaps|otherwise|if not|if so|until then|till then|in case|"
    r"as (?:we )?discussed|however|meanwhile|plus|first|second|again|\(\w{1,3}\)|\d[.)]|"
    rf"so(?! (?:{FEELINGS})\b)|{_TIME})(?:,|:|;)? )*"
)
# Adverbs that stand between the subject and its verb.
ADVERB = (
    r"(?:(?:just|still|also|already|never|only|really|finally|recently|probably|certainly|totally|definitely|currently|"
    r"truly|do) )?"
)
OBJECT = r"(?:the|an?|my|your|our|his|her|its|their|you|him|them|it|this|that|these|those|us|some|any|both|no)\b"
# Who has these states, is who writes.
STATES = (
    r"need(?! (?:for|of|not)\b)|want|think(?! (?:about|of|it over)\b)|guess(?! (?:what|who)\b)|believe(?! (?:me|it)\b)|"
    r"suppose|"
    r"wish(?= (?:i|you|we|he|she|it|they)\b)|doubt|prefer|understand(?! (?:it|this|me)\b)|expect(?= (?:to|you|him|"
    r"her|that)\b)|agree(?! (?:an?|the|on|to)\b)|disagree|"
    r"love(?! (?:from|to)\b|[,.!)]|$)|hate(?! crime\b)|wonder|feel(?! free\b)|reali[sz]e|regret|owe|mean it|gotta|"
    r"miss(?= (?:you|the|him|her|them|it|our)\b)|like(?= (?:it|your|this|him|her|them)\b)|(?:plan|regret) to|hope(?! "
    r"(?:is|was|does|doesn|of|for|and|not|so|all is|this finds)\b)|"
    r"enjoy(?= \w+ing\b)|see (?:your point|what you mean|no (?:reason|need|problem|point))|"
    r"know(?= (?:that|you|he|she|it|it['’]s|we|they|how|what|who|the|of)\b)|"
    r"gather(?= (?:you|that|he|she|it|they|we|there)\b)|suspect|must (?:dash|rush|admit)"
)
# In 'lost property is in room 4' it is an adjective.
_NO_NOUN = r"(?! \w+(?: \w+)? (?:is|are|was|were|has|had|will|can|must|should|never|go|goes|say|says|leaks|sticks)\b)"
# What the writer did. 'Told me' was somebody else, and 'asked by' is a passive.
PAST = (
    rf"(?:got|went|spoke|sent(?! from\b)|saw{_NO_NOUN}|met{_NO_NOUN}|heard|told|made(?! in\b)|"
    rf"found(?! in\b){_NO_NOUN}|forgot|thought|wrote|"
    rf"bought|gave|took(?! (?:\S+ ){{1,2}}(?:min|mins|minutes|hours|days|weeks|months|years|long)\b)|paid|did(?! "
    rf"(?:you|u|he|she|we|they)\b)|knew|"
    rf"lost{_NO_NOUN}|"
    rf"kept|brought|came(?= (?:to|by|from|home|back|in|over|here)\b)|felt{_NO_NOUN}|ran|began|drove|spent{_NO_NOUN}|"
    rf"talked|called|asked(?! to (?:leave|come|be)\b)|tried|e-?mailed|mailed|faxed|phoned|checked|looked|"
    rf"wanted{_NO_NOUN}|needed{_NO_NOUN}|hoped|searched|reviewed|enjoyed|missed|forwarded|mentioned|noticed|promised|"
    rf"worked|visited|stayed|"
    r"walked|marked|picked|dropped|hired|figured|assumed|decided|wondered|lent|"
    rf"expected{_NO_NOUN}|left(?! (?:side|hand|over|out|turn|behind)\b){_NO_NOUN}|landed|rebooted|reverted|"
    r"used up|"
    rf"(?:cancelled|reported|measured|watched|opened|chose|borrowed|rang|moved out|booked|ordered|rented|sold|"
    rf"upgraded|finished|fixed|repaired|cleaned|tested|cooked|baked|ate|"
    rf"arranged){_NO_NOUN}"
    r"(?! (?:by|to|on|at|in|until|till|for|and|from|with|out)\b))(?! by\b| off\b| (?:me|us|myself)\b|,|:|$)(?= )"
)
# 'Missed call from Tom' is a heading.
HEADINGS = (
    r"(?:missed|dropped) calls?\b|(?:lost|found) (?:property|luggage|cat|dog|cats|dogs)\b|wanted poster\b|"
    r"(?:forwarded|marked|mailed) (?:messages?|mails?|e-?mails?|copy|copies)\b|"
    r"(?:signed|revised|reviewed|promised|needed|expected) (?:contracts?|cop(?:y|ies)|forms?|leases?|agreements?|"
    r"papers|"
    r"documents?|drafts?|payments?|items|parts)\b|paid (?:leave|holidays?|parking|invoices?)\b(?! \d)|"
    r"(?:cancelled|reported|booked|ordered) (?:flights?|orders?|class(?:es)?|cheques?|meetings?|cases|seats|rooms|"
    r"items)\b"
)
# What is hardly said of a person: 'went well' is about what was done.
OUTCOMES = (
    r"(?:went|going) (?:well|fine|badly|great|wrong|smoothly|cheap)\b|"
    r"got (?:cancell?ed|damaged|postponed|stolen|broken)\b|getting (?:late|dark|cold|worse|expensive)\b|"
    r"coming (?:along|together)\b|looking (?:good|great|likely|bad|grim)\b|working (?:fine|well|again|perfectly)\b|"
    r"taking (?:ages|forever|long|too long)\b"
)
# Any other verb in the past, if it has an object.
DID = (
    r"(?!(?:provided|based|compared|considered|assumed|supposed|needed|related|regarded|speed|indeed|need|feed|seed)\b)"
    rf"(?:\w{{3,}}ed|fed|broke) (?:up |down |out |in |together )?(?={OBJECT})"
)
_BASES = (
    "be have do get go come call send bring make take try see let need want talk speak work check ask tell give "
    "write mail fax phone ring meet help pay buy find keep look start stop stay wait leave drop pick move add put "
    "set book order finish fix sign review read pass join drive fly travel attend arrange confirm forward handle "
    "follow discuss verify wire know return run show use think update circulate prepare attach copy draft explain "
    "provide remind visit cook collect deliver schedule cancel miss forget remember hear say ship cover contact "
    "consider report offer plan lend redo cut replace fetch chase change land post reply answer respond raise mend "
    "repair clean paint print scan upload download test deploy push merge fill file host bake eat feed walk teach "
    "learn study train refund grab head pop squeeze manage reach catch swap switch sort tidy transfer renew reduce "
    "extend sell hire rent carry pull build finalise finalize submit publish present reschedule postpone text "
    "click tap press resend reinstate investigate compare measure count open close lock park ride sleep spend save "
    "share sing play "
    "record translate correct edit revise rewrite summarise summarize type install reset reboot reinstall "
    "reconsider accept decline refuse agree apply hand hold introduce invite lead lower mark match mention note "
    "pack plant promise propose quote recommend redirect register release remove repeat request rest retire settle "
    "step stick store suggest supply support thank throw track trust turn wear win withdraw wrap"
)
BASES = rf"(?:(?:probably|also|just|not|then|still|only|never|always|gladly) )*(?:e-?mail|{'|'.join(_BASES.split())})"
# 'Can be copied' is said of a thing.
_PASSIVE = (
    r" (?:also |only |just |not |then )?be (?:\w+ly )?(?:\w{2,}ed|\w+en|done|made|sent|put|held|paid|sold|built|cut|"
    r"found)\b"
)
# 'Will take 3 days', 'will be fun' and 'can hold 30 people' are, too.
_OF_THINGS = (
    r" (?:take|last) (?:\S+ ){0,2}(?:min|mins|minutes|hours|days|weeks|months|years|long|ages|time)\b| hold \d|"
    r" be (?!(?:late|there|here|in|at|out|away|off|back|home|able|happy|glad|with|around|free|over|an hour|up|down|"
    r"a (?:bit|little|few)|\d+ min\w*|[a-z]+ing)\b)"
)
MODALS = (
    rf"(?:will|can|could|may|might|must)(?= {BASES}\b)(?!{_PASSIVE}|{_OF_THINGS})|would(?= (?:like|love|appreciate|"
    rf"prefer|rather|take(?! (?:long|time|a (?:while|day|week|month)|hours|days|weeks|months|ages|forever)\b)|"
    r"go|buy|pay|say|do|keep|give|send|wait|throw|choose|come|need|want|hate|"
    r"be (?:happy|glad|grateful|able|interested)|have (?:liked|loved))\b)|should(?= be (?:back|there|home|able|free)\b)"
)
NEGATED = (
    r"(?:can['’]?t|cannot|couldn['’]?t|won['’]?t|wouldn['’]?t|haven['’]?t|hadn['’]?t|didn['’]?t)"
    r"(?! (?:(?:you|he|she|it|we|they|i|that|this|there|fit|work|matter|last|happen|start|load|open|close|print|hurt|"
    r"turn|boot|charge|connect|arrived?|happened|rain|snow|"
    r"stop \w+ing|be \w+(?:ed|en)|do (?:any|much|it|anything))\b|be (?:the|"
    r"an?)\b))(?= \w)|"
    r"(?:don['’]?t|do not)(?= (?:really |even )?(?:know|think|see|need|want|have|mind(?! (?:the|me|us)\b)|"
    r"understand|remember|recall|like|care|recogni[sz]e)\b)"
)
_PARTICIPLE = (
    r"(?:\w{3,}ed|been|sent|got|gotten|made|found|seen|gone|taken|told|said|written|bought|given|left|lost|met|paid|"
    r"spoken|thought|forgotten|kept|heard|done|had|put|read|set|never|already|just|not|now|also|only|always)"
)
_WISHED = r"(?:good|nice|great|safe|happy|lovely|wonderful|pleasant)"
# 'Have a good trip', 'have a look' and 'have Ann call' are said to the reader.
HAVE = (
    rf"have(?= (?:to|{_PARTICIPLE})\b)|"
    r"have(?= (?:an?|no|some|any|my|your|his|her|their|several|two|three|four|\d+|the|another|enough|lots|plenty|"
    r"not)\b)(?! an? (?:\w+ )?(?:day|shift|evening|trip|flight|weekend|time|journey|night|holiday|vacation|week|one)\b)"
    rf"(?! an? (?:{_WISHED}|look|seat|think|try|go|word|read|drink|fun|chat|rest|bite|blast)\b)"
    r"(?! (?:the|my|your|his|her|their|an?) (?:\w+ )?\w+ (?:\w+ed|call|send|bring|come|check|sign|sent|done|made|"
    r"cut)\b)|"
    rf"had(?= (?:to|an?|no|the|my|some|lunch|dinner|trouble|chance|problems?|{_PARTICIPLE})\b)|"
    r"was(?= (?:told|asked|going|wondering|hoping|thinking|trying|out|away|off|able|unable|sick|ill|late|given|"
    r"informed|stressed|supposed|just|surprised|glad|happy|sorry)\b)"
)
AM = (
    r"am(?= (?:in|at|on|not|out|away|off|also|still|just|so|very|now|only|sorry|sure|happy|glad|free|able|the|an?|"
    r"\w+ing)\b)"
)
DOING = (
    r"(?:working|trying|going(?! to be\b)|gonna(?! be \w+s\b)|feeling|giving|collecting|doing|enjoying|keeping|"
    r"stopping|picking|looking|waiting|leaving|coming|thinking|planning|hoping|wondering|getting|sending|"
    r"attaching|writing(?= (?:to|about|you|re|on|in|because|from)\b)|faxing|mailing|e-?mailing|forwarding|preparing|"
    r"following (?:up|on)|taking|enclosing|returning|"
    r"meeting(?= (?:with|w/|him|her|them|you))|talking|asking|calling|bringing|putting|making|checking|running|staying|"
    r"having(?! (?:now|just|already|\w+ed|seen|had|been|read|heard|got|found|made|done|gone|said|taken)\b)|"
    r"flying|driving|travell?ing|assuming|reviewing|drafting|copying|ordering|moving(?= (?:to|on|out|the|my))|"
    r"starting (?=to\b)|"
    r"counting on|expecting|considering|finishing|circulating|cc['’]?ing)"
    r"(?= )(?! (?:hours|list|room|licen[cs]e|price|day|permission|rate|water|time|party|order|account|forward|costs|"
    r"salary)\b)"
)
# The gerund of such a clause is its subject: 'running costs are up'.
IS_SUBJECT = (
    r"\w+ing (?:(?!(?:what|how|if|that|who|it(?! (?:to|in|on|at|up|out|back|off|down|for|with)\b)|which|whether|you|"
    r"he|she|they|we|i|there|and|but)\b)\S+ )+?"
    r"(?:may|might|is|are|was|can|could|should|would|means|takes|went|goes|took|made|makes|costs?|meant|were|has|had|"
    r"sounds|seems|looks|feels|helps|needs|works)\b"
)
BEING = (
    rf"(?:(?:so |very |really )(?:{FEELINGS})|not sure|not certain|not convinced|not aware|not able to|not going|"
    r"not coming|not available|not happy|unable to|able to|about to|supposed to|happy to|ready to|glad to|keen to|"
    r"worried|confused|certain|afraid|surprised|"
    r"delighted|impressed|excited|curious|busy|stuck|swamped|sick|embarrassed|ashamed|grateful|thankful|excited|late "
    r"for|allergic to|short of|new here|"
    r"pleased (?:with|to|that)|fine with|ok with|happy with|aware|familiar with|looking forward|"
    r"sure(?= (?:you|he|she|it|we|they|that|about|of)\b)|"
    rf"free(?= (?:on|at|after|before|all|from|tomorrow|today|{DAY})\b))(?=[ .!:)]|$)"
)
AWAY = (
    r"(?:out|away|off|back|home)(?= (?:of (?:the )?(?:office|town|country)|from|on|in|at|until|till|tomorrow|today|"
    rf"tonight|{DAY}|{MONTH}|next|this|all|for|now|sick|\d)(?!\w))"
    r"(?! (?:in|on) (?:stock|sale|use|dvd|loan|track)\b| for (?:delivery|repair)\b) ?"
)
BEEN = (
    r"(?:seen (?=(?:the|your|his|her|their|it|him|them|this|that|both|photos?|video)\b)|been (?=(?:out|away|over|"
    r"through|thru|back|unwell|off|trying|working|thinking|meaning|busy|sick|ill|in|at|on|to|waiting|looking|using)\b))"
)
# What only things do.
THINGS = (
    r"(?:looks like|sounds|turns out|depends|weighs|leaks|costs(?= (?:about |abt |only )?(?:[£$€\d]|nothing|more|"
    r"less|too|me|us|the|an?)(?!\w)))\b(?= )|needs \w{2,}ing\b|"
    r"(?:doesn['’]?t|won['’]?t|wouldn['’]?t|didn['’]?t) (?:work|fit|matter|help|last|look|seem|open|close|load|"
    r"print)\b|(?:fits|covers|starts|ends|runs|pays|works|comes|goes|takes)(?= (?:out |itself |about |abt |"
    r"from |till? |until |up to |in |to )*(?:\d|[£$€]|perfectly|well|fine|double|nothing|mon|tue|wed|thu|fri|sat|sun|"
    r"next|"
    r"tomorrow|tmrw|tonight|today|two|three|four|five|six|ten|half))|(?:could|should|shouldn['’]?t|might) be "
    r"(?!(?:back|there|home|able|free|"
    r"here|late|with|in|at|out|away|off|around|\w+ing)\b)|(?:isn['’]?t|wasn['’]?t) (?:working|clear|urgent|possible|"
    r"worth|needed|true|enough)\b"
)
# What the reader is asked, and the subject and auxiliary that are missing; {} is the word itself.
QUESTIONS = (
    (
        r"(?:still )?(?:want|know(?! nothing)|think|remember|recall|mind|prefer|agree|understand|like to|wanna)\b(?= )|"
        r"need (?:any|more|help|a (?:lift|hand)|anything|me|(?:it|them|this|that) back)\b|fancy(?= )|"
        r"have(?! (?:to|i|you|we|they)\b)(?= )",
        "do you",
    ),
    (rf"(?:can|could|would|will)(?= {BASES}\b)(?!{_PASSIVE})", "{} you"),
    (r"(?:thought|hoped|wondered)(?= (?:you|we|that|if|whether)\b)", "I"),
    (
        r"(?:ever (?=\w+(?:ed|en)\b|been|got|had|done|made|met|sent|tried)|got|gotten|seen|heard|decided|received|"
        r"talked|spoken|finished|been|tried|checked|signed|found|considered|managed|had(?! you\b)|met|done)(?: "
        r"(?!by\b)|$)",
        "have you",
    ),
    (
        r"(?:coming|going|planning(?= (?:to|on|a|for)\b)|bringing|thinking|trying|"
        rf"working(?= (?:on|at|from|today|tomorrow|this|late|{DAY})\b)|looking|waiting|feeling|enjoying|doing|"
        rf"free(?= (?:on|at|after|before|from|for|this|next|today|tomorrow|tonight|{DAY})\b|\?)|able|"
        r"happy(?= (?:to|with|for)\b)|interested|around|ready|hungry|ok (?:with|to|for)|still \w+ing|sure)(?= |\?)",
        "are you",
    ),
)
# Words after which 'want it earlier, tell me' is a condition.
TOLD = r"(?:just |pls |please )?(?:tell|call|let|ask|say|holler|shout|write|e-?mail|ring|contact|talk)\b"
# Words before which, or of which, no clause is without a verb.
FINITE = (
    "too even much most dear soon all "
    "i you he she it we they who which that's it's he's she's there's what's there am is are was were be been has "
    "have had do does did will would can could shall should may might must get gets got let lets let's if when "
    "while because since unless until till before after where how what why not no nor or but so than then as says "
    "said say wants wanted needs need want think thinks thought knows know told asked sent went came gave took made "
    "saw wrote left at in on by into over under please pls plz thanks thx sorry yes ok any some good happy great "
    "hello hi here see me him her us them himself herself who's where's how's go goes going gone pays pay comes "
    "come keeps keep looks look works live lives runs ran sold fell found cut nothing slept time "
    "feel steer stay stays with w/ mine yours ours stand stood held evens breathe watch wipe breathes sooner without "
    "very quite shut"
)
# Adjectives that are no subject: 'new here'.
MODIFIERS = "new first second third last next"
# Other verbs, and what begins no subject.
THIRD_PERSONS = (
    "sounds seems feels remains became stayed likes loves hates enjoys prefers minds begins begin began starts start "
    "stops "
    "stop kept quit opens closes calls arrives turns drove flew broke walks walk moves spoke rings rang brings brought "
    "takes makes gives sends writes reads sees hears finds thinks tells asks pays goes tie people's"
)
# As first words, said to the reader.
VERBS = _BASES
# Of those, what is as often a noun.
NOUNS = (
    "answer draft copy report order call fax mail email check delivery note plan offer invoice show review reply work "
    "match repair order meet change print test"
)
ADVERBS = (
    "just still also always maybe never only now already really almost nearly basically mostly probably fully double "
    "completely badly partly totally definitely"
)
DETERMINERS = "the a an my your our his her its their this these those"
PREPOSITIONS = "of for from to re about with w/"
# 'Two days late' is said of something else.
UNITS = (
    "days weeks hours minutes mins months years times miles hrs wks yrs min hr wk cm mm km kg m degrees euros pounds "
    "quid "
    "day week month year hour minute little bit low rather lot deal shade touch"
)
PLURALS = "people children men women police both all"
_WHEN = (
    r"(?:today|tomorrow|tonight|now|again|already|soon|shortly|yet|too|next|this|all|till|until|from|since|"
    rf"{DAY}|{MONTH}|\d+\S*)"
)
# What may be said of a subject without a verb.
PREDICATES = (
    rf"(?:attached|enclosed)(?=$|:|[ ](?:as|below|for|to|with|w/|here|again|too|and|{_WHEN})\b)|here(?=$| {_WHEN}\b)|"
    r"(?:not )?(?:ready|done|gone|missing|available|unavailable|sick|ill|keen|ok|okay|fine|due|late|closed|broken|"
    r"wrong|correct|unclear|clear|urgent|empty|overdue|welcome|expected|scheduled|cancelled|canceled|postponed|recast|"
    r"coming|finished(?! in \d)|worried|waiting|dead|full|free|better|important|possible|impossible|interested|busy|"
    r"stuck|"
    r"included|incl|excepted|exempt|perfect|normal|benign|deliberate|alive|idle|shy|cheaper|earlier|smaller|higher|"
    r"worse|valid|confirmed|sorted|solved|held|hidden|unchanged|weird|healthy|leaking|needed|tight|safe|wet|dry|dirty)"
    r"(?=$| (?:for|by|on|at|in|to|w/|with|as|about|because|if|when|but|so|and|that|of|"
    rf"{_WHEN})\b)|"
    rf"(?:(?:out|away|off|back)(?=$)|(?:out|away|off|back|home)(?= (?:of (?:the )?(?:office|town|country|action)|on|at|"
    rf"in|with|w/|{_WHEN})\b))|"
    r"(?:in (?:class|court|hospital|town|bed|touch|a meeting|my office|your office)|on (?:vacation|holiday|leave|"
    r"a call|the way|the phone|order|hold|time|track|sale|me|us))\b|"
    # 'Slates too old', 'rent not here', 'profit up 22%', 'rest as agreed'.
    r"too (?!many\b|few\b|if\b|and\b|but\b)\w{3,}|not (?:in|here|there|yet in|back|\w{3,}ed)\b|"
    r"up (?:by )?[£$€]?\d|no (?:good|use|trouble|problem)\b|yours\b|booked$|"
    r"as (?:agreed|usual|printed|planned|normal)\b"
)
# Gerunds that are nouns more often than not.
NOMINAL_GERUNDS = (
    "meeting|training|parking|building|wedding|painting|cleaning|booking|hearing|closing|opening|filing|trading|"
    "drawing|"
    "briefing|pricing|spelling|heating|lighting|wiring|flooring|landing|reading|setting|ruling|warning|feeling|housing|"
    "funding|planning|testing|swimming|evening|morning|ceiling|clothing|something|anything|nothing|everything|thing|"
    "king|"
    "string|spring|ring|wing|during|according|regarding|including|following|concerning|pending|listing|mailing|"
    "shipping|"
    "roofing|fencing|cooking|baking|running|singing|dancing|teaching|learning|coding|writing|programming|timing|rating|"
    "billing|accounting|banking|marketing|engineering|manufacturing|sailing|fishing|hunting|camping|climbing|viewing|"
    "screening|recording|mixing|packing|loading|processing|offering|gathering|beginning|ending|finding|saving|covering|"
    "bring|sing|fling|sling|sting|swing|cling|wording|understanding|outstanding|being"
)
# What follows a gerund that has an object or an adverbial.
LINKS = (
    r"on|at|in|to|for|with|w/|from|about|by|after|till|until|up|down|out|off|over|back|into|away|through|thru|the|"
    r"an?|my|your|our|his|her|its|their|it|them|him|me|us|you|this|that|these|those|all|some|any|no|now|today|tomorrow|"
    r"tonight|again|soon|shortly|hard|fast|well|how|what|if|whether|\d+"
)
# What has become of a thing, told without a time: 'wheat sold' is 'wheat has been sold'.
EVENTS = (
    r"(?:sold|upheld|granted|blocked|renewed|informed|delivered|refunded|approved|rejected|accepted|agreed)"
    r"(?=$| (?:as|since|till?|until|between)\b)"
)
# What there is not, and what is no order: 'no phones', 'no peeping'.
LACKING = (
    r"no (?:\w+ )?\w+(?= (?:needed|required)\b)|no (?:need|point|reason|chance|way|charge|room|space|harm|answer|"
    r"reply|sign|"
    r"parking|trace|hope|doubt|evidence|record|difference|mention|alternative|progress|change|damage|risk|shortage|"
    r"guarantee|trouble|access|electricity|heating|power|hot water|water|lift|school|class|"
    r"practice|trains?|bus(?:es)?|delivery|deliveries|post|news)\b(?! (?:out|after|than)\b)|no \w+(?= left\b)"
)
NOTHING_TO = (
    r"nothing (?:wrong|owed|missing|broken|new|urgent|serious|to (?:pay|bring|add|report|worry|fear|sign|"
    r"do)\b(?! with))\b"
)
# What is said of what was named, or follows.
JUDGED = (
    r"(?:so |very |really |most )?(?:kind|good|nice|sweet|generous|lovely|thoughtful|decent) of (?:you|u|him|her|"
    r"them)\b|"
    r"(?:so |very |really |how )?(?:nice|great|good|lovely|a pity|a shame|shame|pity) that\b|"
    r"(?:so |very |really |such a )?(?:hard|easy|nice|lovely|kind|impossible|difficult|joy|pleasure|good|great|"
    r"tempting) "
    r"to (?!(?:go|me|us|you)\b)\w|(?:all |only |just )?(?:up to|down to) (?:you|u|him|her|them)\b|"
    r"(?:all |just |only )?(?:my|your|our) (?:turn|choice|call|decision|fault)\b(?! (?:is|was|to say)\b)|"
    r"too (?!(?:bad|much|many|few|scared|tired|busy|ill)\b)\w{3,} (?:for|to|in|on)\b|"
    r"not (?:enough|true|possible|fair|ideal|urgent|far|worth|clear|a problem|an issue|a bug|the end)\b"
)
APOLOGIES = r"(?:so |very |really |deeply |awfully |terribly )?sorry (?:about|abt|for|re|that|if|you)\b"
# After a person was named, a verb without a subject may be that person's.
PERSONS = (
    r"(?:he|she|they|who|guys|lads|girls|boys|kids|children|people|everyone|everybody|somebody|someone|nobody|no one|"
    r"mum|"
    r"mom|dad|mother|father|brother|sister|son|daughter|wife|husband|uncle|aunt|cousin|niece|nephew|grandson|grandma|"
    r"grandad|boss|team|tenants?|landlord|buyers?|sellers?|man|woman|boy|girl|doctor|dr|mr|mrs|ms|prof|engineer|"
    r"builders?|plumber|electrician|nurse|teacher|clients?|customers?|driver|owner|committee|agents?|police|parents|"
    r"neighbou?rs?|friends?|colleagues?|students?|guests?|members?|staff|crew)"
)
# So may it after 'ann ill', but 'still ill' is the writer.
STATES_OF_PERSONS = (
    r"(?!(?:not|still|also|just|only|sorry|been|am|im|was|hi|thanks|thx|feeling|being|getting|today|now|so|too|very|"
    r"quite|and|but|if|when|till|until|since|as|all|\w+ly)\b)"
    rf"(?!{BASES}\b)(?:\S+ ){{1,3}}?(?:not )?(?:ill|sick|unwell|poorly|asleep|away|"
    r"keen|worried|interested|shy|upset|off (?:school|work|sick)|on (?:holiday|leave|vacation)|"
    r"in (?:hospital|bed|class|court|a meeting))"
)
