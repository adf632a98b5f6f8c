"""A person and a topic removed from everything that was made of an archive."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from warm import Call

from email_assistant.archive import purging
from email_assistant.archive.messages import ParsedMessage, Person
from email_assistant.errors import ConfigurationError, PrivacyError

Run = Callable[..., Call]
KEY = "00" * 16
EVALUATION = (
    "stage=evaluate", "evaluation.arms=[base,tuned]", "evaluation.judge_mails=0", "evaluation.extraction_mails=1",
    "evaluation.resamples=100",
)  # fmt: skip


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ("from:bo@y.example", True),
        ("from:BO", True),
        ("from:Bo  Smith", True),
        ("from:smith bo", False),
        ("from:ada", True),
        ("from:y.example", True),
        ("from:wet rope", False),
        ("from:rope is", True),
        ("subject:pier", True),
        ("subject:wet", True),
        ("subject:bo", False),
        ("id:1@x", True),
        ("id:2@x", False),
        ("id:2@x or subject:the pier", True),
    ],
)
def test_what_a_term_matches(match: str, matches: bool) -> None:
    mail = ParsedMessage(
        source="s",
        id="1@x",
        text="The rope is wet.",
        subject="The Pier",
        senders=[Person("Ada", "ada@x.example")],
        recipients=[Person("Bo Smith", "bo@y.example")],
    )
    terms = purging.parse_terms(match, KEY)
    assert terms.matches(mail) == matches
    record = {"id": "1@x", "text": mail.text, "subject": mail.subject, "to": ["Ada", "Bo Smith <bo@y.example>"]}
    assert terms.matches_record(record) == matches


@pytest.mark.parametrize("match", ["bo@y.example", "from:", "to:bo", "from:bo or subject:?!"])
def test_an_invalid_term_is_refused(match: str) -> None:
    with pytest.raises(ConfigurationError, match="invalid term"):
        purging.parse_terms(match, KEY)


def test_terms_are_kept_without_their_words(tmp_path: Path) -> None:
    assert not purging.load_terms(tmp_path)
    terms = purging.parse_terms("from:bo@y.example or subject:pier", purging.load_terms(tmp_path).key)
    purging.save_terms(tmp_path, terms)
    text = (tmp_path / purging.PURGED_FILE).read_text()
    assert "bo" not in text.replace('"subject"', "").split('"key"')[0] and "pier" not in text
    assert purging.load_terms(tmp_path) == terms


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "[]",
        '{"key": "zz", "terms": []}',
        '{"key": 5, "terms": []}',
        '{"key": "aa", "terms": 5}',
        '{"key": "aa", "terms": [{"field": "from", "words": "one", "digest": "b"}]}',
    ],
)
def test_a_corrupt_list_of_terms_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / purging.PURGED_FILE).write_text(content)
    with pytest.raises(PrivacyError, match="corrupt; restore a backup"):
        purging.load_terms(tmp_path)


def files_with(tmp_path: Path, *words: str) -> Iterator[str]:
    """The files of the project that contain any of the words."""
    for root in ("outputs", "mlruns"):
        for path in (tmp_path / root).rglob("*"):
            if path.is_file() and any(word.encode() in path.read_bytes() for word in words):
                yield str(path.relative_to(tmp_path))


def contents(tmp_path: Path) -> dict[Path, bytes]:
    """What the artifacts and the files of the runs contain."""
    roots = (tmp_path / "outputs" / "artifacts", tmp_path / "mlruns" / "artifacts")
    return {path: path.read_bytes() for root in roots for path in root.rglob("*") if path.is_file()}


def email_ids(tmp_path: Path) -> set[str]:
    lines = (tmp_path / "outputs" / "latest" / "data" / "emails.jsonl").read_text().splitlines()
    return {json.loads(line)["id"] for line in lines}


@pytest.mark.slow
def test_no_trace_is_left_and_the_next_training_is_without(run_py: Run, archive: Path, tmp_path: Path) -> None:
    mails = [json.loads(line) for line in archive.read_text().splitlines()]
    ids = {mail["id"] for mail in mails}
    # Words that no other mail has.
    address, (first, second) = mails[7]["to"].partition("<")[2].rstrip(">"), (mails[7]["body"], mails[11]["body"])
    purged = [address, *first.split()[4:7], *second.split()[4:7]]
    match = f"purge.match='from:{address} or subject:Order 11'"
    assert run_py(*EVALUATION).code == 0
    assert list(files_with(tmp_path, *purged))
    requests = tmp_path / "requests.txt"
    requests.write_text("Write an email about glass")
    assert run_py("stage=infer", f"infer.input={requests}").code == 0
    before = contents(tmp_path)
    dry_run = run_py("stage=purge", match, "purge.dry_run=true")
    assert dry_run.code == 0, dry_run.err
    assert contents(tmp_path) == before
    assert not purging.load_terms(tmp_path / "outputs")
    done = run_py("stage=purge", match, fresh=True)
    assert done.code == 0, done.err
    assert list(files_with(tmp_path, *purged)) == []
    assert len(purging.load_terms(tmp_path / "outputs").terms) == 2
    # The store keeps the adapter that was trained on them, and the output names it.
    (weights,) = (tmp_path / "mlruns").rglob("adapter_model.safetensors")
    assert str(weights.parent) in done.out and "models:/" in done.out
    assert not list((tmp_path / "outputs" / "latest").iterdir())
    # The archive is read without them. The sentences about the other 38 mails are not generated again.
    again = run_py("stage=train")
    assert again.code == 0, again.err
    assert "38 of 38" in again.out
    assert email_ids(tmp_path) == ids - {"m7", "m11"}
    assert list(files_with(tmp_path, *purged)) == []
    # A later purge adds to the earlier one, and deletes adapters where that is wanted.
    other = run_py("stage=purge", "purge.match='id:m3'", "purge.adapters=true")
    assert other.code == 0, other.err
    assert not list((tmp_path / "mlruns").rglob("adapter_model.safetensors"))
    assert run_py("stage=data").code == 0
    assert email_ids(tmp_path) == ids - {"m3", "m7", "m11"}
