"""English words around the pronouns that are subjects: lower case, separated by blanks."""

PRONOUNS = (
    "i you u we he she they it i'm i've i'll i'd you're you've you'll you'd we're we've we'll we'd he's he'll he'd "
    "she's she'll she'd they're they've they'll they'd it's it'll it'd"
)
# After these, a pronoun is a subject, if it does not begin its clause.
BEFORE_SUBJECTS = (
    "if when whether that as while until till once before after unless since though although than what who how where "
    "why do did does can could will would are were have had has should may might must is was am shall then also now "
    "today tomorrow yesterday maybe perhaps sorry yes no ok okay think hope know sure believe guess see said says say "
    "told wish monday tuesday wednesday thursday friday saturday sunday fyi"
)
# They need no subject.
POLITE_WORDS = "sorry thank thanks thx ok okay"
# Between a subject and what it does or is, or without a subject in front of that.
SMALL_WORDS = (
    "am is are was were be been being have has had having do does did will would can could may might must shall should "
    "not never just still also already only really finally recently probably currently definitely now then to a an "
    "the no some any and please like"
)
