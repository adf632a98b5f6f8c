"""Mails that evaluations wrote before, found by all that their text depends on.

An evaluation keeps them in `written.jsonl`, a line of `key id written tokens ended` for each. What another one asks for
in the same way, as every job of a sweep does for the base model's mails, is taken from there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, lines_by_key

WRITTEN = "written.jsonl"
Record = dict[str, Any]


def take(artifacts: Sequence[Artifact], keys: Mapping[str, str], progress_file: Path) -> int:
    """Put what is known among the finished mails of a progress file.

    Args:
        artifacts: Evaluations to look in, in this order; a file that was altered is left out.
        keys: For the id of every mail that is wanted, the hash of what its text depends on.
        progress_file: Of `scoring.write_mails`; what it holds already stays.

    Returns:
        How many mails were put there.
    """
    finished = jsonl.read_finished(progress_file)
    done = {mail["id"] for mail in finished}
    missing = {name: key for name, key in keys.items() if name not in done}
    known = lines_by_key(artifacts, WRITTEN, set(missing.values()))
    taken = [_mail(name, known[key]) for name, key in missing.items() if key in known]
    jsonl.write(progress_file, [*finished, *taken])
    return len(taken)


def _mail(name: str, line: Record) -> Record:
    """A line as `scoring.write_mails` writes one."""
    return {"id": name, "text": line["written"], "tokens": line["tokens"], "ended": line["ended"]}


def lines(keys: Mapping[str, str], mails: Sequence[Record]) -> list[Record]:
    """What an evaluation keeps of mails that `scoring.write_mails` returned, whose keys are as for `take`."""
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
