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
PAST_ONLY = "began spoke chose rang took gave came went saw hid broke drove got"
SUBJECTS = "i we you he she they it who and"
# 'Pick it up', not 'pick up it'.
PARTICLES = "up out off down over back in on away"
OBJECTS = "it them him her you me us this that these those"
# Clauses that open a sentence and can be left out with the 'that' after them; patterns.
OPENING_CLAUSES = (
    r"i(?: am|['’]m) (?:very |so |only |just )?(?:sorry|pleased|happy|glad|delighted|sad) to "
    r"(?:say|tell you|inform you|let you know|hear)(?: that)?",
    r"i(?: am|['’]m) writing to (?:say|tell you|inform you|let you know)(?: that)?",
    r"i (?:regret|have|am sad) to (?:say|tell you|inform you)(?: that)?",
    r"i(?: am|['’]m)(?: very much)? afraid(?: that)?(?! of\b| to\b)",
    r"(?:please|kindly) (?:note|be aware|be advised|be informed|remember)(?: also| too)? that",
    r"you (?:should|may|might|will) (?:also )?(?:know|like to know|be aware|be pleased to hear)(?: that)?(?! wh| how)",
    r"i (?:should|must|have to|would) (?:also )?(?:say|admit|confess|add|mention|stress)(?: that)?(?! no\b| sorry)",
    r"i (?:just )?want(?:ed)? (?:you )?to (?:say|let you know|tell you|mention|know)(?: that)?",
    r"i (?:would|should)(?: just)? like (?:you )?to (?:say|let you know|tell you|mention|point out|know|inform you)"
    r"(?: that)?",
    r"(?:this is to|i (?:would like to|wish to|can|hereby)|we (?:can|hereby)) (?:confirm|inform you|let you know) that",
    r"i (?:do )?(?:hope|trust) (?:that )?(?:this|it) (?:is ok|is all right|helps|suits you|is clear)",
    r"(?:the|in) (?:fact|thing|point|trouble) is(?: that)?",
    r"it (?:turns out|so happens|(?:is|['’]s) (?:true|clear|important to note|worth noting|worth saying)) that",
    r"(?:to be|if i(?: am|['’]m)) (?:quite |perfectly |completely |very |totally )?(?:honest|frank|fair)"
    r"(?: with you)?,",
    r"i (?:beg|promise|assure) you(?: that)?",
)
# Between commas, or before the first or after the last comma, they can be left out; patterns.
ASIDES = (
    r"i(?: am|['’]m) afraid|i (?:suppose|think|believe|guess|hope|must say|admit|know|promise|assure you|gather)",
    r"as (?:i|we) (?:said|mentioned|wrote|discussed|agreed)(?: before| earlier| already)?",
    r"as (?:far as i know|you (?:may |will |probably |already )*(?:know|see|remember|can see|can imagine))",
    r"to be (?:quite |perfectly )?(?:honest|frank|fair)(?: with you)?|in fact|to my mind|for my part|in any case",
    r"at any rate|all the same|after all|as a matter of fact|as it (?:happens|turns out)|it seems|it turns out",
    r"for what it['’]s worth|needless to say|if i may(?: say so)?|so to speak|of course|by all means|on the whole",
    r"once again|believe me|you see|you know|i mean|mind you|if you please|by any chance|if possible|in due course",
    r"unfortunately|fortunately|luckily|sadly|honestly|frankly|obviously|clearly|certainly|definitely|naturally",
    r"personally|basically|essentially|generally|indeed|surely|admittedly|apparently|alas|evidently|incidentally",
    r"then|though|however|too|either|anyway|as it is|as always|in turn|for now|really|actually",
)
# Of emphasis and politeness, before a word that they belong to.
ADVERBS = (
    "very really just quite actually simply truly extremely terribly awfully absolutely perfectly kindly gladly duly "
    "entirely utterly somewhat fairly sincerely deeply literally certainly definitely dearly greatly highly indeed "
    "ever even already"
)
PHRASES = phrases(
    """
    let me know > tell me = lmk
    would like to > want to = wanna
    would like > want
    i would like to > want to = i'd like to
    i'd like to > want to
    we would like to > we want to = we'd like to
    we'd like to > we want to
    would be able to > could
    will be able to > can
    would you be able to > can you = could you
    would you like to > do you want to = want to
    are you able to > can you
    would you please > can you = could you
    could you please > can you
    could you > can you = would you
    would you > could you = will you
    will you > would you = can you
    can you > could you
    may i > can i
    may we > can we
    could i > can i
    could we > can we
    might i > can i
    shall i > should i = want me to
    shall we > should we
    may i ask > can i ask
    would it be possible to > is it possible to
    is there any chance > any chance
    in order to > to
    so as to > to
    so that > so
    as soon as possible > asap = quickly
    as soon as > once = when
    as long as > if = provided
    at the moment > now = right now = atm
    at present > now = right now
    at this time > now
    for the time being > for now
    for the moment > for now
    from now on > in future
    in the future > from now on
    in future > from now on
    at the latest > latest
    at the earliest > earliest
    at least > min
    at most > max
    up to now > so far
    until now > so far
    right away = at once = straight away = immediately
    once more > again
    one more time > again
    from time to time > sometimes = now and then
    every day > daily
    each day > daily
    each week > weekly = every week
    every week > weekly = each week
    each month > monthly
    every month > monthly
    every year > yearly
    the whole day > all day
    the whole week > all week
    all the time > always
    all day long > all day
    this evening > tonight
    the day after tomorrow > in 2 days
    a couple of > a few
    a number of > some = several
    a great deal of > lots of
    a lot of > lots of = much
    a bit of > some
    plenty of > lots of
    the rest of > rest of
    all of the > all the
    both of you > you both
    all of you > you all = you lot
    in spite of = despite
    because of = due to
    owing to > because of
    on account of > because of
    as a result of > because of
    for this reason > so
    for that reason > so
    that is why > so
    that's why > so
    which means > so
    this means that > so
    this means > so
    in addition to > besides
    in addition > also = plus
    on top of that > plus = also
    as well as > and = plus
    as well > too = also
    apart from > except = besides
    except for > except
    rather than > instead of
    in case of > if there's
    in the event of > if there's
    provided that > if
    even though > although = though
    such as > like = eg
    and so on > etc
    with regard to > re = about
    with respect to > re = about
    in relation to > about
    in connection with > about
    on the subject of > about
    when it comes to > for
    as for > re = about
    according to > per
    with the help of > with
    in the course of > during
    for the purpose of > for
    in exchange for > for
    in return for > for
    in return > in exchange
    free of charge > free = for free
    for free > free
    by the way > btw
    for example > eg
    for instance > eg = for example
    that is to say > ie
    in my opinion > imo = i think
    in my view > imo = i think
    i think > i believe = i guess
    i assume > i guess
    i am sure > sure
    i'm sure > sure
    i am convinced > i'm sure
    it seems that > seems
    it seems to me that > i think = seems
    it looks as if > looks like
    it appears that > seems
    i understand that > i gather
    i do not know > don't know = no idea
    i don't know > no idea
    i am not sure > not sure
    i'm not sure > not sure
    i am unable to > i can't = can't
    i'm unable to > can't
    i am not able to > can't
    we are unable to > we can't
    we are not able to > we can't
    not be able to > not manage to
    are unable to > can't
    is unable to > can't
    was unable to > couldn't
    were unable to > couldn't
    unable to > can't
    am able to > can
    are able to > can
    is able to > can
    i am happy to > happy to = glad to = i'll gladly
    i'm happy to > happy to = glad to
    i would be happy to > happy to = i'd gladly
    i'd be happy to > happy to = i'd gladly
    i would be glad to > glad to
    i would be grateful if you could > can you = pls
    i'd be grateful if you could > can you = pls
    i would be grateful if you would > can you = pls
    i would be grateful for > i'd welcome = pls give me
    i would appreciate it if you could > can you = pls
    i was wondering if you could > can you
    i was wondering whether you could > can you
    i was wondering if > would it work if
    i wonder if > would it work if
    i wonder whether > can i ask if
    i look forward to > looking forward to
    we look forward to > looking forward to
    i am looking forward to > looking forward to
    i am very sorry > so sorry = sorry
    i'm very sorry > so sorry = sorry
    i'm so sorry > so sorry = sorry
    i am sorry > sorry
    i'm sorry > sorry
    i am so sorry > so sorry = sorry
    my apologies > sorry
    i apologise for > sorry for = sorry about
    i apologise > sorry
    please accept my apologies for > sorry for
    sorry about > sorry for
    sorry for > sorry about
    thank you very much for > thanks a lot for = thx for
    thank you so much for > thanks a lot for = thx for
    thank you so much > thanks a lot
    thank you very much > thanks a lot
    thank you for > thanks for = thx for
    thank you > thanks = thx
    thanks for > thx for
    many thanks for > thanks for = thx for
    would you be so kind as to > can you
    be so kind as to > pls
    if possible > ideally
    if you wish > if you want
    in that case > then
    in this case > then
    do not hesitate to > feel free to
    don't hesitate to > feel free to
    have a look at > look at = check
    take a look at > look at = check
    take a look > look = check
    have a look > look = check
    have a word with > talk to
    have a chat > talk
    take care of > look after = handle = see to
    takes care of > looks after = handles
    look after > take care of = see to
    looking for > after = searching for
    look for > search for
    deal with > handle
    dealt with > handled
    get in touch with > contact
    get in touch > make contact
    in touch with > in contact with
    get rid of > lose
    make sure > see to it = check = ensure
    make use of > use
    make a note of > note
    makes sense > is sensible
    make up my mind > decide
    find out > learn = see
    found out > learnt
    work out > figure out
    sort out > fix = sort
    carry out > do
    carried out > done
    put off > delay
    call off > cancel
    called off > cancelled
    fill in = fill out = complete
    fill out = complete
    hand in > submit
    hand over > give = pass
    hand out > give out
    pick up > collect = fetch = get
    picks up > collects
    picked up > collected
    picking up > collecting
    drop off > leave = bring
    get back to > answer = reply to
    give back > return
    come back > return
    came back > returned
    comes back > returns
    go back > return
    send back > return
    sent back > returned
    bring back > return
    brought back > returned
    give me a call > call me = ring me
    give me a ring > call me
    give us a call > call us
    call me > ring me = phone me
    ring me > call me
    phone me > call me
    give up > quit
    go ahead > proceed
    goes ahead > is on
    carry on > keep going
    hold on to > keep
    put up with > bear
    is supposed to > should
    are supposed to > should
    is meant to > should
    ought to > should
    has to > must = needs to
    have to > must = need to
    need to > must = have to
    needs to > must = has to
    is allowed to > may = can
    are allowed to > may = can
    is not allowed > isn't ok
    feel free to > just
    be careful > take care
    take care > be careful
    is attached > enclosed
    are attached > enclosed
    attached is > here's
    attached you will find > here's
    please find attached > here's = attached
    i have attached > attached = here's
    i've attached > attached = here's
    i attach > attached = here's
    is enclosed > attached
    there is no > no
    there are no > no
    does not work > doesn't run
    doesn't work > doesn't run
    have you got > do you have = got
    what do you think > thoughts
    how about > what about
    what about > how about
    i suggest > my idea is
    i propose > i suggest
    i want > i'd like
    i would prefer > i'd rather
    i'd prefer > i'd rather
    i would rather > i'd prefer = rather
    i'd rather > i'd prefer
    i would > i'd
    you would > you'd
    we would > we'd
    they would > they'd
    i will > i'll
    you will > you'll
    we will > we'll
    he will > he'll
    she will > she'll
    they will > they'll
    it will > it'll
    has not > hasn't
    have not > haven't
    i am > i'm
    i shall > i'll = will
    we shall > we'll
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
    a long time > ages = long
    a bit > a little
    half an hour > half hr
    per person > each = a head
    the following > these
    the next day > day after
    the other day > recently
    the day before > day before
    on time > punctually
    on my own > alone = by myself
    on your own > alone = by yourself
    by yourself > alone
    on foot > walking
    in person > personally
    in total > total = altogether = all in
    all together > in total
    on the other hand > but
    at the same time > meanwhile
    two times > twice = 2x
    three times > 3x
    in the meantime = meanwhile
    until then = till then
    since then > since
    first of all > first
    most of all > mainly
    most likely > likely = prob
    more or less > roughly
    good luck > best of luck
    well done > great job = bravo
    congratulations on > congrats on
    great news > good news
    next to > beside = by
    close to > near
    as usual > like always
    as before > unchanged = like before
    as planned > to plan
    your message > your mail
    your email > your mail
    your e-mail > your mail
    your letter > your note
    my mistake > my fault = my error
    it does not matter > never mind
    it doesn't matter > never mind
    don't worry > no worries
    do not worry > no worries
    all right > ok = fine
    that is fine > ok = fine
    that's fine > ok = fine
    suits me > works for me = ok for me
    suit you > work for you
    would suit me > works for me
    you are right > right you are = you're right
    you're right > right you are
    is wrong > is incorrect
    i agree > agreed = fine by me
    each other > one another
    one another > each other
    the price of > price for
    the cost of > cost for
    in good condition > in good shape
    in good shape > in fine condition
    would you like > do you want = want
    would you have > have you got = do you have
    would you be > are you
    if you could > if you can
    it would be > it'd be
    you will need to > you must = you'll have to = you need to
    you'll need to > you must = you'll have to
    you need to > you must = you have to
    you have to > you must = you need to
    i have to > i must = got to
    i need to > i must = got to
    we need to > we must = we have to
    we have to > we must = we need to
    i must > i have to
    we must > we have to
    you must > you have to
    i can't > can't = i am not able to
    i cannot > can't = i can't
    we can't > we cannot
    we cannot > we can't
    you can > you could
    you could > you can
    you should > you ought to
    we should > we ought to
    i'll > i will = i'm going to
    we'll > we will = we're going to
    i'd > i would
    you'll > you will
    i believe > i think = i reckon
    i think that > i reckon
    we think > we reckon = we believe
    i hear > i gather
    i remember > i recall
    i want to > i'd like to = wanna
    we want to > we'd like to
    we want > we'd like
    you want > you'd like
    i need > i could do with = need
    we need > we could do with = we must have
    i have heard > i've heard
    i heard > i gather
    send me > get me = let me have
    send us > get us = let us have
    give us > let us have
    tell us > let us know
    tell him > let him know
    tell her > let her know
    tell them > let them know
    ask me > check with me
    ask him > check with him
    ask her > check with her
    bring me > get me
    come and see > come see = look in on
    come to see > come see
    go to > head to
    come round > come over = drop by
    come over > come round
    come with me > join me
    look at > have a look at = check
    wait until > hold on until = hang on till
    wait for > hold on for
    waiting for > still expecting
    fill up > fill
    throw away > bin = chuck out
    put back > return
    take out > remove
    took out > removed
    taken out > removed
    take back > return
    turn off > switch off
    turn on > switch on
    switch off = turn off
    switch on = turn on
    shut down > close down
    went through > went over
    look into > check into
    looking into > checking
    point out > mention
    figure out > work out
    speak to > talk to
    speak with > talk to
    spoke to > talked to
    spoken to > talked to
    talk to > speak to
    reply to > answer
    thank you all > thanks all
    and so > so
    and also > also
    but also > also
    as soon as i can > asap
    if there is > if there's
    right now > now
    from today > as of today
    starting from > as of
    for all > for everyone
    for everyone > for all
    on my side > for me
    on our side > for us
    on your side > for you
    on your behalf > for you
    on my behalf > for me
    on behalf of > for
    by myself > alone
    on its own > alone
    in good time > early
    ahead of time > early
    no hurry > no rush
    there's no hurry > no rush
    there is no hurry > no rush
    there is no rush > no hurry
    no rush > no hurry
    every time > each time
    each time > every time
    any day > whichever day
    which one > which
    one more thing > also = plus
    a few > some
    some of the > some
    hundreds of > loads of
    the top of > top of
    the end of > end of
    the start of > start of
    the beginning of > start of
    the middle of > mid
    the back of > back of
    the front of > front of
    the bottom of > bottom of
    the side of > side of
    this afternoon > pm today
    at midday > noon
    at lunch > over lunch
    on weekdays > weekdays
    at the weekend > wkend
    at weekends > wkends
    on the phone > by phone
    by phone > on the phone
    by post > in the post
    in the post > by post
    in cash > cash
    out of stock > sold out
    sold out > out of stock
    up to date > current
    out of date > old
    on sale > for sale
    responsible for > in charge of
    interested in > keen on
    keen on > into
    happy with > pleased with
    pleased with > happy with
    sorry to hear > sad to hear
    afraid of > scared of
    compared with > vs
    compared to > vs
    very good > great
    very happy > so happy
    very sorry > so sorry
    very nice > lovely
    very kind > so kind
    how kind of you > so kind
    that is kind of you > so kind
    that's kind of you > so kind
    very kind of you > so kind
    good idea > nice idea
    bad idea > poor idea
    a good > a nice = a decent
    the same > same
    i enclose > enclosed = here's
    i am sending > sending = here's
    i'm sending > sending = here's
    we are sending > here's
    i sent > sent off = sent
    i have sent > i've sent = sent
    i've sent > sent
    i will send > i'll send = sending
    i'll send > i will send = sending
    i will bring > i'll bring = bringing
    i'll bring > bringing
    i will come > i'll come = coming
    i'll come > coming
    i will be > i'll be
    i'll be > i will be
    i will be there > i'll come
    i will call > i'll ring = calling
    i'll call > i'll ring
    i will pay > i'll pay = paying
    i'll pay > paying
    i will take > i'll take = taking
    i'll take > taking
    i will pick up > i'll collect
    i'll pick up > i'll collect
    i'll give > giving
    i will give > giving
    i'll keep > keeping
    i will keep > keeping
    i'll make > making
    i will make > making
    i'll leave > leaving
    i will leave > leaving
    i'll put > putting
    i will put > putting
    i'll write > writing
    i will write > writing
    we will send > we're sending
    we'll send > we're sending
    we will pay > we're paying
    we'll pay > we're paying
    we will be > we're going to be
    """
)
# The four forms of verbs: those of irregular ones only where the past is also the participle, or after a person.
VERBS = forms(
    """
    receive receives received receiving > get gets got getting
    obtain obtains obtained obtaining > get gets got getting
    require requires required requiring > need needs needed needing
    provide provides provided providing > give gives gave giving
    supply supplies supplied supplying > send sends sent sending
    assist assists assisted assisting > help helps helped helping
    inform informs informed informing > tell tells told telling
    notify notifies notified notifying > tell tells told telling
    commence commences commenced commencing > start starts started starting
    discuss discusses discussed discussing > talk_about talks_about talked_about talking_about
    respond responds responded responding > reply replies replied replying
    telephone telephones telephoned telephoning > phone phones phoned phoning = ring rings rang ringing
    select selects selected selecting > pick picks picked picking
    collect collects collected collecting = fetch fetches fetched fetching = pick_up picks_up picked_up picking_up
    depart departs departed departing > leave leaves left leaving
    attend attends attended attending > come_to comes_to came_to coming_to
    remain remains remained remaining > stay stays stayed staying
    reside resides resided residing > live lives lived living
    demand demands demanded demanding > want wants wanted wanting
    examine examines examined examining > check checks checked checking
    verify verifies verified verifying > check checks checked checking
    inspect inspects inspected inspecting > check checks checked checking
    review reviews reviewed reviewing > go_over goes_over went_over going_over
    observe observes observed observing > notice notices noticed noticing
    locate locates located locating > find finds found finding
    postpone postpones postponed postponing > put_off puts_off put_off putting_off
    delay delays delayed delaying > hold_up holds_up held_up holding_up
    reduce reduces reduced reducing > cut cuts cut cutting
    replace replaces replaced replacing > swap swaps swapped swapping
    exchange exchanges exchanged exchanging > swap swaps swapped swapping
    remove removes removed removing > take_out takes_out took_out taking_out
    delete deletes deleted deleting > remove removes removed removing
    add adds added adding > put_in puts_in put_in putting_in
    attempt attempts attempted attempting > try tries tried trying
    prepare prepares prepared preparing > get_ready gets_ready got_ready getting_ready
    create creates created creating > make makes made making
    produce produces produced producing > make makes made making
    construct constructs constructed constructing > build builds built building
    submit submits submitted submitting > hand_in hands_in handed_in handing_in
    dispatch dispatches dispatched dispatching > send sends sent sending
    deliver delivers delivered delivering > bring brings brought bringing
    donate donates donated donating > give gives gave giving
    decline declines declined declining > refuse refuses refused refusing
    reject rejects rejected rejecting > refuse refuses refused refusing
    mention mentions mentioned mentioning > say says said saying
    assume assumes assumed assuming > guess guesses guessed guessing
    imagine imagines imagined imagining > think thinks thought thinking
    await awaits awaited awaiting > wait_for waits_for waited_for waiting_for
    enjoy enjoys enjoyed enjoying > like likes liked liking
    appear appears appeared appearing > seem seems seemed seeming
    occur occurs occurred occurring > happen happens happened happening
    prevent prevents prevented preventing > stop stops stopped stopping
    halt halts halted halting > stop stops stopped stopping
    retain retains retained retaining > keep keeps kept keeping
    fasten fastens fastened fastening > fix fixes fixed fixing
    request requests requested requesting > ask_for asks_for asked_for asking_for
    enquire enquires enquired enquiring > ask asks asked asking
    apologise apologises apologised apologising > say_sorry says_sorry said_sorry saying_sorry
    accompany accompanies accompanied accompanying > come_with comes_with came_with coming_with
    occupy occupies occupied occupying > take_up takes_up took_up taking_up
    complain complains complained complaining > grumble grumbles grumbled grumbling
    buy buys bought buying > get gets got getting
    purchase purchases purchased purchasing > buy buys bought buying = get gets got getting
    begin begins began beginning > start starts started starting
    start starts started starting > begin begins began beginning
    finish finishes finished finishing > end ends ended ending
    mend mends mended mending = fix fixes fixed fixing
    repair repairs repaired repairing > fix fixes fixed fixing = mend mends mended mending
    speak speaks spoke speaking = talk talks talked talking
    choose chooses chose choosing > pick picks picked picking
    pick picks picked picking > choose chooses chose choosing
    arrive arrives arrived arriving > come comes came coming
    continue continues continued continuing > go_on goes_on went_on going_on
    suggest suggests suggested suggesting > propose proposes proposed proposing
    propose proposes proposed proposing > suggest suggests suggested suggesting
    recommend recommends recommended recommending
    > advise advises advised advising
    = suggest suggests suggested suggesting
    organise organises organised organising > arrange arranges arranged arranging
    arrange arranges arranged arranging > organise organises organised organising
    install installs installed installing > fit fits fitted fitting = put_in puts_in put_in putting_in
    lend lends lent lending > loan loans loaned loaning
    approve approves approved approving > ok oks ok'd ok'ing
    gather gathers gathered gathering > collect collects collected collecting
    reserve reserves reserved reserving > book books booked booking
    discover discovers discovered discovering > find finds found finding
    cancel cancels cancelled cancelling > call_off calls_off called_off calling_off
    realise realises realised realising > see sees saw seeing
    """
)
FORMS = forms(
    """
    difficulty difficulties > problem problems
    picture pictures = photo photos > pic pics
    colleague colleagues > coworker coworkers
    solution solutions > fix fixes
    document documents > doc docs = paper papers
    email emails = mail mails
    e-mail e-mails > mail mails
    discussion discussions > talk talks
    meeting meetings > mtg mtgs = get-together get-togethers
    appointment appointments > appt appts
    location locations > place places = spot spots
    child children > kid kids
    people > folks = ppl
    pupil pupils > student students
    physician physicians > doctor doctors
    vehicle vehicles > car cars
    bicycle bicycles > bike bikes
    aeroplane aeroplanes > plane planes
    television televisions > tv tvs
    laboratory laboratories > lab labs
    examination examinations > exam exams
    advertisement advertisements > ad ads
    invitation invitations > invite invites
    discount discounts > price_cut price_cuts = money_off money_off
    agreement agreements > deal deals
    assistance > help
    information > info
    permission > ok
    luggage > bags
    kilometre kilometres > km km
    temperature > temp
    department departments > dept depts
    reference references > ref refs
    certificate certificates > cert certs
    huge > massive = big
    tiny > very_small
    quick quicker quickest > fast faster fastest
    rapid > fast
    glad > happy = pleased
    delighted > so_happy = very_glad
    grateful = thankful
    unwell > ill = sick
    incorrect > wrong
    faulty > broken
    difficult > hard = tricky
    beautiful = lovely = gorgeous
    wonderful = marvellous > great = fantastic
    excellent > great = super = first-rate
    splendid > great
    magnificent > great
    terrible = awful = dreadful
    horrible > awful = nasty
    sufficient > enough
    available > free
    vacant > free
    additional > extra = more
    several > a_few = some
    numerous > many
    fresh > new
    costly > dear = pricey
    cheap cheaper cheapest > low-cost less_expensive least_expensive
    strange = odd = weird
    awkward > tricky
    approximately > about = roughly = ~
    roughly > about
    frequently > often
    rarely = seldom
    probably > prob = likely
    immediately > right_away = now = at_once
    quickly > fast
    slowly > bit_by_bit
    soon > shortly
    shortly > soon
    presently > now
    nowadays > these_days
    recently = lately
    previously > before = earlier
    afterwards > after = later = then
    initially > at_first = first
    originally > at_first
    altogether > in_all
    therefore > so
    thus > so
    hence > so
    consequently > so
    nevertheless > still
    nonetheless > still
    whereas > while
    whether > if
    during > in
    upon > on
    beside > next_to = by
    near > close_to
    towards > to
    within > in = inside
    via > by = through
    furthermore > also = plus
    moreover > also
    additionally > also = plus
    something > sth
    everywhere > all_over
    amongst > among
    whilst > while
    especially > esp
    dinner dinners > supper suppers
    rucksack rucksacks > backpack backpacks
    sofa sofas > couch couches
    jacket jackets > coat coats
    proposal proposals > offer offers
    supervisor supervisors > boss bosses
    manager managers > boss bosses
    customer customers > client clients
    client clients > customer customers
    supplier suppliers > vendor vendors
    employee employees > worker workers
    staff > team
    contract contracts > agreement agreements
    invoice invoices > bill bills
    task tasks > job jobs
    building buildings > bldg bldgs
    completed completing > finished finishing
    problem problems > issue issues
    mistake mistakes > error errors
    error errors > mistake mistakes
    option options = choice choices
    sum sums = amount amounts
    fee fees > charge charges
    shop shops > store stores
    parcel parcels = package packages
    apartment apartments > flat flats
    photograph photographs > photo photos = pic pics
    photo photos > pic pics = picture pictures
    message messages > msg msgs = note notes
    conversation conversations > chat chats = talk talks
    gift gifts > present presents
    trip trips = journey journeys
    christmas > xmas
    weekend weekends > wkend wkends
    account accounts > acct accts
    shipment shipments > delivery deliveries
    lady ladies > woman women
    gentleman gentlemen > man men
    large larger largest = big bigger biggest
    small smaller smallest > little littler littlest
    easy easier easiest > simple simpler simplest
    simple simpler simplest > easy easier easiest
    nice nicer nicest > lovely lovelier loveliest
    previous > last = earlier
    expensive > pricey
    urgent > pressing
    convenient > handy
    useful > handy
    impossible > out_of_the_question
    identical > the_same
    nearly = almost
    perhaps = maybe
    currently > now = at_the_moment
    completely = totally = fully
    entire = whole
    maximum > max
    minimum > min
    regarding > re = about
    concerning > re = about
    including > incl
    includes > incl
    included > incl
    through > thru
    because > cos = as = bc
    although > though = tho
    though > tho
    until > till = til
    however > but
    otherwise > or_else = or
    somebody > someone
    someone > somebody
    anybody > anyone
    anyone > anybody
    everybody > everyone
    everyone > everybody
    everything > all
    tomorrow > tmrw = tomo
    yesterday > yday = yest
    meanwhile > in_the_meantime
    finally > at_last
    exactly > precisely
    again > once_more
    okay > ok
    usually > mostly
    sometimes > now_and_then
    twice > two_times
    several > a_few
    delivery deliveries > drop-off drop-offs
    beneath > under
    despite > in_spite_of
    necessary > needed
    purpose purposes > aim aims
    remainder > rest
    opportunity opportunities > chance chances
    besides > also
    responsible > in_charge
    angry > cross = mad
    tired > worn_out
    discount discounts > reduction reductions
    helpful > useful
    many > lots_of = a_lot_of
    bad > poor = lousy
    think > reckon
    trouble > bother
    worried > anxious
    fantastic > great
    perfect > spot_on = just_right
    important > key = vital
    risky > dangerous
    genuine > real
    forever > for_good
    midday > noon
    noon > midday
    fortnight > two_weeks
    movie movies > film films
    television > tv
    refrigerator > fridge
    lorry lorries > truck trucks
    truck trucks > lorry lorries
    taxi taxis > cab cabs
    cab cabs > taxi taxis
    pills > tablets
    visitors > guests
    leaflet leaflets > flyer flyers
    schedule > timetable
    timetable > schedule
    deadline > due_date = last_day
    due_date > deadline
    extension > more_time
    salary > pay
    apologies > sorry
    confirmation > ok
    approval > ok
    computer computers > pc pcs
    pc > computer
    corridor > hallway
    basement > cellar
    cellar > basement
    """
)
