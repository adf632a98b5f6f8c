"""English words of orders to an assistant: lower case, separated by blanks."""

TITLES = (
    "mr mrs mme madame ms miss dr prof professor sir lady uncle aunt auntie rev father sister coach nurse judge "
    "captain councillor aunty tante pastor brother mayor rabbi imam herr frau monsieur senator sergeant"
)
DETERMINERS = "the my our his her their both all"
EVERYONE = "everyone everybody all people folks"
# None of these is a part of the recipient's name: they begin what is said.
AFTER_RECIPIENT = (
    "that to whether if when what why how where who which for about of on at in by from and with re i i'm i've i'll "
    "i'd we we're we've we'll we'd my our he she it it's they they're the a an this that's there there's these those "
    "his her their no not yes ok okay thanks thank sorry is are was were will would can can't could won't did didn't "
    "do does doesn't don't has have had because since as but so saying asking again maybe only just also please he's "
    "she's you your need needs want wants got should must may might until till before after today tomorrow monday "
    "tuesday wednesday thursday friday saturday sunday tonight two three four five all both some know knows whoever "
    "someone somebody anyone anybody below above opposite behind around inside outside each"
)
COUNTS = "one two three four five six seven eight nine ten most half many few several rest"
# What else the assistant is told to do: 'ann and ask her' are not two persons.
TASKS = (
    "ask tell say thank remind let offer explain apologise apologize invite wish promise mention give send see check"
)
# A word before one of these is a surname: 'ask sarah jones to'.
AFTER_NAME = "to that whether if"
# A company, after its name: 'Holt plumbing'.
BUSINESSES = (
    "plumbing heating roofing motors cars taxis lettings lets electrics electrical builders joinery carpets flooring "
    "tiles windows gardens landscaping catering removals insurance energy broadband telecom water gas electric rentals "
    "travel tours holidays hire cleaning security solutions systems services supplies logistics couriers freight foods "
    "bakery garage nursery vets dental optics glass kitchens bathrooms interiors furniture homes estates properties "
    "bikes cycles tyres autos mobile bank airlines rail trains ferries hotels cottages campsite"
)
# Of the words of a recipient, the first ones: 'the third floor'.
BEFORE_NOUNS = (
    r"(?:whole|entire|other|new|old|local|upstairs|downstairs|next-door|first|second|third|fourth|ground|top|head|"
    r"hiring|school|parents|parish|town|city|village|building|property|finance|sales|support|customer|hr|it|book|"
    r"football|running)"
)
# Persons that are several, as recipients.
GROUPS = (
    "team teams service couple family families parents neighbours neighbors everyone everybody all people folks "
    "committee staff class crew members guys lads girls boys kids children residents tenants players guests "
    "volunteers customers clients suppliers students colleagues band choir group board department office lab "
    "engineering sales finance hr marketing support housemates flatmates roommates teachers drivers testers climbers "
    "wardens governors editors accounts payroll reception billing seniors juniors nurses doctors customs"
)
# Who may belong to somebody or something: 'Lena's teacher', 'the insurance company'.
ROLES = (
    "teacher tutor clerk secretary assistant surgery office company agency club school council department centre "
    "center shop hotel bank society board doctor dentist boss manager landlord agent lawyer solicitor editor friend "
    "friends neighbour neighbor carer nurse trainer coach"
)
# Of these, and of other groups, people say 'they'.
ORGANIZATIONS = (
    "office surgery service company agency club school council department centre center shop hotel bank society board "
    "hr accounts payroll reception billing support sales finance marketing customs association library museum gym pool "
    "garage insurance university college hospital clinic embassy"
)
# In front of a name: 'tutor Mr Feeney'.
JOBS = (
    "bride groom farmer collector paperboy accountant adviser advisor agent author boss broker builder buyer "
    "caretaker carpenter carrier chairman chief cleaner client colleague consultant contractor councillor cousin "
    "curator customer director driver editor electrician engineer flatmate friend gardener guest head housemate "
    "intern investor janitor journalist landlady librarian manager member neighbour neighbor officer organiser "
    "organizer owner parent passenger patient plumber porter president principal receptionist recruiter referee "
    "registrar roommate seller sis student supervisor courier mechanic roofer painter chef baker butcher florist "
    "photographer caterer pharmacist physio therapist surgeon midwife childminder babysitter nanny lodger instructor "
    "lecturer headteacher headmaster chairwoman dealer supplier surveyor tenant trainee treasurer trustee user vendor "
    "vet vicar volunteer warden barber hairdresser optician hygienist joiner gardener handyman decorator glazier"
)
# Whom one may call by these: 'mum: …'.
CALLED_BY_NOUN = "mum mom dad mummy daddy gran granny grandma grandpa grandad nana editor coach professor doctor"
HE = (
    "dad father daddy brother son husband uncle nephew grandson grandad grandpa boyfriend grandfather man mr herr sir "
    "lad boy guy bloke chap"
)
SHE = (
    "mum mom mummy mother sister daughter wife aunt auntie aunty tante niece granddaughter gran granny grandma nana "
    "girlfriend grandmother woman mrs ms frau miss lady girl"
)
THEY = (
    "parents kids children neighbours neighbors guests students tenants boys girls people guys colleagues builders men "
    "women"
)
# People say 'he' or 'she' of these, too.
ANIMALS = "dog cat puppy kitten horse pony rabbit hamster tortoise baby toddler bird parrot"
# Between a subject and its verb.
ADVERBS = (
    "also still already always never ever just only really probably usually now then often even actually currently "
    "definitely maybe both all kindly simply either"
)
# Words that end in 's' and are no verbs.
NO_VERBS = (
    "always yes this thus as less unless towards afterwards besides perhaps sometimes plus across news thanks is was "
    "has does his hers its us hours days weeks months years minutes"
)
PARTICIPLES = "got been had done gone sent seen paid left lost found made put told taken given sold bought"
VERBS_IN_PAST = (
    "got=get received=receive sent=send saw=see had=have found=find paid=pay booked=book ordered=order left=leave "
    "wanted=want needed=need meant=mean took=take gave=give heard=hear made=make kept=keep lost=lose forgot=forget "
    "finished=finish signed=sign read=read said=say told=tell thought=think knew=know went=go came=come bought=buy "
    "brought=bring called=call liked=like managed=manage agreed=agree decided=decide remembered=remember did=do "
    "spoke=speak wrote=write talked=talk checked=check looked=look tried=try used=use moved=move changed=change "
    "enjoyed=enjoy noticed=notice put=put asked=ask returned=return cancelled=cancel canceled=cancel"
)
# A clause begins after these.
BEFORE_CLAUSES = "that if because when and but so whether since as while cos why how where who"
REPORTS = "says said thinks thought knows decided agreed agrees told asked asks wants wanted wrote mentioned reckons"
DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed weds thu thur thurs fri sat sun today "
    "tomorrow tonight"
)
# After an object: 'ask her for', and not 'her mother'.
AFTER_OBJECT = (
    "to for about of on at in by from with and or but if whether when that what where why how who which until till "
    "before after because since as so than then again too now yesterday soon later instead back up down out off over "
    "a an the my our your his her their this these those it me us i we he she they you some any no not is was are "
    "were will would can could has had asap please straight directly know via re w/ both either personally yes thanks "
    "sorry good happy all anyway already first more less extra double though tho yet"
)
# After 'his' without a noun.
AFTER_POSSESSIVE = (
    "to for on at in from and or but if when is was are were till until not too then as so by with because"
)
# What is said before an order that is none of its words: 'please, ask'.
BEFORE_ORDERS = (
    "please pls plz kindly just also then so and but ok okay hi hey hello well now first next quickly maybe perhaps "
    "right"
)
WITH_PLEAS = "please pls plz kindly just also maybe perhaps quickly possibly"
LETTERS = "email e-mail mail letter message note reply answer response line text card question query"
OF_LETTERS = (
    "quick short brief polite nice friendly little kind formal new firm stern warm proper lovely thank-you sincere "
    "big huge"
)
# What persons do, besides the verbs of notes: 'have Ann unlock the door'.
MORE_VERBS = "unlock ring email message get have let lock empty prepare"
# With a capital letter at the beginning, these are no names.
NO_NAMES = (
    "the this that these those it its there i we he she they nobody somebody someone anyone everyone everything "
    "something nothing one work school today tomorrow yesterday no yes ok sorry thanks what when where why how who "
    "which if can could would will do does did is are was were my our his her their a an and but so not need want "
    "please all both some most many god christmas easter plus also"
)
# Times of the year, and the first words of some: 'New Year', 'Boxing Day'.
HOLIDAYS = (
    "new diwali eid ramadan hanukkah passover thanksgiving halloween whitsun hogmanay lent bank boxing spring summer "
    "autumn winter"
)
# 'React surprised', 'sound cross': how a mail is to be written.
MOODS = (
    "surprised annoyed angry cross upset firm polite nice friendly stern sorry disappointed shocked pleased happy sad"
)
# 'How sorry I am', 'how much we loved it'.
FEELINGS = "sorry grateful happy pleased glad proud sad upset disappointed thankful excited relieved impressed ashamed"
FEELS = "love loved like liked enjoy enjoyed appreciate appreciated miss missed admire value valued hate hated regret"
# 'Be nice about it', 'keep it short'.
TONES = (
    "nice polite kind gentle firm friendly tactful diplomatic brief short sweet formal casual warm light professional "
    "clear simple funny serious neutral stern strict cheerful nasty rude angry pushy harsh"
)
# 'Give them my address' tells it.
DETAILS = "number address code name details reference email e-mail phone dates"
HOURS = "one two three four five six seven eight nine ten eleven twelve noon midday half"
# What a customer asks for.
CLAIMED = "refund exchange replacement discount receipt copy credit voucher repair swap money compensation"
TIMES_OF_DAY = "morning afternoon evening night noon lunch midnight"
MANNERS = "nicely politely gently firmly kindly tactfully warmly briefly diplomatically respectfully sternly"
# 'I owe her lunch', and not 'I owe for her lunch'.
OWES = "owe owes owed wish promised"
# Before a noun in the plural that is named: 'the tablets'.
BEFORE_THINGS = "the these those some both my our many few their his her"
# With a capital letter after one of these, a word is a place or a thing.
BEFORE_PLACES = "in on at near the a an from of"
BEFORE_MONTHS = "in by of since until till next last this"
# After 'they are', said of persons.
OF_PERSONS = (
    "welcome invited free allowed late early coming going able happy sure supposed ready busy away "
    "entitled responsible willing interested right wrong kind staying leaving moving bringing joining charging asking "
    "closed open liable sorry glad not getting doing having sending looking"
)
# Said of somebody who is asked for something: 'he can fetch it'.
ASKS = "can could should may might must will would"
GIVES = "send give lend tell pay show bring offer email forward post"
# 'Tell him': orders to somebody who was named before.
TO_PRONOUNS = (
    "ask tell inform thank remind warn invite congratulate chase beg nudge text e-mail email mail message answer wish "
    "offer promise"
)
# 'Cosmo wants to know' is about a person, 'Rain comes' is not.
DONE_BY_PERSONS = (
    "says said thinks thought writes told forgot rings calls missed mailed messaged likes liked loves loved hates "
    "feels hopes hoped knows knew owed paid skipped booked ordered returned stayed lost reckons believes insists "
    "claims suggested suggests agreed refused parks parked drove visited answered applied passed forwarded cooked "
    "baked baby-sat watered fed looked"
)
# After a name, these say what its owner does.
FINITE = (
    "is isn't was wasn't are aren't has hasn't had can can't will won't would could says said told wants wanted needs "
    "got did does asked called came left lost broke rang"
)
# Persons more often than things.
OFTEN_DONE_BY_PERSONS = (
    "left lost broke forgot found wore sold won fell hurt quit saw met went moved changed finished passed kept put let "
    "drove spilled dropped burnt burned missed"
)
# Who does this, expects an answer: 'Ann asked for the key, say it is here'.
EXPECTS_ANSWER = (
    "wants wanted asks asked sends sent keeps offers offered invited lent borrowed gave wrote called rang phoned "
    "texted emailed promised owes took complained complains blames fixed mended repaired helped brought bought "
    "recommended taken covered"
)
# People with a title are written to more often than told about.
FORMAL_TITLES = "mr mrs ms miss dr prof professor"
# Names that are also other words.
WORDS_TOO = "will may art grant mark hope june max miles faith grace joy rose dawn jan"
GERUNDS = (
    "asking=ask telling=tell writing=write letting=let thanking=thank reminding=remind getting=get sending=send "
    "inviting=invite emailing=email mailing=mail messaging=message texting=text checking=check warning=warn "
    "dropping=drop"
)
