"""Requests that a person typed for test mails, in place of those that were made from the mails."""

from collections.abc import Sequence
from pathlib import Path

from email_assistant.errors import DataError
from email_assistant.requests.request_form import TYPED
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair


def requests_file(setting: str | None, archive: Sequence[Path]) -> Path | None:
    """The file of typed requests, if there is one.

    Args:
        setting: `evaluation.requests`: a file, null, or auto for one that is named like the archive.
        archive: The files and folders of the archive.
    """
    if setting != "auto":
        return Path(setting) if setting else None
    beside = [path.with_suffix(".requests.jsonl") for path in archive[:1] if path.name]
    return next((path for path in beside if path.is_file()), None)


def with_typed_requests(pairs: Sequence[Pair], path: Path) -> list[Pair]:
    """The pairs that a typed request is known for, with that request as their instruction.

    Args:
        pairs: The test mails with the requests that were made from them.
        path: A JSONL file with `id` and `request`. Requests for other mails, such as training mails, are passed over.

    Raises:
        DataError: when a record has no request, or no record is for one of the pairs.
    """
    requests = read_requests(path)
    typed: list[Pair] = [
        {**pair, "instruction": requests[pair["id"]], "method": TYPED} for pair in pairs if pair["id"] in requests
    ]
    if not typed:
        raise DataError(
            f"{path}: none of the {len(requests)} requests has the id of one of the {len(pairs)} test mails; "
            "take ids from outputs/latest/split/test.jsonl"
        )
    return typed


def read_requests(path: Path) -> dict[str, str]:
    """The typed requests of a file by the ids of their mails.

    Raises:
        DataError: when a record has no id or no request, or two have the same id and different requests.
    """
    requests: dict[str, str] = {}
    for number, record in enumerate(jsonl.read_typed(path, "an id and a request"), start=1):
        mail, request = record.get("id"), record.get("request")
        if not mail or not isinstance(request, str) or not request.strip():
            raise DataError(f"{path}, record {number}: needs an id and a request, which is text")
        if requests.setdefault(str(mail), request.strip()) != request.strip():
            raise DataError(f"{path}, record {number}: another request for the mail {str(mail)!r}; delete one of them")
    return requests
