from collections.abc import Sequence

import pytest
from owner_mail import ME, mail

from email_assistant.archive import owner
from email_assistant.archive.messages import ParsedMessage, Person
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
    assert "folders of sent mail" in result.grounds


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
