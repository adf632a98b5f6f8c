"""The evidence of the last calls: what it finds, and that it finds what should not be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Call

Run = Callable[..., Call]


@pytest.fixture
def audit(run_py: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    return lambda *given: run_py("stage=audit", *given)


def test_all_that_a_training_wrote_is_where_it_belongs(run_py: Run, audit: Run, tmp_path: Path) -> None:
    assert run_py("stage=train").code == 0
    told = audit()
    assert told.code == 0, told.err
    assert "in 2 calls nothing tried to reach another machine" in told.out
    assert "others may read or change 0" in told.out
    for name in ("data", "summarize", "split"):
        assert f"artifacts/{name}" in told.out.replace("\n", "")
    # A mail's line in the store's database, a log or a temporary file; a file that others may read.
    line = (tmp_path / "outputs" / "latest" / "data" / "emails.jsonl").read_text()
    text = next(part for part in line.split("\\n") if part.startswith("send "))
    for place in ("outputs/runs/run.log", "mlruns/notes.txt", "tmp/left.txt"):
        (tmp_path / place).write_text(line)
        astray = audit()
        assert astray.code == 1 and f"text of mails lies where none should: {tmp_path / place}" in astray.err
        assert text not in astray.err
        (tmp_path / place).unlink()
    # The newest first, and no more of them than was asked for.
    (tmp_path / "tmp" / "large.bin").write_bytes(b"x" * 2_000_000)
    for number in range(3):
        (tmp_path / "tmp" / f"{number}.bin").write_bytes(b"x" * 400_000)
    few = audit("audit.temporary_mb=1")
    said = " ".join(few.out.split())
    assert few.code == 0 and "2 files in" in said and "(2.4 MB) were not looked through" in said, said
    (tmp_path / "outputs" / "runs").chmod(0o750)
    opened = audit()
    assert opened.code == 1 and f"others may read or change {tmp_path}/outputs/runs: chmod -R go= " in opened.err
