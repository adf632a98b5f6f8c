"""Requests that a person typed take the place of those that were made from the test mails."""

from pathlib import Path
from typing import Any

import pytest

from email_assistant.errors import DataError
from email_assistant.evaluation.typed_requests import requests_file, with_typed_requests
from email_assistant.requests.request_form import TYPED
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair

PAIRS: list[Pair] = [
    {
        "id": number,
        "instruction": f"made {number}",
        "email": f"Mail {number}",
        "thread": number,
        "subject": "",
        "date": None,
        "method": "rough",
    }
    for number in ("a", "b", "c")
]


def written(folder: Path, *records: dict[str, Any]) -> Path:
    jsonl.write(folder / "requests.jsonl", records)
    return folder / "requests.jsonl"


def test_only_mails_with_a_typed_request_are_left_in_their_order(tmp_path: Path) -> None:
    path = written(
        tmp_path, {"id": "c", "request": " bo: no "}, {"id": "x", "request": "y"}, {"id": "a", "request": "z"}
    )
    typed = with_typed_requests(PAIRS, path)
    assert [(pair["id"], pair["instruction"], pair["method"]) for pair in typed] == [
        ("a", "z", TYPED),
        ("c", "bo: no", TYPED),
    ]
    assert [pair["email"] for pair in typed] == ["Mail a", "Mail c"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"id": "x", "request": "y"}, "none of the 1 requests has the id of one of the 3 test mails"),
        ({"id": "a", "request": " "}, "record 1: needs an id and a request"),
        ({"request": "y"}, "record 1: needs an id and a request"),
        ({"id": "a", "request": ["y"]}, "record 1: needs an id and a request, which is text"),
    ],
)
def test_a_file_that_helps_nobody_is_refused(tmp_path: Path, record: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        with_typed_requests(PAIRS, written(tmp_path, record))


def test_two_requests_for_one_mail_are_refused_unless_they_are_the_same(tmp_path: Path) -> None:
    first = {"id": "a", "request": "bo: no"}
    assert len(with_typed_requests(PAIRS, written(tmp_path, first, {**first, "request": " bo: no"}))) == 1
    with pytest.raises(DataError, match="record 2: another request for the mail 'a'; delete one of them"):
        with_typed_requests(PAIRS, written(tmp_path, first, {**first, "request": "bo: yes"}))


def test_auto_takes_the_file_that_is_named_like_the_archive(tmp_path: Path) -> None:
    archive, beside = tmp_path / "sent.mbox", tmp_path / "sent.requests.jsonl"
    assert requests_file("auto", [archive]) is None
    beside.write_text("")
    assert requests_file("auto", [archive]) == beside
    assert requests_file(None, [archive]) is None
    assert requests_file("other.jsonl", [archive]) == Path("other.jsonl")
