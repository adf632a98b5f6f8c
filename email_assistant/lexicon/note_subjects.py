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
    r"(?:(?:fyi|ok|okay|yes|yep|yeah|no(?=,)|nope|thanks|thx|sorry|hi|hello|well|anyway|btw|ps|p\.s\.|actually|and|but|"
    r"because|cos|bc|tho|though|then|now|unfortunately|maybe|perhaps|otherwise|if not|if so|until then|till then|"
    r"in case|"
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
    r"love(?! (?:from|to)\b|[,.!)]|$)|hate(?! crime\b)|wonder|feel(?! free\b)|reali[sz]e|regret|owe(?! (?:me|us)\b)|"
    r"mean it|gotta|"
    r"miss(?= (?:you|the|him|her|them|it|our|kids|mum|mom|dad|home|everyone)\b)|like(?= (?:it|your|this|him|her|"
    r"them)\b)|(?:plan|regret) to|hope(?! "
    r"(?:is|was|does|doesn|of|for|and|not|so|all is|this finds)\b)|"
    r"enjoy(?= \w+ing\b)|see (?:your point|what you mean|no (?:reason|need|problem|point))|"
    r"know(?= (?:that|you|he|she|it|it['’]s|we|they|how|what|who|the|of)\b)|"
    r"gather(?= (?:you|that|he|she|it|they|we|there)\b)|suspect|must (?:dash|rush|admit)|appreciate(?= (?:the|your|it|"
    r"you|that|all)\b)|remember(?= you (?:said|told|had|were|mentioned)\b)|"
    r"keep (?:hearing|getting|having|forgetting|thinking|losing|seeing|missing)|live (?:above|in|at|on|near|next|"
    r"opposite|"
    r"alone|round|with|down)\b|work (?:nights|days|shifts|till?|until)\b|recommend(?= (?:we|you|the|an?|that|it|"
    r"\w+ing)\b)|"
    r"suggest(?= (?:we|you|that|it|he|she|they|\w+ing)\b)|propose(?= (?:we|to|that)\b|:)|object to|promise(?=$|[.!,])"
)
# In 'lost property is in room 4' it is an adjective.
_NO_NOUN = r"(?! \w+(?: \w+)? (?:is|are|was|were|has|had|will|can|must|should|never|go|goes|say|says|leaks|sticks)\b)"
# What follows is a clause of its own: 'hope all well'.
COMPLEMENTS = r"(?:just |also |still |really )?(?:hope|think|guess|believe|assume|suspect|gather|understand) (?:that )?"
# What the writer did. 'Told me' was somebody else, and 'asked by' is a passive.
PAST = (
    rf"(?:got|went|spoke|sent(?! from\b)|saw{_NO_NOUN}|met{_NO_NOUN}|heard|told|made(?! in\b)|"
    rf"found(?! in\b){_NO_NOUN}|forgot|thought|wrote|"
    rf"bought|gave|took(?! (?:ages|forever|long|me|us)\b| (?:\S+ ){{1,2}}(?:min|mins|minutes|hours|days|weeks|months|"
    rf"years|long)\b)|paid|did(?! "
    rf"(?:you|u|he|she|we|they)\b)|knew|"
    rf"lost{_NO_NOUN}|"
    rf"kept|brought|came(?= (?:to|by|from|home|back|in|over|here)\b)|felt{_NO_NOUN}|ran|began|drove|spent{_NO_NOUN}|"
    rf"talked|called|asked(?! to (?:leave|come|be)\b)|tried|e-?mailed|mailed|faxed|phoned|checked|looked|"
    rf"wanted{_NO_NOUN}|needed{_NO_NOUN}|hoped|searched|reviewed|enjoyed|missed|forwarded|mentioned|noticed|promised|"
    r"reali[sz]ed|meant(?! (?:to be|for|as|well)\b)|"
    rf"worked|visited|stayed|"
    r"waited(?= (?:\d|for|an|half|ages|in|until|till?)\b)|read(?= your (?:draft|note|notes|message|report|e-?mail|"
    r"letter|"
    r"chapter|essay|piece|story|proposal|article|comments|review|mail|text|paper)\b)|"
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
# The same of what is hardly an order, nor a noun's first word.
_PROMISED = (
    "cite abide apologise apologize split connect organise organize lecture translate donate babysit rearrange rebook "
    "resubmit retry reorder refer escalate deal reimburse contribute warn stand swim dream consult drop chair host "
    "water "
    "iron wash hoover mow dig measure complain argue vote resign practise rehearse escort step collect chip rush"
)
BASES = (
    r"(?:(?:probably|also|just|not|then|still|only|never|always|gladly) )*"
    rf"(?:e-?mail|{'|'.join((_BASES + ' ' + _PROMISED).split())})"
)
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
    r"be (?:happy|glad|grateful|able|interested)|have (?:liked|loved))\b)|"
    r"should(?= (?:be (?:back|there|home|able|free)|have (?:told|said|asked|known|tested|checked|called|mentioned|"
    r"warned|thought|read|sent))\b)"
)
NEGATED = (
    # 'Tried that, didn't help' is said of a thing, 'didn't change the oil' is not.
    r"(?!(?:didn|won|wouldn)['’]?t (?:help\b(?! (?:you|him|her|them|with|out)\b)|"
    r"(?:change|improve|solve)(?: (?:anything|much|a thing|things))?(?=\s*(?:[^\w\s]|$))))"
    r"(?:can['’]?t|cannot|couldn['’]?t|won['’]?t|wouldn['’]?t|haven['’]?t|hadn['’]?t|didn['’]?t)"
    r"(?! (?:(?:you|he|she|it|we|they|i|that|this|there|fit|work|matter|last|happen|start|load|open|close|print|hurt|"
    r"turn|boot|charge|connect|arrived?|happened|rain|snow|"
    r"stop \w+ing|be \w+(?:ed|en)|do (?:any|much|it|anything))\b|be (?:the|"
    r"an?)\b))(?= \w)|"
    rf"(?:can['’]?t|cannot|couldn['’]?t) (?:open|load|start|close|print|turn|connect|happen|help|stop|"
    rf"move)(?= {OBJECT})|"
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
    r"not|dentist|exams?|work|visitors|guests|meetings)\b)(?! an? (?:\w+ )?(?:day|shift|evening|trip|flight|weekend|"
    r"time|journey|night|holiday|vacation|week|one)\b)"
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
    r"counting on|expecting|considering|finishing|circulating|cc['’]?ing|posting|passing(?= (?:by|the|on|your)\b)|"
    r"saving|replacing|arriving|applying|returning|correcting|resigning|selling|struggling|chasing|"
    r"carrying|hiring|borrowing|missing(?= (?:you|the|him|her|them|everyone)\b)|"
    rf"(?:closing|dropping|printing|moving|booking|baking|cooking|packing|painting|cleaning|fixing|"
    rf"cancelling)(?= (?:{OBJECT}|"
    rf"up|out|off|down|house|{DAY}|\d+|today|tomorrow|tonight|now|as)))"
    r"(?= )(?! (?:hours|list|room|licen[cs]e|price|day|permission|rate|water|time|party|order|account|forward|costs|"
    r"salary)\b)"
)
# The gerund of such a clause is its subject: 'running costs are up'.
IS_SUBJECT = (
    r"\w+ing (?:(?!(?:what|how|if|that|who|it(?! (?:to|in|on|at|up|out|back|off|down|for|with|twice|once|again)\b)|"
    r"which|whether|you|he|she|they|we|i|there|and|but)\b)\S+ )+?"
    r"(?:may|might|is|are|was|can|could|should|would|means|takes|went|goes|took|made|makes|costs?|meant|were|has|had|"
    r"sounds|seems|looks|feels|helps|needs|works)\b"
)
BEING = (
    rf"(?:(?:so |very |really )(?:{FEELINGS})|not sure|not certain|not convinced|not aware|not able to|not going|"
    r"not coming|not available|not happy|unable to|able to|about to|supposed to|happy to|ready to|glad to|keen to|"
    r"worried|confused|certain|afraid|surprised|"
    r"delighted|impressed|excited|curious|busy|stuck|swamped|sick|embarrassed|ashamed|grateful|thankful|excited|late "
    r"for|allergic to|short of|new here|reachable|(?:glad|relieved|gutted|chuffed|thrilled|desperate|"
    r"exhausted)(?! news)|sad to|"
    r"out of (?:tablets|milk|paper|ink|petrol|time|ideas|pills|medicine|food|cash|money)|"
    r"not (?:raising|leaving|having|doing|making|taking|keeping|buying|paying|asking|trying|complaining|saying|blaming|"
    r"suggesting|planning|joining|driving|bringing|selling|giving|changing|moving)|"
    r"pleased (?:with|to|that)|fine with|ok with|happy with|aware|familiar with|looking forward|"
    r"sure(?= (?:you|he|she|it|we|they|that|about|of)\b)|(?:pretty|quite|fairly|kinda|a bit|a little) (?:"
    r"(?:sure|certain)(?! of it\b)|(?:worried|confused|surprised|annoyed|tired|busy)(?=$| *[^\w ]| (?:about|of|at|by|"
    r"with|on|in|to|from|that|how|why|what|if|i|you|he|she|it|we|they|the|this|my|your|and|but|so|now|here|today|"
    r"tomorrow|tonight)\b))|on it(?= (?:now|already|today|tomorrow|tonight)\b)|"
    rf"free(?= (?:on|at|after|before|all|from|tomorrow|tmrw|today|tonight|\d|{DAY})\b))(?=[ .!:)]|$)"
)
AWAY = (
    r"(?:out|away|off|back|home)(?= (?:of (?:the )?(?:office|town|country)|from|on|in|at|until|till|tomorrow|today|"
    rf"tonight|{DAY}|{MONTH}|next|this|all|for|now|sick|\d)(?!\w))"
    r"(?! (?:in|on) (?:stock|sale|use|dvd|loan|track)\b| for (?:delivery|repair)\b) ?|"
    r"(?:in|at) (?!(?:the|a|an|my|your|our|this|that|it|all|least|most|stock|place|use|force|case|time|order|full)\b)"
    r"\w+(?: \w+)? (?=(?:till?|until) (?:\d|noon|lunch|late|tomorrow|tonight|"
    rf"{DAY}|{MONTH}|next|then|about|abt))|"
    rf"in (?!(?:the|an?|my|your|our|this|that|it|all|progress|stock|use|place|draft|review|transit|writing|class|"
    rf"full)\b)"
    rf"[a-z]+ (?=(?:{DAY}|today|tomorrow|tonight|all (?:day|week)|(?:this|next) (?:week|month))(?:\W|$))|"
    r"(?:stuck (?:in|on|at)|in a meeting|in meetings|at the (?:dentist|doctor|doctors|vet|vets|hospital|airport)(?=$|"
    r" (?:at|on|till?|until|tomorrow|today|now|and|so|but|with)\b)|"
    r"on (?:the (?:train|bus|road|plane|ferry)|a (?:train|plane|bus|course)|my way|holiday|vacation|leave|annual leave|"
    r"nights|late shift|early shift|night shift))(?=$|[ ,.;!])(?! (?:was|is|were|are|has|had)\b)"
)
BEEN = (
    r"(?:(?:not|never) forgotten(?= )|seen (?=(?:the|your|his|her|their|it|him|them|this|that|both|photos?|video)\b)|"
    r"been (?=(?:out|away|over|"
    r"through|thru|back|unwell|off|trying|working|thinking|meaning|busy|sick|ill|in|at|on|to|waiting|looking|using)\b))"
)
# What only things do.
THINGS = (
    r"(?:looks (?:like|good|great|fine|right|wrong|lovely|nice|odd|ok)|sounds|turns out|turned out|evens out|depends|"
    r"weighs|leaks|costs(?= (?:about |abt |only )?(?:[£$€\d]|nothing|more|"
    r"less|too|me|us|the|an?)(?!\w)))\b(?= )|needs \w{2,}ing\b|"
    r"(?:doesn['’]?t|won['’]?t|wouldn['’]?t|didn['’]?t) (?:work|fit|matter|help|last|look|seem|open|close|load|"
    r"print)\b|(?:fits|covers|starts|ends|runs|pays|works|comes|goes|takes)(?= (?:out |itself |about |abt |"
    r"from |till? |until |up to |in |to )*(?:\d|[£$€]|perfectly|well|fine|double|nothing|mon|tue|wed|thu|fri|sat|sun|"
    r"next|"
    r"tomorrow|tmrw|tonight|today|two|three|four|five|six|ten|half))|"
    r"was (?=(?:[£$€]?\d|due|meant to)(?!\w))|took (?:ages|forever|(?:me|us|them|him|her) |"
    r"(?:\S+ ){1,2}(?:min|mins|minutes|hours|days|weeks|months|years|hrs|wks)\b)|"
    r"(?:runs|goes|fits) (?:perfectly|fine|well|beautifully)\b|(?:could|should|shouldn['’]?t|might) be "
    r"(?!(?:back|there|home|able|free|"
    r"here|late|with|in|at|out|away|off|around|\w+ing)\b)|(?:isn['’]?t|wasn['’]?t) (?:working|clear|urgent|possible|"
    r"worth|needed|true|enough)\b"
)
# What was said before, if nothing is named in the same sentence.
SUITS = r"(?:works|suits) (?:for )?(?:me|us|both)\b"
# The same after a clause about a thing, where the first word cannot be a plural.
THINGS_AFTER = (
    r"should be with you\b|"
    r"(?:costs|leaks|runs|prints|locks|replaces|ships|includes|covers|contains|lasts|opens|closes|starts|ends|"
    r"expires|clears|smells|hurts|fits|solves|solved|cures|cured|makes|takes|picks up|sets|saves|goes|keeps|lets|works|"
    r"stays|pays|passes|comes|gets)"
    rf"(?= (?:{OBJECT}|[£$€\d]|nothing|everything|all|again|itself|double|out|up|off|worse|better|fine|well|perfectly|"
    rf"about|abt|only|{DAY}|tomorrow|tmrw|tonight|today|within|by|till?|until|like|under|over)(?!\w))"
    r"(?!.* (?:is|are|was|were|has|have|had)\b)"
)
# What the reader is asked, and the subject and auxiliary that are missing; {} is the word itself.
REQUESTS_ONLY = (
    r"(?:send|resend|lend|reprint|redo|resubmit|remind|forward)(?! me to\b)(?= \w| ?\?)|"
    r"(?:get|give|cover|save|let|help|tell|text|ring|call|phone|e-?mail|show|pass|bring|pick|fetch|lead|chase|invite|"
    r"ask|"
    r"remind|take) (?:me|us|him|her|them)\b(?! (?:to|know if)\b.* me\b)|"
    r"(?:read|check|sign|review|cover|look at|look over|ask) (?:my|the|this|your|it)\b|stand in\b|make sure\b|"
    r"(?:fix|confirm|transfer|return|replace)(?= (?:it|this|that|the|please|pls|by)\b| ?\?)|try again\b|retry\b|"
    r"(?:bring|take|send|pick) (?:it|them|that|this) (?:back|over|round|up|to)\b|reverse (?:it|the|\d)"
)
QUESTIONS = (
    (rf"(?:{REQUESTS_ONLY})", "could you"),
    (
        r"(?:get|see|receive) (?:my|the|our|that) (?:last |previous |earlier |latest |new )?(?:messages?|e-?mails?|"
        r"mail|letter|note|"
        r"text|invite|invitation|link|file|parcel|package|call|photos?|pictures|form|invoice)\b|hear (?:back|from|"
        r"about|"
        r"anything)\b|sleep (?:ok|well)\b",
        "did you",
    ),
    (r"still (?:need|use|play|live|work|have)\b", "do you"),
    (r"ever (?:been|had|got|done|made|met|sent|tried|seen|heard|\w{3,}ed)\b", "have you"),
    (
        r"you (?=(?:free|ok|okay|able|around|sure|ready|happy|still|in|back|home|there|coming|going|bringing|up for|"
        r"interested|keen|alright|all right|joining|driving|working|busy|available|done(?= (?:with|"
        r"yet)\b))\b)(?! .*\bif\b)",
        "are",
    ),
    (r"you (?=(?:got|seen|heard|been|finished|had|managed|spoken|decided|tried|checked)\b)(?! had\b)", "have"),
    (r"you (?=(?:know|have(?! to be\b)|need|want|mind|think|fancy|remember|pay|use|take|drive|like)\b)", "do"),
    (
        r"(?:still )?(?:ok(?:ay)?|alright|all right|fine|happy) (?:with|w/|by) (?:that|this|it|\w+ing)\b|"
        r"still (?:ok(?:ay)?|alright|all right|up|free|coming|on) (?:to|for|as)\b",
        "are you",
    ),
    (
        r"(?:ok(?:ay)?|alright|all right|fine) (?:(?:with|w/) (?:you|u)\b|(?:to|if) (?!(?:so|not)\b)\w)|"
        r"(?:still )?available\W*$",
        "is it",
    ),
    (
        r"(?:this|that|it) (?=(?:ok|okay|right|all right|alright|enough|yours|true|correct|normal|possible|fine|the|"
        r"your|an?)\b)"
        r"(?!.* (?:is|was|will|can)\b)",
        "is",
    ),
    (
        r"(?:these|those|they) (?=(?:ok|okay|right|all right|alright|enough|yours|correct|fine|the|your)\b)"
        r"(?!.* (?:are|were|will|can)\b)",
        "are",
    ),
    (
        rf"(?:printing|selling|cooking|driving|staying|joining|using|taking|getting|making|picking|playing|leaving|"
        rf"moving|heading|"
        rf"hosting|flying|paying|buying)(?= (?:it|that|them|him|her|the|your|to|in|on|at|with|up|out|home|back|by|for|"
        rf"anything|"
        rf"early|tomorrow|tonight|today|next|this|any|an?|some|{DAY})\b)",
        "are you",
    ),
    (r"any (?:chance|way|room|point|need) (?:of|you|u|we|i|to|for|that)\b", "is there"),
    (r"any (?:idea|ideas|thoughts|preference|preferences|objections|objection|allergies)\b", "do you have"),
    (
        r"(?:still )?(?:want|know(?! nothing)|think|remember|recall|mind|prefer|agree|understand|like to|wanna)\b(?= )|"
        r"need (?:any|more|help|a (?:lift|hand)|anything|me|(?:it|them|this|that) back)\b|fancy(?= )|"
        r"have(?! (?:to|i|you|we|they)\b)(?= )",
        "do you",
    ),
    (rf"(?:can|could|would|will)(?= {BASES}\b)(?!{_PASSIVE})", "{} you"),
    (r"(?:thought|hoped|wondered)(?= (?:you|we|that|if|whether)\b)", "I"),
    (
        r"(?:got|gotten|seen|heard|decided|received|"
        r"talked|spoken|finished|been|tried|checked|signed|found|considered|managed|had(?! you\b)|met|done)(?: "
        r"(?!by\b)|$)",
        "have you",
    ),
    (
        r"(?:coming|going|planning(?= (?:to|on|a|for)\b)|bringing|thinking|trying|"
        rf"working(?= (?:on|at|from|today|tomorrow|this|late|{DAY})\b)|looking|waiting|feeling|enjoying|doing|"
        rf"free(?= (?:on|at|after|before|from|for|this|next|today|tomorrow|tonight|{DAY})\b|\?)|able|"
        r"happy(?= (?:to|with|for)\b)|interested|around|ready|hungry|still \w+ing|sure)(?= |\?)",
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
    "match repair order meet change print test quote plan file request record scan post visit transfer fix swap trip"
)
ADVERBS = (
    "just still also always maybe never only now already really almost nearly basically mostly probably fully double "
    "completely badly partly totally definitely prob perfectly absolutely quite very pretty too so kinda"
)
DETERMINERS = "the a an my your our his her its their this these those"
PREPOSITIONS = "of for from to re about with w/"
# 'Two days late' is said of something else.
UNITS = (
    "days weeks hours minutes mins months years times miles hrs wks yrs min hr wk cm mm km kg m degrees euros pounds "
    "quid "
    "day week month year hour minute little bit low rather lot deal shade touch"
)
PLURALS = (
    "people children men women police both all two three four five six seven eight nine ten eleven twelve most some "
    "several few many staff"
)
_WHEN = (
    r"(?:today|tomorrow|tonight|now|again|already|soon|shortly|yet|too|next|this|all|till|until|from|since|"
    rf"{DAY}|{MONTH}|\d+\S*)"
)
PLACES = (
    r"(?:desk|table|door|doorstep|step|board|shelf|list|server|drive|website|calendar|fridge|counter|bench|window|"
    r"gate|bins|shed|garage|post|car|kitchen|hall|drawer|folder|box|boot|loft|cupboard|office|locker|bag|safe|oven|"
    r"freezer|porch|sink|stairs|mat|hook|sofa|lobby|basement|attic|cellar)"
)
# What may be said of a subject without a verb.
PREDICATES = (
    rf"(?:attached|enclosed)(?=$|:|[ ](?:as|below|for|to|with|w/|here|again|too|and|{_WHEN})\b)|here(?=$| {_WHEN}\b)|"
    r"(?:not )?(?:ready|done|gone|missing|available|unavailable|sick|ill|keen|ok|okay|fine|due|late|closed|broken|"
    r"wrong|correct|unclear|clear|urgent|empty|overdue|welcome|expected|scheduled|cancelled|canceled|postponed|recast|"
    r"coming|finished(?! in \d)|worried|waiting|dead|full|free|better|important|possible|impossible|interested|busy|"
    r"stuck|"
    r"included|incl|excepted|exempt|perfect|normal|benign|deliberate|alive|idle|shy|cheaper|earlier|smaller|higher|"
    r"worse|valid|confirmed|sorted|solved|held|hidden|unchanged|weird|healthy|leaking|needed|tight|safe|wet|dry|dirty|"
    r"open|loose|unpaid|faulty|blocked|delayed|optional|compulsory|limited|live|jammed|off sick|outstanding|pending|"
    r"wobbly|sold out|fully booked|allowed|acceptable|underway|under way|cold|damp|filthy|refundable|negotiable)"
    r"(?=$|:| (?:for|by|on|at|in|to|w/|with|as|about|because|if|when|but|so|and|that|of|or|cos|bc|apart|except|til|"
    rf"{_WHEN})\b)|"
    rf"(?:(?:out|away|off|back)(?=$)|(?:out|away|off|back|home)(?= (?:of (?:the )?(?:office|town|country|action)|on|at|"
    rf"in|with|w/|{_WHEN})\b))|"
    r"(?:in (?:class|court|hospital|town|bed|touch|a meeting|my office|your office)(?! \d)|on (?:vacation|holiday|"
    r"leave|"
    r"a call|the way|the phone|order|hold|time|track|sale|me|us)|in stock|out of (?:stock|order)|down with|on (?:its|"
    r"their|the|his|her|my) way|on site|"
    r"with (?:me|us|mrs? \w+|ms \w+|reception)|"
    rf"(?:(?:on|in|by|at|under|behind) (?:the|my|your|our) (?:\w+ )?{PLACES}|at (?:reception|home|work|school|mine|"
    rf"ours|yours)|upstairs|"
    rf"downstairs|round the back)(?=$| (?:and|but|so|till|until|if|when|for|as|{_WHEN})))\b|"
    # 'Slates too old', 'rent not here', 'profit up 22%', 'rest as agreed'.
    r"too (?!many\b|few\b|if\b|and\b|but\b)\w{3,}|not (?:in|here|there|yet in|back|\w{3,}ed)\b|"
    r"up (?:by )?[£$€]?\d|no (?:good|use|trouble|problem)\b|yours\b|booked$|"
    r"as (?:agreed|usual|printed|planned|normal)\b"
)
# Gerunds that say how a thing or a person is, also without an object: 'two tests failing'.
STATES_OF_THINGS = (
    "failing leaking dripping dying squealing flickering limping sleeping coming going waiting visiting starting "
    "arriving "
    "leaving flying resigning retiring moving closing reopening missing overflowing crying singing working improving "
    "struggling expiring freezing smoking stalling crashing"
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
    r"(?:sold|upheld|granted|blocked|renewed|informed|delivered|refunded|approved|rejected|accepted|agreed|printed|"
    r"signed|released|refused|settled|reset|stolen|donated|shipped|dispatched|submitted|published|repaired|mended|"
    r"replaced|cleaned|emptied|updated|uploaded|notified|abandoned|serviced)"
    r"(?=$| (?:as|since|till?|until|between)\b)"
)
# What has become of a date or a plan: 'match moved to 3' is 'match has been moved to 3'.
SHIFTED = (
    r"(?:moved|brought forward|pushed back|put back|put off|called off|rescheduled|shifted)"
    r"(?=$| (?:to|from|until|till?|for|by|forward|again|because|cos|due)\b)"
)
# What there is not, and what is no order: 'no phones', 'no peeping'.
# 'No cod this week', but not 'no more'.
_NO_ONE = (
    r"(?!(?:one|more|idea|clue|problem|worries|rush|hurry|longer|objections?|thanks?|\w+ing|wonder|way|need|phones?)\b)"
)
LACKING = (
    rf"(?:still )?no {_NO_ONE}\w+(?: \w+)?(?= (?:(?:this|next) (?:week|wk|month)|today|tomorrow|tmrw|tonight|"
    rf"(?:on )?{DAY}s?)\b)|"
    r"(?:still )?no (?:\w+ )?\w+(?= (?:needed|required|wanted|available)\b)|"
    r"(?:still )?no (?:need|point|reason|chance|way|charge|room|space|harm|answer|reply|sign|refunds?|budget|"
    r"(?:freight|service|delivery|booking|entry|extra|admin|cancellation) (?:charge|fee)|capex|security audit|"
    r"dining car|"
    r"lifts?|rehearsal|auditions|(?:private )?lessons?|meeting|exam|overlap|(?:other )?clash(?:es)?|alarm|suspicion|"
    r"cough|"
    r"fever|injury|injuries|symptoms|link|attachment|signal|internet|wi-?fi|gas|heat|kitchen|shower|toilet|ramp|"
    r"tickets|seats|slots|vacancies|vacancy|funding|money|response|feedback|discount|train|ferry|flights?|snow|rain|"
    r"parking|trace|hope|doubt|evidence|record|difference|mention|alternative|progress|change|damage|risk|shortage|"
    r"guarantee|trouble|access|electricity|heating|power|hot water|water|lift|school|class|"
    r"practice|trains?|bus(?:es)?|delivery|deliveries|post|news)\b(?! (?:out|after|than|from|if)\b)|"
    r"(?:still )?no \w+(?= left\b)"
)
NOTHING_TO = (
    r"nothing (?:wrong|owed|missing|broken|new|to (?:pay|bring|add|report|worry|fear|sign|"
    r"do)\b(?! with))\b"
)
# What is said of what was named, or follows.
JUDGED = (
    r"nothing (?:serious|urgent|major|fancy|special|personal)\b|"
    r"(?:so |very |really |most )?(?:kind|good|nice|sweet|generous|lovely|thoughtful|decent) of (?:you|u|him|her|"
    r"them)\b|"
    r"(?:so |very |really |how )?(?:nice|great|good|lovely|a pity|a shame|shame|pity) that\b|"
    r"(?:so |very |really |such a )?(?:hard|easy|nice|lovely|kind|impossible|difficult|joy|pleasure|good|great|"
    r"tempting) "
    r"to (?!(?:go|me|us|you)\b)\w|(?:all |only |just )?(?:up to|down to) (?:you|u|him|her|them)\b|"
    r"(?:all |just |only )?(?:my|your|our) (?:turn|choice|call|decision|fault)\b(?! (?:is|was|to say)\b)|"
    r"all (?:sorted|good|fine|done|set|clear|booked|ready)(?=$| (?:now|for|here|at this|on)\b)|"
    r"too (?!(?:bad|much|many|few|scared|tired|busy|ill|late to)\b)\w{3,} (?:for|to|in|on)\b|"
    r"not enough(?=$| (?:for|to|yet)\b)|not (?:true|possible|fair|ideal|urgent|far|worth|clear|dangerous|serious|"
    r"necessary|cheap|the same|safe|"
    r"easy|funny|a problem|an issue|a bug|the end|(?:my|your|our|his|her|their) (?:fault|problem|job|decision|business|"
    r"turn)|an? (?:emergency|joke|rush|misprint|complaint|surprise|(?:good|bad|big|huge|great) \w+))\b|"
    r"[£$€]\d[\d.,]*(?:/\w+| (?:each|apiece|total|in total|altogether|off|all in|(?:a|per|to) \w+))(?=$| (?:incl|if|"
    r"plus|for|but|so)\b)"
)
APOLOGIES = (
    r"(?:very|really|deeply|awfully|terribly) sorry\b|"
    r"(?:so |very |really |deeply |awfully |terribly )?sorry (?:about|abt|for|re|that|if|you|(?:to|i) (?!(?:all|"
    r"whoever|you|everyone|everybody)\b)\w)"
)
MISTAKES = r"(?:all |entirely |just )?(?:my|our) (?:own )?(?:mistake|error|slip|oversight)(?=$| (?:not|to|for)\b)"
# What the writer has.
ASKED = (
    r"(?:one|two|three|four|\d|an?|another) (?:small |quick |silly |little |more |last |big )*(?:favou?rs?|questions?|"
    r"qs|"
    r"q['’]s|requests?|asks?|queries|query)(?=$|[:,]| (?:for|about|re|if|on|before)\b)(?!.* (?:is|are|was|were)\b)"
)
UNKNOWN = (
    r"no (?:good |real |better )?(?:idea|clue|objections?|preference|complaints)\b(?! (?:is|was|are|were|could)\b)"
)
REQUESTS = r"(?:please |pls )?(?:can|could|would|will) (?:you|u)"
THANKS = (
    r"(?:(?:many|so many|lots of|lovely,?) )?(?:thanks|thx|ta|cheers|thank (?:you|u))\b(?!.*\b(?:he|she|they|who)\b).*"
)
# After these, and a person, it may be that person who 'can't come'.
REACHED = (
    r"(?:rang|called|phoned|texted|met|saw|told|asked|e-?mailed|messaged|visited|chased|reminded|warned|invited)|"
    r"(?:spoke|talked|chatted|wrote) (?:to|with|w/)|heard (?:back )?from|had a (?:word|chat) (?:with|w/)"
)
# After a person was named, a verb without a subject may be that person's.
PERSONS = (
    r"(?:he|she|they|who|guys|lads|girls|boys|kids|children|people|everyone|everybody|somebody|someone|nobody|no one|"
    r"mum|"
    r"mom|dad|mother|father|brother|sister|son|daughter|wife|husband|uncle|aunt|cousin|niece|nephew|grandson|grandma|"
    r"grandad|boss|team|tenants?|landlord|buyers?|sellers?|man|woman|boy|girl|doctor|dr|mr|mrs|ms|prof|engineer|"
    r"builders?|plumber|electrician|nurse|teacher|clients?|customers?|driver|owner|committee|author|manager|director|"
    r"council|bank|judge|cleaner|surveyor|insurers?|chef|editor|publisher|agents?|police|parents|"
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
