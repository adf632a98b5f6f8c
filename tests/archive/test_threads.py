from collections.abc import Sequence

from owner_mail import mail

from email_assistant.archive import threads
from email_assistant.archive.messages import ParsedMessage


def thread_names(mails: Sequence[ParsedMessage]) -> dict[str, str]:
    conversations = threads.Threads()
    for each in mails:
        conversations.add(each)
    return {each.id: conversations.thread_of(each.id) for each in mails}


def test_threads_by_reference_column_and_subject() -> None:
    mails = [
        mail(1, subject="Lamp"),
        mail(2, references=["1@x"], subject="Re: Lamp"),
        mail(3, subject="Re: Lamp"),
        mail(4, subject="Lamp for you"),
        mail(5, id="row5", thread="T"),
        mail(6, id="row6", thread="T"),
    ]
    result = thread_names(mails)
    assert result["1@x"] == result["2@x"] == result["3@x"]
    assert result["row5"] == result["row6"]
    assert len(set(result.values())) == 3
