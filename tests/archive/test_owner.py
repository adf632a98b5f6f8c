import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from owner_mail import ME, mail

from email_assistant.archive import mime, owner
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.messages import ParsedMessage, Person
from email_assistant.archive.senders import canonical
from email_assistant.archive.workers import WorkerPool
from email_assistant.errors import ArchiveError


def find_owner(mails: Sequence[ParsedMessage]) -> owner.Owner:
    stats = owner.SenderStats()
    for each in mails:
        stats.add(each)
    return stats.detect_owner()


def test_sent_folders_decide_the_owner_before_counts() -> None:
    other = Person("News", "news@y.example")
    mails = [mail(number, senders=[other]) for number in range(5)] + [mail(9, sent_folder=True)]
    result = find_owner(mails)
    assert result.addresses == {"ada@x.example"}
    assert "in sent folders" in result.grounds


def test_the_owner_sends_and_receives_most() -> None:
    others = [
        mail(number, senders=[Person(f"P{number}", f"p{number}@y.example")], recipients=[ME]) for number in range(4)
    ]
    newsletter = [mail(10 + number, senders=[Person("N", "n@z.example")], recipients=[ME]) for number in range(3)]
    result = find_owner([*others, *newsletter, mail(20), mail(21, senders=[Person("Ada Example", "ada@work.example")])])
    assert result.addresses == {"ada@x.example", "ada@work.example"}


@pytest.mark.parametrize(
    # Another address under the owner's name, and one whose letters look alike: the first one's 'a' is Cyrillic.
    "sender",
    [Person("Ada Example", "ada@elsewhere.example"), Person("Ada Example", "аda@x.example")],
)
def test_a_sender_who_uses_the_owners_name_to_write_to_the_owner_is_an_impostor(sender: Person) -> None:
    own = [mail(number, recipients=[Person("Bo", "bo@y.example")]) for number in range(9)]
    fraud = [mail(20 + number, "I have hacked you, pay now.", senders=[sender], recipients=[ME]) for number in range(3)]
    result = find_owner([*own, *fraud])
    assert result.addresses == {"ada@x.example"}
    assert [result.wrote(message) for message in (own[0], fraud[0])] == [True, False]
    assert sender.address in result.grounds
    # One that also wrote to someone else is the owner's other account.
    work = mail(30, senders=[sender], recipients=[ME, Person("Bo", "bo@y.example")])
    assert find_owner([*own, *fraud, work]).wrote(fraud[0])


def test_an_address_that_looks_alike_under_another_name_is_not_the_owner() -> None:
    assert not owner.parse_owner(["ada@x.example"]).wrote(mail(1, senders=[Person("Ada", "аda@x.example")]))


def test_owner_configured_by_name_address_or_both() -> None:
    assert owner.parse_owner(["Ada Example"]).wrote(mail(1, senders=[Person("ada example", "")]))
    assert owner.parse_owner(["Ada <ADA@x.example>"]).addresses == {"ada@x.example"}
    assert not owner.parse_owner(["bo@y.example"]).wrote(mail(1))


def test_an_archive_without_senders_belongs_to_the_owner() -> None:
    assert find_owner([mail(1, senders=[])]).wrote(mail(2, senders=[]))
    with pytest.raises(ArchiveError, match=r"data\.owner"):
        find_owner([])


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("ada.example@gmail.com", "adaexample@gmail.com"),
        ("Ada.Example+shop@GoogleMail.com", "adaexample@gmail.com"),
        ("ada+list@x.example", "ada@x.example"),
        ("+ada@x.example", "+ada@x.example"),
        ("a.da@x.example", "a.da@x.example"),
        ("a.da@ya.ru", "a-da@yandex.ru"),
        ("ada@me.com", "ada@icloud.com"),
        ("", ""),
    ],
)
def test_addresses_of_the_same_mailbox(address: str, same: str) -> None:
    assert canonical(address) == same


def test_other_spellings_of_the_owners_address_are_the_owner() -> None:
    spellings = ["ada.example@gmail.com", "adaexample@gmail.com", "a.d.a.example+shop@googlemail.com"]
    mails = [mail(n, senders=[Person("", spelling)]) for n, spelling in enumerate([*spellings, spellings[0]])]
    for result in (owner.parse_owner([spellings[0]]), find_owner(mails)):
        assert result.addresses == {spellings[0]}
        assert all(result.wrote(each) for each in mails)
        assert not result.wrote(mail(9, senders=[Person("", "ada.other@gmail.com")]))


ANN, BOSS = "ann roe <ann@x.example>", "Bob Poe <bob@x.example>"


@pytest.mark.parametrize(
    ("header", "by_ann", "by_bob"),
    [
        (f"From: {BOSS}\nSender: {ANN}", True, False),
        (f"From: {ANN}\nSender: {BOSS}", False, True),
        ("From: Ann Roe on behalf of Bob Poe <bob@x.example>", True, False),
        ('From: "Ann Roe (on behalf of Bob Poe)" <bob@x.example>', True, False),
        ("From: =?utf-8?b?QW5uIFJvZSDQvtGCINC40LzQtdC90LggQm9iIFBvZQ==?= <bob@x.example>", True, False),
        ("From: garden-bounces@lists.example on behalf of Ann Roe <ann@x.example>", True, False),
        (f"From: {ANN}\nSender: Garden <garden-bounces@lists.example>", True, False),
        (f"From: {ANN}\nSender: Garden list <garden@lists.example>\nList-Id: <garden.lists.example>", True, False),
        (f"From: {ANN}\nSender: owner-garden@lists.example", True, False),
        # Gmail names the account without a name.
        ("From: Ann Roe <ann@work.example>\nSender: ann@x.example", True, False),
        (f"From: {ANN}\nSender: ann.roe@mail.example", True, False),
        (f"From: {ANN}\nSender: A. Roe <login7@host.x.example>", True, False),
        (f"From: {ANN}\nSender: {ANN}", True, False),
    ],
)
def test_who_wrote_what_was_sent_on_behalf_of_somebody(header: str, by_ann: bool, by_bob: bool) -> None:
    message = mime.parse(f"{header}\nSubject: x\n\nx".encode(), "s")
    assert owner.parse_owner(["ann@x.example", "Ann Roe"]).wrote(message) is by_ann
    assert owner.parse_owner([BOSS]).wrote(message) is by_bob


def test_spam_in_the_owners_name_does_not_make_an_owner() -> None:
    spammer = [mail(n, senders=[Person("", "ads@y.example")], kinds=frozenset({"spam"})) for n in range(5)]
    with tempfile.TemporaryDirectory() as folder, WorkerPool(1) as workers:
        index = ArchiveIndex(Path(folder) / "sources.jsonl")
        list(index.add_all([*spammer, mail(7)], workers))
    assert index.senders.detect_owner().addresses == {"ada@x.example"}
