"""A person and a topic taken out of all that was made."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from warm import Call

from email_assistant.archive import purging
from email_assistant.archive.mail import Mail, Person
from email_assistant.errors import ConfigurationError, PrivacyError

Run = Callable[..., Call]
KEY = "00" * 16
EVALUATION = (
    "stage=evaluate", "evaluation.arms=[base,tuned]", "evaluation.judge_mails=0", "evaluation.extraction_mails=1",
    "evaluation.resamples=100",
)  # fmt: skip


@pytest.mark.parametrize(
    ("match", "taken"),
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
def test_what_a_term_takes(match: str, taken: bool) -> None:
    mail = Mail(
        source="s",
        id="1@x",
        text="The rope is wet.",
        subject="The Pier",
        senders=[Person("Ada", "ada@x.example")],
        recipients=[Person("Bo Smith", "bo@y.example")],
    )
    terms = purging.parse_terms(match, KEY)
    assert terms.matches(mail) == taken
    record = {"id": "1@x", "text": mail.text, "subject": mail.subject, "to": ["Ada", "Bo Smith <bo@y.example>"]}
    assert terms.matches_record(record) == taken


@pytest.mark.parametrize("match", ["bo@y.example", "from:", "to:bo", "from:bo or subject:?!"])
def test_what_is_no_term_is_refused(match: str) -> None:
    with pytest.raises(ConfigurationError, match="invalid term"):
        purging.parse_terms(match, KEY)


def test_terms_are_kept_without_their_words(tmp_path: Path) -> None:
    terms = purging.parse_terms("from:bo@y.example or subject:pier", purging.load_terms(tmp_path).key)
    purging.save_terms(tmp_path, terms)
    text = (tmp_path / purging.PURGED_FILE).read_text()
    assert "bo" not in text.replace('"subject"', "").split('"key"')[0] and "pier" not in text
    assert purging.load_terms(tmp_path) == terms
    (tmp_path / purging.PURGED_FILE).write_text("{}")
    with pytest.raises(PrivacyError, match="corrupt"):
        purging.load_terms(tmp_path)


def holding(tmp_path: Path, *wanted: str) -> Iterator[str]:
    for root in ("outputs", "mlruns"):
        for path in (tmp_path / root).rglob("*"):
            if path.is_file() and any(one.encode() in path.read_bytes() for one in wanted):
                yield str(path.relative_to(tmp_path))


def test_no_trace_is_left_and_the_next_training_is_without(run_py: Run, archive: Path, tmp_path: Path) -> None:
    mails = [json.loads(line) for line in archive.read_text().splitlines()]
    # Words that no other mail has.
    address, (first, second) = mails[7]["to"].partition("<")[2].rstrip(">"), (mails[7]["body"], mails[11]["body"])
    gone = [address, *first.split()[4:7], *second.split()[4:7]]
    match = f"purge.match='from:{address} or subject:Order 11'"
    assert run_py(*EVALUATION).code == 0
    assert list(holding(tmp_path, *gone))
    # Where an adapter is exported, what is known of its memory is said.
    report = json.loads((tmp_path / "outputs" / "latest" / "evaluate" / "report.json").read_text())
    exported = run_py("stage=export", f"export.folder={tmp_path}/exported", *EVALUATION[1:])
    assert ("it repeated verbatim" in exported.out) == bool(report["memorisation"]), exported.err
    ask = tmp_path / "ask.txt"
    ask.write_text("Write an email about glass")
    assert run_py("stage=infer", f"infer.input={ask}").code == 0
    before = sorted(tmp_path.rglob("*"))
    shown = run_py("stage=purge", match, "purge.dry_run=true", fresh=True)
    assert shown.code == 0, shown.err
    assert "2 mails match" in shown.out and "nothing was changed" in shown.out
    assert set(before) <= set(tmp_path.rglob("*"))
    done = run_py("stage=purge", match, fresh=True)
    assert done.code == 0, done.err
    assert "no passage of it is left" in done.out
    assert list(holding(tmp_path, *gone)) == []
    # The adapter that was trained on them is named, and stays in the store.
    copies = list((tmp_path / "mlruns").rglob("adapter_model.safetensors"))
    assert len(copies) == 1 and "adapter that was trained on them, stays" in done.out
    assert "models:/" in done.out
    assert not list((tmp_path / "outputs" / "latest").iterdir())
    # The archive is read without them; of the others' sentences none is asked for again.
    again = run_py("stage=train")
    assert again.code == 0, again.err
    assert "reused 38 of 38" in again.out
    latest = tmp_path / "outputs" / "latest"
    ids = [json.loads(line)["id"] for line in (latest / "data" / "emails.jsonl").read_text().splitlines()]
    assert len(ids) == 38 and not {"m7", "m11"} & set(ids)
    assert list(holding(tmp_path, *gone)) == []
    # What comes with an archive later is taken out, too; and adapters where that is wanted.
    other = run_py("stage=purge", "purge.match='id:m3'", "purge.adapters=true", fresh=True)
    assert other.code == 0, other.err
    assert not list((tmp_path / "mlruns").rglob("adapter_model.safetensors"))
    assert "37 kept" in run_py("stage=data").out
