"""English: other words for the same, and what a rough note does without."""

from email_assistant.lexicon.note_phrases import forms, phrases

# Before a noun, not before a verb.
DETERMINERS = (
    "the a an my your his her its our their this these those any some no each every of in for with on at from by "
    "first second last next new old own other another good big same"
)
# After these, a verb is a participle or an infinitive, and 'have to' is part of something else.
AUXILIARIES = (
    "be been being am is are was were have has had having get got gets will would could should may might must can do "
    "does did shall to i've we've you've they've he's she's it's that's who's i'll you'll we'll they'll he'll she'll "
    "it'll i'd you'd we'd they'd he'd she'd"
)
FINITE = "have has need needs must is are was were am can could will would i we it that he she"
# Past forms that are no participles: only after whoever does it.
PAST_ONLY = "got"
SUBJECTS = "i we you he she they it who and"
OBJECTS = "it them him her you me us this that these those"
# Clauses that open a sentence and can be left out with the 'that' after them; patterns. Without 'that', what follows
# may be an object: 'I have to mention it'.
OPENING_CLAUSES = (
    r"i(?: am|['’]m) (?:very |so |only |just )?(?:sorry|pleased|happy|glad|delighted|sad) to "
    r"(?:say|tell you|inform you|let you know) that",
    r"i(?: am|['’]m) writing to (?:say|tell you|inform you|let you know) that",
    r"i (?:regret|am sad) to (?:say|tell you|inform you) that",
    r"i(?: am|['’]m)(?: very much)? afraid that",
    r"(?:please|kindly) (?:note|be aware|be advised|be informed)(?: also| too)? that",
    r"you (?:should|may|might) (?:also )?(?:know|like to know|be aware|be pleased to hear) that",
    r"i (?:should|must|have to|would) (?:also )?(?:say|mention|stress) that",
    r"i (?:just )?want(?:ed)? to (?:say|let you know|tell you|mention) that",
    r"i (?:just )?want(?:ed)? you to know that",
    r"i (?:would|should)(?: just)? like to (?:say|let you know|tell you|mention|point out|inform you) that",
    r"(?:this is to|i (?:would like to|wish to|can|hereby)|we (?:can|hereby)) (?:inform you|let you know) that",
    r"the fact is that|it (?:turns out|so happens|is (?:important to note|worth noting|worth saying)) that",
    r"(?:to be|if i(?: am|['’]m)) (?:quite |perfectly |completely |very |totally )?(?:honest|frank|fair)"
    r"(?: with you)?,",
)
# Between commas, or before the first or after the last comma, they can be left out; patterns. What says how sure it is
# ('I think', 'apparently') or on what condition ('if possible') stays.
ASIDES = (
    r"i(?: am|['’]m) afraid|i must say|to be (?:quite |perfectly )?(?:honest|frank|fair)(?: with you)?|in fact",
    r"as a matter of fact|as it (?:happens|turns out)|for what it['’]s worth|needless to say|so to speak|believe me",
    r"you see|mind you|unfortunately|luckily|sadly|honestly|frankly|alas|incidentally",
)
# Of emphasis and politeness, before a word that they belong to.
ADVERBS = (
    "very really actually truly extremely terribly awfully absolutely kindly gladly sincerely deeply literally dearly "
    "greatly"
)
PHRASES = phrases(
    """
    let me know > tell me = lmk
    i would like to > want to = i'd like to
    i'd like to > want to
    we would like to > we want to = we'd like to
    we'd like to > we want to
    would be able to > could
    will be able to > can
    would you be able to > can you = could you
    would you like to > do you want to
    are you able to > can you
    would you please > can you = could you
    could you please > can you
    could you > can you
    may i > can i
    may we > can we
    could i > can i
    could we > can we
    might i > can i
    shall i > should i
    shall we > should we
    would it be possible to > is it possible to
    is there any chance > any chance
    in order to > to
    so as to > to
    as soon as possible > asap
    as soon as i can > asap
    as soon as > once
    at the moment > now = right now = atm
    at present > now = right now
    at this time > now
    for the time being > for now
    for the moment > for now
    up to now > so far
    until now > so far
    until then > till then
    straight away > right away
    right now > now
    once more > again
    one more time > again
    the whole day > all day
    the whole week > all week
    all day long > all day
    this evening > tonight
    a great deal of > lots of
    a lot of > lots of
    the rest of > rest of
    all of the > all the
    because of > due to
    owing to > because of
    on account of > because of
    as a result of > because of
    except for > except
    in case of > if there's
    in the event of > if there's
    provided that > if
    even though > though
    such as > eg
    and so on > etc
    with regard to > re = about
    with respect to > re = about
    in relation to > re
    according to > per
    in the course of > during
    for the purpose of > for
    free of charge > free
    by the way > btw
    for example > eg
    for instance > eg
    that is to say > ie
    in my opinion > imo
    in my view > imo
    i do not know > don't know
    i don't know > don't know
    i am not sure > not sure
    i'm not sure > not sure
    i am unable to > i can't = can't
    i'm unable to > can't
    i am not able to > can't
    we are unable to > we can't
    we are not able to > we can't
    are unable to > can't
    is unable to > can't
    was unable to > couldn't
    were unable to > couldn't
    am able to > can
    are able to > can
    is able to > can
    i am happy to > happy to
    i'm happy to > happy to
    i would be happy to > happy to
    i'd be happy to > happy to
    i would be glad to > glad to
    i would be grateful if you could > can you = pls
    i'd be grateful if you could > can you = pls
    i would be grateful if you would > can you = pls
    i would appreciate it if you could > can you = pls
    i was wondering if you could > can you
    i was wondering whether you could > can you
    would you be so kind as to > can you
    i look forward to > looking forward to
    we look forward to > looking forward to
    i am looking forward to > looking forward to
    i am very sorry > so sorry = sorry
    i'm very sorry > so sorry = sorry
    i'm so sorry > so sorry = sorry
    i am so sorry > so sorry = sorry
    i am sorry > sorry
    i'm sorry > sorry
    my apologies > sorry
    please accept my apologies for > sorry for
    many thanks for > thanks for = thx for
    thanks for > thx for
    do not hesitate to > feel free to
    don't hesitate to > feel free to
    have a look at > look at
    take a look at > look at
    take a look > look
    have a look > look
    have a word with > talk to
    get in touch with > contact
    give me a call > call me
    give me a ring > call me
    give us a call > call us
    ring me > call me
    phone me > call me
    ought to > should
    has to > must
    attached is > here's
    attached you will find > here's
    please find attached > attached
    i have attached > attached = here's
    i've attached > attached = here's
    i attach > attached
    i enclose > enclosed
    i have sent > i've sent = sent
    i've sent > sent
    i am sending > sending
    i'm sending > sending
    have you got > do you have = got
    i would > i'd
    you would > you'd
    we would > we'd
    they would > they'd
    it would be > it'd be
    i will > i'll
    you will > you'll
    we will > we'll
    he will > he'll
    she will > she'll
    they will > they'll
    it will > it'll
    i shall > i'll
    we shall > we'll
    has not > hasn't
    have not > haven't
    i am > i'm
    we are > we're
    you are > you're
    they are > they're
    he is > he's
    she is > she's
    it is > it's
    that is > that's
    who is > who's
    here is > here's
    what is > what's
    if there is > if there's
    i have heard > i've heard
    i need > need
    i cannot > i can't = can't
    i can't > can't
    we cannot > we can't
    half an hour > half hr
    two times > twice = 2x
    three times > 3x
    in the meantime > meanwhile
    most likely > prob
    congratulations on > congrats on
    all right > ok
    that is fine > fine
    that's fine > fine
    if you wish > if you want
    speak to > talk to
    speak with > talk to
    spoke to > talked to
    spoken to > talked to
    the end of > end of
    the start of > start of
    the beginning of > start of
    the top of > top of
    the back of > back of
    the front of > front of
    the bottom of > bottom of
    the side of > side of
    one more thing > also
    thank you all > thanks all
    there's no hurry > no rush
    there is no hurry > no rush
    """
)
# The four forms of verbs: those of irregular ones only where the past is also the participle, or after a person.
VERBS = forms(
    """
    receive receives received receiving > get gets got getting
    obtain obtains obtained obtaining > get gets got getting
    require requires required requiring > need needs needed needing
    assist assists assisted assisting > help helps helped helping
    inform informs informed informing > tell tells told telling
    commence commences commenced commencing > start starts started starting
    respond responds responded responding > reply replies replied replying
    telephone telephones telephoned telephoning > phone phones phoned phoning
    select selects selected selecting > pick picks picked picking
    choose chooses chose choosing > pick picks picked picking
    examine examines examined examining > check checks checked checking
    verify verifies verified verifying > check checks checked checking
    inspect inspects inspected inspecting > check checks checked checking
    attempt attempts attempted attempting > try tries tried trying
    dispatch dispatches dispatched dispatching > send sends sent sending
    await awaits awaited awaiting > wait_for waits_for waited_for waiting_for
    occur occurs occurred occurring > happen happens happened happening
    enquire enquires enquired enquiring > ask asks asked asking
    purchase purchases purchased purchasing > buy buys bought buying
    begin begins began beginning > start starts started starting
    repair repairs repaired repairing > fix fixes fixed fixing
    """
)
FORMS = forms(
    """
    photo photos > pic pics
    photograph photographs > photo photos = pic pics
    picture pictures > pic pics
    document documents > doc docs
    e-mail e-mails > email emails
    meeting meetings > mtg mtgs
    appointment appointments > appt appts
    message messages > msg msgs
    television televisions > tv tvs
    laboratory laboratories > lab labs
    examination examinations > exam exams
    advertisement advertisements > ad ads
    department departments > dept depts
    certificate certificates > cert certs
    kilometre kilometres > km km
    weekend weekends > wkend wkends
    people > ppl
    information > info
    temperature > temp
    assistance > help
    christmas > xmas
    fortnight > two_weeks
    midday > noon
    additional > extra
    sufficient > enough
    numerous > many
    entire > whole
    difficult > hard
    necessary > needed
    opportunity opportunities > chance chances
    approximately > about = roughly = ~
    especially > esp
    probably > prob
    immediately > right_away
    shortly > soon
    currently > now
    presently > now
    perhaps > maybe
    whether > if
    whereas > while
    whilst > while
    amongst > among
    upon > on
    maximum > max
    minimum > min
    regarding > re = about
    including > incl
    includes > incl
    included > incl
    through > thru
    because > cos = bc
    although > though = tho
    though > tho
    until > till = til
    something > sth
    somebody > someone
    anybody > anyone
    everybody > everyone
    tomorrow > tmrw = tomo
    yesterday > yday = yest
    okay > ok
    """
)
