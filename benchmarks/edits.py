"""What edits of drafts are worth: the next mails of an archive, written by adapters trained with and without them.

    python -m benchmarks edits                                   on the demo archive
    python -m benchmarks.edits --archive PATH --base 300 --edits 100 lora.r=16

The newest mails of an archive stand for what happens after a first training: `--base` mails are trained on, the
`--edits` after them were written on the page, and as many after these are the test mails. An edit has a mail as it was
sent, and a rough note made by rules as its request. Both adapters write the same test mails, which `stage=compare`
compares. Artifacts in the folder of outputs are reused.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.model import DEMO, ROOT
from email_assistant.archive import edits
from email_assistant.requests.instructions import recipient_name
from email_assistant.requests.rough_notes import rough_note
from email_assistant.storage import jsonl
from email_assistant.storage.records import Edit, Email

ARMS = {"without_edits": "data.edits=false", "with_edits": "data.edits=true"}
# A training needs some to choose its best step by.
VALIDATION_SHARE = 0.1


def report() -> None:
    """Compare on the demo archive."""
    main([])


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both adapters, and print how their mails compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", default=str(DEMO))
    parser.add_argument("--base", type=int, default=90, help="mails that both adapters are trained on")
    parser.add_argument("--edits", type=int, default=30, help="edits, and test mails after them")
    parser.add_argument("--outputs", type=Path, default=ROOT / "outputs" / "edits")
    parser.add_argument("overrides", nargs="*", help="for the runs, as for run.py")
    given = parser.parse_args(arguments)
    emails = _emails(given.archive, given.overrides)
    count = given.base + 2 * given.edits
    if len(emails) < count:
        parser.error(f"{given.archive} has {len(emails)} mails; {count} are needed")
    base, edited, tested = _parts(emails[-count:], given.base, given.edits)
    given.outputs.mkdir(parents=True, exist_ok=True)
    archive = given.outputs / "archive.jsonl"
    jsonl.write(archive, map(_row, [*base, *tested]))
    for number, email in enumerate(edited):
        edits.keep(given.outputs / "outputs", _edit(email, number))
    for name, override in ARMS.items():
        _run(given.outputs, archive, "stage=evaluate", f"tracking.run_name={name}", override, *given.overrides,
             *_split(given.base, given.edits), "evaluation.arms=[base,tuned]")  # fmt: skip
        split = json.loads((given.outputs / "outputs" / "latest" / "split" / "report.json").read_text())
        print(f"edits: {name}: {split['train']} training mails, {split.get('edits', 'no edits')}", flush=True)
    compared = [f"compare.runs=[{','.join(ARMS)}]", "compare.mails=test", "compare.arm=tuned"]
    _run(given.outputs, archive, "stage=compare", *compared, f"compare.output={given.outputs}/compare.html")


def _emails(archive: str, overrides: Sequence[str]) -> list[Email]:
    """The mails of an archive, the oldest first, as stage=data cleans them."""
    chosen = [override for override in overrides if override.startswith("data.")]
    with tempfile.TemporaryDirectory() as outputs:
        call = [sys.executable, "run.py", "stage=data", "tracking=none", f"paths.outputs={outputs}"]
        subprocess.run([*call, f"data.path={archive}", *chosen], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return jsonl.read(Path(outputs) / "latest" / "data" / "emails.jsonl", Email)


def _parts(emails: Sequence[Email], base: int, count: int) -> tuple[list[Email], list[Email], list[Email]]:
    """The mails that are trained on, those that are edited and those that are tested, by time."""
    return list(emails[:base]), list(emails[base : base + count]), list(emails[base + count :])


def _split(base: int, count: int) -> list[str]:
    """The split in which the newest mails are the test mails."""
    fractions = (f"split.test_fraction={count / (base + count):.4f}", f"split.validation_fraction={VALIDATION_SHARE}")
    return ["split=time", *fractions]


def _row(email: Email) -> dict[str, object]:
    """A mail as a line of an archive."""
    names = ("id", "subject", "date", "thread")
    return {"body": email["text"], "to": ", ".join(email["to"]), **{name: email[name] for name in names}}  # type: ignore[literal-required]


def _edit(email: Email, number: int) -> Edit:
    """The edit whose mail was sent, with a note as a person might type it."""
    note = rough_note(email["text"], recipient_name(email["to"]), email["language"], random.Random(email["id"]))
    return {
        "id": str(number),
        "date": email["date"] or "",
        "request": note,
        # The note names the recipient.
        "to": "",
        "subject": email["subject"],
        "context": "",
        "draft": "",
        "text": email["text"],
        "answers": [],
    }


def _run(folder: Path, archive: Path, *arguments: str) -> None:
    paths = [f"paths.outputs={folder}/outputs", f"paths.mlruns={folder}/mlruns", f"data.path={archive}"]
    subprocess.run([sys.executable, "run.py", "data=archive", *paths, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
