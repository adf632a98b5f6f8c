"""The evidence of earlier calls: what the audit reports, and that it fails where something is not as promised."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Call

from email_assistant.commands.audit import _load_calls
from email_assistant.errors import PrivacyError
from email_assistant.privacy.guard import AUDIT_FOLDER

Run = Callable[..., Call]


@pytest.fixture
def audit(run_py: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    # Wide enough for every path.
    monkeypatch.setenv("COLUMNS", "400")
    return lambda *arguments: run_py("stage=audit", *arguments)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_an_undisturbed_project_passes_and_every_violation_fails(run_py: Run, audit: Run, tmp_path: Path) -> None:
    assert run_py("stage=train").code == 0
    passed = audit()
    assert passed.code == 0, passed.err
    for stage in ("data", "summarize", "split"):
        assert f"artifacts/{stage}" in passed.out
    # A mail's line in the store's database, a log or a temporary file.
    line = (tmp_path / "outputs" / "latest" / "data" / "emails.jsonl").read_text()
    secret = next(part for part in line.split("\\n") if part.startswith("send "))
    for place in ("outputs/runs/run.log", "mlruns/notes.txt", "tmp/left.txt"):
        (tmp_path / place).write_text(line)
        failed = audit()
        assert failed.code == 1 and str(tmp_path / place) in failed.err
        assert secret not in failed.err
        (tmp_path / place).unlink()
    # A folder that others may read.
    (tmp_path / "outputs" / "runs").chmod(0o750)
    failed = audit()
    assert failed.code == 1 and f"{tmp_path}/outputs/runs" in failed.err and "chmod -R go=" in failed.err
    (tmp_path / "outputs" / "runs").chmod(0o700)
    # A call without the guard, in which a switch had another value.
    (log,) = (tmp_path / "outputs" / AUDIT_FOLDER).iterdir()
    with log.open("a") as file:
        call = {"time": "2024-01-01T10:00:00+00:00", "call": "1-1", "process": 1, "what": "call", "stage": "train"}
        file.write(json.dumps({**call, "guarded": False, "changed_switches": ["DO_NOT_TRACK"]}) + "\n")
    failed = audit()
    assert failed.code == 1 and "runs without the network guard: 1" in failed.err and "DO_NOT_TRACK" in failed.err


@pytest.mark.parametrize("line", ["[]", "{}", '{"what": "call", "call": "1"}', "{", '{"what": "call", "call": []}'])
def test_a_damaged_record_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_text(f"{line}\n")
    with pytest.raises(PrivacyError, match=r"1\.jsonl: the record of connections was changed or is damaged"):
        _load_calls(tmp_path)


@pytest.mark.slow
def test_only_the_newest_temporary_files_are_searched(run_py: Run, audit: Run, tmp_path: Path) -> None:
    assert run_py("stage=data").code == 0
    (tmp_path / "tmp" / "large.bin").write_bytes(b"x" * 2_000_000)
    for number in range(3):
        (tmp_path / "tmp" / f"{number}.bin").write_bytes(b"x" * 400_000)
    done = audit("audit.temporary_mb=1")
    assert done.code == 0, done.err
    # Two of the three small files fit.
    assert "2 files in" in words(done.out) and "(2.4 MB)" in words(done.out)
