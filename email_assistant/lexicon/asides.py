"""What people type beside a note that is not for its reader: how the mail should sound, labels, dictated signs."""

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
# Labels of a form that a note is typed in: 'Subject: plums. To: Ann. Text: thanks'.
LABELS = "content|text|message|body"
KINDS = r"(?:new )?(?:mail|email|e-mail|message|note|text)"
# After 'to' or 'for' and before a colon, these begin no addressee: 'to add: …', 'for info: …'.
NO_ADDRESSEES = (
    "add do be confirm clarify clear summarize summarise recap note discuss follow info information reference sum "
    "repeat remind start begin explain answer check ask say tell your you me us it this that these what when now "
    "today tomorrow example instance"
)

# What a person who dictates says for a sign, and that sign; the first ones are seldom written about.
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
FILLERS = "um uh uhm erm umm uhh"

# After these, 'can you' or 'please' goes on with the same sentence.
LEADING_ON = (
    "if when that what where how why who which whose and but or so then as than to for of with the a an my your our "
    "their i we you he she they it ask asked know wonder say said tell just also really very please can could would "
    "will do did hi hello hey dear oh ok yes no time day way thing place all everything anything only more much "
    "many long far often soon well not never saying is are am was were be been i'm we're you're they're"
)

# How a mail is closed above the name that signs it; the owner's own closing comes instead.
CLOSINGS = (
    "kind regards|best regards|warm regards|regards|best wishes|all the best|many thanks|(?:with )?love|warmly|"
    "sincerely|yours(?: sincerely| faithfully| truly)?|cheers|best|greetings|с уважением|всего доброго|обнимаю"
)
