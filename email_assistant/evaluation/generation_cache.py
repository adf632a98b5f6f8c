"""Mails that earlier evaluations generated, found by everything that their text depends on.

An evaluation keeps them in `written.jsonl`. Another one that needs a mail for the same request, model, prompt and
sampling parameters takes it from there, as every job of a sweep does for the base model's mails.
"""

from collections.abc import Mapping, Sequence

from email_assistant.storage.artifacts import Artifact, lines_by_key
from email_assistant.storage.records import CachedMail, GeneratedMail

CACHE_FILE = "written.jsonl"


def lookup(artifacts: Sequence[Artifact], keys: Mapping[str, str]) -> dict[str, GeneratedMail]:
    """Find mails that were generated before.

    Args:
        artifacts: Evaluations to search, in this order; one whose file was changed is skipped.
        keys: The hash of what each mail depends on, by the id of its request.

    Returns:
        The cached mails, by the id of their request.
    """
    return from_lines(lines_by_key(artifacts, CACHE_FILE, set(keys.values()), CachedMail), keys)


def from_lines(found: Mapping[str, CachedMail], keys: Mapping[str, str]) -> dict[str, GeneratedMail]:
    """The mails of those requests whose keys were found, by the id of their request.

    Args:
        found: Lines of `written.jsonl` by key.
        keys: As for `lookup`.
    """
    return {request_id: _mail(request_id, found[key]) for request_id, key in keys.items() if key in found}


def _mail(request_id: str, line: CachedMail) -> GeneratedMail:
    return {"id": request_id, "text": line["written"], "tokens": line["tokens"], "ended": line["ended"]}


def lines(keys: Mapping[str, str], mails: Sequence[GeneratedMail]) -> list[CachedMail]:
    """Make the lines of `written.jsonl` for mails.

    Args:
        keys: As for `lookup`.
        mails: One for each of some of these requests.
    """
    return [
        {
            "key": keys[mail["id"]],
            "id": mail["id"],
            "written": mail["text"],
            "tokens": mail["tokens"],
            "ended": mail["ended"],
        }
        for mail in mails
    ]
