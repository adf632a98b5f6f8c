"""Who is 'you' in the note that an order becomes: the recipient, and neither things nor others."""

import pytest

from email_assistant.requests.orders import order_as_note


@pytest.mark.parametrize(
    ("order", "note"),
    [
        # Things are 'they', and the recipient is 'he' or 'she'.
        (
            "tell the joiner the hinges squeak, they're not what we ordered, and he's to leave the rest",
            "the hinges squeak, they're not what we ordered, and you're to leave the rest",
        ),
        (
            "ask the plumber about the taps, they were new in may, and whether he has the receipt",
            "what about the taps? they were new in may. do you have the receipt?",
        ),
        ("tell the joiner the hinges squeak, they need to come back", "the hinges squeak, you need to come back"),
        (
            "Ask Dr Quint's surgery whether my scans are back, and if they are, whether I should come in",
            "Dr Quint's surgery: are my scans back? and if they are, should I come in?",
        ),
        (
            "the drier they brought is dented. tell Caldwell's that and give them my order number, 4471",
            "Caldwell's: the drier you brought is dented. here is my order number, 4471",
        ),
        # The recipient is the subject of the clause before.
        ("Orlaith left her gloves here, tell her they're dry", "Orlaith: you left your gloves here. they're dry"),
        ("Casimir broke his arm, tell him I'll drive", "Casimir: you broke your arm. I'll drive"),
        (
            "since Casimir is the only one with a van, could you ask him to fetch the chairs",
            "Casimir: since you are the only one with a van, please fetch the chairs",
        ),
        ("now that Casimir is back, ask him for my drill", "Casimir: now that you are back, can i have my drill?"),
        ("barber. I can't do friday. say sorry", "barber: I can't do friday. sorry"),
        # Others are helped.
        (
            "thank coach Bruno for letting Ned play although he was late",
            "coach Bruno: thanks for letting Ned play although he was late",
        ),
        (
            "thank Mr Abara for finding Dad and driving him home",
            "Mr Abara: thanks for finding Dad and driving him home",
        ),
        # Two may do it.
        ("ask Bruno whether he or Jo is cooking", "Bruno: are you or Jo cooking?"),
        ("ask Bruno if Jo or he is cooking", "Bruno: are Jo or you cooking?"),
        ("ask Ilka whether she or her sister has the key", "Ilka: do you or your sister have the key?"),
        ("tell both Jo and Bruno I only need one of them", "Jo and Bruno: I only need one of you"),
        (
            "invite Jo and Bruno over on friday. they can stay. Bruno's vegan so say we've got tofu",
            "Jo and Bruno: would you like to come over on friday? you can stay. Bruno's vegan. we've got tofu",
        ),
        ("tell both my aunts, Jo and Iva, that Iva is right", "Jo and Iva: Iva is right"),
        # The order itself says whom it means.
        (
            "remind Ben about Paul's party and ask him to bring his guitar",
            "Ben: don't forget Paul's party. please bring your guitar",
        ),
        ("tell Bob's teacher he is ill, she can call me", "Bob's teacher: he is ill, you can call me"),
        ("ask Mrs Ng whether Mrs Holt returned her book", "Mrs Ng: did Mrs Holt return her book?"),
        # The mail is for one person and for others, too.
        (
            "invite Jo and her boys to our picnic, from noon, they should bring hats",
            "Jo: would you like to come to our picnic, from noon? you and your boys should bring hats",
        ),
        ("let Jo and her mother know that they'll need a passport", "Jo: you and your mother will need a passport"),
        (
            "thank Dr Quint and her team for how kind they were",
            "Dr Quint: thanks for how kind you and your team were",
        ),
        ("thank Jo and her sister for the plums", "Jo: thanks to you and your sister for the plums"),
        ("see if Bruno and his brother are free", "Bruno: are you and your brother free?"),
        ("remind Jo and her son to bring their hats", "Jo and her son: please remember to bring your hats"),
        # It is asked if the recipient can give something.
        (
            "tell Mrs Abara that Lottie is ill and ask if she can send maths home",
            "Mrs Abara: Lottie is ill. can you send maths home?",
        ),
        (
            "I'd like to book a room at the Heron, ask if they take dogs",
            "I'd like to book a room at the Heron. do you take dogs?",
        ),
        ("tell Otto that the Meiers are ill and he needn't cook", "Otto: the Meiers are ill and you needn't cook"),
        ("tell everyone who signed up that the trip is off", "everyone who signed up: the trip is off"),
        ("tell Carlo if his boss calls he should say he's ill", "Carlo: if your boss calls you should say you're ill"),
        ("someone please tell Yasin his lights are on", "Yasin: your lights are on"),
        # Somebody else does it.
        ("tell Freya her mum rang, she wants her to ring back", "Freya: your mum rang, she wants you to ring back"),
        (
            "ask Ida not to come, and if she's already paid I'll pay her",
            "Ida: please don't come, and if you've already paid I'll pay you",
        ),
        (
            "tell aunt Iva mum's out of hospital and she'd love a call",
            "aunt Iva: mum's out of hospital and she'd love a call",
        ),
        ("tell Leo the dog's fine, he ate everything", "Leo: the dog's fine, he ate everything"),
        ("say to Iva that the baby is well, she loves the cot", "Iva: the baby is well, she loves the cot"),
        ("tell Leo his dog was in my barn, he pays the vet", "Leo: your dog was in my barn, you pay the vet"),
        ("tell Ottokar Mum's home and she's asking for him", "Ottokar: Mum's home and she's asking for you"),
        ("tell Beatrix her idea is great but he can't come", "Beatrix: your idea is great but he can't come"),
        (
            "tell the nursery Ada won't be in and remind them she's away next week",
            "Ada won't be in. reminder: she's away next week",
        ),
        (
            "I owe Iva money but it's at the cleaner's, tell her it's coming",
            "Iva: I owe you money but it's at the cleaner's. it's coming",
        ),
        ("ask both my brothers if they're in", "are you in?"),
        ("can you thank the removal men, they were quick", "thanks, you were quick"),
        ("tell grandma Edie we loved her cake", "grandma Edie: we loved your cake"),
    ],
)
def test_persons_are_right(order: str, note: str) -> None:
    assert order_as_note(order) == note


