"""What people type beside a note that is not for its reader: how the mail should sound, labels, spoken punctuation."""

# Wishes about the mail's tone. Those of ALONE mean nothing else at the front of a note; the others do only after 'be',
# 'make it' or the like, or in brackets: 'nice!' is said to the reader.
TONE_ALONE = (
    "short brief concise formal formally informal informally casual polite politely friendly cheerful professional "
    "diplomatic tactful exclamation emojis smileys"
)
TONE = "nice nicely kind kindly warm warmly funny serious gentle gently firm firmly strict angry neutral light sweet"
# They bring one in, and stand between two.
TONE_VERBS = "be make keep sound write"
SMALL_WORDS = (
    "pls plz please but and yet not too very a bit little rather quite more less it this mail email note tone to him "
    "her them with few no many lots of marks jokes ok in style"
)
# Clothes and meetings are so, too: without 'please', these are no wish about the mail.
TONE_OF_THINGS = "formal informal casual"
# With these, they are about the mail.
OF_MAIL = "mail email note tone style him her them sound write"
# Labels of a form that a note is typed in: 'Subject: plums. To: Ann. Text: thanks'.
LABELS = "content|text|message|body"
KINDS = r"(?:new )?(?:mail|email|e-mail|message|note|text)"
# After 'to' or 'for' and before a colon, these begin no addressee: 'to add: …', 'for info: …'.
NO_ADDRESSEES = (
    "add do be confirm clarify clear summarize summarise recap note discuss follow info information reference sum "
    "repeat remind start begin explain answer check ask say tell whom self your you me us it this that these what when "
    "now today tomorrow example instance"
)

# What a person who dictates says for a punctuation mark, and that mark; the first ones are seldom written about.
SPOKEN = (
    ("question mark", "?"),
    ("exclamation mark", "!"),
    ("exclamation point", "!"),
    ("new line", "."),
    ("new paragraph", "."),
    ("full stop", "."),
    ("open bracket", " ("),
    ("close bracket", ")"),
    ("comma", ","),
    ("colon", ":"),
    ("period", "."),
)
CLEARLY_SPOKEN = 6
# Before and after one of these, they are nouns: 'the trial period', 'a question mark over it'.
BEFORE_NOUNS = (
    "a an the this that these each every one no any some my your our their his her its big huge new trial notice grace "
    "time waiting rest warranty probation probationary holiday rental first last second third whole same short long"
)
AFTER_NOUNS = "of over"
# What is said twice by mistake in front of a filler, alone or with the next word.
SAID_TWICE = (
    "the a an my your our their to of in on at for with from and but if i we you he she it they can could will would "
    "should is are was were do did have"
)
FILLERS = "um uh uhm erm umm uhh"

# After these, 'can you' or 'please' goes on with the same sentence.
LEADING_ON = (
    "if when that what where how why who which whose and but or so then as than to for of with the a an my your our "
    "their i we you he she they it ask asked know wonder say said tell just also really very please can could would "
    "will do did hi hello hey dear oh ok yes no time day way thing place all everything anything only more much "
    "many long far often soon well not never saying is are am was were be been i'm we're you're they're im nor "
    "neither once since until till before after because while though whether whatever whoever whichever whenever "
    "wherever says sends send give gives owe owes her his big huge special warm feel feels felt million"
)
# Within some words after one of these, a question goes on with the same sentence.
LEADING_CLAUSES = (
    "how what which whose where when why who not nor little only if once while after before until till unless as "
    "whoever whatever whenever because since although though"
)
# After one of these, 'please' belongs to what is before it.
AFTER_PLEASE = (
    "and or but so if as for by on at in with to it i we he she they because when before until thanks thank asap the a "
    "my our your this that not no"
)

# How a mail is closed above the name that signs it; the owner's own closing comes instead.
CLOSINGS = (
    "kind regards|best regards|warm regards|regards|best wishes|(?:with )?love|warmly|"
    "sincerely|yours(?: sincerely| faithfully| truly)?|с уважением|всего доброго|обнимаю"
)
THANKS = "many thanks|cheers|all the best|best|greetings"