@pytest.mark.parametrize(
    "order",
    [
        # Things, or the recipient?
        "tell the dentist my crowns hurt, they're too tight",
        "tell the plumber they left the tap on and he should mend it",
        "tell the tenants the lifts are out, they will be mended on friday",
        "ask the council for a bench, there are old people here and they have to stand",
        "tell Leo my dog ate his shoes, he can send me the bill",
        "inform Father Hugh that my husband is ill and that we'd be glad if he visited him",
        "thank the Holts for dinner, the kids loved it, and we'd like to have them here",
        "tell the choir the new robes are here, they need to be washed first",
        "tell the council about the bins, they haven't been emptied",
        "tell the neighbours our cats stay in now, they won't be in their garden",
        "tell the school nurse that Ivo's inhaler is in his bag and he knows how to use it",
        # Who was late, and whose oven is it?
        "thank uncle Bruno for driving Ned home after he missed the bus",
        "thank Mrs Abara for letting Ilka use her oven",
        "tell Mrs Abara that Lottie is ill and ask if she can send her book",
        # Another of the same sex is named within the clause.
        "tell Jack that Sam's car broke down and he needs a lift",
        "ask Jack if he can give Sam a lift to his lesson",
        "tell Lea I met Nina and she said she likes her work",
        "ask Ben what Paul said when he saw him",
        "thank Ann for Mia's present, she loves it",
        "tell Bob's teacher he is ill",
        "tell bob's teacher he is ill",
        "new guy starts monday, ask him to bring his boots",
        "lady next door was rude, tell her I am sorry",
        "wanted to thank odile for the plants but she was out, can you tell her",
        # Which of the words is the name?
        "tell Ben Paul says he can't come on friday",
        "congratulate Ben, Paul told me he got the job",
        "tell dad that Uncle Rob is in hospital and he should visit him",
        # It is said to the reader of the mail.
        "please thank your mum for the cake, she is a star",
        "ask your dad if he has a long ladder, ours is broken",
        "let them know at the desk that you are my guest, they will let you in",
        "could you ask around if anybody has seen our cat, she is grey",
        "ask inside for the key, she keeps it behind the bar",
        "tell each other the truth, they say",
        # There are two recipients.
        "tell Ann I'm late and tell Bob he can start",
        "message Jo and Bruno: it's off, and ask Bruno if he can call",
    ],
)
def test_an_order_stays_where_a_person_is_not_certain(order: str) -> None:
    assert order_as_note(order) == order
